package otelmetric_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	api "go.opentelemetry.io/otel/metric"
	sdk "go.opentelemetry.io/otel/sdk/metric"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/otelmetric"
)

func TestObservableBadValues(t *testing.T) {
	o := newObserved(t)
	bad := []float64{math.NaN(), math.Inf(1), math.Inf(-1)}
	observe := func(_ context.Context, to api.Float64Observer) error {
		for i, v := range bad {
			to.Observe(v, api.WithAttributes(attribute.Int("i", i)))
		}
		to.Observe(-1)
		return nil
	}
	_, err1 := o.meter.Float64ObservableCounter("c", api.WithFloat64Callback(observe))
	_, err2 := o.meter.Float64ObservableUpDownCounter("u", api.WithFloat64Callback(observe))
	_, err3 := o.meter.Float64ObservableGauge("g", api.WithFloat64Callback(observe))
	if err := errors.Join(err1, err2, err3); err != nil {
		t.Fatal(err)
	}
	got, err := o.gather(t.Context())
	if v := got[`g{i="0"}`]; !math.IsNaN(v) {
		t.Errorf("the gauge that is not a number is %v", v)
	}
	delete(got, `g{i="0"}`)
	expectValues(t, got, map[string]float64{"u": -1, "g": -1, `g{i="1"}`: math.Inf(1), `g{i="2"}`: math.Inf(-1)})
	for collector, want := range map[string]int64{"test:c": 4, "test:u": 3, "test:g": 0} {
		for _, s := range o.registry.Status() {
			if s.Name == collector && int64(s.Dropped) != want {
				t.Errorf("%s has dropped %d samples, want %d", collector, s.Dropped, want)
			}
		}
		if _, failed := failures(t, err)[collector]; failed != (want > 0) {
			t.Errorf("%s has failed: %t", collector, failed)
		}
	}
}

// TestObservableStart checks the start timestamps of counters.
func TestObservableStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newObserved(t)
		value := int64(10)
		created := time.Now()
		o.intCounter(t, "c", func(_ context.Context, to api.Int64Observer) error {
			to.Observe(value)
			return nil
		})
		start := func() time.Time {
			time.Sleep(time.Minute)
			families, err := o.registry.GatherWithContext(t.Context())
			if err != nil || len(families) != 1 {
				t.Fatalf("got %v and the error %v", families, err)
			}
			return families[0].GetMetric()[0].GetCounter().GetCreatedTimestamp().AsTime()
		}
		expect := func(want time.Time) {
			t.Helper()
			if got := start(); !got.Equal(want) {
				t.Errorf("it begins at %v, want %v", got, want)
			}
		}
		expect(created)
		value = 20
		expect(created)
		before := time.Now() // time of the last observation of the old series
		value = 5
		expect(before)
		value = 6
		expect(before)
	})
}

// TestObservableLimitCountsWhatIsObserved checks that the limit applies to the series of one run, and not to
// those of all runs together.
func TestObservableLimitCountsWhatIsObserved(t *testing.T) {
	o := newObserved(t, otelmetric.WithInstrumentLimit(sdk.Instrument{Name: "c"}, 4))
	var keys []string
	o.intCounter(t, "c", func(_ context.Context, to api.Int64Observer) error {
		for _, k := range keys {
			to.Observe(1, with("k", k))
		}
		return nil
	})
	for _, keys = range [][]string{{"a", "b", "c"}, {"d", "e", "f"}, {"c", "d", "g"}} {
		want := make(map[string]float64)
		for _, k := range keys {
			want[fmt.Sprintf("c_total{k=%q}", k)] = 1
		}
		o.expect(t, want)
	}
	keys = []string{"a", "b", "c", "d", "e"}
	o.expect(t, map[string]float64{`c_total{k="a"}`: 1, `c_total{k="b"}`: 1, `c_total{k="c"}`: 1, `c_total{otel_metric_overflow="true"}`: 2})
}

// TestObservableConcurrently observes attributes that come and go, in several goroutines and in several
// concurrent scrapes.
func TestObservableConcurrently(t *testing.T) {
	o := newObserved(t, otelmetric.WithCardinalityLimit(0))
	type scrapeKey struct{}
	_, err := o.meter.Int64ObservableUpDownCounter("u", api.WithInt64Callback(func(ctx context.Context, to api.Int64Observer) error {
		scrape, _ := ctx.Value(scrapeKey{}).(int)
		var wait sync.WaitGroup
		for range 4 {
			wait.Go(func() {
				for i := range 50 {
					to.Observe(1, api.WithAttributes(attribute.Int("i", scrape*25+i)))
				}
			})
		}
		wait.Wait()
		return nil
	}))
	if err != nil {
		t.Fatal(err)
	}
	var wait sync.WaitGroup
	for g := range 4 {
		wait.Go(func() {
			for i := range 20 {
				scrape := i*4 + g
				got, err := o.gather(context.WithValue(t.Context(), scrapeKey{}, scrape))
				if err != nil || len(got) != 50 {
					t.Errorf("got %d series and the error %v", len(got), err)
				}
				for j := range 50 {
					if name := fmt.Sprintf(`u{i="%d"}`, scrape*25+j); got[name] != 4 {
						t.Errorf("%s is %v", name, got[name])
					}
				}
			}
		})
	}
	wait.Wait()
}

func TestObservableConflict(t *testing.T) {
	o := newObserved(t)
	if _, err := o.meter.Int64Counter("x"); err != nil {
		t.Fatal(err)
	}
	called := false
	g, err := o.meter.Int64ObservableGauge("x_total", api.WithInt64Callback(func(context.Context, api.Int64Observer) error {
		called = true
		return nil
	}))
	if err != nil || o.handled.mention("cannot be a gauge too") != 1 {
		t.Errorf("got the error %v and handled %v", err, o.handled.errs)
	}
	registration, err := o.meter.RegisterCallback(func(context.Context, api.Observer) error {
		called = true
		return nil
	}, g)
	if err != nil {
		t.Error(err)
	}
	o.expect(t, map[string]float64{})
	if err := registration.Unregister(); err != nil || called {
		t.Errorf("the callback was called: %t, error %v", called, err)
	}
}

// TestObservableTwice checks that a second instrument with the same name is the first one, and that its
// callbacks are left out and reported.
func TestObservableTwice(t *testing.T) {
	o := newObserved(t)
	first := o.intCounter(t, "Hits", func(_ context.Context, to api.Int64Observer) error {
		to.Observe(1)
		return nil
	})
	second := o.intCounter(t, "hits", func(_ context.Context, to api.Int64Observer) error {
		to.Observe(2, with("from", "second"))
		return nil
	})
	if first != second {
		t.Error("they are not the same instrument")
	}
	if o.handled.mention(`"Hits" of meter "test": the callbacks of its second creation are left out`) != 1 {
		t.Errorf("handled %v", o.handled.errs)
	}
	o.expect(t, map[string]float64{"Hits_total": 1})
	if _, err := o.meter.Float64ObservableGauge("1st"); !errors.Is(err, sdk.ErrInstrumentName) {
		t.Errorf("an invalid name has the error %v", err)
	}
	if _, err := o.meter.Float64ObservableGauge("g", api.WithFloat64Callback(nil)); err == nil {
		t.Error("a nil callback is no error")
	}
}

// TestObservableInClientRegistry registers the provider with a registry of client_golang.
func TestObservableInClientRegistry(t *testing.T) {
	registry := prometheus.NewRegistry()
	p := otelmetric.NewMeterProvider(registry, otelmetric.WithoutScopeInfo())
	_, err := p.Meter("m").Float64ObservableGauge("g", api.WithFloat64Callback(func(_ context.Context, to api.Float64Observer) error {
		to.Observe(2.5, with("k", "v"))
		return nil
	}))
	if err != nil {
		t.Fatal(err)
	}
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	families = slices.DeleteFunc(families, func(f *metric.MetricFamily) bool { return f.GetName() == "target_info" })
	expectValues(t, valuesOf(families), map[string]float64{`g{k="v"}`: 2.5})
	if err := p.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	if families, err := registry.Gather(); err != nil || len(families) > 0 {
		t.Errorf("after Shutdown got %v and the error %v", families, err)
	}
}

// TestObservableGlobal sets the global provider after instruments and callbacks have been created. It runs
// in a child process.
func TestObservableGlobal(t *testing.T) {
	const inside = "OTELMETRIC_TEST_GLOBAL"
	if os.Getenv(inside) == "" {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestObservableGlobal$", "-test.v") //nolint:gosec // The command is this test.
		cmd.Env = append(os.Environ(), inside+"=1")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	meter := otel.Meter("global")
	c, err1 := meter.Int64ObservableCounter("c", api.WithInt64Callback(func(_ context.Context, to api.Int64Observer) error {
		to.Observe(1)
		return nil
	}))
	g, err2 := meter.Float64ObservableGauge("g")
	both, err3 := meter.RegisterCallback(func(_ context.Context, to api.Observer) error {
		to.ObserveInt64(c, 2, with("from", "both"))
		to.ObserveFloat64(g, 3)
		return nil
	}, c, g)
	if err := errors.Join(err1, err2, err3); err != nil {
		t.Fatal(err)
	}
	registry, errs := metric.NewContextRegistry(), new(handled)
	otel.SetMeterProvider(otelmetric.NewMeterProvider(registry, otelmetric.WithoutScopeInfo(), otelmetric.WithoutTargetInfo(),
		otelmetric.WithErrorHandler(errs.handle)))
	expect := func(want map[string]float64) {
		t.Helper()
		families, err := registry.GatherWithContext(t.Context())
		if err != nil || len(errs.errs) > 0 {
			t.Errorf("got the error %v and handled %v", err, errs.errs)
		}
		expectValues(t, valuesOf(families), want)
	}
	expect(map[string]float64{"c_total": 1, `c_total{from="both"}`: 2, "g": 3})
	if err := both.Unregister(); err != nil {
		t.Error(err)
	}
	later, err := meter.RegisterCallback(func(_ context.Context, to api.Observer) error {
		to.ObserveFloat64(g, 4)
		return nil
	}, g)
	if err != nil {
		t.Fatal(err)
	}
	expect(map[string]float64{"c_total": 1, "g": 4})
	if err := later.Unregister(); err != nil {
		t.Error(err)
	}
	expect(map[string]float64{"c_total": 1})
}
