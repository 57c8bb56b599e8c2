package labelmap_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// TestLikeAMap applies the same random operations to a Map and a Go map, and compares their visible
// state.
func TestLikeAMap(t *testing.T) {
	for _, mask := range masks {
		for seed := range uint64(4) {
			t.Run(fmt.Sprintf("mask=%x/seed=%d", mask, seed), func(t *testing.T) {
				t.Parallel()
				p := &pair{T: t, Rand: rand.New(rand.NewPCG(seed, mask)), m: newMap("z", "a"), want: make(map[[2]string]*entry)}
				p.m.UseHashBits(mask)
				for phase := range 8 {
					// The map must grow, shrink, and fill with tombstones.
					creations := []int{90, 10, 50, 50}[phase%4]
					for range 250 {
						p.step(creations)
						if t.Failed() {
							t.FailNow()
						}
					}
					p.compareSorted()
				}
			})
		}
	}
}

// pair is a Map and its model.
type pair struct {
	*testing.T
	*rand.Rand

	m    *series
	want map[[2]string]*entry
	last []*entry // last result of Sorted
	copy []*entry // copy of last, made at once
}

// pieces are parts of label values: characters that need escaping, texts that look like escape
// sequences, and texts that look like the surrounding rendering.
var pieces = []string{"", "", "a", "b", `\`, `"`, "\n", "n", `",z="`, "é", "12345678", "0123456789abcdef"}

func (p *pair) key() (key [2]string) {
	for i := range key {
		key[i] = pieces[p.IntN(len(pieces))] + pieces[p.IntN(len(pieces))]
	}
	return key
}

// step performs a random operation. creations is the percentage of operations that create a series.
func (p *pair) step(creations int) {
	key := p.key()
	old, exists := p.want[key]
	switch kind := p.IntN(1000); {
	case kind < 10*creations:
		inits := 0
		e := p.m.GetOrCreate(key[:], func(e *entry) { inits++; e.Child.name = fmt.Sprintf("%q", key) })
		if exists != (inits == 0) || inits > 1 || exists && e != old || e.Child.name != fmt.Sprintf("%q", key) {
			p.Errorf("creating %q: init was called %d times, and made %v; existed before: %v", key, inits, e, exists)
		}
		p.want[key] = e
	case kind < 980:
		if got := p.m.Delete(key[:]); got != exists {
			p.Errorf("deleting %q: %v, want %v", key, got, exists)
		}
		delete(p.want, key)
	case kind < 990:
		p.deleteFunc()
	case kind < 996:
		p.compareSorted()
	case kind < 997:
		p.m.Reset()
		clear(p.want)
	case kind < 998:
		p.swap(func(key [2]string) bool { return true }, nil)
	case kind < 999:
		piece := pieces[p.IntN(len(pieces)-2)+2]
		match := func(key [2]string) bool { return strings.Contains(key[0], piece) }
		p.swap(match, func(e *entry) bool { values := valuesIn(e); return match([2]string{values[1], values[0]}) })
	}
	if got := p.m.Get(key[:]); got != p.want[key] {
		p.Errorf("%q is %v, want %v", key, got, p.want[key])
	}
	if p.m.Len() != len(p.want) {
		p.Errorf("%d series, want %d", p.m.Len(), len(p.want))
	}
	if p.m.Len() > p.m.Slots()/4*3 {
		p.Errorf("%d series in %d slots", p.m.Len(), p.m.Slots())
	}
}

// swap replaces the series whose keys match. It deletes some of the new series before the swap.
func (p *pair) swap(matches func(key [2]string) bool, match func(*entry) bool) {
	for key := range p.want {
		if matches(key) {
			delete(p.want, key)
		}
	}
	fresh := p.m.NewLike(nil)
	for range p.IntN(60) {
		key := p.key()
		switch {
		case !matches(key):
		case p.IntN(4) == 0:
			fresh.Delete(key[:])
			delete(p.want, key)
		default:
			p.want[key] = fresh.GetOrCreate(key[:], func(e *entry) { e.Child.name = fmt.Sprintf("%q", key) })
		}
	}
	p.m.Swap(fresh, match, nil)
	if fresh.Len() != 0 || len(fresh.Sorted()) != 0 {
		p.Errorf("%d series are left aside", fresh.Len())
	}
	key := p.key()
	fresh.GetOrCreate(key[:], nil) // Using it must not affect the map.
	for key, e := range p.want {
		if p.m.Get(key[:]) != e {
			p.Errorf("after a swap, %q is %v, want %v", key, p.m.Get(key[:]), e)
		}
	}
}

// deleteFunc deletes all series whose first label contains a certain piece.
func (p *pair) deleteFunc() {
	piece := pieces[p.IntN(len(pieces)-2)+2]
	want := 0
	for key := range p.want {
		if strings.Contains(key[0], piece) {
			delete(p.want, key)
			want++
		}
	}
	got := p.m.DeleteFunc(func(e *entry) bool { return strings.Contains(valuesIn(e)[1], piece) })
	if got != want {
		p.Errorf("%d series deleted with %q in them, want %d", got, piece, want)
	}
}

// compareSorted compares all series, and checks that they are in the order of their values.
func (p *pair) compareSorted() {
	p.compareStale()
	defer p.compareStale()
	if !slices.Equal(p.last, p.copy) {
		p.Error("a list that was returned before has been written to")
	}
	keys := make([][2]string, 0, len(p.want))
	for key := range p.want {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, func(x, y [2]string) int { // by label a, which is the second, and then z
		return slices.Compare([]string{x[1], x[0]}, []string{y[1], y[0]})
	})
	got := p.m.Sorted()
	want := make([]*entry, len(keys))
	for i, key := range keys {
		want[i] = p.want[key]
	}
	if !slices.Equal(got, want) {
		p.Errorf("%d series in another order or other series, want %d in the order %q", len(got), len(want), keys)
	}
	p.last, p.copy = got, slices.Clone(got)
}

// compareStale compares the counts of the index with its contents.
func (p *pair) compareStale() {
	if counted, actual := p.m.Stale(); counted != actual {
		p.Errorf("the index counts %d deleted entries, but it has %d", counted, actual)
	}
}
