package metric_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric"
)

// Tests cite the laws by their numbers in docs/design.md.

// TestOneContext checks law 1: the context of a scrape, with its values, reaches every kind of
// collector through every wrapper.
func TestOneContext(t *testing.T) {
	var values sync.Map
	ctx := context.WithValue(t.Context(), contextKey{}, "of the scrape")
	r := metric.NewContextRegistry()
	r.MustRegister(
		seen(&values, "direct"),
		metric.NewCollectorAdapter(seen(&values, "adapted")),
		metric.BindCollector(t.Context(), seen(&values, "bound")),
		metric.WrapCollectorWith(metric.Labels{"a": "b"}, seen(&values, "wrapped_collector")),
		metric.CollectorWithContextFunc(seen(&values, "func").CollectWithContext),
		streamOf("stream", func(ctx context.Context, _ *metric.Sink) error {
			values.Store("stream", ctx.Value(contextKey{}))
			return nil
		}),
	)
	metric.WrapRegistererWith(metric.Labels{"a": "b"}, metric.WrapRegistererWithPrefix("p_", r)).MustRegister(seen(&values, "wrapped"))
	nested := metric.NewContextRegistry()
	nested.MustRegister(seen(&values, "nested"))
	r.MustRegister(nested)
	// client_golang's registry runs ours as a collector but passes no context on, so ours is bound to one.
	theirs := prometheus.NewRegistry()
	theirs.MustRegister(metric.BindCollector(ctx, seen(&values, "in_theirs")))

	multi := metric.NewMultiGatherer()
	sharded := metric.NewShardedGatherer(r, metric.GathererWithContextFunc(func(ctx context.Context) ([]*metric.MetricFamily, error) {
		values.Store("gatherer", ctx.Value(contextKey{}))
		return nil, nil
	}))
	for name, g := range map[string]metric.Gatherer{"sharded": sharded, "theirs": theirs} {
		if err := multi.Register(name, g); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := multi.GatherWithContext(ctx); err != nil {
		t.Error(err)
	}
	for _, name := range []string{
		"direct", "adapted", "bound", "wrapped_collector", "func", "stream", "wrapped", "nested", "in_theirs", "gatherer",
	} {
		if value, _ := values.Load(name); value != "of the scrape" {
			t.Errorf("collector %q saw %v in its context", name, value)
		}
	}
}

// TestScrapeEndsAtDeadline checks law 3 with collectors that misbehave in every way beside healthy
// ones: the scrape ends in time, has the metrics of all healthy ones, and returns an error that names
// the culprit.
func TestScrapeEndsAtDeadline(t *testing.T) {
	const timeout = time.Second
	bad := map[string]metric.Collector{
		"sleeps":   plain{"bad", func(chan<- metric.Metric) { time.Sleep(time.Hour) }},
		"ignores":  metric.NewCollectorFunc(describing("bad"), func(context.Context, chan<- metric.Metric) { time.Sleep(time.Hour) }),
		"sends":    plain{"bad", func(ch chan<- metric.Metric) { flood(ch, time.Hour) }},
		"waits":    metric.NewCollectorFunc(describing("bad"), func(ctx context.Context, _ chan<- metric.Metric) { <-ctx.Done() }),
		"function": metric.NewGaugeFunc(metric.GaugeOpts{Name: "bad"}, func() float64 { time.Sleep(time.Hour); return 0 }),
		"stream":   streamOf("bad", func(context.Context, *metric.Sink) error { time.Sleep(time.Hour); return nil }),
		"writes": plain{"bad", func(ch chan<- metric.Metric) {
			ch <- writes{desc("bad"), func(*metric.MetricData) { time.Sleep(time.Hour) }}
		}},
		"their registry": nil,
	}
	for name, c := range bad {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				defer time.Sleep(2 * time.Hour) // All collectors have returned by then.
				r, want := healthy(t)
				if c == nil {
					c = boundRegistry(t)
				}
				if err := r.RegisterWith(c, metric.WithName("culprit")); err != nil {
					t.Fatal(err)
				}
				ctx, cancel := context.WithTimeout(t.Context(), timeout)
				defer cancel()
				start := time.Now()
				families, err := r.GatherWithContext(ctx)
				if took := time.Since(start); took < timeout-timeout/10 || took > timeout {
					t.Errorf("the scrape took %v, want %v, or a bit less if all have ended with their context", took, timeout)
				}
				wantFamilies(t, slices.DeleteFunc(families, func(f *metric.MetricFamily) bool { return f.GetName() == "bad" }), want)
				if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(failuresOf(err, "culprit"), context.DeadlineExceeded) {
					t.Errorf("got error %v", err)
				}
				if gathered, ok := errors.AsType[*metric.GatherError](err); !ok || len(gathered.Failures) != 1 {
					t.Errorf("got error %v, want one about the culprit", err)
				}
			})
		})
	}
}

// boundRegistry returns a registry of client_golang as a collector. Its Collect waits for a slow collector.
func boundRegistry(t *testing.T) metric.Collector {
	t.Helper()
	theirs := prometheus.NewRegistry()
	theirs.MustRegister(plain{"bad", func(chan<- metric.Metric) { time.Sleep(time.Hour) }})
	return theirs
}

// TestScrapeEndsWhenCancelled checks law 3 for a scrape whose context is canceled before its
// deadline.
func TestScrapeEndsWhenCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		defer time.Sleep(2 * time.Hour)
		r, want := healthy(t)
		r.MustRegister(plain{"bad", func(chan<- metric.Metric) { time.Sleep(time.Hour) }})
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		start := time.Now()
		families, err := r.GatherWithContext(ctx)
		if took := time.Since(start); took != time.Second {
			t.Errorf("the scrape took %v", took)
		}
		wantFamilies(t, families, want)
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got error %v", err)
		}
	})
}

// TestWhatArrivedIsServed checks law 3: the samples that a collector has sent before the deadline
// are in the result.
func TestWhatArrivedIsServed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		defer time.Sleep(2 * time.Hour)
		r := metric.NewContextRegistry()
		r.MustRegister(plain{"partial", func(ch chan<- metric.Metric) {
			ch <- one("partial")
			time.Sleep(time.Hour)
		}})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		families, err := r.GatherWithContext(ctx)
		wantFamilies(t, families, []string{"partial"})
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got error %v", err)
		}
	})
}

// TestNoPileUp checks law 4: a collector that is stuck is not started again, later scrapes fail at
// once, and the number of goroutines does not grow.
func TestNoPileUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := metric.NewContextRegistry()
		var started atomic.Int32
		release := make(chan struct{})
		stuck := func() {
			started.Add(1)
			<-release
		}
		for name, c := range map[string]metric.Collector{
			"plain":   plain{"a", func(chan<- metric.Metric) { stuck() }},
			"context": metric.NewCollectorFunc(describing("b"), func(context.Context, chan<- metric.Metric) { stuck() }),
			"stream":  streamOf("c", func(context.Context, *metric.Sink) error { stuck(); return nil }),
		} {
			if err := r.RegisterWith(c, metric.WithName(name)); err != nil {
				t.Fatal(err)
			}
		}
		gather := func() error {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			_, err := r.GatherWithContext(ctx)
			return err
		}
		if err := gather(); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("the first scrape got error %v", err)
		}
		synctest.Wait()
		before := goroutines()
		for range 100 {
			start := time.Now()
			err := gather()
			for _, name := range []string{"plain", "context", "stream"} {
				if !errors.Is(failuresOf(err, name), metric.ErrStillRunning) {
					t.Fatalf("collector %s: got error %v", name, err)
				}
			}
			if took := time.Since(start); took > 100*time.Millisecond { // The collectors might have returned a moment after their deadline.
				t.Errorf("it took %v to tell that collectors still run", took)
			}
		}
		if n := started.Load(); n != 3 {
			t.Errorf("%d runs were started, want 3", n)
		}
		synctest.Wait()
		if n := goroutines(); n > before {
			t.Errorf("%d goroutines after many scrapes, %d after the first", n, before)
		}
		close(release)
		synctest.Wait()
		if err := gather(); err != nil {
			t.Errorf("after the collectors have returned: %v", err)
		}
		if n := started.Load(); n != 6 {
			t.Errorf("%d runs were started, want 6", n)
		}
	})
}

// TestScrapesShareRunOfPlainCollector checks law 4: scrapes at the same time share one run of a
// collector that takes no context.
func TestScrapesShareRunOfPlainCollector(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := metric.NewContextRegistry()
		var runs atomic.Int32
		r.MustRegister(plain{"slow", func(ch chan<- metric.Metric) {
			runs.Add(1)
			time.Sleep(2 * time.Second)
			ch <- one("slow")
		}})
		var scrapes sync.WaitGroup
		for i := range 50 {
			timeout := 3 * time.Second
			if i%2 == 0 {
				timeout = time.Hour
			}
			scrapes.Go(func() {
				ctx, cancel := context.WithTimeout(t.Context(), timeout)
				defer cancel()
				if families, err := r.GatherWithContext(ctx); err != nil || len(families) != 1 {
					t.Errorf("got %d families and error %v", len(families), err)
				}
			})
		}
		scrapes.Wait()
		if n := runs.Load(); n != 1 {
			t.Errorf("%d runs for scrapes at the same time, want 1", n)
		}
	})
}

// TestPrivateSinks checks law 5: samples that a goroutine sends after Collect has returned reach no
// later scrape, and do not block the goroutine for good.
func TestPrivateSinks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := metric.NewContextRegistry()
		var run atomic.Int32
		late := make(chan struct{})
		r.MustRegister(plain{"late", func(ch chan<- metric.Metric) {
			n := run.Add(1)
			go func() { // This goroutine outlives Collect.
				time.Sleep(time.Second)
				for range 1000 {
					ch <- metric.MustNewConstMetric(desc("late"), metric.GaugeValue, float64(n))
				}
				late <- struct{}{}
			}()
		}})
		for range 3 {
			if families, err := r.Gather(); err != nil || len(families) != 0 {
				t.Errorf("gathered %v with error %v", families, err)
			}
			time.Sleep(time.Second / 2)
		}
		for range 3 {
			<-late // The goroutine was not blocked for good.
		}
	})
}

// TestPanics checks law 6: a panic in any code that the registry calls becomes one PanicError with
// its stack, and costs the others nothing.
func TestPanics(t *testing.T) {
	boom := func() { panic("boom") }
	for name, c := range map[string]metric.Collector{
		"Collect":            plain{"bad", func(chan<- metric.Metric) { boom() }},
		"CollectWithContext": metric.NewCollectorFunc(describing("bad"), func(context.Context, chan<- metric.Metric) { boom() }),
		"CollectTo":          streamOf("bad", func(context.Context, *metric.Sink) error { boom(); return nil }),
		"Write":              plain{"bad", func(ch chan<- metric.Metric) { ch <- writes{desc("bad"), func(*metric.MetricData) { boom() }} }},
		"function":           metric.NewGaugeFunc(metric.GaugeOpts{Name: "bad"}, func() float64 { boom(); return 0 }),
		"wrapped": metric.WrapCollectorWith(metric.Labels{"a": "b"},
			plain{"bad", func(chan<- metric.Metric) { boom() }}),
	} {
		t.Run(name, func(t *testing.T) {
			r, want := healthy(t)
			if err := r.RegisterWith(c, metric.WithName("culprit")); err != nil {
				t.Fatal(err)
			}
			families, err := r.Gather()
			wantFamilies(t, families, want)
			gathered, ok := errors.AsType[*metric.GatherError](err)
			if !ok || len(gathered.Failures) != 1 {
				t.Fatalf("got error %v, want exactly one", err)
			}
			panicked, ok := errors.AsType[*metric.PanicError](failuresOf(err, "culprit"))
			if !ok || panicked.Value != "boom" || !strings.Contains(string(panicked.Stack), "laws_test.go") {
				t.Errorf("got %v", err)
			}
		})
	}
	t.Run("Describe", func(t *testing.T) {
		r, want := healthy(t)
		err := r.Register(metric.NewCollectorFunc(func(chan<- *metric.Desc) { boom() }, nil))
		if _, ok := errors.AsType[*metric.PanicError](err); !ok {
			t.Errorf("got error %v", err)
		}
		families, err := r.Gather()
		if err != nil {
			t.Error(err)
		}
		wantFamilies(t, families, want)
	})
	t.Run("gatherer", func(t *testing.T) {
		r, want := healthy(t)
		bad := metric.GathererWithContextFunc(func(context.Context) ([]*metric.MetricFamily, error) { boom(); return nil, nil })
		families, err := metric.NewShardedGatherer(r, bad).GatherWithContext(t.Context())
		wantFamilies(t, families, want)
		if _, ok := errors.AsType[*metric.PanicError](failuresOf(err, "shard 1")); !ok {
			t.Errorf("got error %v", err)
		}
	})
}

// TestBadSamplesAreDropped checks law 7: a sample that cannot be served is dropped and reported,
// and all others are kept.
func TestBadSamplesAreDropped(t *testing.T) {
	labeled := metric.NewDesc("bad", "Of a test.", []string{"l"}, nil)
	sample := func(d *metric.Desc, t metric.ValueType, values ...string) metric.Metric {
		return metric.MustNewConstMetric(d, t, 1, values...)
	}
	for name, tc := range map[string]struct {
		metrics []metric.Metric
		kept    int
		report  string
	}{
		"duplicate":     {[]metric.Metric{sample(labeled, metric.GaugeValue, "a"), sample(labeled, metric.GaugeValue, "a"), sample(labeled, metric.GaugeValue, "b")}, 2, "collected before"},
		"type":          {[]metric.Metric{sample(labeled, metric.GaugeValue, "a"), sample(labeled, metric.CounterValue, "b"), sample(labeled, metric.GaugeValue, "c")}, 2, "should be a"},
		"help":          {[]metric.Metric{sample(labeled, metric.GaugeValue, "a"), sample(metric.NewDesc("bad", "Other.", nil, nil), metric.GaugeValue)}, 2, "help"},
		"invalid UTF-8": {[]metric.Metric{sample(labeled, metric.GaugeValue, "a"), rawMetric(labeled, "\xff")}, 1, "not utf8"},
		"panic":         {[]metric.Metric{writes{desc("bad"), func(*metric.MetricData) { panic("boom") }}, sample(labeled, metric.GaugeValue, "a")}, 1, "boom"},
		"nil":           {[]metric.Metric{nil, sample(labeled, metric.GaugeValue, "a")}, 1, "nil metric"},
		"invalid":       {[]metric.Metric{metric.NewInvalidMetric(labeled, errors.New("no luck")), sample(labeled, metric.GaugeValue, "a")}, 1, "no luck"},
		"invalid desc":  {[]metric.Metric{metric.NewInvalidMetric(metric.NewInvalidDesc(errors.New("no luck")), errors.New("no luck")), sample(labeled, metric.GaugeValue, "a")}, 1, "no luck"},
	} {
		t.Run(name, func(t *testing.T) {
			r, want := healthy(t)
			r.MustRegister(metric.CollectorWithContextFunc(func(_ context.Context, ch chan<- metric.Metric) {
				for _, m := range tc.metrics {
					ch <- m
				}
			}))
			families, err := r.Gather()
			wantFamilies(t, families, append([]string{"bad"}, want...))
			if n := len(families[0].GetMetric()); n != tc.kept {
				t.Errorf("%d samples were kept, want %d", n, tc.kept)
			}
			if gathered, ok := errors.AsType[*metric.GatherError](err); !ok || len(gathered.Failures) != 1 || !strings.Contains(err.Error(), tc.report) {
				t.Errorf("got error %v", err)
			}
		})
	}
}

// TestNoLockIsHeld checks law 9: all code that the registry calls may use the registry. If a lock
// were held, it would deadlock.
func TestNoLockIsHeld(t *testing.T) {
	r := metric.NewContextRegistry()
	n := 0
	use := func() {
		n++
		extra := metric.NewCounter(metric.CounterOpts{Name: fmt.Sprintf("extra_%d_total", n)})
		r.MustRegister(extra)
		r.Unregister(extra)
	}
	vec := metric.NewMetricVec(metric.NewDesc("custom", "h", []string{"l"}, nil), nil)
	vec = metric.NewMetricVec(metric.NewDesc("custom", "h", []string{"l"}, nil), func(values ...string) metric.Metric {
		use()
		vec.Reset()
		return metric.MustNewConstMetric(metric.NewDesc("custom", "h", []string{"l"}, nil), metric.GaugeValue, 1, values...)
	})
	r.MustRegister(
		metric.NewCollectorFunc(func(ch chan<- *metric.Desc) { use(); ch <- desc("a") }, func(_ context.Context, ch chan<- metric.Metric) {
			use()
			if _, err := vec.GetMetricWithLabelValues("x"); err != nil {
				t.Error(err)
			}
			ch <- writes{desc("a"), func(out *metric.MetricData) {
				use()
				if err := one("a").Write(out); err != nil {
					t.Error(err)
				}
			}}
		}),
	)
	if _, err := r.Gather(); err != nil {
		t.Error(err)
	}
	if n != 4 {
		t.Errorf("the registry was used %d times, want 4", n)
	}
}
