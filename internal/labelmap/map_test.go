package labelmap_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/luxfi/metric/internal/labelmap"
	"github.com/luxfi/metric/internal/model"
)

// child is the child of the series of the tests.
type child struct{ name string }

type (
	entry  = labelmap.Entry[child]
	series = labelmap.Map[child]
)

func newLayout(names ...string) *model.Layout {
	return model.NewLayout([]model.Label{{Name: "m", Value: `con"stant`}}, names)
}

func newMap(names ...string) *series { return labelmap.New[child](newLayout(names...)) }

func TestGetFindsWhatWasCreated(t *testing.T) {
	long := strings.Repeat("long ", 100)
	for _, test := range []struct {
		name   string
		names  []string
		values [][]string // all different
	}{
		{"no label", nil, [][]string{{}}},
		{"one label", []string{"a"}, [][]string{{""}, {"x"}, {"y"}, {"xx"}, {"xxx"}, {long}, {long + "."}, {"." + long}}},
		{"two labels", []string{"z", "a"}, [][]string{{"", ""}, {"x", ""}, {"", "x"}, {"x", "y"}, {"y", "x"}, {"xy", ""}, {"", "xy"}}},
		{"escapes", []string{"a"}, [][]string{{`\`}, {`\\`}, {`\n`}, {"\n"}, {`"`}, {`\"`}, {`a"b`}, {`a\"b`}, {`a",z="b`}, {`",`}}},
		{"escapes in two labels", []string{"a", "z"}, [][]string{{`"`, `\`}, {`\`, `"`}, {`",m="x`, ""}, {"", `",m="x`}, {`x",z="`, ""}}},
		{"bytes", []string{"a"}, [][]string{{"é"}, {"日本"}, {"\x00"}, {"\x00\x00"}, {"\u2028"}}},
	} {
		for _, mask := range masks {
			t.Run(fmt.Sprintf("%s/mask=%x", test.name, mask), func(t *testing.T) {
				m := newMap(test.names...)
				m.UseHashBits(mask)
				var created []*entry
				for i, values := range test.values {
					if e := m.Get(values); e != nil {
						t.Errorf("%q is there before it was created: %s", values, e.Labels().Text())
					}
					e := m.GetOrCreate(values, func(e *entry) { e.Child.name = fmt.Sprint(values) })
					created = append(created, e)
					if m.Len() != i+1 {
						t.Errorf("%d series after creating %d", m.Len(), i+1)
					}
				}
				for i, values := range test.values {
					e := m.Get(values)
					if e != created[i] || m.GetOrCreate(values, nil) != e {
						t.Fatalf("%q is not the series that was created", values)
					}
					if e.Child.name != fmt.Sprint(values) || !m.Delete(values) || m.Delete(values) || m.Get(values) != nil {
						t.Errorf("%q was another's, or could not be deleted once", values)
					}
				}
			})
		}
	}
}

// TestInitRunsOnceAndBeforeOthersSee checks that GetOrCreate initializes a series once, before it is in the
// map.
func TestInitRunsOnceAndBeforeOthersSee(t *testing.T) {
	m := newMap("a")
	calls := 0
	init := func(e *entry) {
		calls++
		if got, want := e.Labels().Text(), `a="x",m="con\"stant"`; got != want {
			t.Errorf("init sees the labels %s, want %s", got, want)
		}
		if m.Get([]string{"x"}) != nil || m.Len() != 0 {
			t.Error("the series is there before init returned")
		}
	}
	m.GetOrCreate([]string{"x"}, init)
	m.GetOrCreate([]string{"x"}, init)
	if calls != 1 {
		t.Errorf("init was called %d times", calls)
	}
}

func TestPanicOfInitChangesNothing(t *testing.T) {
	m := newMap("a")
	before := m.Sorted()
	func() {
		defer func() {
			if r := recover(); r != "no" {
				t.Errorf("recovered %v", r)
			}
		}()
		m.GetOrCreate([]string{"x"}, func(*entry) { panic("no") })
	}()
	if m.Len() != 0 || m.Get([]string{"x"}) != nil || len(m.Sorted()) != len(before) {
		t.Error("there is a series now")
	}
	if m.GetOrCreate([]string{"x"}, nil) == nil || m.Len() != 1 {
		t.Error("the map is of no use any more")
	}
}

// TestValuesAreCloned checks that callers may reuse the memory of their strings.
func TestValuesAreCloned(t *testing.T) {
	m := newMap("a", "z")
	buffer := []byte("GET200")
	e := m.GetOrCreate([]string{volatile(buffer[:3]), volatile(buffer[3:])}, nil)
	copy(buffer, "######")
	if got, want := e.Labels().Text(), `a="GET",m="con\"stant",z="200"`; got != want {
		t.Errorf("the labels became %s, want %s", got, want)
	}
	if m.Get([]string{"GET", "200"}) != e {
		t.Error("the series cannot be found any more")
	}
}

func TestDeleteFunc(t *testing.T) {
	even := func(e *entry) bool { return e.Labels().Text()[len(`a="`)]%2 == 0 }
	fill := func() *series {
		m := newMap("a")
		for c := '0'; c <= '9'; c++ {
			m.GetOrCreate([]string{string(c)}, nil)
		}
		return m
	}
	for _, test := range []struct {
		name  string
		match func(m *series) func(*entry) bool
		want  int
		left  string
	}{
		{"none", func(*series) func(*entry) bool { return func(*entry) bool { return false } }, 0, "0123456789"},
		{"some", func(*series) func(*entry) bool { return even }, 5, "13579"},
		{"all", func(*series) func(*entry) bool { return func(*entry) bool { return true } }, 10, ""},
		{"what is deleted meanwhile", func(m *series) func(*entry) bool {
			return func(e *entry) bool { return even(e) && m.Delete(valuesIn(e)) }
		}, 0, "13579"},
		{"what is replaced meanwhile", func(m *series) func(*entry) bool {
			return func(e *entry) bool {
				m.Delete(valuesIn(e))
				m.GetOrCreate(valuesIn(e), nil)
				return true
			}
		}, 0, "0123456789"},
		{"what is created meanwhile", func(m *series) func(*entry) bool {
			return func(e *entry) bool {
				m.GetOrCreate([]string{strings.ToUpper(string('a' + e.Labels().Text()[len(`a="`)] - '0'))}, nil)
				return true
			}
		}, 10, "ABCDEFGHIJ"},
		{"a reset meanwhile", func(m *series) func(*entry) bool {
			return func(*entry) bool { m.Reset(); return true }
		}, 0, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := fill()
			asked := make(map[*entry]int)
			match := test.match(m)
			got := m.DeleteFunc(func(e *entry) bool { asked[e]++; return match(e) })
			var left strings.Builder
			for _, e := range m.Sorted() {
				left.WriteString(valuesIn(e)[0])
			}
			if got != test.want || left.String() != test.left || m.Len() != len(test.left) {
				t.Errorf("%d deleted and %q left, want %d and %q", got, left.String(), test.want, test.left)
			}
			for e, n := range asked {
				if n != 1 || len(asked) != 10 {
					t.Errorf("asked %d times for %s, for %d series", n, e.Labels().Text(), len(asked))
				}
			}
		})
	}
}

func TestPanicOfMatchDeletesNothing(t *testing.T) {
	m := newMap("a")
	for _, values := range [][]string{{"x"}, {"y"}, {"z"}} {
		m.GetOrCreate(values, nil)
	}
	calls := 0
	func() {
		defer func() { _ = recover() }()
		m.DeleteFunc(func(*entry) bool {
			if calls++; calls == 2 {
				panic("no")
			}
			return true
		})
	}()
	if m.Len() != 3 || len(m.Sorted()) != 3 || !slices.Equal(valuesIn(m.Get([]string{"x"})), []string{"x"}) {
		t.Error("a series is gone")
	}
}
