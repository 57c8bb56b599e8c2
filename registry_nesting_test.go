package metric_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/luxfi/metric"
)

// pyramid returns a registry in which 2^depth paths lead to the innermost one, because each level
// nests the next one twice.
func pyramid(depth int, nest func(outer, inner *metric.ContextRegistry)) *metric.ContextRegistry {
	inner := metric.NewRegistry()
	leaf := inner
	for range depth {
		outer := metric.NewRegistry()
		nest(outer, inner)
		inner = outer
	}
	leaf.MustRegister(metric.NewGauge(metric.GaugeOpts{Name: "leaf", Help: "h"}))
	return inner
}

// TestPyramidOfRegistries nests registries twice on each of many levels. It checks that the work of a
// scrape does not double on each level, as the number of paths does.
func TestPyramidOfRegistries(t *testing.T) {
	for name, tc := range map[string]struct {
		nest func(outer, inner *metric.ContextRegistry)
		says string
	}{
		"same name": {func(outer, inner *metric.ContextRegistry) {
			outer.MustRegister(inner, inner)
		}, "nested more than once with the same prefix and labels"},
		"different prefixes": {func(outer, inner *metric.ContextRegistry) {
			metric.WrapRegistererWithPrefix("a_", outer).MustRegister(inner)
			metric.WrapRegistererWithPrefix("b_", outer).MustRegister(inner)
		}, "additional ways"},
		"different labels": {func(outer, inner *metric.ContextRegistry) {
			depth := metric.Labels{fmt.Sprintf("l%p", inner): "a"}
			metric.WrapRegistererWith(depth, outer).MustRegister(inner)
			metric.WrapRegistererWith(metric.Labels{fmt.Sprintf("l%p", inner): "b"}, outer).MustRegister(inner)
		}, "additional ways"},
	} {
		t.Run(name, func(t *testing.T) {
			r := pyramid(40, tc.nest)
			start := time.Now()
			families, err := r.GatherWithContext(t.Context())
			if err == nil || !strings.Contains(err.Error(), tc.says) {
				t.Errorf("got error %.300v", err)
			}
			if len(families) == 0 {
				t.Error("nothing was gathered")
			}
			t.Logf("%d families in %v", len(families), time.Since(start))
		})
	}
}

// TestDeepNesting checks the error for registries that are nested too deep to be intended.
func TestDeepNesting(t *testing.T) {
	r := metric.NewRegistry()
	r.MustRegister(metric.NewGauge(metric.GaugeOpts{Name: "inner", Help: "h"}))
	for range 200 {
		outer := metric.NewRegistry()
		outer.MustRegister(r)
		r = outer
	}
	if _, err := r.GatherWithContext(t.Context()); err == nil || !strings.Contains(err.Error(), "nested in one another") {
		t.Errorf("got error %v", err)
	}
}

// TestManyRegistriesSideBySide checks that the number of different nested registries is not
// limited.
func TestManyRegistriesSideBySide(t *testing.T) {
	multi := metric.NewLabelGatherer("tenant")
	for i := range 3000 {
		r, err := metric.MakeAndRegister(multi, fmt.Sprint(i))
		if err != nil {
			t.Fatal(err)
		}
		r.MustRegister(metric.NewGauge(metric.GaugeOpts{Name: "g", Help: "h"}))
	}
	families, err := multi.GatherWithContext(t.Context())
	if err != nil || len(families) != 1 || len(families[0].GetMetric()) != 3000 {
		t.Errorf("got %d families and error %v", len(families), err)
	}
}

// TestSelfGathering checks collectors and gatherers that gather from the registry that runs them, in
// every way that passes a context on.
func TestSelfGathering(t *testing.T) {
	gathers := func(g *metric.GathererWithContext) metric.Collector {
		return metric.NewCollectorFunc(describing("outer"), func(ctx context.Context, ch chan<- metric.Metric) {
			families, err := (*g).GatherWithContext(ctx)
			if err != nil {
				ch <- metric.NewInvalidMetric(desc("outer"), err)
				return
			}
			ch <- metric.MustNewConstMetric(desc("outer"), metric.GaugeValue, float64(len(families)))
		})
	}
	for name, add := range map[string]func(r *metric.ContextRegistry) error{
		"collector": func(r *metric.ContextRegistry) error {
			var g metric.GathererWithContext = r
			return r.RegisterWith(gathers(&g), metric.WithName("self"))
		},
		"cached": func(r *metric.ContextRegistry) error {
			var g metric.GathererWithContext = r
			return r.RegisterWith(gathers(&g), metric.WithName("self"), metric.WithCache(time.Minute))
		},
		"through Gatherers": func(r *metric.ContextRegistry) error {
			var g metric.GathererWithContext = metric.Gatherers{r}
			return r.RegisterWith(gathers(&g), metric.WithName("self"))
		},
		"through another registry": func(r *metric.ContextRegistry) error {
			other := metric.NewRegistry()
			var toOther, back metric.GathererWithContext = other, r
			return errors.Join(
				r.RegisterWith(gathers(&toOther), metric.WithName("self")),
				other.RegisterWith(metric.NewCollectorFunc(describing("back"), gathers(&back).(metric.CollectorWithContext).CollectWithContext)),
			)
		},
		"stream": func(r *metric.ContextRegistry) error {
			return r.RegisterWith(streamOf("outer", func(ctx context.Context, _ *metric.Sink) error {
				_, err := r.GatherWithContext(ctx)
				return err
			}), metric.WithName("self"))
		},
		"bound": func(r *metric.ContextRegistry) error {
			var g metric.GathererWithContext = r
			return r.RegisterWith(metric.BindCollector(context.Background(), gathers(&g).(metric.CollectorWithContext)), metric.WithName("self"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := gathererOf("ok", nil)
				if err := add(r); err != nil {
					t.Fatal(err)
				}
				start := time.Now()
				families, err := r.GatherWithContext(t.Context())
				if took := time.Since(start); took > 0 {
					t.Errorf("the scrape took %v", took)
				}
				if err == nil || !strings.Contains(err.Error(), "collector self") || !strings.Contains(err.Error(), "it gathers from itself") {
					t.Errorf("got error %v", err)
				}
				if len(families) == 0 {
					t.Error("nothing healthy was gathered")
				}
			})
		})
	}
}

// TestPlainSelfGathering checks that scrapes end if a collector gathers without a context from the
// registry that runs it. The registry cannot know that the collector waits for itself.
func TestPlainSelfGathering(t *testing.T) {
	r := gathererOf("ok", nil)
	waiting := make(chan struct{})
	r.MustRegister(plain{"self", func(chan<- metric.Metric) {
		close(waiting)
		_, _ = r.GatherWithContext(stopAfterTest(t)) // Unlike Gather, it ends with the test.
	}})
	for i := range 20 {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		families, err := r.GatherWithContext(ctx)
		cancel()
		<-waiting
		if len(families) != 1 || !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, metric.ErrStillRunning) {
			t.Errorf("scrape %d: got %d families and error %v", i, len(families), err)
		}
	}
}

// stopAfterTest returns a context without a deadline that ends with the test.
func stopAfterTest(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	return ctx
}

// TestCyclesOfGatherers checks gatherers that contain themselves.
func TestCyclesOfGatherers(t *testing.T) {
	for name, build := range map[string]func() metric.GathererWithContext{
		"Gatherers": func() metric.GathererWithContext {
			gs := metric.Gatherers{nil, gathererOf("ok", nil)}
			gs[0] = gs
			return gs
		},
		"two Gatherers": func() metric.GathererWithContext {
			inner := metric.Gatherers{nil}
			outer := metric.Gatherers{inner, gathererOf("ok", nil)}
			inner[0] = outer
			return outer
		},
		"multi gatherer": func() metric.GathererWithContext {
			multi := metric.NewMultiGatherer()
			if err := errors.Join(multi.Register("a", metric.Gatherers{multi}), multi.Register("b", gathererOf("ok", nil))); err != nil {
				t.Error(err)
			}
			return multi
		},
		"prefix gatherer": func() metric.GathererWithContext {
			multi, r := metric.NewPrefixGatherer(), gathererOf("ok", nil)
			r.MustRegister(metric.WrapCollectorWithPrefix("x_", r))
			if err := multi.Register("a", r); err != nil {
				t.Error(err)
			}
			return multi
		},
	} {
		t.Run(name, func(t *testing.T) {
			families, err := build().GatherWithContext(t.Context())
			if len(families) != 1 {
				t.Errorf("got %d families and error %v", len(families), err)
			}
		})
	}
}
