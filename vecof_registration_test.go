package metric_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric"
)

// registrable is a typed vector of any kind, and the ordinary one behind it.
type registrable struct {
	typed, plain metric.Collector
	same         func() (typed, plain metric.Collector) // makes others with the same name and labels
	clients      func() metric.Collector                // makes client_golang's
}

func registrables() map[string]registrable {
	labels := requestLabels{"GET", 200}
	names := []string{"method", "code"}
	c := metric.NewCounterVecOf[requestLabels](metric.CounterOpts{Name: "m"})
	c.With(labels).Inc()
	g := metric.NewGaugeVecOf[requestLabels](metric.GaugeOpts{Name: "m"})
	g.With(labels).Inc()
	h := metric.NewHistogramVecOf[requestLabels](metric.HistogramOpts{Name: "m"})
	h.With(labels).Observe(1)
	s := metric.NewSummaryVecOf[requestLabels](metric.SummaryOpts{Name: "m"})
	s.With(labels).Observe(1)
	return map[string]registrable{
		"counters": {c, c.Vec(), func() (typed, plain metric.Collector) {
			return metric.NewCounterVecOf[requestLabels](metric.CounterOpts{Name: "m"}), metric.NewCounterVec(metric.CounterOpts{Name: "m"}, names)
		}, func() metric.Collector { return prometheus.NewCounterVec(prometheus.CounterOpts{Name: "m"}, names) }},
		"gauges": {g, g.Vec(), func() (typed, plain metric.Collector) {
			return metric.NewGaugeVecOf[requestLabels](metric.GaugeOpts{Name: "m"}), metric.NewGaugeVec(metric.GaugeOpts{Name: "m"}, names)
		}, func() metric.Collector { return prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "m"}, names) }},
		"histograms": {h, h.Vec(), func() (typed, plain metric.Collector) {
			return metric.NewHistogramVecOf[requestLabels](metric.HistogramOpts{Name: "m"}), metric.NewHistogramVec(metric.HistogramOpts{Name: "m"}, names)
		}, func() metric.Collector { return prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "m"}, names) }},
		"summaries": {s, s.Vec(), func() (typed, plain metric.Collector) {
			return metric.NewSummaryVecOf[requestLabels](metric.SummaryOpts{Name: "m"}), metric.NewSummaryVec(metric.SummaryOpts{Name: "m"}, names)
		}, func() metric.Collector { return prometheus.NewSummaryVec(prometheus.SummaryOpts{Name: "m"}, names) }},
	}
}

// forEachRegistrable runs a test for each kind of typed vector.
func forEachRegistrable(t *testing.T, test func(t *testing.T, v registrable)) {
	t.Helper()
	for kind, v := range registrables() {
		t.Run(kind, func(t *testing.T) { test(t, v) })
	}
}

func wantExposition(t *testing.T, g metric.Gatherer, want ...string) {
	t.Helper()
	families, err := g.Gather()
	if got := seriesOf(families); err != nil || !slices.Equal(got, want) {
		t.Errorf("got %q and error %v, want %q", got, err, want)
	}
}

const itsSeries = `m{code="200",method="GET"}`

// existing returns the collector that keeps c from being registered.
func existing(t *testing.T, r metric.Registerer, c metric.Collector) metric.Collector {
	t.Helper()
	already, ok := errors.AsType[metric.AlreadyRegisteredError](r.Register(c))
	if !ok {
		t.Fatalf("%T: no AlreadyRegisteredError", c)
	}
	return already.ExistingCollector
}

func TestRegisterVecOf(t *testing.T) {
	forEachRegistrable(t, func(t *testing.T, v registrable) {
		r := metric.NewContextRegistry()
		r.MustRegister(v.typed)
		wantExposition(t, r, itsSeries)
		typed, plain := v.same()
		for asked, want := range map[metric.Collector]metric.Collector{v.typed: v.typed, typed: v.typed, v.plain: v.plain, plain: v.plain} {
			if got := existing(t, r, asked); got != want {
				t.Errorf("asked with %T %p: it exists as %T %p, want %T %p", asked, asked, got, got, want, want)
			}
		}
		if len(r.Status()) != 1 || r.Status()[0].Name != "m" {
			t.Errorf("got status %+v", r.Status())
		}
		for _, c := range []metric.Collector{v.typed, v.plain} { // Each removes the other, too.
			if !r.Unregister(c) {
				t.Errorf("%T: cannot be unregistered", c)
			}
			wantExposition(t, r)
			r.MustRegister(v.typed)
		}
		r.Unregister(v.typed)
		r.MustRegister(v.plain)
		if got := existing(t, r, v.typed); got != v.plain {
			t.Errorf("it exists as %T, want %T", got, v.plain)
		}
	})
}

// TestVecOfForClientGolang registers vectors of client_golang beside an existing typed one.
func TestVecOfForClientGolang(t *testing.T) {
	forEachRegistrable(t, func(t *testing.T, v registrable) {
		r := metric.NewRegistry()
		r.MustRegister(v.typed)
		switch c := existing(t, r, v.clients()).(type) {
		case *prometheus.CounterVec:
			c.WithLabelValues("PUT", "201").Inc()
		case *prometheus.GaugeVec:
			c.WithLabelValues("PUT", "201").Inc()
		case *prometheus.HistogramVec:
			c.WithLabelValues("PUT", "201").Observe(1)
		case *prometheus.SummaryVec:
			c.WithLabelValues("PUT", "201").Observe(1)
		default:
			t.Fatalf("it exists as %T", c)
		}
		wantExposition(t, r, itsSeries, `m{code="201",method="PUT"}`)

		theirs := prometheus.NewRegistry()
		theirs.MustRegister(v.typed)
		wantExposition(t, theirs, itsSeries, `m{code="201",method="PUT"}`)
		if got := existing(t, theirs, v.typed); got != v.typed || !theirs.Unregister(v.typed) {
			t.Errorf("in a registry of client_golang, it exists as %T", got)
		}
	})
}

func TestBridgeOfVecOf(t *testing.T) {
	r := metric.NewRegistry()
	v := metric.NewCounterVecOf[requestLabels](metric.CounterOpts{Name: "m"})
	r.MustRegister(v)
	v.With(requestLabels{"GET", 200}).Inc()
	bridge := metric.BridgeCounterVec(v.Vec())
	bridge.WithLabelValues("GET", "200").Add(2)
	if got := v.With(requestLabels{"GET", 200}).Get(); got != 3 {
		t.Errorf("got %v, want 3", got)
	}
	if got := existing(t, r, bridge); got != metric.Collector(bridge) {
		t.Errorf("the bridge exists as %T %p", got, got)
	}
	curried := v.Vec().MustCurryWith(metric.Labels{"code": "200"})
	curried.WithLabelValues("GET").Inc()
	if got := v.With(requestLabels{"GET", 200}).Get(); got != 4 {
		t.Errorf("got %v, want 4", got)
	}
}

func TestWrapVecOf(t *testing.T) {
	forEachRegistrable(t, func(t *testing.T, v registrable) {
		r := metric.NewRegistry()
		metric.WrapRegistererWith(metric.Labels{"app": "a"}, metric.WrapRegistererWithPrefix("p_", r)).MustRegister(v.typed)
		prometheus.WrapRegistererWithPrefix("q_", r).MustRegister(v.typed)
		wantExposition(t, r, `p_m{app="a",code="200",method="GET"}`, `q_m{code="200",method="GET"}`)
		err := metric.WrapRegistererWith(metric.Labels{"code": "1"}, r).Register(v.typed)
		if err == nil || !strings.Contains(err.Error(), "code") {
			t.Errorf("a label twice: got error %v", err)
		}
	})
}

// TestPoliciesOfVecOf checks that a typed vector refuses policies as its ordinary vector does,
// because it runs no user code.
func TestPoliciesOfVecOf(t *testing.T) {
	forEachRegistrable(t, func(t *testing.T, v registrable) {
		r := metric.NewContextRegistry()
		refused, want := r.RegisterWith(v.typed, metric.WithTimeout(time.Second)), r.RegisterWith(v.plain, metric.WithTimeout(time.Second))
		if refused == nil || want == nil || !strings.Contains(refused.Error(), "policies are for collectors") {
			t.Errorf("got error %v, and for the ordinary vector %v", refused, want)
		}
		if err := r.RegisterWith(v.typed, metric.WithName("typed")); err != nil {
			t.Fatal(err)
		}
		wantExposition(t, r, itsSeries)
		typed, _ := v.same()
		if err := r.ReplaceNamed("typed", typed); err != nil {
			t.Fatal(err)
		}
		wantExposition(t, r)
		if got := existing(t, r, v.typed); got != typed {
			t.Errorf("after the replacement, %p exists, want %p", got, typed)
		}
	})
}

// TestVecOfInAStruct checks that a struct that embeds a vector and overrides Collect is a collector
// like any other.
func TestVecOfInAStruct(t *testing.T) {
	v := metric.NewCounterVecOf[requestLabels](metric.CounterOpts{Name: "m"})
	v.With(requestLabels{"GET", 200}).Inc()
	r := metric.NewRegistry()
	r.MustRegister(mute{v})
	wantExposition(t, r)
}

// mute collects nothing.
type mute struct {
	*metric.CounterVecOf[requestLabels]
}

func (mute) Collect(chan<- metric.Metric) {}

func TestNilVecOf(t *testing.T) {
	err := metric.NewRegistry().Register((*metric.CounterVecOf[requestLabels])(nil))
	if err == nil || !strings.Contains(err.Error(), "nil") {
		t.Errorf("got error %v", err)
	}
}
