package native

import (
	"cmp"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
)

// plain is a table implemented with a map.
type plain map[int32]uint64

func (p plain) coarsen(levels int32) plain {
	coarse := plain{}
	for key, n := range p {
		coarse[coarser(key, levels)] += n
	}
	return coarse
}

func (p plain) smallest() int32 {
	smallest := int32(noKey)
	for key := range p {
		smallest = min(smallest, key)
	}
	return smallest
}

func checkTable(t *testing.T, got *table, want plain) {
	t.Helper()
	if content := maps.Collect(got.all()); !maps.Equal(content, want) {
		t.Fatalf("the table holds %v, want %v", content, want)
	}
	if got.populated != len(want) {
		t.Fatalf("%d counters are said to be populated, want %d", got.populated, len(want))
	}
	if got.smallest() != want.smallest() {
		t.Fatalf("the smallest key is %d, want %d", got.smallest(), want.smallest())
	}
	if len(got.pages) > len(want) {
		t.Fatalf("%d pages for %d counters", len(got.pages), len(want))
	}
}

// operate interprets program as operations, and applies them to a table and to a map.
func operate(t *testing.T, program []byte) {
	program = program[:min(len(program), 900)]
	var got, other table
	want, otherWant := plain{}, plain{}
	for ; len(program) >= 3; program = program[3:] {
		key := int32(program[1])<<4 | int32(program[2]&15) - 2048
		if program[2]&16 != 0 {
			key *= 128
		}
		switch program[0] % 16 {
		case 0:
			got.merge(&other, 0)
			for key, n := range otherWant {
				want[key] += n
			}
		case 1:
			got.merge(&other, 2)
			for key, n := range otherWant.coarsen(2) {
				want[key] += n
			}
		case 2:
			got.coarsen(1)
			want = want.coarsen(1)
		case 3:
			got.reset()
			clear(want)
		case 4:
			if n := got.take(key); n != want[key] {
				t.Fatalf("took %d of key %d, want %d", n, key, want[key])
			}
			delete(want, key)
		case 5:
			if key = want.smallest(); key == noKey {
				break
			}
			if n := got.take(key); n != want[key] {
				t.Fatalf("took %d of the smallest key %d, want %d", n, key, want[key])
			}
			delete(want, key)
		case 6, 7, 8:
			other.add(key, uint64(key&3+1))
			otherWant[key] += uint64(key&3 + 1)
		default:
			_, existed := want[key]
			if created := got.add(key, 1); created == existed {
				t.Fatalf("adding key %d: created is %v", key, created)
			}
			want[key]++
		}
		checkTable(t, &got, want)
		checkTable(t, &other, otherWant)
	}
}

// TestTableIsAMap compares a table with a map after random operations.
func TestTableIsAMap(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for range 300 {
		program := make([]byte, random.IntN(600))
		for i := range program {
			program[i] = byte(random.Uint32())
		}
		operate(t, program)
	}
}

func FuzzTable(f *testing.F) {
	f.Add([]byte{9, 1, 2, 9, 1, 3, 2, 0, 0, 5, 0, 0})
	f.Fuzz(operate)
}

func TestTableMemoryIsProportional(t *testing.T) {
	var tab table
	for i := range int32(1000) { // far apart: one page for each
		tab.add(i*500-250_000, 1)
	}
	if len(tab.pages) != 1000 || len(tab.index) != 2048 {
		t.Errorf("%d pages and %d slots for 1000 scattered keys", len(tab.pages), len(tab.index))
	}
	tab = table{}
	for i := range int32(1000) { // side by side
		tab.add(i, 1)
	}
	if len(tab.pages) != 125 || len(tab.index) != 256 {
		t.Errorf("%d pages and %d slots for 1000 neighbouring keys", len(tab.pages), len(tab.index))
	}
}

func TestTableResetGivesMuchMemoryBack(t *testing.T) {
	var tab table
	for i := range int32(100) {
		tab.add(i*pageLength, 1)
	}
	tab.reset()
	if len(tab.index) == 0 || cap(tab.pages) == 0 {
		t.Error("a small table has lost its memory")
	}
	for i := range int32(1000) {
		tab.add(i*pageLength, 1)
	}
	tab.reset()
	if len(tab.index) != 0 || cap(tab.pages) != 0 {
		t.Error("a large table has kept its memory")
	}
}

// probes returns the mean number of slots inspected to find a page.
func (t *table) probes() float64 {
	mask := uint32(len(t.index) - 1)
	total := 0
	for i, s := range t.index {
		if s.tag != 0 {
			total += 1 + int((uint32(i)-t.home(s.tag))&mask)
		}
	}
	return float64(total) / float64(len(t.pages))
}

func TestTableProbesAreShort(t *testing.T) {
	for name, distance := range map[string]int32{
		"neighbours": 1, "octaves at schema 8": octave, "octaves at schema 3": 8,
		"odd": 1009, "powers of two": 4096, "every page": pageLength, "every third page": 3 * pageLength,
	} {
		t.Run(name, func(t *testing.T) {
			var tab table
			for key := int32(-1074 * octave); key <= infinityKey && len(tab.pages) < 5000; key += distance {
				tab.add(key, 1)
			}
			if mean := tab.probes(); mean > 2 {
				t.Errorf("%d pages need %.2f probes on average", len(tab.pages), mean)
			}
		})
	}
}

// TestTableBearsCollisions checks tables that are full of pages that collide as much as possible.
func TestTableBearsCollisions(t *testing.T) {
	hash := func(tag uint32) uint32 { return (&table{}).home(tag) }
	var tags []uint32
	for tag := tagOf(-1074 * octave); tag <= tagOf(infinityKey); tag++ {
		tags = append(tags, tag)
	}
	slices.SortFunc(tags, func(a, b uint32) int { return cmp.Compare(hash(a), hash(b)) })
	for pages, bound := range map[int]float64{160: 81, 2048: 1000, 16384: 4300, len(tags): 2} {
		var tab table
		for _, tag := range tags[:pages] {
			tab.add(firstKey(tag), 1)
		}
		if mean := tab.probes(); mean > bound {
			t.Errorf("%d pages need %.0f probes on average", pages, mean)
		}
	}
}
