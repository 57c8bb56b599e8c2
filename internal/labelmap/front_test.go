package labelmap_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"unsafe"
	"weak"

	"github.com/luxfi/metric/internal/labelmap"
	"github.com/luxfi/metric/internal/labelstruct"
)

// fronted is a map with a front for structs of type L.
type fronted[L any] struct {
	*series

	front *labelmap.Front
}

func newFronted[L any](t *testing.T) fronted[L] {
	t.Helper()
	plan, err := labelstruct.Of(reflect.TypeFor[L]())
	if err != nil {
		t.Fatal(err)
	}
	m := fronted[L]{newMap(plan.Names()...), labelmap.NewFront(plan)}
	m.UseFront(m.front)
	return m
}

// known returns the series that the front finds without the map.
func (m *fronted[L]) known(labels L) *entry {
	s := unsafe.Pointer(&labels)
	if m.front.Plan().Calls == 0 {
		if child := m.front.Get(s); child != nil {
			return (*entry)(child)
		}
	}
	return (*entry)(m.front.GetSlowly(s, m.front.Plan().Call(nil, s)))
}

// with returns the series with the given labels, and makes the front remember it.
func (m *fronted[L]) with(labels L) *entry {
	if e := m.known(labels); e != nil {
		return e
	}
	s := unsafe.Pointer(&labels)
	called := m.front.Plan().Call(nil, s)
	values := m.front.Plan().Values(nil, s, called)
	e := m.GetOrCreate(values, nil)
	m.Remember(e, s, called, values)
	return e
}

// shout is a string whose label value differs from its text.
type shout string

func (s shout) String() string { return strings.ToUpper(string(s)) }

// wrapped is a struct with a label value.
type wrapped struct{ s string }

func (w wrapped) String() string { return w.s }

type (
	plainLabels struct {
		A, B string
		C    int
	}
	manyLabels struct {
		A, B, C string
		D       shout
		E       int8
		F       uint16
		G       bool
	}
	calledLabels struct {
		A wrapped
		B string
		C wrapped
	}
	hugeLabels struct {
		Many manyLabels
		More manyLabels
		Most manyLabels
	}
)

// randomString returns one of a limited number of strings, many of which are similar.
func randomString(r *rand.Rand) string {
	s := strings.Repeat("a", r.IntN(20)) + []string{"", "b", "\x00", "\"", "\\", "\n", "bbbbbbbbb"}[r.IntN(7)]
	if r.IntN(2) == 0 && s != "" {
		s = s[1:] + "c"
	}
	return s
}

func randomPlain(r *rand.Rand) plainLabels {
	return plainLabels{randomString(r), randomString(r), r.IntN(3) - 1}
}

func randomMany(r *rand.Rand) manyLabels {
	return manyLabels{randomString(r), "b", "", shout(randomString(r)), int8(r.IntN(3) - 1), uint16(r.IntN(2)), r.IntN(2) == 0}
}

func randomCalled(r *rand.Rand) calledLabels {
	return calledLabels{wrapped{randomString(r)}, randomString(r), wrapped{"c"}}
}

func randomHuge(r *rand.Rand) hugeLabels {
	return hugeLabels{randomMany(r), manyLabels{A: "x"}, randomMany(r)}
}

// TestFrontIsTheMap checks that the front never finds another series than the map, in any state of
// both.
func TestFrontIsTheMap(t *testing.T) {
	t.Run("plain", func(t *testing.T) { testFront(t, randomPlain) })
	t.Run("many", func(t *testing.T) { testFront(t, randomMany) })
	t.Run("called", func(t *testing.T) { testFront(t, randomCalled) })
	t.Run("huge", func(t *testing.T) { testFront(t, randomHuge) })
	t.Run("colliding", func(t *testing.T) {
		testFront(t, func(r *rand.Rand) struct{ A, B int16 } {
			return struct{ A, B int16 }{int16(r.IntN(20) - 10), int16(r.IntN(20) - 10)}
		})
	})
}

func testFront[L any](t *testing.T, random func(*rand.Rand) L) {
	m := newFronted[L](t)
	m.front.Collide()
	r := rand.New(rand.NewPCG(1, 2))
	pool := make([]L, 300)
	for i := range pool {
		pool[i] = random(r)
	}
	found := 0
	for range 20_000 {
		labels := pool[r.IntN(len(pool))]
		s := unsafe.Pointer(&labels)
		values := m.front.Plan().Values(nil, s, m.front.Plan().Call(nil, s))
		known := m.known(labels)
		if known != nil {
			found++
			if in := m.Get(values); known != in {
				t.Fatalf("the front has %v for %q, and the map %v", known, values, in)
			}
		}
		switch n := r.IntN(1000); {
		case n == 0:
			m.Reset()
		case n == 1:
			m.DeleteFunc(func(*entry) bool { return r.IntN(2) == 0 })
		case n < 5:
			m.Delete(values)
		default:
			if e := m.with(labels); e != m.with(labels) || m.known(labels) != e {
				t.Fatalf("the front does not know %q", values)
			}
		}
	}
	if found < 1000 {
		t.Errorf("the front has found only %d", found)
	}
}

// TestRemovalsDropTheFront checks that each removal drops the table and releases the memory of all
// series.
func TestRemovalsDropTheFront(t *testing.T) {
	for name, remove := range map[string]func(m *series){
		"Delete":     func(m *series) { m.Delete([]string{"a", "b", "1"}) },
		"DeleteFunc": func(m *series) { m.DeleteFunc(func(*entry) bool { return true }) },
		"Reset":      func(m *series) { m.Reset() },
	} {
		t.Run(name, func(t *testing.T) {
			m := newFronted[plainLabels](t)
			e := weak.Make(m.with(plainLabels{"a", "b", 1}))
			m.with(plainLabels{"a", strings.Repeat("b", 100), 2})
			remove(m.series)
			if n, _ := m.front.Known(); n != 0 {
				t.Errorf("the front knows %d structs", n)
			}
			m.Sorted()
			for range 3 {
				runtime.GC()
			}
			if e.Value() != nil {
				t.Error("a deleted series is kept in memory")
			}
			runtime.KeepAlive(m)
		})
	}
}

// TestRemembersOnlyTheMapsSeries checks that Remember accepts only a series of the map that has the
// labels of the struct.
func TestRemembersOnlyTheMapsSeries(t *testing.T) {
	m := newFronted[plainLabels](t)
	labels := plainLabels{"a", "b", 1}
	values := []string{"a", "b", "1"}
	gone := m.GetOrCreate(values, nil)
	m.Delete(values)
	other := m.GetOrCreate([]string{"other", "b", "1"}, nil)
	for _, e := range []*entry{gone, other} {
		m.Remember(e, unsafe.Pointer(&labels), nil, values)
		if got := m.known(labels); got != nil {
			t.Errorf("the front has remembered %v", got)
		}
	}
}

// state has few label values.
type state uint32

func (s state) String() string { return "state " + strconv.Itoa(int(s%2)) }

// TestFrontIsBounded checks that the number of series limits the front, however many structs have the
// same labels.
func TestFrontIsBounded(t *testing.T) {
	m := newFronted[struct{ S state }](t)
	for i := range 10_000 {
		m.with(struct{ S state }{state(i)})
		if n, places := m.front.Known(); n > 2*2+64 || places > 256 {
			t.Fatalf("after %d structs, the front knows %d in %d places", i, n, places)
		}
	}
	if m.Len() != 2 {
		t.Errorf("there are %d series", m.Len())
	}
}

// TestFrontClonesStrings checks that a caller can reuse its buffer.
func TestFrontClonesStrings(t *testing.T) {
	type texts struct {
		A string
		B shout
	}
	for _, length := range []int{1, 8, 15, 16, 100} {
		m := newFronted[texts](t)
		buffer := slices.Repeat([]byte("x"), length)
		m.with(texts{volatile(buffer), shout(volatile(buffer))})
		copy(buffer, slices.Repeat([]byte("y"), length))
		if m.known(texts{volatile(buffer), shout(volatile(buffer))}) != nil {
			t.Errorf("length %d: the front knows what was never asked for", length)
		}
		x := strings.Repeat("x", length)
		if m.known(texts{x, shout(x)}) == nil {
			t.Errorf("length %d: the front has forgotten a series", length)
		}
	}
}

// TestFrontIsNeverBehind checks that the front does not find a deleted series after the deletion has
// returned.
func TestFrontIsNeverBehind(t *testing.T) {
	m := newFronted[plainLabels](t)
	var lookups atomic.Int64
	together(workers, func(worker int) {
		own := plainLabels{"own", fmt.Sprint("of worker ", worker), worker}
		values := []string{own.A, own.B, strconv.Itoa(worker)}
		shared := plainLabels{"shared", strings.Repeat("x", 30), 7}
		for i := range 2000 {
			before := m.with(own)
			if e := m.with(own); e != before {
				t.Error("a series has changed without having been deleted")
			}
			m.with(shared)
			if m.known(own) != nil {
				lookups.Add(1)
			}
			switch {
			case i%50 == 0:
				m.Delete([]string{shared.A, shared.B, "7"})
			case i%8 == 0:
				if !m.Delete(values) {
					t.Error("there is nothing to delete")
				}
				if e := m.with(own); e == before {
					t.Error("a deleted series has come back")
				}
			}
		}
	})
	if lookups.Load() == 0 {
		t.Error("the front has never known anything")
	}
}
