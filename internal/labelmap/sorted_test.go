package labelmap_test

import (
	"cmp"
	"slices"
	"strconv"
	"testing"

	"github.com/luxfi/metric/internal/labelmap"
	"github.com/luxfi/metric/internal/model"
)

// same reports whether two lists share their memory.
func same(a, b []*entry) bool {
	return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0])
}

func TestSortedIsKeptUntilSomethingChanges(t *testing.T) {
	x, y := []string{"x"}, []string{"y"}
	for _, test := range []struct {
		name    string
		do      func(m *series)
		changes bool
	}{
		{"nothing", func(*series) {}, false},
		{"Get", func(m *series) { m.Get(x); m.Get(y) }, false},
		{"GetOrCreate of an existing one", func(m *series) { m.GetOrCreate(x, nil) }, false},
		{"GetOrCreate of a new one", func(m *series) { m.GetOrCreate(y, nil) }, true},
		{"Delete of none", func(m *series) { m.Delete(y) }, false},
		{"Delete", func(m *series) { m.Delete(x) }, true},
		{"DeleteFunc of none", func(m *series) { m.DeleteFunc(func(*entry) bool { return false }) }, false},
		{"DeleteFunc", func(m *series) { m.DeleteFunc(func(*entry) bool { return true }) }, true},
		{"replace", func(m *series) { m.Delete(x); m.GetOrCreate(x, nil) }, true},
		{"Reset", func(m *series) { m.Reset() }, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := newMap("a")
			m.GetOrCreate(x, nil)
			m.GetOrCreate([]string{"other"}, nil)
			before := m.Sorted()
			copied := slices.Clone(before)
			test.do(m)
			after := m.Sorted()
			if same(before, after) == test.changes {
				t.Errorf("the list is another one: %v, want %v", !test.changes, test.changes)
			}
			if !same(after, m.Sorted()) {
				t.Error("the new list is not kept")
			}
			if !slices.Equal(before, copied) {
				t.Error("the old list has been written to")
			}
		})
	}
}

func TestSortedOfAnEmptyMap(t *testing.T) {
	if got := newMap("a").Sorted(); len(got) != 0 {
		t.Errorf("%d series in an empty map", len(got))
	}
}

// TestSortedAppendCopies checks that the list has no spare capacity that callers would share.
func TestSortedAppendCopies(t *testing.T) {
	m := newMap("a")
	for i := range 10 {
		m.GetOrCreate([]string{strconv.Itoa(i)}, nil)
	}
	m.Sorted()
	m.Delete([]string{"5"})
	if list := m.Sorted(); cap(list) != len(list) {
		t.Errorf("%d series in a list for %d", len(list), cap(list))
	}
}

// compareValues is the order of series by their values.
func compareValues(a, b []string) int { return cmp.Compare(slices.Compare(a, b), 0) }

func checkCompare(t *testing.T, layout *model.Layout, a, b []string) {
	t.Helper()
	x, y := layout.Render(a), layout.Render(b)
	got, want := labelmap.Compare(x, y), compareValues(a, b)
	if got != want || model.CompareLabels(x, y) != want {
		t.Errorf("%q compared with %q: %d here, %d in model, want %d", a, b, got, model.CompareLabels(x, y), want)
	}
}

func TestCompare(t *testing.T) {
	values := []string{
		"", "a", "b", "ab", "a!", "a ", "é", "\x00", "\n", "\n\n", `\`, `\\`, `\n`, `\"`, `"`, `""`, `a"`, `a\`, "a\n", "a#", "a[", "a]", "an",
		"12345678", "12345678a", `12345678"`, `12345678\`, "123456789abcdef0",
	}
	layout := newLayout("a", "z")
	for _, first := range values {
		for _, second := range values {
			checkCompare(t, layout, []string{first, "x"}, []string{second, "x"})
			checkCompare(t, layout, []string{"x", first}, []string{"x", second})
			checkCompare(t, layout, []string{first, "y"}, []string{second, "x"})
		}
	}
}

func FuzzCompare(f *testing.F) {
	f.Add("", "", "", "")
	f.Add("a", "b", "a", "c")
	f.Add(`a\`, `"`, `a"`, `\`)
	f.Add("a\n", "x", `a\n`, "x")
	f.Add("12345678\n", `",z="`, "12345678\\", "")
	layout := newLayout("a", "z")
	f.Fuzz(func(t *testing.T, a1, a2, b1, b2 string) {
		checkCompare(t, layout, []string{a1, a2}, []string{b1, b2})
	})
}
