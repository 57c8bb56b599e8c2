package metric

import (
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/prometheus/common/model"

	"github.com/luxfi/metric/internal/engine"
	"github.com/luxfi/metric/internal/merge"
	points "github.com/luxfi/metric/internal/model"
	"github.com/luxfi/metric/internal/order"
)

// selfMetrics are the metrics of a registry about its own scrapes.
type selfMetrics struct {
	collector []selfFamily // With a series for each collector.
	failures  *points.Family
	scrape    []selfFamily // With a single series.

	scrapes, series, bytes atomic.Uint64
}

// selfFamily is a family and how to tell a value of it.
type selfFamily struct {
	family *points.Family
	value  func(*selfRow) float64
	// applies tells for which collectors there is a series; nil means for all.
	applies func(*engine.Policy) bool
}

// selfRow is all that is known of a collector after a scrape.
type selfRow struct {
	labels  selfLabels
	policy  *engine.Policy // Nil if there is none.
	outcome *engine.Outcome
	stats   *engine.Stats
	now     time.Time
}

// selfLabels are the labels of a collector's series.
type selfLabels struct {
	collector points.Labels
	kinds     []points.Labels // By position in failureKinds.
}

// failureKinds are the kinds of failures, sorted by name.
var failureKinds = func() []engine.Kind {
	all := engine.FailureKinds()
	slices.SortFunc(all, func(a, b engine.Kind) int { return strings.Compare(a.String(), b.String()) })
	return all
}()

func newSelfLabels(collector string) (l selfLabels) {
	label := points.Label{Name: "collector", Value: strings.ToValidUTF8(collector, "\uFFFD")}
	l.collector = mustLabels(label)
	for _, kind := range failureKinds {
		l.kinds = append(l.kinds, mustLabels(label, points.Label{Name: "kind", Value: kind.String()}))
	}
	return l
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

// since returns the seconds since t, and 0 if t is zero.
func (r *selfRow) since(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return max(0, r.now.Sub(t).Seconds())
}

func newSelfMetrics(namespace string) *selfMetrics {
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
	with := func(f selfFamily, applies func(*engine.Policy) bool) selfFamily {
		f.applies = applies
		return f
	}
	breaker := func(p *engine.Policy) bool { return p.Breaker != nil }
	cache := func(p *engine.Policy) bool { return p.Cache > 0 }
	stale := func(p *engine.Policy) bool { return p.Stale > 0 }
	keeps := func(p *engine.Policy) bool { return cache(p) || stale(p) }

	m := &selfMetrics{failures: family(points.Counter, "collector_errors_total", "Scrapes to which the collector has not given a good result, by kind of failure.")}
	m.collector = []selfFamily{
		gauge("success", "Whether the collector has given a good result to this scrape. A stale one is none.",
			func(r *selfRow) float64 { return flag(r.outcome.Err == nil) }),
		gauge("duration_seconds", "How long the collector has run for this scrape.",
			func(r *selfRow) float64 { return r.outcome.Duration.Seconds() }),
		gauge("timeout", "Whether the collector, or an earlier run of it, has not finished in time.", func(r *selfRow) float64 {
			kind := r.outcome.Kind
			return flag(kind == engine.KindTimeout || kind == engine.KindStillRunning)
		}),
		gauge("stuck_seconds", "How long ago a run of the collector, which is still under way, has outlived its scrape. 0 if there is none.",
			func(r *selfRow) float64 { return r.since(r.stats.StuckSince) }),
		counter("runs_total", "Runs of the collector.", func(r *selfRow) float64 { return float64(r.stats.Runs) }),
		counter("dropped_samples_total", "Samples of the collector that were left out because they were not valid.",
			func(r *selfRow) float64 { return float64(r.stats.Dropped) }),
		counter("queue_wait_seconds_total", "How long scrapes have waited for the start of the collector, in vain or not.",
			func(r *selfRow) float64 { return r.stats.WaitTotal.Seconds() }),
		with(counter("cache_hits_total", "Scrapes that were served from the cache.",
			func(r *selfRow) float64 { return float64(r.stats.CacheHits) }), cache),
		with(counter("stale_serves_total", "Scrapes that were served an earlier result because there was no new one.",
			func(r *selfRow) float64 { return float64(r.stats.StaleServes) }), stale),
		with(gauge("result_age_seconds", "How old the result is that was served. 0 if it is new.",
			func(r *selfRow) float64 { return r.outcome.Age.Seconds() }), keeps),
		with(gauge("breaker_state", "State of the circuit breaker: 0 closed, 1 open, 2 half-open.",
			func(r *selfRow) float64 { return float64(r.stats.Breaker) }), breaker),
		with(counter("breaker_trips_total", "How often the circuit breaker has opened.",
			func(r *selfRow) float64 { return float64(r.stats.BreakerTrips) }), breaker),
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

// natives returns the self-metrics of a part of a scrape as native families.
func (m *selfMetrics) natives(p *part, took time.Duration) []merge.Native {
	collectors := make([]*engine.Collector, len(p.running))
	for i, e := range p.running {
		collectors[i] = e.run
	}
	stats := p.registry.engine.Stats(collectors)
	now := time.Now()
	rows := make([]selfRow, len(p.running))
	for i, e := range p.running {
		rows[i] = selfRow{e.selfLabels, e.run.Policy, &p.outcomes[i], &stats[i], now}
		if p.name != "" {
			rows[i].labels = newSelfLabels(p.name + e.name)
		}
	}
	order.By(rows, func(a, b selfRow) int { return points.CompareLabels(a.labels.collector, b.labels.collector) })

	all := make([]merge.Native, 0, len(m.collector)+len(m.scrape)+1)
	add := func(source points.Source) {
		all = append(all, merge.Native{Family: source.Family(), Sources: []points.Source{source}})
	}
	for i := range m.collector {
		f := &m.collector[i]
		some := rows
		if f.applies != nil {
			some = slices.DeleteFunc(slices.Clone(rows), func(r selfRow) bool { return r.policy == nil || !f.applies(r.policy) })
		}
		if len(some) > 0 {
			add(&selfSource{f, some})
		}
	}
	if len(rows) > 0 {
		add(&failureSource{m.failures, rows})
	}
	whole := []selfRow{{outcome: &engine.Outcome{Duration: took}}}
	for i := range m.scrape {
		add(&selfSource{&m.scrape[i], whole})
	}
	return all
}

// selfSource is a family of self-metrics as a model.Source and its own Series.
type selfSource struct {
	*selfFamily

	rows []selfRow
}

func (s *selfSource) Family() *points.Family { return s.family }
func (s *selfSource) Series() points.Series  { return s }
func (s *selfSource) hasLabel(l string) bool { return l == "collector" }
func (s *selfSource) Len() int               { return len(s.rows) }
func (s *selfSource) At(i int, p *points.Point, _ *points.Scratch) {
	*p = points.Point{Labels: s.rows[i].labels.collector, Value: s.value(&s.rows[i])}
}

// failureSource has a series for each collector and kind of failure.
type failureSource struct {
	family *points.Family
	rows   []selfRow
}

func (s *failureSource) Family() *points.Family { return s.family }
func (s *failureSource) Series() points.Series  { return s }
func (s *failureSource) hasLabel(l string) bool { return l == "collector" || l == "kind" }
func (s *failureSource) Len() int               { return len(s.rows) * len(failureKinds) }
func (s *failureSource) At(i int, p *points.Point, _ *points.Scratch) {
	row, kind := &s.rows[i/len(failureKinds)], i%len(failureKinds)
	*p = points.Point{Labels: row.labels.kinds[kind], Value: float64(row.stats.Failures[failureKinds[kind]])}
}
