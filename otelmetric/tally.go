package otelmetric

import (
	"errors"
	"fmt"

	"github.com/luxfi/metric/internal/engine"
	"github.com/luxfi/metric/internal/model"
	"github.com/luxfi/metric/otelmetric/internal/translate"
)

// value is an observation. For an int64, number is the same value as a float64.
type value struct {
	whole  int64
	number float64
}

// tally holds the observations of one run of a callback for one stream.
type tally struct {
	stream   *observedStream
	of       *generation
	cells    []cell  // by the number of the series
	observed []int32 // numbers of the observed series, in the order of their first observations
	overflow int     // number of the overflow series, or -1
	refused  int     // number of observations that were left out
}

// cell is the value of a series.
type cell struct {
	value

	start int64 // time when the series began, in nanoseconds since the Unix epoch
	set   bool
}

// begin prepares the tally for a run. It reuses the memory of the previous run.
func (t *tally) begin(s *observedStream) {
	g := s.pin()
	if t.of != g {
		t.cells = nil
	}
	t.stream, t.of, t.overflow, t.refused = s, g, -1, 0
}

// end removes the observations.
func (t *tally) end() {
	for _, n := range t.observed {
		t.cells[n] = cell{}
	}
	t.observed = t.observed[:0]
}

// has reports whether a series has been observed.
func (t *tally) has(number int) bool { return number < len(t.cells) && t.cells[number].set }

// isFull reports whether the limit leaves no room for a series other than the overflow series.
func (t *tally) isFull() bool {
	n := len(t.observed)
	if t.overflow >= 0 && t.has(t.overflow) {
		n--
	}
	return t.stream.limit > 0 && n >= t.stream.limit-1
}

// add adds an observation. For sums, it adds values of the same series, because an attribute filter may
// have merged several series. For gauges, the last value counts.
func (t *tally) add(number int, v value) {
	if number >= len(t.cells) {
		t.cells = append(t.cells, make([]cell, number+1-len(t.cells))...)
	}
	c := &t.cells[number]
	if !c.set {
		c.set = true
		t.observed = append(t.observed, int32(number)) //nolint:gosec // No process has so many series.
	}
	if t.stream.kind == translate.Gauge {
		c.value = v
		return
	}
	c.whole += v.whole
	c.number += v.number
}

// overflowNumber returns the number of the overflow series.
func (t *tally) overflowNumber() int {
	if t.overflow < 0 {
		t.overflow = t.of.overflow()
	}
	return t.overflow
}

// settle sets the values and start timestamps of the series at index from and after. now is in nanoseconds
// since the Unix epoch. If the run is in order, settle compares counters with their values in earlier runs.
// A counter that has decreased has started again, after it was last observed, so the time of that
// observation becomes its start timestamp.
func (t *tally) settle(from int, by *callback, round uint64, inOrder bool, now int64) {
	g := t.of
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, n := range t.observed[from:] {
		c, s := &t.cells[n], &g.states[n]
		s.observed, s.round = by, round
		if t.stream.whole {
			c.number = float64(c.whole)
		}
		if inOrder && t.stream.kind == translate.Counter {
			if c.number < s.last {
				s.start = s.at
			}
			s.last, s.at = c.number, now
		}
		if c.start = s.start; c.start == 0 {
			c.start = t.stream.created
		}
	}
}

// emit writes the samples of the observed series at index from and after. It returns engine.ErrAbandoned if
// the scrape has ended.
func (t *tally) emit(from int, to engine.Sink) error {
	states := t.of.all()
	var p model.Point
	for _, n := range t.observed[from:] {
		c := &t.cells[n]
		if err := t.check(c.number); err != nil {
			t.refuse(err, to)
			continue
		}
		p.SetNumber(states[n].labels, c.number)
		if t.stream.kind == translate.Counter {
			p.Created = model.Instant{Nanos: c.start, Valid: true}
		}
		switch err := to.Sample(t.stream.family, &p); {
		case errors.Is(err, engine.ErrAbandoned):
			return err
		case err != nil:
			to.Drop(err)
		}
	}
	return nil
}

// check returns an error if a value cannot be exposed.
func (t *tally) check(number float64) error {
	switch {
	case t.stream.kind == translate.Gauge:
		return nil
	case !isFinite(number):
		return fmt.Errorf("metric %q: %v was observed: sums must be finite", t.stream.family.Name, number)
	case t.stream.kind == translate.Counter && number < 0:
		return fmt.Errorf("metric %q: %v was observed: a counter cannot be negative; an up-down counter can", t.stream.family.Name, number)
	default:
		return nil
	}
}

// refuse reports an observation that is left out. It describes only the first one of a run.
func (t *tally) refuse(err error, to engine.Sink) {
	if t.refused++; t.refused > 1 {
		err = nil
	}
	to.Drop(err)
}
