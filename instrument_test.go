package metric_test

import (
	"strings"
	"testing"
	"testing/synctest"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"google.golang.org/protobuf/proto"

	"github.com/luxfi/metric"
)

// instrumentKinds make each kind of instrument with the same options, ours and client_golang's. The
// label of instruments with labels has the name given here.
var instrumentKinds = []struct {
	name         string
	ours, theirs func(o prometheus.Opts, label string) prometheus.Collector
}{
	{
		"counter",
		func(o prometheus.Opts, _ string) prometheus.Collector {
			return metric.NewCounter(metric.CounterOpts(o))
		},
		func(o prometheus.Opts, _ string) prometheus.Collector {
			return prometheus.NewCounter(prometheus.CounterOpts(o))
		},
	},
	{
		"gauge",
		func(o prometheus.Opts, _ string) prometheus.Collector { return metric.NewGauge(metric.GaugeOpts(o)) },
		func(o prometheus.Opts, _ string) prometheus.Collector {
			return prometheus.NewGauge(prometheus.GaugeOpts(o))
		},
	},
	{
		"histogram",
		func(o prometheus.Opts, _ string) prometheus.Collector { return metric.NewHistogram(histogramOpts(o)) },
		func(o prometheus.Opts, _ string) prometheus.Collector {
			return prometheus.NewHistogram(histogramOpts(o))
		},
	},
	{
		"summary",
		func(o prometheus.Opts, _ string) prometheus.Collector { return metric.NewSummary(summaryOpts(o)) },
		func(o prometheus.Opts, _ string) prometheus.Collector { return prometheus.NewSummary(summaryOpts(o)) },
	},
	{
		"counter vector",
		func(o prometheus.Opts, label string) prometheus.Collector {
			v := metric.NewCounterVec(metric.CounterOpts(o), []string{label})
			v.WithLabelValues("x").Inc()
			return v
		},
		func(o prometheus.Opts, label string) prometheus.Collector {
			v := prometheus.NewCounterVec(prometheus.CounterOpts(o), []string{label})
			v.WithLabelValues("x").Inc()
			return v
		},
	},
	{
		"gauge vector",
		func(o prometheus.Opts, label string) prometheus.Collector {
			v := metric.NewGaugeVec(metric.GaugeOpts(o), []string{label})
			v.WithLabelValues("x").Inc()
			return v
		},
		func(o prometheus.Opts, label string) prometheus.Collector {
			v := prometheus.NewGaugeVec(prometheus.GaugeOpts(o), []string{label})
			v.WithLabelValues("x").Inc()
			return v
		},
	},
	{
		"histogram vector",
		func(o prometheus.Opts, label string) prometheus.Collector {
			v := metric.NewHistogramVec(histogramOpts(o), []string{label})
			v.WithLabelValues("x").Observe(1)
			return v
		},
		func(o prometheus.Opts, label string) prometheus.Collector {
			v := prometheus.NewHistogramVec(histogramOpts(o), []string{label})
			v.WithLabelValues("x").Observe(1)
			return v
		},
	},
	{
		"summary vector",
		func(o prometheus.Opts, label string) prometheus.Collector {
			v := metric.NewSummaryVec(summaryOpts(o), []string{label})
			v.WithLabelValues("x").Observe(1)
			return v
		},
		func(o prometheus.Opts, label string) prometheus.Collector {
			v := prometheus.NewSummaryVec(summaryOpts(o), []string{label})
			v.WithLabelValues("x").Observe(1)
			return v
		},
	},
}

func histogramOpts(o prometheus.Opts) prometheus.HistogramOpts {
	return prometheus.HistogramOpts{
		Namespace: o.Namespace, Subsystem: o.Subsystem, Name: o.Name, Help: o.Help, Unit: o.Unit, ConstLabels: o.ConstLabels,
	}
}

func summaryOpts(o prometheus.Opts) prometheus.SummaryOpts {
	return prometheus.SummaryOpts{
		Namespace: o.Namespace, Subsystem: o.Subsystem, Name: o.Name, Help: o.Help, Unit: o.Unit, ConstLabels: o.ConstLabels,
	}
}

// TestInstrumentsInClientGolangsRegistry checks that a registry of client_golang gathers the same
// from our instruments as from client_golang's.
func TestInstrumentsInClientGolangsRegistry(t *testing.T) {
	opts := prometheus.Opts{
		Namespace: "n", Subsystem: "s", Name: "m", Help: "A \"help\"\n.", Unit: "seconds", ConstLabels: prometheus.Labels{"b": "ü", "z": "1"},
	}
	for _, kind := range instrumentKinds {
		t.Run(kind.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ours, theirs := kind.ours(opts, "v"), kind.theirs(opts, "v")
				if got, want := described(ours).String(), described(theirs).String(); got != want {
					t.Errorf("got %s, want %s", got, want)
				}
				registry, other := prometheus.NewPedanticRegistry(), prometheus.NewPedanticRegistry()
				registry.MustRegister(ours)
				other.MustRegister(theirs)
				got, err := registry.Gather()
				if err != nil {
					t.Fatal(err)
				}
				want, err := other.Gather()
				if err != nil {
					t.Fatal(err)
				}
				if len(got) != 1 || !proto.Equal(got[0], want[0]) {
					t.Errorf("got %v, want %v", got, want)
				}
				sameError(t, registry.Register(kind.ours(opts, "v")), other.Register(kind.theirs(opts, "v")))
				if !registry.Unregister(kind.ours(opts, "v")) {
					t.Error("an equal instrument does not unregister it")
				}
			})
		})
	}
}

// TestInstrumentsWithBadOptions checks that instruments with bad options can be made and used, but
// not registered.
func TestInstrumentsWithBadOptions(t *testing.T) {
	for _, tt := range []struct {
		name  string
		opts  prometheus.Opts
		label string
	}{
		{"no name", prometheus.Opts{}, "v"},
		{"name not UTF-8", prometheus.Opts{Name: "a\xff"}, "v"},
		{"empty constant label", prometheus.Opts{Name: "m", ConstLabels: prometheus.Labels{"": "x"}}, "v"},
		{"reserved constant label", prometheus.Opts{Name: "m", ConstLabels: prometheus.Labels{"__x": "x"}}, "v"},
		{"constant label not UTF-8", prometheus.Opts{Name: "m", ConstLabels: prometheus.Labels{"a\xff": "x"}}, "v"},
		{"constant value not UTF-8", prometheus.Opts{Name: "m", ConstLabels: prometheus.Labels{"a": "x\xff\""}}, "v"},
		{"empty label", prometheus.Opts{Name: "m"}, ""},
		{"reserved label", prometheus.Opts{Name: "m"}, "__x"},
		{"label not UTF-8", prometheus.Opts{Name: "m"}, "\xff"},
		{"label twice", prometheus.Opts{Name: "m", ConstLabels: prometheus.Labels{"a": "x"}}, "a"},
	} {
		for _, kind := range instrumentKinds {
			t.Run(tt.name+"/"+kind.name, func(t *testing.T) {
				ours, theirs := kind.ours(tt.opts, tt.label), kind.theirs(tt.opts, tt.label)
				sameError(t, described(ours).Err(), described(theirs).Err())
				sameError(t, prometheus.NewRegistry().Register(ours), prometheus.NewRegistry().Register(theirs))
				if m := collected(t, ours); len(m) != 1 {
					t.Errorf("collected %v", m)
				}
			})
		}
	}
}

// TestInstrumentsWithTestutil checks that the functions of package testutil read our instruments.
func TestInstrumentsWithTestutil(t *testing.T) {
	requests := metric.NewCounterVec(metric.CounterOpts{Name: "requests_total", Help: "Requests."}, []string{"code", "method"})
	requests.WithLabelValues("200", "GET").Add(3)
	requests.With(metric.Labels{"code": "500", "method": "a\\b\"c\nd"}).Inc()
	if got := testutil.ToFloat64(requests.WithLabelValues("200", "GET")); got != 3 {
		t.Errorf("ToFloat64 = %v, want 3", got)
	}
	if got := testutil.CollectAndCount(requests); got != 2 {
		t.Errorf("CollectAndCount = %v, want 2", got)
	}
	want := `
# HELP requests_total Requests.
# TYPE requests_total counter
requests_total{code="200",method="GET"} 3
requests_total{code="500",method="a\\b\"c\nd"} 1
`
	if err := testutil.CollectAndCompare(requests, strings.NewReader(want)); err != nil {
		t.Error(err)
	}

	latency := metric.NewHistogram(metric.HistogramOpts{Name: "latency_seconds", Help: "Latency.", Buckets: []float64{0.5, 1}})
	latency.Observe(0.75)
	want = `
# HELP latency_seconds Latency.
# TYPE latency_seconds histogram
latency_seconds_bucket{le="0.5"} 0
latency_seconds_bucket{le="1"} 1
latency_seconds_bucket{le="+Inf"} 1
latency_seconds_sum 0.75
latency_seconds_count 1
`
	if err := testutil.CollectAndCompare(latency, strings.NewReader(want)); err != nil {
		t.Error(err)
	}
	if problems, err := testutil.CollectAndLint(latency); err != nil || len(problems) > 0 {
		t.Errorf("lint: %v, %v", problems, err)
	}
	temperature := metric.NewGaugeFunc(metric.GaugeOpts{Name: "temperature_celsius"}, func() float64 { return 21.5 })
	if got := testutil.ToFloat64(temperature); got != 21.5 {
		t.Errorf("ToFloat64 = %v, want 21.5", got)
	}
}
