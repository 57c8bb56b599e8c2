package promauto_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/promauto"
)

// constructors make an instrument of each kind, with the functions of the package and with the methods of a
// factory.
var constructors = map[string]struct {
	byDefault func(name string) metric.Collector
	byFactory func(f promauto.Factory, name string) metric.Collector
}{
	"counter": {
		func(name string) metric.Collector { return promauto.NewCounter(metric.CounterOpts{Name: name}) },
		func(f promauto.Factory, name string) metric.Collector {
			return f.NewCounter(metric.CounterOpts{Name: name})
		},
	},
	"counter vector": {
		func(name string) metric.Collector {
			return used(promauto.NewCounterVec(metric.CounterOpts{Name: name}, []string{"a"}))
		},
		func(f promauto.Factory, name string) metric.Collector {
			return used(f.NewCounterVec(metric.CounterOpts{Name: name}, []string{"a"}))
		},
	},
	"counter function": {
		func(name string) metric.Collector {
			return promauto.NewCounterFunc(metric.CounterOpts{Name: name}, one)
		},
		func(f promauto.Factory, name string) metric.Collector {
			return f.NewCounterFunc(metric.CounterOpts{Name: name}, one)
		},
	},
	"gauge": {
		func(name string) metric.Collector { return promauto.NewGauge(metric.GaugeOpts{Name: name}) },
		func(f promauto.Factory, name string) metric.Collector {
			return f.NewGauge(metric.GaugeOpts{Name: name})
		},
	},
	"gauge vector": {
		func(name string) metric.Collector {
			return used(promauto.NewGaugeVec(metric.GaugeOpts{Name: name}, []string{"a"}))
		},
		func(f promauto.Factory, name string) metric.Collector {
			return used(f.NewGaugeVec(metric.GaugeOpts{Name: name}, []string{"a"}))
		},
	},
	"gauge function": {
		func(name string) metric.Collector {
			return promauto.NewGaugeFunc(metric.GaugeOpts{Name: name}, one)
		},
		func(f promauto.Factory, name string) metric.Collector {
			return f.NewGaugeFunc(metric.GaugeOpts{Name: name}, one)
		},
	},
	"summary": {
		func(name string) metric.Collector { return promauto.NewSummary(metric.SummaryOpts{Name: name}) },
		func(f promauto.Factory, name string) metric.Collector {
			return f.NewSummary(metric.SummaryOpts{Name: name})
		},
	},
	"summary vector": {
		func(name string) metric.Collector {
			return used(promauto.NewSummaryVec(metric.SummaryOpts{Name: name}, []string{"a"}))
		},
		func(f promauto.Factory, name string) metric.Collector {
			return used(f.NewSummaryVec(metric.SummaryOpts{Name: name}, []string{"a"}))
		},
	},
	"histogram": {
		func(name string) metric.Collector { return promauto.NewHistogram(metric.HistogramOpts{Name: name}) },
		func(f promauto.Factory, name string) metric.Collector {
			return f.NewHistogram(metric.HistogramOpts{Name: name})
		},
	},
	"histogram vector": {
		func(name string) metric.Collector {
			return used(promauto.NewHistogramVec(metric.HistogramOpts{Name: name}, []string{"a"}))
		},
		func(f promauto.Factory, name string) metric.Collector {
			return used(f.NewHistogramVec(metric.HistogramOpts{Name: name}, []string{"a"}))
		},
	},
	"untyped function": {
		func(name string) metric.Collector {
			return promauto.NewUntypedFunc(metric.UntypedOpts{Name: name}, one)
		},
		func(f promauto.Factory, name string) metric.Collector {
			return f.NewUntypedFunc(metric.UntypedOpts{Name: name}, one)
		},
	},
	"state set": {
		func(name string) metric.Collector {
			return promauto.NewStateSet(metric.StateSetOpts{Name: name, States: states})
		},
		func(f promauto.Factory, name string) metric.Collector {
			return f.NewStateSet(metric.StateSetOpts{Name: name, States: states})
		},
	},
	"state set vector": {
		func(name string) metric.Collector {
			return used(promauto.NewStateSetVec(metric.StateSetOpts{Name: name, States: states}, []string{"a"}))
		},
		func(f promauto.Factory, name string) metric.Collector {
			return used(f.NewStateSetVec(metric.StateSetOpts{Name: name, States: states}, []string{"a"}))
		},
	},
	"typed counter vector": {
		func(name string) metric.Collector {
			v := promauto.NewCounterVecOf[labels](metric.CounterOpts{Name: name})
			v.With(labels{"b"}).Inc()
			return v
		},
		func(f promauto.Factory, name string) metric.Collector {
			v := promauto.NewCounterVecOfWith[labels](f, metric.CounterOpts{Name: name})
			v.With(labels{"b"}).Inc()
			return v
		},
	},
	"typed gauge vector": {
		func(name string) metric.Collector {
			v := promauto.NewGaugeVecOf[labels](metric.GaugeOpts{Name: name})
			v.With(labels{"b"}).Inc()
			return v
		},
		func(f promauto.Factory, name string) metric.Collector {
			v := promauto.NewGaugeVecOfWith[labels](f, metric.GaugeOpts{Name: name})
			v.With(labels{"b"}).Inc()
			return v
		},
	},
	"typed histogram vector": {
		func(name string) metric.Collector {
			v := promauto.NewHistogramVecOf[labels](metric.HistogramOpts{Name: name})
			v.With(labels{"b"}).Observe(1)
			return v
		},
		func(f promauto.Factory, name string) metric.Collector {
			v := promauto.NewHistogramVecOfWith[labels](f, metric.HistogramOpts{Name: name})
			v.With(labels{"b"}).Observe(1)
			return v
		},
	},
	"typed summary vector": {
		func(name string) metric.Collector {
			v := promauto.NewSummaryVecOf[labels](metric.SummaryOpts{Name: name})
			v.With(labels{"b"}).Observe(1)
			return v
		},
		func(f promauto.Factory, name string) metric.Collector {
			v := promauto.NewSummaryVecOfWith[labels](f, metric.SummaryOpts{Name: name})
			v.With(labels{"b"}).Observe(1)
			return v
		},
	},
}

type labels struct{ A string }

var states = []string{"on", "off"}

func one() float64 { return 1 }

// used creates a series in a vector and returns the vector.
func used[M any, V interface {
	metric.Collector
	WithLabelValues(values ...string) M
}](v V) V {
	v.WithLabelValues("b")
	return v
}

// setDefault makes r the default registerer during the test.
func setDefault(t *testing.T, r metric.Registerer) {
	before := metric.DefaultRegisterer
	metric.DefaultRegisterer = r
	t.Cleanup(func() { metric.DefaultRegisterer = before })
}

func wantFamily(t *testing.T, g metric.Gatherer, name string) {
	t.Helper()
	families, err := g.Gather()
	if err != nil || len(families) != 1 || families[0].GetName() != name {
		t.Errorf("got %v and error %v, want only %s", families, err, name)
	}
}

func TestDefault(t *testing.T) {
	for kind, c := range constructors {
		t.Run(kind, func(t *testing.T) {
			r := metric.NewRegistry()
			setDefault(t, r)
			made := c.byDefault("made")
			wantFamily(t, r, "made")
			if !r.Unregister(made) {
				t.Error("what was returned is not what was registered")
			}
		})
	}
}

func TestFactory(t *testing.T) {
	unused := metric.NewRegistry()
	setDefault(t, unused)
	for kind, c := range constructors {
		t.Run(kind, func(t *testing.T) {
			ours, theirs := metric.NewRegistry(), prometheus.NewRegistry()
			c.byFactory(promauto.With(ours), "made")
			c.byFactory(promauto.With(theirs), "made")
			c.byFactory(promauto.With(metric.WrapRegistererWithPrefix("p_", ours)), "made")
			wantFamily(t, theirs, "made")
			families, err := ours.Gather()
			if err != nil || len(families) != 2 || families[1].GetName() != "p_made" {
				t.Errorf("got %v and error %v", families, err)
			}
		})
	}
	wantNothing(t, unused)
}

func wantNothing(t *testing.T, g metric.Gatherer) {
	t.Helper()
	if families, err := g.Gather(); err != nil || len(families) > 0 {
		t.Errorf("got %v and error %v", families, err)
	}
}

// TestNowhere checks that the instruments of a factory without a registerer are usable.
func TestNowhere(t *testing.T) {
	unused := metric.NewRegistry()
	setDefault(t, unused)
	for kind, c := range constructors {
		t.Run(kind, func(t *testing.T) {
			for _, f := range []promauto.Factory{{}, promauto.With(nil)} {
				r := metric.NewRegistry()
				r.MustRegister(c.byFactory(f, "made"))
				wantFamily(t, r, "made")
			}
		})
	}
	wantNothing(t, unused)
}

func TestTakenName(t *testing.T) {
	for kind, c := range constructors {
		t.Run(kind, func(t *testing.T) {
			r := metric.NewRegistry()
			setDefault(t, r)
			first := c.byDefault("made")
			for _, again := range []func(){
				func() { c.byDefault("made") },
				func() { c.byFactory(promauto.With(r), "made") },
			} {
				already, ok := recovered(again).(metric.AlreadyRegisteredError)
				if !ok || already.ExistingCollector != first {
					t.Errorf("it panicked with %v", already)
				}
			}
			if err, ok := recovered(func() { c.byDefault("not\xffvalid") }).(error); !ok || errors.As(err, new(metric.AlreadyRegisteredError)) {
				t.Errorf("an invalid name panics with %v", err)
			}
		})
	}
}

// recovered returns the value with which f panics.
func recovered(f func()) (value any) {
	defer func() { value = recover() }()
	f()
	return nil
}

func ExampleWith() {
	reg := metric.NewRegistry()
	requests := promauto.With(reg).NewCounterVec(metric.CounterOpts{
		Name: "requests_total",
		Help: "Requests by status code.",
	}, []string{"code"})
	requests.WithLabelValues("200").Inc()

	families, err := reg.Gather()
	if err != nil {
		fmt.Println(err)
	}
	for _, f := range families {
		fmt.Println(f.GetName(), f.GetMetric()[0].GetCounter().GetValue())
	}
	// Output: requests_total 1
}

// TestInfos checks the constructors whose families have a suffix.
func TestInfos(t *testing.T) {
	r := metric.NewRegistry()
	setDefault(t, r)
	promauto.NewInfo(metric.InfoOpts{Name: "a"}, metric.Labels{"version": "1"})
	promauto.NewInfoVec(metric.InfoOpts{Name: "b"}, []string{"disk"}, []string{"model"}).WithLabelValues("sda").Set(metric.Labels{"model": "x"})
	f := promauto.With(r)
	f.NewInfo(metric.InfoOpts{Name: "c_info"}, nil)
	f.NewInfoVec(metric.InfoOpts{Name: "d_info"}, []string{"disk"}, nil).WithLabelValues("sda")
	families, err := r.Gather()
	var names []string
	for _, family := range families {
		names = append(names, family.GetName())
	}
	if want := []string{"a_info", "b_info", "c_info", "d_info"}; err != nil || !slices.Equal(names, want) {
		t.Errorf("got %q and error %v, want %q", names, err, want)
	}
	if err, ok := recovered(func() { f.NewInfo(metric.InfoOpts{Name: "c"}, nil) }).(metric.AlreadyRegisteredError); !ok {
		t.Errorf("it panicked with %v", err)
	}
}
