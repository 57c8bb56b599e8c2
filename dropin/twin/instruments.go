//metricvet:ignore Both libraries have to report the same mistakes.

package main

import (
	"errors"
	"math"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

// These instruments are made when the program starts, and registered with the default registry.
var (
	started = promauto.NewGauge(prometheus.GaugeOpts{
		Namespace: "twin", Subsystem: "main", Name: "started", Help: "Is 1.",
	})
	jobs = promauto.NewCounterVec(prometheus.CounterOpts{
		Namespace: "twin", Name: "jobs_total", Help: "Jobs by result.", ConstLabels: prometheus.Labels{"zone": "a"},
	}, []string{"queue", "result"})
)

func init() {
	started.Set(1)
	jobs.WithLabelValues("mail", "ok").Add(3)
	jobs.With(prometheus.Labels{"result": "failed", "queue": "mail"}).Inc()
}

// registerInstruments registers instruments of all kinds, with values.
func registerInstruments(reg prometheus.Registerer) {
	registerCounters(reg)
	registerGauges(reg)
	registerHistograms(reg)
	registerSummaries(reg)
}

func registerCounters(reg prometheus.Registerer) {
	auto := promauto.With(reg)
	counter := auto.NewCounter(prometheus.CounterOpts{Name: "events_total", Help: "Events, a \\ and a\nnewline."})
	counter.Inc()
	counter.Add(41)
	addWithExemplar(counter, 0.5, "abc")

	requests := prometheus.V2.NewCounterVec(prometheus.CounterVecOpts{
		CounterOpts: prometheus.CounterOpts{Name: "requests_total", Help: "Requests."},
		VariableLabels: prometheus.ConstrainedLabels{
			{Name: "method", Constraint: strings.ToLower},
			{Name: "path"},
		},
	})
	reg.MustRegister(requests)
	requests.WithLabelValues("GET", "/").Add(2)
	requests.WithLabelValues("get", "/").Add(2)
	requests.MustCurryWith(prometheus.Labels{"method": "PUT"}).WithLabelValues("/a\"b\\c\nd").Add(1e15)
	requests.WithLabelValues("DELETE", "/gone").Inc()
	requests.Delete(prometheus.Labels{"method": "delete", "path": "/gone"})
	for _, path := range []string{"/1", "/2", "/3"} {
		requests.WithLabelValues("patch", path).Inc()
	}
	requests.DeletePartialMatch(prometheus.Labels{"method": "PATCH"})

	auto.NewCounterFunc(prometheus.CounterOpts{Name: "func_total", Help: "A function."}, func() float64 { return 1e21 })
	auto.NewCounterVec(prometheus.CounterOpts{Name: "unused_total", Help: "Without series."}, []string{"a"})
}

func addWithExemplar(c prometheus.Counter, v float64, trace string) {
	if a, ok := c.(prometheus.ExemplarAdder); ok {
		a.AddWithExemplar(v, prometheus.Labels{"trace_id": trace})
	}
}

func observeWithExemplar(o prometheus.Observer, v float64, trace string) {
	if e, ok := o.(prometheus.ExemplarObserver); ok {
		e.ObserveWithExemplar(v, prometheus.Labels{"trace_id": trace})
	}
}

func registerGauges(reg prometheus.Registerer) {
	auto := promauto.With(reg)
	temperature := auto.NewGaugeVec(prometheus.GaugeOpts{
		Name: "temperature_celsius", Help: "Temperatures.", Unit: "celsius",
	}, []string{"room"})
	for i, v := range []float64{20.5, -3, 0, math.Inf(1), math.Inf(-1), math.NaN(), 1e-300, math.MaxFloat64, math.Copysign(0, -1)} {
		temperature.WithLabelValues(string(rune('a' + i))).Set(v)
	}
	g := temperature.WithLabelValues("sums")
	g.Inc()
	g.Add(5)
	g.Sub(2.25)
	g.Dec()
	auto.NewGaugeFunc(prometheus.GaugeOpts{Name: "func", Help: "A function."}, func() float64 { return 0.1 })
	auto.NewUntypedFunc(prometheus.UntypedOpts{Name: "mirror", Help: "Untyped.", ConstLabels: prometheus.Labels{"b": "2", "a": "1"}}, func() float64 { return 7 })
	auto.NewGauge(prometheus.GaugeOpts{Name: "without_help"}).Set(1)
	auto.NewGauge(prometheus.GaugeOpts{Name: "utf8.name-ü", Help: "A name of Prometheus 3.", ConstLabels: prometheus.Labels{"k.ü": "v"}}).Set(1)
}

func registerHistograms(reg prometheus.Registerer) {
	auto := promauto.With(reg)
	latency := auto.NewHistogramVec(prometheus.HistogramOpts{
		Name: "latency_seconds", Help: "Latencies.", Unit: "seconds", Buckets: prometheus.ExponentialBuckets(0.01, 10, 4),
	}, []string{"code"})
	for _, v := range []float64{0.001, 0.01, 0.5, 3, 1e9, -1} {
		latency.WithLabelValues("200").Observe(v)
	}
	observeWithExemplar(latency.WithLabelValues("500"), 0.2, "def")
	auto.NewHistogram(prometheus.HistogramOpts{Name: "default_buckets", Help: "None observed."})

	native := auto.NewHistogram(prometheus.HistogramOpts{
		Name: "native_seconds", Help: "Sparse buckets.", NativeHistogramBucketFactor: 1.1, NativeHistogramMaxBucketNumber: 100,
	})
	both := auto.NewHistogramVec(prometheus.HistogramOpts{
		Name: "both_seconds", Help: "Both kinds.", Buckets: prometheus.LinearBuckets(1, 1, 3),
		NativeHistogramBucketFactor: 2, NativeHistogramMaxExemplars: 2,
	}, []string{"a"})
	for i := range 50 {
		v := math.Sin(float64(i)) * math.Pow(10, float64(i%7-3))
		native.Observe(v)
		both.WithLabelValues("x").Observe(v)
	}
	native.Observe(0)
	observeWithExemplar(both.WithLabelValues("x"), 1.5, "ghi")

	timed := auto.NewHistogram(prometheus.HistogramOpts{Name: "timed", Help: "By a timer.", Buckets: []float64{1e6}})
	var took time.Duration
	func() {
		timer := prometheus.NewTimer(prometheus.ObserverFunc(func(float64) { timed.Observe(2) }))
		defer func() { took = timer.ObserveDuration() }()
	}()
	if took <= 0 {
		panic("a timer does not run")
	}
}

func registerSummaries(reg prometheus.Registerer) {
	auto := promauto.With(reg)
	sizes := auto.NewSummaryVec(prometheus.SummaryOpts{
		Name: "size_bytes", Help: "Sizes.", Objectives: map[float64]float64{0.5: 0.05, 0.9: 0.01, 0.99: 0.001, 1: 0},
	}, []string{"kind"})
	for i := range 1000 {
		sizes.WithLabelValues("file").Observe(float64(i * 7919 % 1000))
	}
	sizes.WithLabelValues("empty") // Quantiles without observations are NaN.
	plain := auto.NewSummary(prometheus.SummaryOpts{Name: "plain", Help: "Without objectives."})
	plain.Observe(1)
	plain.Observe(2.5)
}

// registerCollectors registers custom collectors, constant metrics and vectors.
func registerCollectors(reg prometheus.Registerer) {
	reg.MustRegister(newInventory(), prometheus.CollectorFunc(func(ch chan<- prometheus.Metric) {
		ch <- prometheus.MustNewConstMetric(prometheus.NewDesc("unchecked", "By a function.", nil, nil), prometheus.GaugeValue, 1)
	}))
	vec := prometheus.NewMetricVec(prometheus.NewDesc("info", "Custom metrics.", []string{"version"}, nil), func(values ...string) prometheus.Metric {
		return prometheus.MustNewConstMetric(prometheus.NewDesc("info", "Custom metrics.", []string{"version"}, nil), prometheus.GaugeValue, 1, values...)
	})
	if _, err := vec.GetMetricWithLabelValues("1.2.3"); err != nil {
		panic(err)
	}
	reg.MustRegister(vec)
	reg.MustRegister(prometheus.WrapCollectorWith(prometheus.Labels{"site": "here"}, prometheus.WrapCollectorWithPrefix("wrapped_", newInventory())))
}

// inventory is an ordinary collector.
type inventory struct {
	stock, histogram, summary, native, stamped, created, exemplary *prometheus.Desc
}

func newInventory() *inventory {
	desc := func(name string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc(prometheus.BuildFQName("shop", "stock", name), "Of a collector: "+name+".", labels, prometheus.Labels{"shop": "1"})
	}
	return &inventory{
		stock: prometheus.V2.NewDesc("shop_stock_items", "Of a collector.", prometheus.UnconstrainedLabels{"item"}, nil, prometheus.WithUnit("items")),

		histogram: desc("histogram"), summary: desc("summary", "part"), native: desc("native"), stamped: desc("stamped"),
		created: desc("created_total"), exemplary: desc("exemplary_total"),
	}
}

func (i *inventory) Describe(ch chan<- *prometheus.Desc) { prometheus.DescribeByCollect(i, ch) }

func (i *inventory) Collect(ch chan<- prometheus.Metric) {
	at := time.Unix(1_700_000_000, 123_000_000)
	ch <- prometheus.MustNewConstMetric(i.stock, prometheus.GaugeValue, 12, "tea")
	ch <- prometheus.MustNewConstMetric(i.stock, prometheus.GaugeValue, 0.25, "coffee")
	ch <- prometheus.MustNewConstHistogram(i.histogram, 10, 12.5, map[float64]uint64{1: 3, 0.5: 1, 10: 9})
	ch <- prometheus.MustNewConstSummary(i.summary, 10, 12.5, map[float64]float64{0.9: 3, 0.5: 1.5}, "all")
	ch <- prometheus.MustNewConstNativeHistogram(i.native, 10, 12.5, map[int]int64{1: 4, 5: 3}, map[int]int64{0: 2}, 1, 2, 0.001, at)
	ch <- prometheus.NewMetricWithTimestamp(at, prometheus.MustNewConstMetric(i.stamped, prometheus.UntypedValue, 5))
	ch <- prometheus.MustNewConstMetricWithCreatedTimestamp(i.created, prometheus.CounterValue, 6, at)
	ch <- prometheus.MustNewMetricWithExemplars(prometheus.MustNewConstMetric(i.exemplary, prometheus.CounterValue, 6),
		prometheus.Exemplar{Value: 2, Labels: prometheus.Labels{"trace_id": "jkl"}, Timestamp: at})
}

// wrapped returns a gatherer of registries that are filled through wrapped registerers.
func wrapped() prometheus.Gatherer {
	first, second := prometheus.NewPedanticRegistry(), prometheus.NewRegistry()
	for _, zone := range []string{"a", "b"} {
		registerInstruments(prometheus.WrapRegistererWith(prometheus.Labels{"zone": zone}, prometheus.WrapRegistererWithPrefix("in_", first)))
	}
	registerCollectors(prometheus.WrapRegistererWithPrefix("second_", second))
	return prometheus.Gatherers{first, second}
}

// broken returns a registry with a healthy instrument and a collector that fails.
func broken() prometheus.Gatherer {
	reg := prometheus.NewRegistry()
	promauto.With(reg).NewCounter(prometheus.CounterOpts{Name: "healthy_total", Help: "Healthy."})
	reg.MustRegister(prometheus.CollectorFunc(func(ch chan<- prometheus.Metric) {
		ch <- prometheus.NewInvalidMetric(prometheus.NewDesc("broken", "Broken.", nil, nil), errors.New("no luck"))
	}))
	return reg
}
