package engine

import (
	"math/bits"
	"slices"
	"sync"

	"github.com/luxfi/metric/internal/model"
)

// memory is samples and what they need. A scrape that has written them gives it back for
// the next one. Gather from 100 collectors of 10 metrics each takes 740 KB that way, and 900
// if each makes memory of its own; the collectors themselves take 400 of that.
type memory struct {
	samples []model.Sample
	texts   model.Texts // Of the samples' labels.
	held    []Held
	series  int // In held.
}

// memories has memory for up to 2^i samples, more than half of that, at index i. Were it all
// in one pool, small collectors would get what large ones have grown, and in the end
// each of them would have as much as the largest needs.
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

// given returns all that the memory holds. It may be called on nil.
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

// release gives the memory back. Nobody may use the samples any more, nor their labels, nor
// the sources.
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
