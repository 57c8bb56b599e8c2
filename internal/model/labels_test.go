package model_test

import (
	"bytes"
	"cmp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unsafe"

	"github.com/luxfi/metric/internal/model"
)

// list makes labels of alternating names and values.
func list(namesAndValues ...string) []model.Label {
	labels := []model.Label{}
	for pair := range slices.Chunk(namesAndValues, 2) {
		labels = append(labels, model.Label{Name: pair[0], Value: pair[1]})
	}
	return labels
}

func mustLabels(t *testing.T, namesAndValues ...string) model.Labels {
	t.Helper()
	l, err := model.NewLabels(list(namesAndValues...))
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestNewLabels(t *testing.T) {
	for _, test := range []struct {
		name   string
		labels []model.Label
		text   string
		quoted bool
	}{
		{"none", list(), "", false},
		{"one", list("a", "1"), `a="1"`, false},
		{"empty value", list("a", ""), `a=""`, false},
		{"sorted", list("a", "1", "b", "2"), `a="1",b="2"`, false},
		{"unsorted", list("b", "2", "ab", "3", "a", "1"), `a="1",ab="3",b="2"`, false},
		{"escapes", list("a", "\\\"\n"), `a="\\\"\n"`, false},
		{"quoted name", list("z", "1", "a.b", "2"), `"a.b"="2",z="1"`, true},
		{"quoted names", list("ü", "1", "=", "2", "\"\\\n,", "3"), `"\"\\\n,"="3","="="2","ü"="1"`, true},
		{"what looks like labels", list("a", `",b="`), `a="\",b=\""`, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			l, err := model.NewLabels(slices.Clone(test.labels))
			if err != nil {
				t.Fatal(err)
			}
			if l.Text() != test.text || l.Quoted() != test.quoted || l.IsEmpty() != (test.text == "") {
				t.Errorf("got %s (quoted: %v, empty: %v), want %s (quoted: %v)", l.Text(), l.Quoted(), l.IsEmpty(), test.text, test.quoted)
			}
			checkLabels(t, l, test.labels)
		})
	}
}

// checkLabels checks the results of all methods of a label set.
func checkLabels(t *testing.T, l model.Labels, want []model.Label) {
	t.Helper()
	want = slices.SortedFunc(slices.Values(want), func(a, b model.Label) int { return cmp.Compare(a.Name, b.Name) })
	if got := l.List(); !slices.Equal(got, want) {
		t.Errorf("%s is the list %q, want %q", l.Text(), got, want)
	}
	c := l.Cursor()
	for _, label := range want {
		if !c.Next() || c.Name != label.Name || c.Value() != label.Value || c.RawValue != string(model.AppendEscaped(nil, label.Value)) {
			t.Errorf("the cursor in %s is at %q, %q, want %q", l.Text(), c.Name, c.RawValue, label)
		}
		if !l.Has(label.Name) || l.Has(label.Name+"x") {
			t.Errorf("%s has the label %q: %v", l.Text(), label.Name, l.Has(label.Name))
		}
	}
	again := c.Next()
	if again || c.Next() || l.Has("") {
		t.Errorf("the cursor in %s goes on, or there is a label without a name", l.Text())
	}
}

func TestInvalidLabels(t *testing.T) {
	for _, test := range []struct {
		name   string
		labels []model.Label
		err    string
	}{
		{"empty name", list("a", "1", "", "2"), "a label with an invalid name: it is empty"},
		{"name that is not UTF-8", list("a\xff", "1"), `"a\xff" is not UTF-8`},
		{"reserved name", list("a", "1", "__name__", "2"), "__name__"},
		{"value that is not UTF-8", list("a", "1", "b", "\xff"), `"b" whose value is not utf8`},
		{"same name twice", list("b", "1", "a", "2", "b", "1"), "same name: b"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if l, err := model.NewLabels(slices.Clone(test.labels)); err == nil || !strings.Contains(err.Error(), test.err) || !l.IsEmpty() {
				t.Errorf("got %q and the error %v, want one about %s", l.Text(), err, test.err)
			}
			buf, l, err := model.AppendLabels([]byte("before"), test.labels)
			if string(buf) != "before" || err == nil || !l.IsEmpty() {
				t.Errorf("the buffer is %q after the error %v", buf, err)
			}
		})
	}
}

func TestAppendLabels(t *testing.T) {
	buf, l, err := model.AppendLabels([]byte("before,"), list("b", "2", "a.", "1"))
	if err != nil || string(buf) != `before,"a."="1",b="2"` || l.Text() != `"a."="1",b="2"` || !l.Quoted() {
		t.Fatalf("got %s in the buffer %q, error %v", l.Text(), buf, err)
	}
	labels := list("a", "1", "b", "2")
	if got := testing.AllocsPerRun(100, func() { buf, l, err = model.AppendLabels(buf[:0], labels) }); got != 0 {
		t.Errorf("rendering into a buffer allocates %v times", got)
	}
	if buf, l, err = model.AppendLabels(nil, nil); len(buf) != 0 || !l.IsEmpty() || err != nil || !l.Keep().IsEmpty() {
		t.Errorf("no labels are rendered as %q in %q, error %v", l.Text(), buf, err)
	}
}

// TestKeep checks that kept labels do not change with the buffer, and that labels without a buffer are not
// copied.
func TestKeep(t *testing.T) {
	buf, l, err := model.AppendLabels(nil, list("a.", "1"))
	if err != nil {
		t.Fatal(err)
	}
	kept := l.Keep()
	again := kept.Keep()
	copy(buf, "########")
	if kept.Text() != `"a."="1"` || !kept.Quoted() || again != kept {
		t.Errorf("what was kept became %s, and kept again %s", kept.Text(), again.Text())
	}
	for name, l := range map[string]model.Labels{"kept": kept, "new": mustLabels(t, "a", "1"), "raw": model.RawLabels(`a="1"`, false)} {
		if got := testing.AllocsPerRun(100, func() { kept = l.Keep() }); got != 0 || kept != l {
			t.Errorf("keeping %s labels allocates %v times", name, got)
		}
	}
}

func TestNewLabelsCopies(t *testing.T) {
	name, value := []byte("name"), []byte("value")
	l := mustLabels(t, volatile(name), volatile(value))
	copy(name, "####")
	copy(value, "#####")
	if l.Text() != `name="value"` {
		t.Errorf("the labels became %s", l.Text())
	}
}

func FuzzLabels(f *testing.F) {
	for i, text := range texts {
		f.Add("a", text, "b", texts[len(texts)-1-i])
		f.Add(text, "1", texts[len(texts)-1-i], "2")
	}
	f.Fuzz(func(t *testing.T, name1, value1, name2, value2 string) {
		labels := list(name1, value1, name2, value2)
		l, err := model.NewLabels(slices.Clone(labels))
		if err != nil {
			return
		}
		checkLabels(t, l, labels)
		if again := model.RawLabels(l.Text(), l.Quoted()); again != l {
			t.Errorf("%s is not what its text says", l.Text())
		}
	})
}

// TestTexts checks that many labels that share memory stay valid when the caller overwrites its buffer.
func TestTexts(t *testing.T) {
	var (
		texts model.Texts
		buf   []byte
		kept  []model.Labels
		want  []string
	)
	for i := range 1000 {
		value := strings.Repeat("x", i*i%1500)
		var (
			l   model.Labels
			err error
		)
		buf, l, err = model.AppendLabels(buf[:0], []model.Label{{Name: "i", Value: strconv.Itoa(i)}, {Name: "v", Value: value}})
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, strings.Clone(l.Text()))
		kept = append(kept, texts.Keep(l))
	}
	for i := range kept {
		if kept[i].Text() != want[i] {
			t.Errorf("labels %d have become %s", i, kept[i].Text())
		}
	}
	if l := mustLabels(t, "a", "1"); texts.Keep(l) != l {
		t.Error("labels that are kept already were copied")
	}
}

// TestTextsReset checks that the labels from Hold lie in memory that is reused, and that they are
// marked as volatile.
func TestTextsReset(t *testing.T) {
	var texts model.Texts
	held := texts.Hold(model.VolatileLabels([]byte(`a="1"`), false))
	kept := held.Keep()
	texts.Reset()
	again := texts.Hold(model.VolatileLabels([]byte(`b="2"`), false))
	if again.Text() != `b="2"` || kept.Text() != `a="1"` {
		t.Errorf("held %s, kept %s", again.Text(), kept.Text())
	}
	if unsafe.StringData(held.Text()) != unsafe.StringData(again.Text()) {
		t.Error("the memory was not used again")
	}
	large := texts.Hold(model.VolatileLabels(bytes.Repeat([]byte("a"), 1<<20), false))
	texts.Reset()
	again = texts.Hold(model.VolatileLabels([]byte(`b="2"`), false))
	if unsafe.StringData(large.Text()) == unsafe.StringData(again.Text()) {
		t.Error("a megabyte is kept for small texts")
	}
}
