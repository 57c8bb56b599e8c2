package scrape

import (
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/prometheus/common/model"

	"github.com/luxfi/metric/internal/engine"
	"github.com/luxfi/metric/internal/merge"
	points "github.com/luxfi/metric/internal/model"
	"github.com/luxfi/metric/internal/order"
)

// SelfMetrics are the metrics of a registry about its own scrapes.
//
// A healthy collector has few series: those that are always present, and the count of its runs. Every other
// series appears in the first scrape in which it has something to report, and then stays: a counter must
// not vanish, and an alert on a gauge ends when the gauge is 0 again.
type SelfMetrics struct {
	Namespace string
	collector []selfFamily // with a series for each collector; at most 64 families
	failures  *points.Family
	overflows *points.Family
	scrape    []selfFamily // with a single series

	// natives returns the families of a part of a scrape; see nativesOf. It is a field so that programs
	// without self-metrics do not contain that code.
	natives func(p *part, took time.Duration) []merge.Native

	scrapes, series, bytes atomic.Uint64
}

// selfFamily is a family and the function that returns its value.
type selfFamily struct {
	family *points.Family
	value  func(*selfRow) float64
	// appears reports whether the collector has a series from this scrape on. If appears is nil, that is
	// the first scrape with a value other than 0.
	appears func(*selfRow) bool
}

// selfState is what the self-metrics keep of a collector between scrapes.
type selfState struct {
	labels atomic.Pointer[selfLabels] // nil until needed
	// shown has a bit for each family of SelfMetrics.collector, by position. The bit is set if the
	// collector has a series of the family.
	shown atomic.Uint64
}

// selfRow is everything known about a collector after a scrape.
type selfRow struct {
	state   *selfState
	labels  *selfLabels
	outcome *engine.Outcome
	stats   *engine.Stats
	now     time.Time
}

// selfLabels are the labels of a collector's series.
type selfLabels struct {
	name      string // name of the collector
	collector points.Labels
	kinds     []atomic.Pointer[points.Labels] // by position in failureKinds; nil until needed
}

// failureKinds are the kinds of failures, sorted by name.
var failureKinds = func() []engine.Kind {
	all := engine.FailureKinds()
	order.By(all, func(a, b engine.Kind) int { return strings.Compare(a.String(), b.String()) })
	return all
}()

// labelsOf returns the labels of a collector, and keeps them for the next scrape.
func (s *selfState) labelsOf(collector string) *selfLabels {
	if l := s.labels.Load(); l != nil && l.name == collector {
		return l
	}
	l := &selfLabels{
		name: collector, collector: mustLabels(collectorLabel(collector)),
		kinds: make([]atomic.Pointer[points.Labels], len(failureKinds)),
	}
	s.labels.Store(l)
	return l
}

// ofKind returns the labels of the collector's series for a kind of failure, given by its position in
// failureKinds.
func (l *selfLabels) ofKind(kind int) points.Labels {
	if known := l.kinds[kind].Load(); known != nil {
		return *known
	}
	labels := mustLabels(collectorLabel(l.name), points.Label{Name: "kind", Value: failureKinds[kind].String()})
	l.kinds[kind].Store(&labels)
	return labels
}

func collectorLabel(collector string) points.Label {
	return points.Label{Name: "collector", Value: strings.ToValidUTF8(collector, "\uFFFD")}
}

func mustLabels(list ...points.Label) points.Labels {
	labels, err := points.NewLabels(list)
	if err != nil {
		panic("BUG: " + err.Error())
	}
	return labels
}

func flag(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// since returns the seconds since t, or 0 if t is zero.
func (r *selfRow) since(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return max(0, r.now.Sub(t).Seconds())
}

// NewSelfMetrics returns self-metrics whose names begin with the namespace. It panics if the namespace is
// not valid.
func NewSelfMetrics(namespace string) *SelfMetrics {
	if !model.UTF8Validation.IsValidMetricName(namespace) {
		panic(fmt.Errorf("%q is not a valid namespace for metrics", namespace))
	}
	family := func(t points.Type, name, help string) *points.Family {
		return &points.Family{Name: namespace + "_scrape_" + name, Help: help, Type: t}
	}
	gauge := func(name, help string, value func(*selfRow) float64) selfFamily {
		return selfFamily{family: family(points.Gauge, "collector_"+name, help), value: value}
	}
	counter := func(name, help string, value func(*selfRow) float64) selfFamily {
		return selfFamily{family: family(points.Counter, "collector_"+name, help), value: value}
	}
	always := func(f selfFamily) selfFamily {
		f.appears = func(*selfRow) bool { return true }
		return f
	}

	m := &SelfMetrics{Namespace: namespace}
	m.natives = m.nativesOf
	m.failures = family(points.Counter, "collector_errors_total", "Scrapes to which the collector has not given a good result, by kind of failure.")
	m.overflows = &points.Family{
		Name: namespace + "_series_overflowed_total", Type: points.Counter,
		Help: "Lookups in a vector that returned its overflow series because a limit left no room for their own.",
	}
	m.collector = []selfFamily{
		always(gauge("success", "Whether the collector has given a good result to this scrape, not a stale one.",
			func(r *selfRow) float64 { return flag(r.outcome.Err == nil) })),
		always(gauge("duration_seconds", "How long the collector has run for this scrape.",
			func(r *selfRow) float64 { return r.outcome.Duration.Seconds() })),
		gauge("timeout", "Whether the collector, or an earlier run of it, has not finished in time.", func(r *selfRow) float64 {
			kind := r.outcome.Kind
			return flag(kind == engine.KindTimeout || kind == engine.KindStillRunning)
		}),
		gauge("stuck_seconds", "Time since a run of the collector that is still under way has outlived its scrape. 0 without such a run.",
			func(r *selfRow) float64 { return r.since(r.stats.StuckSince) }),
		counter("runs_total", "Runs of the collector.", func(r *selfRow) float64 { return float64(r.stats.Runs) }),
		counter("dropped_samples_total", "Samples of the collector that were left out because they were not valid.",
			func(r *selfRow) float64 { return float64(r.stats.Dropped) }),
		{
			family:  family(points.Counter, "collector_queue_wait_seconds_total", "How long scrapes have waited for the start of the collector, in vain or not."),
			value:   func(r *selfRow) float64 { return r.stats.WaitTotal.Seconds() },
			appears: func(r *selfRow) bool { return r.outcome.Wait >= minQueueWait },
		},
		counter("cache_hits_total", "Scrapes that were served from the cache.",
			func(r *selfRow) float64 { return float64(r.stats.CacheHits) }),
		counter("stale_serves_total", "Scrapes that were served an earlier result because there was no new one.",
			func(r *selfRow) float64 { return float64(r.stats.StaleServes) }),
		gauge("result_age_seconds", "Age of the result that was served. 0 if it is new.",
			func(r *selfRow) float64 { return r.outcome.Age.Seconds() }),
		gauge("breaker_state", "State of the circuit breaker: 0 closed, 1 open, 2 half-open.",
			func(r *selfRow) float64 { return float64(r.stats.Breaker) }),
		counter("breaker_trips_total", "How often the circuit breaker has opened.",
			func(r *selfRow) float64 { return float64(r.stats.BreakerTrips) }),
	}
	total := func(name, help string, value *atomic.Uint64) selfFamily {
		return selfFamily{family: family(points.Counter, name, help), value: func(*selfRow) float64 { return float64(value.Load()) }}
	}
	m.scrape = []selfFamily{
		{
			family: family(points.Gauge, "duration_seconds", "How long the collectors have taken together in this scrape."),
			value:  func(r *selfRow) float64 { return r.outcome.Duration.Seconds() },
		},
		total("requests_total", "Scrapes that have ended.", &m.scrapes),
		total("served_series_total", "Series served over HTTP.", &m.series),
		total("served_bytes_total", "Bytes of expositions served over HTTP, before compression.", &m.bytes),
	}
	return m
}

// minQueueWait is the least time before the start of a collector that counts as waiting for its turn. Every
// start takes a moment, and longer on a busy machine.
const minQueueWait = 10 * time.Millisecond

// eachSelf calls do once for the self-metrics of each registry of the scrape.
func (s *Scrape) eachSelf(do func(*SelfMetrics)) {
	var done map[*SelfMetrics]struct{}
	for i, p := range s.parts {
		m := p.registry.Self.Load()
		if _, known := done[m]; m == nil || known {
			continue
		}
		do(m)
		if i+1 == len(s.parts) {
			return
		}
		if done == nil {
			done = make(map[*SelfMetrics]struct{})
		}
		done[m] = struct{}{}
	}
}

// nativesOf returns the self-metrics of a part of a scrape as native families.
func (m *SelfMetrics) nativesOf(p *part, took time.Duration) []merge.Native {
	rows := selfRows(p)
	all := make([]merge.Native, 0, len(m.collector)+len(m.scrape)+2)
	add := func(source points.Source) {
		all = append(all, merge.Native{Family: source.Family(), Sources: []points.Source{source}})
	}
	for i := range m.collector {
		f := &m.collector[i]
		if shown := f.shown(rows, i); len(shown) > 0 {
			add(&selfSource{f, shown})
		}
	}
	if series := failuresOf(rows); len(series) > 0 {
		add(&failureSource{m.failures, series})
	}
	if series := overflowsOf(p); len(series) > 0 {
		add(&overflowSource{m.overflows, series})
	}
	whole := []selfRow{{outcome: &engine.Outcome{Duration: took}}}
	for i := range m.scrape {
		add(&selfSource{&m.scrape[i], whole})
	}
	return all
}

// selfRows returns what is known about the collectors of a part, sorted by their labels.
func selfRows(p *part) []selfRow {
	collectors := make([]*engine.Collector, len(p.running))
	for i, e := range p.running {
		collectors[i] = e.engineCollector
	}
	stats := p.registry.Engine.Stats(collectors)
	now := time.Now()
	rows := make([]selfRow, len(p.running))
	for i, e := range p.running {
		rows[i] = selfRow{e.self, e.self.labelsOf(p.nameOf(e)), &p.outcomes[i], &stats[i], now}
	}
	order.By(rows, func(a, b selfRow) int { return points.CompareLabels(a.labels.collector, b.labels.collector) })
	return rows
}

// shown returns the rows of collectors that have a series of the family. position is the index of the family
// in SelfMetrics.collector.
func (f *selfFamily) shown(rows []selfRow, position int) []selfRow {
	bit, n := uint64(1)<<position, 0
	for i := range rows {
		state := rows[i].state
		if state.shown.Load()&bit == 0 {
			if !f.says(&rows[i]) {
				continue
			}
			state.shown.Or(bit)
		}
		n++
	}
	switch n {
	case 0:
		return nil
	case len(rows):
		return rows
	}
	shown := make([]selfRow, 0, n)
	for i := range rows {
		// A concurrent scrape may have set more bits meanwhile.
		if rows[i].state.shown.Load()&bit != 0 {
			shown = append(shown, rows[i])
		}
	}
	return shown
}

// says reports whether a row has something to report.
func (f *selfFamily) says(r *selfRow) bool {
	if f.appears != nil {
		return f.appears(r)
	}
	return f.value(r) != 0
}

// selfSource is a family of self-metrics as a [model.Source] and its own Series.
type selfSource struct {
	*selfFamily

	rows []selfRow
}

func (s *selfSource) Family() *points.Family { return s.family }
func (s *selfSource) Series() points.Series  { return s }
func (s *selfSource) HasLabel(l string) bool { return l == "collector" }
func (s *selfSource) Len() int               { return len(s.rows) }
func (s *selfSource) At(i int, p *points.Point, _ *points.Scratch) {
	*p = points.Point{Value: s.value(&s.rows[i])}
	if labels := s.rows[i].labels; labels != nil {
		p.Labels = labels.collector
	}
}

// failureSource has a series for each collector and kind of failure that has occurred.
type failureSource struct {
	family *points.Family
	series []failureSeries
}

// failureSeries counts the failures of one kind, given by its position in failureKinds.
type failureSeries struct {
	row  *selfRow
	kind int
}

func (s *failureSeries) count() uint64 { return s.row.stats.Failures[failureKinds[s.kind]] }

// failuresOf returns the series of all kinds of failures that have occurred, sorted.
func failuresOf(rows []selfRow) (all []failureSeries) {
	for i := range rows {
		for kind := range failureKinds {
			if s := (failureSeries{&rows[i], kind}); s.count() > 0 {
				all = append(all, s)
			}
		}
	}
	return all
}

func (s *failureSource) Family() *points.Family { return s.family }
func (s *failureSource) Series() points.Series  { return s }
func (s *failureSource) HasLabel(l string) bool { return l == "collector" || l == "kind" }
func (s *failureSource) Len() int               { return len(s.series) }
func (s *failureSource) At(i int, p *points.Point, _ *points.Scratch) {
	series := &s.series[i]
	*p = points.Point{Labels: series.row.labels.ofKind(series.kind), Value: float64(series.count())}
}
