package e2e

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/luxfi/metric"
)

const (
	hostileValue = "quote\" backslash\\ newline\n tab\t braces{},=# üñí✓"
	hostileHelp  = "A \"quoted\" help with a backslash \\ and a\nnewline, üñí✓."
	utf8Name     = "e2e.pièces/temperature"
	utf8Label    = "röom.name"
	utf8State    = "e2e.möde"
	traceID      = "4bf92f3577b34da6a3ce929d0e0e4736"
)

var (
	// bounds are the classic buckets of the histograms.
	bounds = []float64{0.1, 1, 10}
	// observations are the values that every histogram and summary observes in a round. Some are
	// equal to a bound, some are beyond all bounds, and zero and the negative values populate
	// all kinds of native buckets.
	observations = []float64{-2, 0, 0.05, 0.1, 0.3, 0.3, 1, 7, 100}
)

// program is a program with instruments of every kind and, beside them, collectors that misbehave in
// every way. Its methods, such as [program.floats], return the true values.
type program struct {
	registry *metric.ContextRegistry
	created  time.Time // a time before any instrument was created

	mu     sync.Mutex
	rounds int

	requests *metric.CounterVec
	received metric.Counter
	classic  metric.Histogram
	native   metric.Histogram
	both     *metric.HistogramVec
	latency  metric.Summary
}

func newProgram() *program {
	p := &program{registry: metric.NewPedanticContextRegistry(), created: time.Now()}
	p.requests = metric.NewCounterVec(metric.CounterOpts{
		Name: "e2e_requests_total", Help: hostileHelp,
	}, []string{"route"})
	p.received = metric.NewCounter(metric.CounterOpts{
		Name: "e2e_received_bytes_total", Help: "Bytes received.", Unit: "bytes",
		ConstLabels: metric.Labels{"link": "up"},
	})
	p.classic = metric.NewHistogram(metric.HistogramOpts{
		Name: "e2e_classic_seconds", Help: "Classic buckets.", Unit: "seconds", Buckets: bounds,
	})
	p.native = metric.NewHistogram(metric.HistogramOpts{
		Name: "e2e_native_seconds", Help: "Native buckets.", Unit: "seconds", NativeHistogramBucketFactor: 1.1,
	})
	p.both = metric.NewHistogramVec(metric.HistogramOpts{
		Name: "e2e_both_seconds", Help: "Classic and native buckets.", Unit: "seconds",
		Buckets: bounds, NativeHistogramBucketFactor: 1.5,
	}, []string{"route"})
	p.latency = metric.NewSummary(metric.SummaryOpts{
		Name: "e2e_latency_seconds", Help: "A summary.", Unit: "seconds",
		Objectives: map[float64]float64{0.5: 0.05, 0.99: 0.001},
	})
	temperature := metric.NewGauge(metric.GaugeOpts{
		Name: "e2e_temperature_celsius", Help: "A negative gauge.", Unit: "celsius",
	})
	temperature.Set(-3.25)
	limits := metric.NewGaugeVec(metric.GaugeOpts{Name: "e2e_limits", Help: "Values beyond numbers."}, []string{"kind"})
	limits.WithLabelValues("inf").Set(math.Inf(1))
	limits.WithLabelValues("-inf").Set(math.Inf(-1))
	limits.WithLabelValues("nan").Set(math.NaN())
	utf8 := metric.NewGaugeVec(metric.GaugeOpts{Name: utf8Name, Help: "A name of all signs."}, []string{utf8Label})
	utf8.WithLabelValues("Küche").Set(21.5)

	build := metric.NewInfo(metric.InfoOpts{Name: "e2e_build", Help: "The program."}, metric.Labels{"version": hostileValue})
	disks := metric.NewInfoVec(metric.InfoOpts{Name: "e2e_disk", Help: "Disks."}, []string{"disk"}, []string{"model"})
	disks.WithLabelValues("sda").Set(metric.Labels{"model": "X1"})
	state := metric.NewStateSet(metric.StateSetOpts{
		Name: "state", Help: "What it does.", States: []string{"starting", "running"}, Initial: "running",
	})
	mode := metric.NewStateSetVec(metric.StateSetOpts{Name: utf8State, Help: "Modes.", States: []string{hostileValue, "ön"}}, []string{utf8Label})
	mode.WithLabelValues("Küche").Enable("ön")
	metric.WrapRegistererWithPrefix("e2e_", p.registry).MustRegister(state)

	p.registry.MustRegister(
		p.requests, p.received, p.classic, p.native, p.both, p.latency, temperature, limits, utf8, build, disks, mode,
		metric.NewUntypedFunc(metric.UntypedOpts{Name: "e2e_untyped", Help: "No type."}, func() float64 { return 7 }),
		metric.NewCounterFunc(metric.CounterOpts{Name: "e2e_func_total", Help: "A function."}, func() float64 { return 0.5 }),
		metric.NewGaugeFunc(metric.GaugeOpts{Name: "e2e_gauge_func", Help: "A function."}, func() float64 { return 1e-9 }),
	)
	return p
}

// misbehave registers collectors that misbehave in every way. They end when ctx is done.
func (p *program) misbehave(ctx context.Context) {
	describe := func(name string) func(chan<- *metric.Desc) {
		return func(ch chan<- *metric.Desc) { ch <- metric.NewDesc(name, "Never seen.", nil, nil) }
	}
	duplicate := metric.NewDesc("e2e_bad_duplicate", "Seen once.", nil, nil)
	p.registry.MustRegister(
		metric.NewCollectorFunc(describe("e2e_bad_stuck"), func(context.Context, chan<- metric.Metric) {
			<-ctx.Done() // the test's context, not the scrape's
		}),
		metric.NewCollectorFunc(describe("e2e_bad_slow"), func(scrape context.Context, _ chan<- metric.Metric) {
			<-scrape.Done()
		}),
		metric.NewCollectorFunc(describe("e2e_bad_panic"), func(context.Context, chan<- metric.Metric) {
			panic("on purpose")
		}),
		metric.NewCollectorFunc(describe("e2e_bad_invalid"), func(_ context.Context, ch chan<- metric.Metric) {
			ch <- metric.NewInvalidMetric(metric.NewDesc("e2e_bad_invalid", "Never seen.", nil, nil), errors.New("on purpose"))
		}),
		metric.NewCollectorFunc(func(ch chan<- *metric.Desc) { ch <- duplicate }, func(_ context.Context, ch chan<- metric.Metric) {
			ch <- metric.MustNewConstMetric(duplicate, metric.GaugeValue, 1)
			ch <- metric.MustNewConstMetric(duplicate, metric.GaugeValue, 1)
		}),
	)
}

// handler serves the program's metrics. logError may be nil.
func (p *program) handler(logError func(error)) http.Handler {
	return metric.HandlerForContext(p.registry, metric.HandlerOpts{
		ErrorHandling:                       metric.ContinueOnError,
		AcceptedFormats:                     offered(),
		EnableOpenMetricsTextCreatedSamples: true,
		ErrorLog:                            logError,
		// On a busy machine, the default of a tenth of a second may be too short for the way back.
		TimeoutOffset: 500 * time.Millisecond,
	})
}

// observe makes the observations of one round.
func (p *program) observe() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rounds++
	exemplar := metric.Labels{"trace_id": traceID}
	p.requests.WithLabelValues(hostileValue).Add(3)
	as[metric.ExemplarAdder](p.requests.WithLabelValues("/")).AddWithExemplar(1.5, exemplar)
	p.received.Add(1 << 50)
	for _, v := range observations {
		as[metric.ExemplarObserver](p.classic).ObserveWithExemplar(v, exemplar)
		as[metric.ExemplarObserver](p.native).ObserveWithExemplar(v, exemplar)
		p.both.WithLabelValues("/").Observe(v)
		p.latency.Observe(v)
	}
}

// as returns v as a T. It panics if v is not a T.
func as[T any](v any) T {
	t, ok := v.(T)
	if !ok {
		panic(fmt.Sprintf("BUG: a %T is no %T", v, &t))
	}
	return t
}

// floats returns the value of every series, as Prometheus stores it, keyed by the string of its labels.
// The native histogram has classic series in every format: in the formats that keep it native, it has
// the classic bucket +Inf for its last exemplar.
func (p *program) floats(utf8 bool) map[string]float64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := float64(p.rounds)
	want := map[string]float64{
		series("e2e_requests_total", "route", hostileValue):              3 * n,
		series("e2e_requests_total", "route", "/"):                       1.5 * n,
		series("e2e_received_bytes_total", "link", "up"):                 (1 << 50) * n,
		series("e2e_temperature_celsius"):                                -3.25,
		series("e2e_limits", "kind", "inf"):                              math.Inf(1),
		series("e2e_limits", "kind", "-inf"):                             math.Inf(-1),
		series("e2e_limits", "kind", "nan"):                              math.NaN(),
		series("e2e_untyped"):                                            7,
		series("e2e_func_total"):                                         0.5,
		series("e2e_gauge_func"):                                         1e-9,
		series("e2e_latency_seconds_count"):                              n * float64(len(observations)),
		series("e2e_latency_seconds_sum"):                                n * sum(observations),
		series("e2e_latency_seconds", "quantile", "0.5"):                 0.3,
		series("e2e_latency_seconds", "quantile", "0.99"):                100,
		series(escape(utf8Name, utf8), escape(utf8Label, utf8), "Küche"): 21.5,
		series("e2e_build_info", "version", hostileValue):                1,
		series("e2e_disk_info", "disk", "sda", "model", "X1"):            1,
		series("e2e_state", "e2e_state", "starting"):                     0,
		series("e2e_state", "e2e_state", "running"):                      1,
	}
	for state, value := range map[string]float64{hostileValue: 0, "ön": 1} {
		want[series(escape(utf8State, utf8), escape(utf8Label, utf8), "Küche", escape(utf8State, utf8), state)] = value
	}
	maps.Copy(want, classicSeries("e2e_classic_seconds", n, bounds))
	maps.Copy(want, classicSeries("e2e_both_seconds", n, bounds, "route", "/"))
	maps.Copy(want, classicSeries("e2e_native_seconds", n, nil))
	return want
}

// natives returns the growth factor of the buckets of every native histogram.
func (p *program) natives() map[string]float64 {
	return map[string]float64{
		series("e2e_native_seconds"):             1.1,
		series("e2e_both_seconds", "route", "/"): 1.5,
	}
}

// observed returns the observations of each histogram so far.
func (p *program) observed() []float64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Repeat(observations, p.rounds)
}

// exemplars returns the values of the exemplars of every series that has any.
func (p *program) exemplars(native bool) map[string][]float64 {
	want := map[string][]float64{
		series("e2e_requests_total", "route", "/"):         {1.5},
		series("e2e_classic_seconds_bucket", "le", "0.1"):  {0.1},
		series("e2e_classic_seconds_bucket", "le", "1.0"):  {1},
		series("e2e_classic_seconds_bucket", "le", "10.0"): {7},
		series("e2e_classic_seconds_bucket", "le", "+Inf"): {100},
	}
	if native {
		want[series("e2e_native_seconds")] = observations // at least one of these
	}
	return want
}

// metadata is the metadata of a family.
type metadata struct {
	Type model.MetricType
	Help string
	Unit string
}

// metadata returns the metadata that Prometheus reads for every family. OpenMetrics 1 omits the suffix of
// counters and infos from their families' names. The text format has no units. Only OpenMetrics has infos
// and state sets.
func (p *program) metadata(f format) map[string]metadata {
	all := map[string]metadata{
		"e2e_requests_total":       {model.MetricTypeCounter, hostileHelp, ""},
		"e2e_received_bytes_total": {model.MetricTypeCounter, "Bytes received.", "bytes"},
		"e2e_func_total":           {model.MetricTypeCounter, "A function.", ""},
		"e2e_gauge_func":           {model.MetricTypeGauge, "A function.", ""},
		"e2e_temperature_celsius":  {model.MetricTypeGauge, "A negative gauge.", "celsius"},
		"e2e_limits":               {model.MetricTypeGauge, "Values beyond numbers.", ""},
		"e2e_untyped":              {model.MetricTypeUnknown, "No type.", ""},
		"e2e_classic_seconds":      {model.MetricTypeHistogram, "Classic buckets.", "seconds"},
		"e2e_native_seconds":       {model.MetricTypeHistogram, "Native buckets.", "seconds"},
		"e2e_both_seconds":         {model.MetricTypeHistogram, "Classic and native buckets.", "seconds"},
		"e2e_latency_seconds":      {model.MetricTypeSummary, "A summary.", "seconds"},
		escape(utf8Name, f.utf8):   {model.MetricTypeGauge, "A name of all signs.", ""},
		"e2e_build_info":           {model.MetricTypeInfo, "The program.", ""},
		"e2e_disk_info":            {model.MetricTypeInfo, "Disks.", ""},
		"e2e_state":                {model.MetricTypeStateset, "What it does.", ""},
		escape(utf8State, f.utf8):  {model.MetricTypeStateset, "Modes.", ""},
	}
	want := make(map[string]metadata, len(all))
	for name, m := range all {
		if f.openMetrics && m.Type == model.MetricTypeCounter {
			name = strings.TrimSuffix(name, "_total")
		}
		if m.Type == model.MetricTypeInfo || m.Type == model.MetricTypeStateset {
			switch {
			case f.openMetrics:
				name = strings.TrimSuffix(name, "_info")
			case !f.openMetrics2:
				m.Type = model.MetricTypeGauge
			}
		}
		if !f.rich() {
			m.Unit = ""
		}
		want[name] = m
	}
	return want
}

// classicSeries returns the values of the series of a classic histogram after n rounds.
func classicSeries(name string, n float64, bounds []float64, labelPairs ...string) map[string]float64 {
	want := map[string]float64{
		series(name+"_count", labelPairs...): n * float64(len(observations)),
		series(name+"_sum", labelPairs...):   n * sum(observations),
	}
	for _, bound := range append(slices.Clone(bounds), math.Inf(1)) {
		le := labels.FormatOpenMetricsFloat(bound)
		var count float64
		for _, v := range observations {
			if v <= bound {
				count++
			}
		}
		want[series(name+"_bucket", append(slices.Clone(labelPairs), "le", le)...)] = n * count
	}
	return want
}

// series returns the string of the labels of a series.
func series(name string, labelPairs ...string) string {
	return labels.FromStrings(append([]string{model.MetricNameLabel, name}, labelPairs...)...).String()
}

// escape returns name, escaped unless the scraper has agreed on UTF-8 names.
func escape(name string, utf8 bool) string {
	if utf8 {
		return name
	}
	return model.EscapeName(name, model.UnderscoreEscaping)
}

// escapeLabel is like [escape] for the name of a label, which cannot have a colon.
func escapeLabel(name string, utf8 bool) string {
	if utf8 {
		return name
	}
	return strings.ReplaceAll(escape(name, false), ":", "_")
}

func sum(values []float64) (total float64) {
	for _, v := range values {
		total += v
	}
	return total
}
