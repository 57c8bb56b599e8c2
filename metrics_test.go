package metric_test

import (
	"errors"
	"fmt"
	"math"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric"
)

func wantParts(t *testing.T, message string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(message, part) {
			t.Errorf("%q is missing in:\n%s", part, message)
		}
	}
}

// askers ask for an instrument of each kind.
var askers = map[string]func(m metric.Metrics) metric.Collector{
	"counter":        func(m metric.Metrics) metric.Collector { return m.NewCounter("x", "Help.") },
	"counter vector": func(m metric.Metrics) metric.Collector { return m.NewCounterVec("x", "Help.", []string{"a", "b"}) },
	"gauge":          func(m metric.Metrics) metric.Collector { return m.NewGauge("x", "Help.") },
	"gauge vector":   func(m metric.Metrics) metric.Collector { return m.NewGaugeVec("x", "Help.", []string{"a", "b"}) },
	"histogram":      func(m metric.Metrics) metric.Collector { return m.NewHistogram("x", "Help.", []float64{1, 2}) },
	"histogram vector": func(m metric.Metrics) metric.Collector {
		return m.NewHistogramVec("x", "Help.", []string{"a", "b"}, nil)
	},
	"summary": func(m metric.Metrics) metric.Collector {
		return m.NewSummary("x", "Help.", map[float64]float64{0.5: 0.05})
	},
	"summary vector": func(m metric.Metrics) metric.Collector { return m.NewSummaryVec("x", "Help.", []string{"a", "b"}, nil) },
}

// registerers make Registerers that report registered collectors, also behind wrappings.
var registerers = map[string]func() metric.Registerer{
	"ours":       func() metric.Registerer { return metric.NewContextRegistry() },
	"pedantic":   func() metric.Registerer { return metric.NewPedanticRegistry() },
	"foreign":    func() metric.Registerer { return prometheus.NewRegistry() },
	"wrapped":    func() metric.Registerer { return wrapOurs(metric.NewContextRegistry()) },
	"ours/their": func() metric.Registerer { return wrapOurs(prometheus.NewRegistry()) },
	"their/ours": func() metric.Registerer { return wrapTheirs(metric.NewContextRegistry()) },
	"their":      func() metric.Registerer { return wrapTheirs(prometheus.NewRegistry()) },
	"mixed": func() metric.Registerer {
		return wrapOurs(wrapTheirs(metric.WrapRegistererWithPrefix("r_", prometheus.NewRegistry())))
	},
	"nil": func() metric.Registerer { return metric.NewWithRegistry("", nil).Registry() },
}

func wrapOurs(r metric.Registerer) metric.Registerer {
	return metric.WrapRegistererWithPrefix("p_", metric.WrapRegistererWith(metric.Labels{"zone": "1"}, r))
}

func wrapTheirs(r metric.Registerer) metric.Registerer {
	return prometheus.WrapRegistererWithPrefix("q_", prometheus.WrapRegistererWith(metric.Labels{"cell": "1"}, r))
}

// TestMetricsSameInstrument checks that Metrics returns the same instrument for the same name,
// help and labels, and another one in another namespace.
func TestMetricsSameInstrument(t *testing.T) {
	for registerer, newRegisterer := range registerers {
		for kind, ask := range askers {
			t.Run(registerer+"/"+kind, func(t *testing.T) {
				reg := newRegisterer()
				first := ask(metric.NewWithRegistry("app", reg))
				if ask(metric.NewWithRegistry("app", reg)) != first {
					t.Error("the second is another one")
				}
				if ask(metric.NewWithRegistry("other", reg)) == first {
					t.Error("it is the same in another namespace")
				}
			})
		}
	}
}

// TestMetricsSameInstrumentConcurrently checks that many goroutines that ask at once all get one
// instrument.
func TestMetricsSameInstrumentConcurrently(t *testing.T) {
	for kind, ask := range askers {
		t.Run(kind, func(t *testing.T) {
			reg := metric.NewContextRegistry()
			got := make([]metric.Collector, 16)
			var group sync.WaitGroup
			for i := range got {
				group.Go(func() { got[i] = ask(metric.NewWithRegistry("app", reg)) })
			}
			group.Wait()
			for _, c := range got {
				if c != got[0] {
					t.Fatal("they are not all the same")
				}
			}
		})
	}
}

// TestMetricsEqualShapes checks that Metrics finds an instrument again if the options are
// equivalent.
func TestMetricsEqualShapes(t *testing.T) {
	m := metric.NewWithRegistry("app", nil)
	reg := m.Registry()
	for name, same := range map[string][2]metric.Collector{
		"default buckets":  {m.NewHistogram("a", "", nil), m.NewHistogram("a", "", metric.DefBuckets)},
		"bucket of +Inf":   {m.NewHistogram("b", "", []float64{1}), m.NewHistogram("b", "", []float64{1, math.Inf(1)})},
		"no objectives":    {m.NewSummary("c", "", nil), m.NewSummary("c", "", map[float64]float64{})},
		"registered by us": {registeredWith(reg, metric.NewGauge(metric.GaugeOpts{Name: "app_d"})), m.NewGauge("d", "")},
	} {
		if same[0] != same[1] {
			t.Errorf("%s: the second is another one", name)
		}
	}
}

func registeredWith[C metric.Collector](reg metric.Registerer, c C) C {
	reg.MustRegister(c)
	return c
}

// TestMetricsOtherShape checks that asking for a name in another shape panics with an error that
// says how they differ.
func TestMetricsOtherShape(t *testing.T) {
	for _, test := range []struct {
		name          string
		first, second func(m metric.Metrics)
		want          []string
	}{
		{
			"kind",
			func(m metric.Metrics) { m.NewCounter("x", "Help.") },
			func(m metric.Metrics) { m.NewGauge("x", "Help.") },
			[]string{`a counter with help "Help." already`, `a gauge with help "Help." too`, "differ in kind"},
		},
		{
			"vector",
			func(m metric.Metrics) { m.NewCounter("x", "Help.") },
			func(m metric.Metrics) { m.NewCounterVec("x", "Help.", nil) },
			[]string{"a counter with", "a counter vector with", "differ in kind"},
		},
		{
			"help",
			func(m metric.Metrics) { m.NewCounter("x", "One.") },
			func(m metric.Metrics) { m.NewCounter("x", "Two.") },
			[]string{`a counter with help "One." already`, `a counter with help "Two." too`, "differ in help"},
		},
		{
			"labels",
			func(m metric.Metrics) { m.NewGaugeVec("x", "", []string{"a"}) },
			func(m metric.Metrics) { m.NewGaugeVec("x", "", []string{"a", "b"}) },
			[]string{"labels [a] already", "labels [a b] too", "differ in labels"},
		},
		{
			"order of labels",
			func(m metric.Metrics) { m.NewGaugeVec("x", "", []string{"a", "b"}) },
			func(m metric.Metrics) { m.NewGaugeVec("x", "", []string{"b", "a"}) },
			[]string{"labels [a b] already", "labels [b a] too", "differ in labels"},
		},
		{
			"buckets",
			func(m metric.Metrics) { m.NewHistogram("x", "", []float64{1, 2}) },
			func(m metric.Metrics) { m.NewHistogram("x", "", []float64{1, 3}) },
			[]string{"buckets [1 2] already", "buckets [1 3] too", "differ in buckets"},
		},
		{
			"buckets of a vector",
			func(m metric.Metrics) { m.NewHistogramVec("x", "", []string{"a"}, []float64{1}) },
			func(m metric.Metrics) { m.NewHistogramVec("x", "", []string{"a"}, []float64{2}) },
			[]string{"buckets [1] already", "buckets [2] too", "differ in buckets"},
		},
		{
			"objectives",
			func(m metric.Metrics) { m.NewSummary("x", "", map[float64]float64{0.5: 0.05}) },
			func(m metric.Metrics) { m.NewSummary("x", "", map[float64]float64{0.5: 0.01}) },
			[]string{"objectives [0.5:0.05]", "objectives [0.5:0.01]", "differ in objectives"},
		},
		{
			"no objectives",
			func(m metric.Metrics) { m.NewSummaryVec("x", "", []string{"a"}, nil) },
			func(m metric.Metrics) { m.NewSummaryVec("x", "", []string{"a"}, map[float64]float64{0.9: 0.01}) },
			[]string{"objectives [0.9:0.01]", "differ in objectives"},
		},
		{
			"everything",
			func(m metric.Metrics) { m.NewSummaryVec("x", "One.", []string{"a"}, nil) },
			func(m metric.Metrics) { m.NewHistogram("x", "Two.", []float64{1}) },
			[]string{"differ in kind, help, labels, buckets"},
		},
		{
			"curried",
			func(m metric.Metrics) {
				vec := metric.NewCounterVec(metric.CounterOpts{Name: "app_x"}, []string{"a", "b"})
				m.Registry().MustRegister(vec.MustCurryWith(metric.Labels{"a": "1"}))
			},
			func(m metric.Metrics) { m.NewCounterVec("x", "", []string{"b"}) },
			[]string{`labels [a="1" b]`, "labels [b]", "differ in labels"},
		},
		{
			"unit",
			func(m metric.Metrics) {
				m.Registry().MustRegister(metric.NewGauge(metric.GaugeOpts{Name: "app_x", Unit: "bytes"}))
			},
			func(m metric.Metrics) { m.NewGauge("x", "") },
			[]string{`unit "bytes"`, "differ in unit"},
		},
		{
			"constant labels",
			func(m metric.Metrics) {
				m.Registry().MustRegister(metric.NewGauge(metric.GaugeOpts{Name: "app_x", ConstLabels: metric.Labels{"c": "1"}}))
			},
			func(m metric.Metrics) { m.NewGauge("x", "") },
			[]string{`c="1"`, "differ in constant labels"},
		},
		{
			"native buckets",
			func(m metric.Metrics) {
				m.Registry().MustRegister(metric.NewHistogram(metric.HistogramOpts{
					Name: "app_x", Buckets: []float64{1}, NativeHistogramBucketFactor: 1.1,
				}))
			},
			func(m metric.Metrics) { m.NewHistogram("x", "", []float64{1}) },
			[]string{"native buckets of schema 3", "differ in native buckets"},
		},
		{
			"window",
			func(m metric.Metrics) {
				m.Registry().MustRegister(metric.NewSummary(metric.SummaryOpts{
					Name: "app_x", Objectives: map[float64]float64{0.5: 0.05}, AgeBuckets: 2,
				}))
			},
			func(m metric.Metrics) { m.NewSummary("x", "", map[float64]float64{0.5: 0.05}) },
			[]string{"window 10m0s in 2 steps", "window 10m0s in 5 steps", "differ in window"},
		},
	} {
		for _, registerer := range []string{"ours", "foreign", "wrapped", "ours/their"} {
			t.Run(test.name+"/"+registerer, func(t *testing.T) {
				m := metric.NewWithRegistry("app", registerers[registerer]())
				test.first(m)
				message := panicMessage(t, func() { test.second(m) })
				wantParts(t, message, append(test.want, `app_x" is a `)...)
			})
		}
	}
}

// TestMetricsOtherShapeOpaque checks the panic with registerers that do not report their collectors.
func TestMetricsOtherShapeOpaque(t *testing.T) {
	m := metric.NewWithRegistry("app", registerers["their/ours"]())
	m.NewCounter("x", "One.")
	wantParts(t, panicMessage(t, func() { m.NewGauge("x", "One.") }), `a counter with help "One."`, "differ in kind")
	wantParts(t, panicMessage(t, func() { m.NewCounter("x", "Two.") }), `"app_x"`, `help "Two."`, `help string`)
}

// TestMetricsNameOfOthers checks the panic for a name that a collector of another kind has: it
// names the collector.
func TestMetricsNameOfOthers(t *testing.T) {
	theirs := prometheus.CounterOpts{Name: "app_x", Help: "Help."}
	desc := metric.NewDesc("app_x", "Help.", nil, nil)
	for _, test := range []struct {
		name   string
		holder metric.Collector
		want   string
	}{
		{"counter of client_golang", prometheus.NewCounter(theirs), "belongs to a *prometheus.counter"},
		{"vector of client_golang", prometheus.NewCounterVec(theirs, []string{"a"}), "belongs to a *prometheus.CounterVec"},
		{"function", metric.NewCounterFunc(theirs, func() float64 { return 1 }), "not an instrument"},
		{"user's", &onlyDescs{[]*metric.Desc{desc}}, "belongs to a *metric_test.onlyDescs"},
		{"user's that embeds one of ours", struct{ metric.Counter }{metric.NewCounter(theirs)}, "not an instrument"},
		{"user's with several families", &onlyDescs{[]*metric.Desc{desc, metric.NewDesc("y", "", nil, nil)}}, "several families"},
	} {
		for _, registerer := range []string{"ours", "foreign"} {
			t.Run(test.name+"/"+registerer, func(t *testing.T) {
				m := metric.NewWithRegistry("app", registerers[registerer]())
				m.Registry().MustRegister(test.holder)
				message := panicMessage(t, func() { m.NewCounter("x", "Help.") })
				wantParts(t, message, test.want, `"app_x", a counter with help "Help."`)
			})
		}
	}
}

// TestMetricsInvalid checks that the panic for an instrument that is not valid names the
// instrument and the mistake.
func TestMetricsInvalid(t *testing.T) {
	m := metric.NewWithRegistry("app", nil)
	for name, test := range map[string]struct {
		ask  func()
		want []string
	}{
		"no name":       {func() { m.NewCounter("", "") }, []string{"without a name", `namespace "app"`}},
		"not UTF-8":     {func() { m.NewGauge("a\xff", "") }, []string{`"app_a\xff"`, "not a valid metric name"}},
		"label name":    {func() { m.NewGaugeVec("x", "", []string{"__a"}) }, []string{`"app_x"`, `"__a"`}},
		"label twice":   {func() { m.NewCounterVec("x", "", []string{"a", "a"}) }, []string{`"app_x"`, "duplicate label"}},
		"le":            {func() { m.NewHistogramVec("x", "", []string{"le"}, nil) }, []string{`"app_x"`, `"le"`}},
		"quantile":      {func() { m.NewSummaryVec("x", "", []string{"quantile"}, nil) }, []string{`"app_x"`, `"quantile"`}},
		"bucket order":  {func() { m.NewHistogram("x", "", []float64{2, 1}) }, []string{`"app_x"`, "increasing order"}},
		"foreign error": {func() { metric.NewWithRegistry("", refuser{}).NewGauge("x", "") }, []string{`"x", a gauge`, "no"}},
	} {
		t.Run(name, func(t *testing.T) { wantParts(t, panicMessage(t, test.ask), test.want...) })
	}
}

type refuser struct{ metric.NoOpRegistry }

func (refuser) Register(metric.Collector) error { return errors.New("no") }

func (refuser) MustRegister(...metric.Collector) {}

func (refuser) Unregister(metric.Collector) bool { return false }

// TestMetricsKeepNothingOfTheCaller checks that slices and maps that the caller changes later do
// not change an instrument.
func TestMetricsKeepNothingOfTheCaller(t *testing.T) {
	m := metric.NewWithRegistry("", nil)
	labels, buckets, objectives := []string{"a"}, []float64{1}, map[float64]float64{0.5: 0.05}
	c := m.NewCounterVec("c", "", labels)
	h := m.NewHistogram("h", "", buckets)
	s := m.NewSummary("s", "", objectives)
	labels[0], buckets[0], objectives[0.5] = "changed", 7, 7
	if m.NewCounterVec("c", "", []string{"a"}) != c || m.NewHistogram("h", "", []float64{1}) != h ||
		m.NewSummary("s", "", map[float64]float64{0.5: 0.05}) != s {
		t.Error("a change by the caller has changed an instrument")
	}
	c.With(metric.Labels{"a": "1"}).Inc()
}

// TestMetricsNewIsServedByHandler checks that the default handler serves the instruments of New.
func TestMetricsNewIsServedByHandler(t *testing.T) {
	oldRegisterer, oldGatherer := metric.DefaultRegisterer, metric.DefaultGatherer
	t.Cleanup(func() { metric.DefaultRegisterer, metric.DefaultGatherer = oldRegisterer, oldGatherer })
	reg := metric.NewContextRegistry()
	metric.DefaultRegisterer, metric.DefaultGatherer = reg, reg

	m := metric.New("app")
	if m.Registry() != metric.Registerer(reg) {
		t.Error("the default registerer was not looked up by New")
	}
	m.NewCounter("requests_total", "Requests.").Add(3)
	metric.New("app").NewCounter("requests_total", "Requests.").Inc()
	w := httptest.NewRecorder()
	metric.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	wantParts(t, w.Body.String(), "# HELP app_requests_total Requests.\n", "\napp_requests_total 4\n")
}

// TestMetricsNilRegistererHasItsOwnRegistry checks that a nil Registerer stands for a new
// registry.
func TestMetricsNilRegistererHasItsOwnRegistry(t *testing.T) {
	m := metric.NewWithRegistry("app", nil)
	m.NewGauge("x", "").Set(2)
	families, err := m.Registry().(metric.Gatherer).Gather()
	if err != nil || len(families) != 1 || families[0].GetName() != "app_x" {
		t.Errorf("gathered %v, %v", families, err)
	}
	if metric.NewWithRegistry("app", nil).Registry() == m.Registry() {
		t.Error("two Metrics share a registry that nobody gave them")
	}
}

// fakeFactory makes Metrics that the test recognizes by their registerer.
type fakeFactory struct{ reg metric.Registerer }

func (f fakeFactory) New(namespace string) metric.Metrics {
	return metric.NewPrometheusFactory().NewWithRegistry(namespace, f.reg)
}

func (f fakeFactory) NewWithRegistry(namespace string, _ metric.Registerer) metric.Metrics {
	return f.New(namespace)
}

// TestSetFactory checks that New and NewWithRegistry use the factory that was set, and that nil
// brings back the original one.
func TestSetFactory(t *testing.T) {
	t.Cleanup(func() { metric.SetFactory(nil) })
	fake := fakeFactory{metric.NewContextRegistry()}
	metric.SetFactory(fake)
	if metric.New("a").Registry() != fake.reg || metric.NewWithRegistry("a", nil).Registry() != fake.reg {
		t.Error("the factory that was set is not used")
	}
	metric.SetFactory(nil)
	own := metric.NewContextRegistry()
	if metric.New("a").Registry() != metric.DefaultRegisterer || metric.NewWithRegistry("a", own).Registry() != metric.Registerer(own) {
		t.Error("nil has not brought back the original factory")
	}
}

// TestSetFactoryConcurrently sets the factory while it is used, for the race detector.
func TestSetFactoryConcurrently(t *testing.T) {
	t.Cleanup(func() { metric.SetFactory(nil) })
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() { metric.SetFactory(metric.NewNoOpFactory()) })
		group.Go(func() { metric.NewWithRegistry("a", nil).NewCounter("x", "").Inc() })
		group.Go(func() { metric.SetFactory(nil) })
	}
	group.Wait()
}

func ExampleNewWithRegistry() {
	registry := metric.NewContextRegistry()
	m := metric.NewWithRegistry("app", registry)

	requests := m.NewCounterVec("requests_total", "Requests by method.", []string{"method"})
	requests.WithLabelValues("GET").Inc()

	again := m.NewCounterVec("requests_total", "Requests by method.", []string{"method"})
	again.WithLabelValues("GET").Add(2)

	fmt.Println(requests.WithLabelValues("GET").Get())
	// Output: 3
}
