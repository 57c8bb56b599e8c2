package model_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/luxfi/metric/internal/model"
)

func TestAppendMerged(t *testing.T) {
	for _, test := range []struct {
		name     string
		labels   []model.Label
		extra    []model.Label
		conflict string // label that both sets have
	}{
		{"nothing", nil, nil, ""},
		{"no extra", list("a", "1", "b", "2"), nil, ""},
		{"only extra", nil, list("a", "1", "b", "2"), ""},
		{"before", list("b", "2"), list("a", "1"), ""},
		{"behind", list("a", "1"), list("b", "2"), ""},
		{"between", list("a", "1", "c", "3"), list("b", "2"), ""},
		{"around", list("b", "2"), list("a", "1", "c", "3"), ""},
		{"in turn", list("a", "1", "c", "3", "e", "5"), list("b", "2", "d", "4", "f", "6"), ""},
		{"escapes", list("a", "\\\"\n", "c", `\n`), list("b", "\n\"\\", "d", `",`), ""},
		{"quoted name", list("a.", "1", "c", "3"), list("b", "2"), ""},
		{"quoted extra name", list("a", "1", "c", "3"), list("b\"", "2", "é", "4"), ""},
		{"beginning of a name", list("ab", "1"), list("a", "2", "abc", "3"), ""},
		{"conflict", list("a", "1", "b", "2"), list("b", "3"), "b"},
		{"conflict with the same value", list("a", "1"), list("a", "1"), "a"},
		{"conflict in the end", list("a", "1", "b.", `"`), list("a2", "1", "b.", "3"), "b."},
	} {
		t.Run(test.name, func(t *testing.T) {
			l, err := model.NewLabels(slices.Clone(test.labels))
			if err != nil {
				t.Fatal(err)
			}
			buf, merged, err := model.AppendMerged([]byte("before,"), l, test.extra)
			if test.conflict != "" {
				if err == nil || !strings.Contains(err.Error(), `"`+test.conflict+`"`) || string(buf) != "before," || !merged.IsEmpty() {
					t.Errorf("got %s in %q and the error %v, want one about %s", merged.Text(), buf, err, test.conflict)
				}
				return
			}
			want, wantErr := model.NewLabels(slices.Concat(test.labels, test.extra))
			if err != nil || wantErr != nil {
				t.Fatal(err, wantErr)
			}
			if merged.Keep() != want || string(buf) != "before,"+want.Text() {
				t.Errorf("got %s (quoted: %v) in %q, want %s (quoted: %v)", merged.Text(), merged.Quoted(), buf, want.Text(), want.Quoted())
			}
		})
	}
}

func TestAppendMergedIntoBuffer(t *testing.T) {
	l, extra := mustLabels(t, "a", "1", "c", `"3"`), list("b", "\n")
	buf, merged, err := model.AppendMerged(nil, l, extra)
	kept := merged.Keep()
	if got := testing.AllocsPerRun(100, func() { buf, merged, err = model.AppendMerged(buf[:0], l, extra) }); got != 0 || err != nil {
		t.Errorf("merging into a buffer allocates %v times, error %v", got, err)
	}
	copy(buf, "####")
	if kept.Text() != `a="1",b="\n",c="\"3\""` {
		t.Errorf("what was kept became %s", kept.Text())
	}
	if merged.Text() != string(buf) {
		t.Errorf("the labels are %s, not in the buffer %s", merged.Text(), buf)
	}
}
