package engine

import (
	"math/bits"
	"slices"
	"sync"

	"github.com/luxfi/metric/internal/model"
)

// memory holds samples and what they need. A scrape that has written its samples gives the memory back for
// the next scrape. With that, Gather from 100 collectors of 10 metrics each allocates 740 KB. It would be
// 900 KB if each run allocated memory of its own. The collectors themselves take 400 KB of that.
type memory struct {
	samples []model.Sample
	texts   model.Texts // texts of the samples' labels
	held    []Held
	series  int // number of series in held
}

// memories holds, at index i, memory for more than 2^(i-1) and up to 2^i samples. With a single pool, small
// collectors would get memory that has grown for large ones, and in the end each of them would have as much
// as the largest needs.
var memories [14]sync.Pool

func newMemory(expected int) *memory {
	var m *memory
	if i := sizeClass(expected); i < len(memories) {
		m, _ = memories[i].Get().(*memory)
	}
	if m == nil {
		m = new(memory)
	}
	m.texts.Expected, m.texts.MaxChunk = expected, 64<<10
	m.samples = slices.Grow(m.samples, expected)
	return m
}

// given returns everything that the memory holds. m may be nil.
func (m *memory) given(dropped Dropped) Given {
	if m == nil {
		return Given{Dropped: dropped}
	}
	g := Given{Samples: slices.Clip(m.samples), Dropped: dropped, held: m.series}
	for i := range m.held {
		g.Sources = append(g.Sources, m.held[i].Sources...)
	}
	return g
}

// release gives the memory back. The samples, their labels and the sources must not be used after that. m
// may be nil.
func (m *memory) release() {
	if m == nil {
		return
	}
	for i := range m.held {
		m.held[i].free()
	}
	m.held, m.series = nil, 0
	i := sizeClass(cap(m.samples))
	if i >= len(memories) {
		return
	}
	clear(m.samples)
	m.samples = m.samples[:0]
	m.texts.Reset()
	memories[i].Put(m)
}

func sizeClass(n int) int { return bits.Len(uint(max(n, 1) - 1)) }
