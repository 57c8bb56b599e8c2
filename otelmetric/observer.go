package otelmetric

import (
	"context"
	"fmt"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	api "go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/embedded"

	"github.com/luxfi/metric/internal/engine"
)

// observer lets one run of a callback observe values. It leaves out observations after the end of the run.
// It is safe for concurrent use.
type observer struct {
	embedded.Observer
	embedded.Int64Observer
	embedded.Float64Observer

	callback    *callback
	generations []*generation // generations of the callback's streams

	mu      sync.Mutex
	run     *run // nil after the callback has returned
	sink    engine.Sink
	emitted bool        // whether the observations were handed over because the callback was too slow
	timer   *time.Timer // calls handOver; nil until the context has ended
}

// int64Observer observes values of the only instrument of a callback.
type int64Observer observer

// float64Observer observes values of the only instrument of a callback.
type float64Observer observer

// Observe implements [api.Int64Observer].
func (o *int64Observer) Observe(v int64, options ...api.ObserveOption) {
	(*observer)(o).observe(o.callback.instruments[0], 0, value{v, float64(v)}, options)
}

// Observe implements [api.Float64Observer].
func (o *float64Observer) Observe(v float64, options ...api.ObserveOption) {
	(*observer)(o).observe(o.callback.instruments[0], 0, value{number: v}, options)
}

// ObserveInt64 implements [api.Observer].
func (o *observer) ObserveInt64(instrument api.Int64Observable, v int64, options ...api.ObserveOption) {
	i, ok := instrument.(int64Observable)
	if !ok {
		o.foreign(instrument)
		return
	}
	o.observeOf(i.observable, value{v, float64(v)}, options)
}

// ObserveFloat64 implements [api.Observer].
func (o *observer) ObserveFloat64(instrument api.Float64Observable, v float64, options ...api.ObserveOption) {
	i, ok := instrument.(float64Observable)
	if !ok {
		o.foreign(instrument)
		return
	}
	o.observeOf(i.observable, value{number: v}, options)
}

// observeOf observes a value of one of the callback's instruments.
func (o *observer) observeOf(i *observable, v value, options []api.ObserveOption) {
	at, ok := o.callback.first[i]
	if !ok {
		if !i.isDropped() {
			o.callback.reportOnce(unregistered, fmt.Errorf("an observation of %q of meter %q is left out: the callback is not registered for it",
				i.about.Name, i.about.Scope.Name))
		}
		return
	}
	o.observe(i, at, v, options)
}

// foreign reports an instrument of another implementation.
func (o *observer) foreign(instrument any) {
	o.callback.reportOnce(foreign, fmt.Errorf("an observation is left out: its instrument (%T) does not belong to this meter provider", instrument))
}

// observe observes a value of an instrument. at is the index of the instrument's first stream.
func (o *observer) observe(i *observable, at int, v value, options []api.ObserveOption) {
	set, raw := observedAttributes(options)
	if i.takes(v) {
		for k := range i.streams {
			o.add(at+k, v, &set, raw)
		}
	} else {
		o.refuse(i, at, v)
	}
	for _, h := range i.histograms {
		if !o.isOpen() {
			return
		}
		h.record(context.Background(), v.number, set, raw)
	}
}

// observedAttributes returns the attributes of options: the attributes in raw, in any order, or in set if raw
// is nil.
func observedAttributes(options []api.ObserveOption) (set attribute.Set, raw []attribute.KeyValue) {
	if len(options) == 0 {
		return *attribute.EmptySet(), nil
	}
	config := api.NewObserveConfig(options)
	set = config.Attributes()
	return set, merge(set, rawOf(options))
}

// add adds an observation to the tally of a stream. It holds no lock while attribute filters run, because
// they are code of the program.
func (o *observer) add(at int, v value, set *attribute.Set, raw []attribute.KeyValue) {
	g := o.generations[at]
	n := g.find(set, raw)
	if n < 0 {
		switch full, open := o.isFull(at); {
		case !open:
			return
		case full:
			n = g.overflow()
		default:
			n = g.make(set, raw)
		}
	}
	if !o.put(at, n, v) {
		o.late()
	}
}

// put adds an observation to a series, or to the overflow series if there is no room. It reports false if
// the run has ended.
func (o *observer) put(at, number int, v value) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.run == nil {
		return false
	}
	t := &o.run.tallies[at]
	if !t.has(number) && t.isFull() {
		number = t.overflowNumber()
	}
	if !o.emitted {
		t.add(number, v)
		return true
	}
	if t.has(number) { // The sample of the series has already been written.
		return true
	}
	t.add(number, v)
	last := len(t.observed) - 1
	t.settle(last, o.callback, o.callback.rounds.Load(), false, 0)
	_ = t.emit(last, o.sink) // Its only error means that the scrape has ended.
	return true
}

// isFull reports whether a stream has no room for another series, and whether the run is still in progress.
func (o *observer) isFull(at int) (full, open bool) {
	o.mu.Lock()
	if o.run != nil {
		full, open = o.run.tallies[at].isFull(), true
	}
	o.mu.Unlock()
	if !open {
		o.late()
	}
	return full, open
}

// isOpen reports whether the run is still in progress.
func (o *observer) isOpen() bool {
	o.mu.Lock()
	open := o.run != nil
	o.mu.Unlock()
	if !open {
		o.late()
	}
	return open
}

// refuse reports an observation that is left out.
func (o *observer) refuse(i *observable, at int, v value) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.run == nil || len(i.streams) == 0 {
		return
	}
	t := &o.run.tallies[at]
	t.refuse(t.check(v.number), o.sink)
}

// late reports an observation after the callback has returned.
func (o *observer) late() {
	o.callback.reportOnce(late, errLate)
}
