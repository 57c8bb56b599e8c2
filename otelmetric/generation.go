package otelmetric

import (
	"sync"
	"sync/atomic"

	"go.opentelemetry.io/otel/attribute"

	"github.com/luxfi/metric/internal/instrument"
	"github.com/luxfi/metric/internal/model"
	"github.com/luxfi/metric/otelmetric/internal/series"
)

// generation is the series of a stream. A run uses one generation from its beginning to its end, so that the
// same attributes have the same series in it. Attributes that come and go would fill the memory of a
// generation; so it is followed by a new one, which has what is still observed. A series that is new there
// goes on where it was in the generation before.
type generation struct {
	index *series.Index[instrument.Gauge, *instrument.Gauge]
	old   atomic.Pointer[generation] // nil if this is the first one, or the old one is not needed any more

	mu     sync.Mutex
	states []state // by number
}

// state is what is known of a series.
type state struct {
	labels   model.Labels
	last     float64   // of a counter: the value that was observed last
	at       int64     // when that was, in nanoseconds since the Unix epoch; 0 if it was never observed
	start    int64     // when it began, if not with the instrument
	observed *callback // the last one
	round    uint64    // of that
}

func newGeneration(config series.Config[instrument.Gauge, *instrument.Gauge], old *generation) *generation {
	g := &generation{index: series.New(config)}
	g.old.Store(old)
	return g
}

// find returns the number of the series of attributes, those of set or those in raw unless it is nil. It is
// negative if the series does not exist.
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

// make is find, but makes the series if it does not exist.
func (g *generation) make(set *attribute.Set, raw []attribute.KeyValue) int {
	var c *instrument.Gauge
	if raw != nil {
		c = g.index.OfRaw(raw)
	} else {
		c = g.index.Of(set)
	}
	return g.number(c, set, raw)
}

// overflow returns the number of the series for all observations beyond the limit.
func (g *generation) overflow() int {
	c := g.index.Overflow()
	if n := int(c.Get()); n > 0 {
		return n - 1
	}
	return g.add(c, state{})
}

// number returns the number of a series. It is the value of its gauge, which nothing else uses, minus 1.
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

// add gives a series a number, unless it has one. What is known of the series is in s, but for its labels.
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

// state returns what is known of a series, which is nothing if the number is negative.
func (g *generation) state(number int) state {
	if number < 0 {
		return state{}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.states[number]
}

// all returns the series that exist now. Only their labels may be read.
func (g *generation) all() []state {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.states
}

func (g *generation) len() int { return len(g.all()) }

// staleRounds is how many runs of its callback a series may be missing in before it counts as not observed
// any more.
const staleRounds = 2

// fresh returns how many series are still observed.
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
