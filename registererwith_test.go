package metric_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/promauto"
)

// library has the instruments and collectors that a library registers.
type library struct {
	requests metric.Counter
	theirs   prometheus.Counter
	slow     metric.Collector
	depth    metric.GaugeFunc
}

func newLibrary() *library {
	return &library{
		requests: metric.NewCounter(metric.CounterOpts{Name: "lib_requests_total"}),
		theirs:   prometheus.NewCounter(prometheus.CounterOpts{Name: "lib_theirs_total"}),
		slow: metric.NewCollectorFunc(describing("lib_slow"), func(ctx context.Context, ch chan<- metric.Metric) {
			<-ctx.Done()
		}),
		depth: metric.NewGaugeFunc(metric.GaugeOpts{Name: "lib_depth"}, func() float64 { time.Sleep(time.Hour); return 1 }),
	}
}

func (l *library) all() []metric.Collector {
	return []metric.Collector{l.requests, l.theirs, l.slow, l.depth}
}

// ways combine RegistererWith with other registerers; all end at reg.
var ways = map[string]func(reg metric.Registerer, opts ...metric.CollectorOption) metric.Registerer{
	"alone": metric.RegistererWith,
	"under a wrapping": func(reg metric.Registerer, opts ...metric.CollectorOption) metric.Registerer {
		return metric.WrapRegistererWith(metric.Labels{"a": "1"}, metric.RegistererWith(reg, opts...))
	},
	"over a wrapping": func(reg metric.Registerer, opts ...metric.CollectorOption) metric.Registerer {
		return metric.RegistererWith(metric.WrapRegistererWithPrefix("x_", metric.WrapRegistererWith(metric.Labels{"a": "1"}, reg)), opts...)
	},
	"under client_golang's wrapping": func(reg metric.Registerer, opts ...metric.CollectorOption) metric.Registerer {
		return prometheus.WrapRegistererWith(metric.Labels{"a": "1"}, metric.RegistererWith(reg, opts...))
	},
	"over client_golang's wrapping": func(reg metric.Registerer, opts ...metric.CollectorOption) metric.Registerer {
		return metric.RegistererWith(prometheus.WrapRegistererWithPrefix("x_", prometheus.WrapRegistererWith(metric.Labels{"a": "1"}, reg)), opts...)
	},
	"between wrappings of both": func(reg metric.Registerer, opts ...metric.CollectorOption) metric.Registerer {
		inner := metric.WrapRegistererWith(metric.Labels{"b": "1"}, prometheus.WrapRegistererWith(metric.Labels{"a": "1"}, reg))
		return prometheus.WrapRegistererWithPrefix("y_", metric.WrapRegistererWithPrefix("x_", metric.RegistererWith(inner, opts...)))
	},
	"over somebody's registerer": func(reg metric.Registerer, opts ...metric.CollectorOption) metric.Registerer {
		return metric.RegistererWith(metric.WrapRegistererWith(metric.Labels{"a": "1"}, forwarder{prometheus.WrapRegistererWith(metric.Labels{"b": "1"}, forwarder{reg})}), opts...)
	},
	"nested": func(reg metric.Registerer, opts ...metric.CollectorOption) metric.Registerer {
		return metric.RegistererWith(metric.RegistererWith(reg, metric.WithTimeout(24*time.Hour), metric.WithPriority(metric.PriorityLow)), opts...)
	},
}

// TestRegistererWith checks that the options of a Registerer apply to the collectors that a library
// registers with it.
func TestRegistererWith(t *testing.T) {
	for name, with := range ways {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				reg := metric.NewContextRegistry()
				lib := newLibrary()
				registerer := with(reg, metric.WithTimeout(time.Second))
				registerer.MustRegister(lib.all()...)
				defer time.Sleep(2 * time.Hour) // Runs that were left behind end.

				begun := time.Now()
				families, err := reg.GatherWithContext(t.Context())
				if took := time.Since(begun); took > 10*time.Second {
					t.Errorf("the scrape took %v: the timeout was not applied", took)
				}
				if len(families) != 2 {
					t.Errorf("gathered %v, want the two counters", namesOf(families))
				}
				gathered, ok := errors.AsType[*metric.GatherError](err)
				if !ok || len(gathered.Failures) != 2 {
					t.Errorf("got the error %v, want one about lib_slow and lib_depth", err)
				}
				policies := 0
				for _, status := range reg.Status() {
					if slices.Contains(status.Policies, "timeout 1s") {
						policies++
					}
				}
				if policies != 2 {
					t.Errorf("%d collectors have the timeout, want 2: %+v", policies, reg.Status())
				}

				if err := registerer.Register(lib.slow); err == nil {
					t.Error("the same collector was registered twice")
				} else if already, ok := errors.AsType[metric.AlreadyRegisteredError](err); !ok || already.ExistingCollector != lib.slow {
					t.Errorf("registering a collector twice: %v", err)
				}
				for _, c := range lib.all() {
					if !registerer.Unregister(c) {
						t.Errorf("%T cannot be unregistered", c)
					}
				}
				if families, err := reg.Gather(); err != nil || len(families) > 0 {
					t.Errorf("after Unregister: %v, %v", namesOf(families), err)
				}
			})
		})
	}
}

// TestRegistererWithUnchecked checks that the options apply to collectors that describe nothing.
func TestRegistererWithUnchecked(t *testing.T) {
	for name, with := range ways {
		t.Run(name, func(t *testing.T) {
			reg := metric.NewContextRegistry()
			with(reg, metric.WithCache(time.Hour)).MustRegister(metric.CollectorWithContextFunc(func(_ context.Context, ch chan<- metric.Metric) {
				ch <- metric.MustNewConstMetric(desc("a"), metric.GaugeValue, 1)
			}))
			if families := mustGather(t, reg); len(families) != 1 {
				t.Errorf("gathered %v, want one family", namesOf(families))
			}
			if got := reg.Status()[0].Policies; !slices.Contains(got, "cache 1h0m0s") {
				t.Errorf("the policies are %q", got)
			}
		})
	}
}

// TestRegistererWithIsRefused checks that options are refused if no registry of ours would apply
// them.
func TestRegistererWithIsRefused(t *testing.T) {
	ours := metric.NewContextRegistry()
	var nilRegistry *metric.ContextRegistry
	for name, reg := range map[string]metric.Registerer{
		"client_golang's registry":            prometheus.NewRegistry(),
		"a wrapping of it":                    metric.WrapRegistererWith(metric.Labels{"a": "1"}, prometheus.NewRegistry()),
		"client_golang's wrapping of it":      prometheus.WrapRegistererWith(metric.Labels{"a": "1"}, prometheus.NewRegistry()),
		"somebody's registerer that hides it": forwarder{prometheus.NewRegistry()},
		"a nil registry":                      nilRegistry,
	} {
		t.Run(name, func(t *testing.T) {
			for _, c := range []metric.Collector{
				plain{name: "a"},
				metric.CollectorFunc(func(ch chan<- metric.Metric) {
					ch <- metric.MustNewConstMetric(desc("b"), metric.GaugeValue, 1)
				}),
			} {
				if err := metric.RegistererWith(reg, metric.WithTimeout(time.Second)).Register(c); err == nil {
					t.Errorf("options for %T were ignored", c)
				} else if reg != nilRegistry && !strings.Contains(err.Error(), "cannot apply") {
					t.Errorf("got %q", err)
				}
			}
			if f, ok := reg.(forwarder); ok {
				if families, err := f.to.(*prometheus.Registry).Gather(); err != nil || len(families) > 0 {
					t.Errorf("the refused collectors are registered: %v, %v", namesOf(families), err)
				}
			}
		})
	}
	for name, opts := range map[string][]metric.CollectorOption{
		"invalid":   {metric.WithTimeout(-1)},
		"nil":       {nil},
		"two names": {metric.WithName("x"), metric.WithName("y")},
	} {
		if err := metric.RegistererWith(ours, opts...).Register(metric.NewGauge(metric.GaugeOpts{Name: "g"})); err == nil {
			t.Errorf("%s options were ignored", name)
		}
	}
	if err := metric.RegistererWith(metric.RegistererWith(ours, metric.WithName("x")), metric.WithName("y")).Register(plain{name: "a"}); err == nil || !strings.Contains(err.Error(), `"x" and "y"`) {
		t.Errorf("two names: %v", err)
	}
	if err := metric.RegistererWith(ours, metric.WithTimeout(1)).Register(metric.NewContextRegistry()); err == nil {
		t.Error("a registry has ignored a timeout")
	}
	if err := metric.RegistererWith(ours).Register(nil); err == nil {
		t.Error("nil was registered")
	}
}

// TestRegistererWithNil checks that options around a Registerer that registers nothing do no
// harm.
func TestRegistererWithNil(t *testing.T) {
	reg := metric.RegistererWith(nil, metric.WithTimeout(time.Second))
	reg.MustRegister(plain{name: "a"})
	if reg.Unregister(plain{name: "a"}) {
		t.Error("Unregister has found something")
	}
	metric.RegistererWith(metric.NewNoOpRegistry(), metric.WithTimeout(time.Second)).MustRegister(plain{name: "a"})
}

// TestRegistererWithOwnState checks that collectors do not share a breaker or a rate limit.
func TestRegistererWithOwnState(t *testing.T) {
	failing := func(name string) metric.Collector {
		return metric.NewCollectorFunc(describing(name), func(_ context.Context, ch chan<- metric.Metric) {
			ch <- metric.NewInvalidMetric(desc(name), errors.New("broken"))
		})
	}
	for name, tc := range map[string]struct {
		option  metric.CollectorOption
		refusal error
	}{
		"breaker":    {metric.WithBreaker(2, time.Hour), metric.ErrBreakerOpen},
		"rate limit": {metric.WithRateLimit(0.001, 2), metric.ErrRateLimited},
	} {
		t.Run(name, func(t *testing.T) {
			reg := metric.NewContextRegistry()
			with := metric.RegistererWith(reg, tc.option)
			with.MustRegister(failing("a"))
			_, _ = reg.Gather()
			_, _ = reg.Gather()
			if _, err := reg.Gather(); !errors.Is(err, tc.refusal) {
				t.Fatalf("the third scrape: %v, want %v", err, tc.refusal)
			}
			with.MustRegister(failing("b"))
			_, err := reg.GatherWithContext(t.Context())
			gathered, _ := errors.AsType[*metric.GatherError](err)
			if len(gathered.Failures) != 2 || errors.Is(gathered.Failures[1], tc.refusal) {
				t.Errorf("the second collector: %v", err)
			}
		})
	}
}

// TestRegistererWithName checks that all collectors get the name, with a number if it is taken.
func TestRegistererWithName(t *testing.T) {
	reg := metric.NewContextRegistry()
	with := metric.RegistererWith(reg, metric.WithName("lib"))
	with.MustRegister(plain{name: "a"}, metric.NewGauge(metric.GaugeOpts{Name: "g"}), plain{name: "b"})
	if got, want := collectorNames(reg), []string{"lib", "g", "lib#2"}; !slices.Equal(got, want) {
		t.Errorf("the names are %q, want %q", got, want)
	}
}

// TestRegistererWithPromauto checks that the options apply to collectors that package promauto
// registers.
func TestRegistererWithPromauto(t *testing.T) {
	reg := metric.NewContextRegistry()
	auto := promauto.With(metric.RegistererWith(reg, metric.WithCache(time.Hour)))
	calls := 0
	auto.NewGaugeFunc(metric.GaugeOpts{Name: "f"}, func() float64 { calls++; return 1 })
	auto.NewGauge(metric.GaugeOpts{Name: "g"}).Set(1)
	for range 3 {
		if families := mustGather(t, reg); len(families) != 2 {
			t.Errorf("gathered %v", namesOf(families))
		}
	}
	if calls != 1 {
		t.Errorf("the function was called %d times in spite of a cache", calls)
	}
}

// TestRegistererWithFacade checks that Metrics finds instruments again behind options.
func TestRegistererWithFacade(t *testing.T) {
	reg := metric.NewContextRegistry()
	with := metric.RegistererWith(reg, metric.WithTimeout(time.Second))
	c := metric.NewWithRegistry("ns", with).NewCounter("c", "")
	if again := metric.NewWithRegistry("ns", with).NewCounter("c", ""); again != c {
		t.Error("the counter was not found again")
	}
	defer func() {
		if err, ok := recover().(error); !ok || !strings.Contains(err.Error(), "is a counter") {
			t.Errorf("another shape: %v", err)
		}
	}()
	metric.NewWithRegistry("ns", with).NewGauge("c", "")
}

// TestDefaultRegisterWith checks that RegisterWith uses the default registry, and refuses one
// that is not ours.
func TestDefaultRegisterWith(t *testing.T) {
	old := metric.DefaultRegisterer
	defer func() { metric.DefaultRegisterer = old }()
	reg := metric.NewContextRegistry()
	metric.DefaultRegisterer = reg
	metric.MustRegisterWith(plain{name: "a"}, metric.WithName("x"), metric.WithTimeout(time.Second))
	if got := reg.Status()[0]; got.Name != "x" || len(got.Policies) != 1 {
		t.Errorf("got the status %+v", got)
	}
	if err := metric.RegisterWith(plain{name: "a"}, metric.WithTimeout(time.Second)); err == nil {
		t.Error("an equal collector was registered twice")
	}
	for name, replaced := range map[string]metric.Registerer{"nil": nil, "client_golang's": prometheus.NewRegistry()} {
		metric.DefaultRegisterer = replaced
		if err := metric.RegisterWith(plain{name: "a"}, metric.WithTimeout(time.Second)); err == nil {
			t.Errorf("%s default registerer has ignored a timeout", name)
		}
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: MustRegisterWith does not panic", name)
				}
			}()
			metric.MustRegisterWith(plain{name: "a"}, metric.WithTimeout(time.Second))
		}()
	}
	metric.DefaultRegisterer = prometheus.NewRegistry()
	if err := metric.RegisterWith(plain{name: "a"}); err != nil {
		t.Errorf("without options: %v", err)
	}
}

// TestRegistererWithNowhere checks that a no-op Registerer returns no error for options, however it
// is wrapped.
func TestRegistererWithNowhere(t *testing.T) {
	labels, timeout := metric.Labels{"a": "b"}, metric.WithTimeout(time.Second)
	for name, reg := range map[string]metric.Registerer{
		"theirs of nil":                 prometheus.WrapRegistererWith(labels, nil),
		"theirs of theirs of nil":       prometheus.WrapRegistererWithPrefix("p_", prometheus.WrapRegistererWith(labels, nil)),
		"theirs of ours of nil":         prometheus.WrapRegistererWith(labels, metric.WrapRegistererWith(labels, nil)),
		"theirs of a no-op":             prometheus.WrapRegistererWith(labels, metric.NewNoOpRegistry()),
		"theirs of options for nothing": prometheus.WrapRegistererWith(labels, metric.RegistererWith(nil, timeout)),
	} {
		if err := metric.RegistererWith(reg, timeout).Register(plain{name: "a"}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
