package otelmetric

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/internal/collect"
	"github.com/luxfi/metric/internal/engine"
)

// callbackFunc is a function of the program that observes values.
type callbackFunc func(context.Context, *observer) error

// callback is a function of the program in the form of a collector. A registry runs it in each scrape,
// under the scrape's context, and independently of other callbacks. It is safe for concurrent use.
type callback struct {
	meter       *meter
	name        string
	function    callbackFunc
	instruments []*observable
	streams     []*observedStream   // streams of all instruments
	first       map[*observable]int // index of the first stream of each instrument

	gone     atomic.Bool // whether it has been unregistered
	reported [misuses]atomic.Bool
	spare    atomic.Pointer[run] // memory of an earlier run, for reuse

	mu     sync.Mutex    // serializes settle
	rounds atomic.Uint64 // number of runs settled in order; written under mu
}

// misuse is a kind of mistake in callbacks. Each callback reports each kind only once.
type misuse int

const (
	late misuse = iota
	unregistered
	foreign
	misuses
)

var errLate = errors.New("an observation is left out: the callback has returned already")

// newCallback returns a callback for instruments of a meter. The instruments must be different.
func newCallback(m *meter, f callbackFunc, instruments ...*observable) *callback {
	c := &callback{meter: m, name: callbackName(m, instruments), function: f, instruments: instruments, first: make(map[*observable]int)}
	for _, i := range instruments {
		c.first[i] = len(c.streams)
		c.streams = append(c.streams, i.streams...)
	}
	return c
}

// maxNamed is the maximum number of instruments in the name of a callback.
const maxNamed = 3

// callbackName returns the name of a callback in registries, such as
// runtime:go.memory.used,go.memory.limit. Slashes have a meaning in the names of collectors. The names of
// most meters are import paths, so callbackName replaces slashes with dots.
func callbackName(m *meter, instruments []*observable) string {
	var names []string
	for _, i := range instruments[:min(len(instruments), maxNamed)] {
		names = append(names, i.about.Name)
	}
	name := strings.Join(names, ",")
	if more := len(instruments) - maxNamed; more > 0 {
		name = fmt.Sprintf("%s and %d more", name, more)
	}
	if m.scope.Name != "" {
		name = m.scope.Name + ":" + name
	}
	return strings.ReplaceAll(name, "/", ".")
}

// register registers the callback with the collector options for its instruments.
func (c *callback) register() error {
	p := c.meter.provider
	if p.stopped.Load() {
		return nil
	}
	if err := metric.RegistererWith(p.registry, c.options()...).Register(c); err != nil {
		return fmt.Errorf("cannot register the callback %s: %w", c.name, err)
	}
	return nil
}

// options returns the collector options of the rules that match the instruments, each rule's options once.
func (c *callback) options() (options []metric.CollectorOption) {
	var found [][]metric.CollectorOption
	for _, i := range c.instruments {
		list, ok := find(c.meter.provider.config.collectors, i.about)
		same := func(other []metric.CollectorOption) bool { return &other[0] == &list[0] }
		if ok && len(list) > 0 && !slices.ContainsFunc(found, same) {
			found = append(found, list)
			options = append(options, list...)
		}
	}
	return options
}

// unregister removes the callback. Runs in progress continue.
func (c *callback) unregister() {
	if !c.gone.Swap(true) {
		c.meter.provider.registry.Unregister(c)
	}
}

// reportOnce reports a mistake unless the callback has already reported one of the same kind.
func (c *callback) reportOnce(kind misuse, err error) {
	if !c.reported[kind].Swap(true) {
		c.meter.provider.config.handle(fmt.Errorf("callback %s: %w", c.name, err))
	}
}

// String returns the name, for registries; see [collect.Runner].
func (c *callback) String() string { return c.name }

// Describe implements Collector. It describes nothing, because the instruments describe the families.
func (c *callback) Describe(chan<- *prometheus.Desc) {}

// Collect implements Collector, for other implementations of registries.
func (c *callback) Collect(ch chan<- prometheus.Metric) {
	to := &collect.ChannelSink{Ctx: context.Background(), Ch: ch}
	if err := c.observe(context.Background(), engine.Running{}, to); err != nil {
		to.Drop(err)
	}
}

// ScrapeRun implements [collect.Runner].
func (c *callback) ScrapeRun() (receiver any, run engine.Run, refuse collect.Refuse) {
	return c, c.observe, nil
}

// RunnerKind returns what the status of a registry calls a callback.
func (c *callback) RunnerKind() string { return "collector with context" }

var _ collect.Runner = (*callback)(nil)

// observe runs the function once. It hands over the observations even if the function panics.
func (c *callback) observe(ctx context.Context, _ engine.Running, sink engine.Sink) error {
	p := c.meter.provider
	if !p.callbacks.begin() {
		return nil
	}
	defer p.callbacks.end()
	o := c.begin(sink)
	defer o.finish()
	defer o.watch(ctx)()
	return c.function(ctx, o)
}

// run holds the observations of one run of a callback.
type run struct {
	tallies []tally // one for each stream
	round   uint64  // number of runs that had been settled when this one began
}

// begin begins a run.
func (c *callback) begin(sink engine.Sink) *observer {
	r := c.spare.Swap(nil)
	if r == nil {
		r = &run{tallies: make([]tally, len(c.streams))}
	}
	r.round = c.rounds.Load()
	o := &observer{callback: c, run: r, sink: sink, generations: make([]*generation, len(c.streams))}
	for i, s := range c.streams {
		r.tallies[i].begin(s)
		o.generations[i] = r.tallies[i].of
	}
	return o
}

// settle finishes the samples of a run; see [tally.settle]. Overlapping runs may have observed values in
// any order, so settle compares a run with earlier ones only if no other run was settled meanwhile.
func (c *callback) settle(r *run) {
	c.mu.Lock()
	defer c.mu.Unlock()
	round := c.rounds.Load()
	inOrder := round == r.round
	if inOrder {
		round++
		c.rounds.Store(round)
	}
	now := time.Now().UnixNano()
	for i := range r.tallies {
		r.tallies[i].settle(0, c, round, inOrder, now)
	}
}

// emit writes the observations.
func (r *run) emit(to engine.Sink) {
	for i := range r.tallies {
		if r.tallies[i].emit(0, to) != nil {
			return // The scrape is over.
		}
	}
}

// reuse keeps the memory of a run for the next run.
func (c *callback) reuse(r *run) {
	for i := range r.tallies {
		r.tallies[i].end()
	}
	c.spare.Store(r)
}
