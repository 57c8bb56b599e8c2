package source

import "testing"

func TestDiff(t *testing.T) {
	before := "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\nk\n"
	for _, test := range []struct{ name, after, want string }{
		{"same", before, ""},
		{"changed", "a\nb\nc\nd\ne\nF\ng\nh\ni\nj\nk\n", "--- a/x\n+++ b/x\n@@ -3,7 +3,7 @@\n c\n d\n e\n-f\n+F\n g\n h\n i\n"},
		{
			"two hunks", "A\nb\nc\nd\ne\nf\ng\nh\ni\nj\nk\nl",
			"--- a/x\n+++ b/x\n@@ -1,4 +1,4 @@\n-a\n+A\n b\n c\n d\n@@ -9,3 +9,4 @@\n i\n j\n k\n+l\n\\ No newline at end of file\n",
		},
		{"removed", "b\nc\nd\ne\nf\ng\nh\ni\nj\nk\n", "--- a/x\n+++ b/x\n@@ -1,4 +1,3 @@\n-a\n b\n c\n d\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := Diff("x", before, test.after); got != test.want {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}
