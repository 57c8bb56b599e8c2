package otelmetric

import (
	"sync"
	"sync/atomic"

	"go.opentelemetry.io/otel/attribute"

	"github.com/luxfi/metric/internal/instrument"
	"github.com/luxfi/metric/internal/model"
	"github.com/luxfi/metric/otelmetric/internal/series"
)

// generation holds the series of a stream. A run uses one generation from its beginning to its end, so that
// the same attributes always have the same series. Attributes that come and go would fill a generation. A
// stream then starts a new generation, to which series move when they are observed. A series that is new
// there continues with its state from the old generation.
type generation struct {
	index *series.Index[instrument.Gauge, *instrument.Gauge]
	old   atomic.Pointer[generation] // nil for the first generation, or if the old one is no longer needed

	mu     sync.Mutex
	states []state // by number
}

// state is the known state of a series.
type state struct {
	labels   model.Labels
	last     float64   // latest value of a counter
	at       int64     // time of that observation, in nanoseconds since the Unix epoch; 0 if it was never observed
	start    int64     // time when the series began, in nanoseconds since the Unix epoch; 0 if it began with the instrument
	observed *callback // callback that observed it last
	round    uint64    // round of that callback
}

func newGeneration(config series.Config[instrument.Gauge, *instrument.Gauge], old *generation) *generation {
	g := &generation{index: series.New(config)}
	g.old.Store(old)
	return g
}

// find returns the number of the series with the given attributes: the attributes in raw, or in set if raw is
// nil. The number is negative if the series does not exist.
func (g *generation) find(set *attribute.Set, raw []attribute.KeyValue) int {
	c := g.lookup(set, raw)
	if c == nil {
		return -1
	}
	return g.number(c, set, raw)
}

func (g *generation) lookup(set *attribute.Set, raw []attribute.KeyValue) *instrument.Gauge {
	if raw != nil {
		return g.index.LookupRaw(raw)
	}
	return g.index.Lookup(set)
}

// make is like find, but creates the series if it does not exist.
func (g *generation) make(set *attribute.Set, raw []attribute.KeyValue) int {
	var c *instrument.Gauge
	if raw != nil {
		c = g.index.OfRaw(raw)
	} else {
		c = g.index.Of(set)
	}
	return g.number(c, set, raw)
}

// overflow returns the number of the series for observations beyond the limit.
func (g *generation) overflow() int {
	c := g.index.Overflow()
	if n := int(c.Get()); n > 0 {
		return n - 1
	}
	return g.add(c, state{})
}

// number returns the number of a series. The series' gauge, which is not used otherwise, holds the number
// plus 1.
func (g *generation) number(c *instrument.Gauge, set *attribute.Set, raw []attribute.KeyValue) int {
	if n := int(c.Get()); n > 0 {
		return n - 1
	}
	var before state
	if old := g.old.Load(); old != nil {
		if c := old.lookup(set, raw); c != nil {
			before = old.state(int(c.Get()) - 1)
		}
	}
	return g.add(c, before)
}

// add gives a series a number unless it already has one. s is the state of the series, without labels.
func (g *generation) add(c *instrument.Gauge, s state) int {
	var p model.Point
	c.Point(&p, nil)
	s.labels = p.Labels
	g.mu.Lock()
	defer g.mu.Unlock()
	if n := int(c.Get()); n > 0 {
		return n - 1
	}
	g.states = append(g.states, s)
	c.Set(float64(len(g.states)))
	return len(g.states) - 1
}

// state returns the state of a series. It is empty if the number is negative.
func (g *generation) state(number int) state {
	if number < 0 {
		return state{}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.states[number]
}

// all returns the series that exist now. The caller may read only their labels.
func (g *generation) all() []state {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.states
}

func (g *generation) len() int { return len(g.all()) }

// staleRounds is the number of its callback's runs that a series may miss before it no longer counts as
// observed.
const staleRounds = 2

// fresh returns the number of series that are still observed.
func (g *generation) fresh() (n int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for i := range g.states {
		if c := g.states[i].observed; c != nil && !c.gone.Load() && c.rounds.Load() <= g.states[i].round+staleRounds {
			n++
		}
	}
	return n
}
