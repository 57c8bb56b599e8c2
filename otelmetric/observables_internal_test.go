package otelmetric

import (
	"context"
	"fmt"
	"maps"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	api "go.opentelemetry.io/otel/metric"
	sdk "go.opentelemetry.io/otel/sdk/metric"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/internal/engine"
	"github.com/luxfi/metric/internal/model"
	"github.com/luxfi/metric/otelmetric/internal/translate"
)

// mapSink collects the values of samples. It accepts every sample.
type mapSink map[string]float64

func (s mapSink) Sample(f *model.Family, p *model.Point) error {
	s[f.Name+"{"+p.Labels.Text()+"}"] = p.Value
	return nil
}

func (s mapSink) Drop(err error) { s["dropped: "+fmt.Sprint(err)] = 1 }
func (s mapSink) Note(err error) { s.Drop(err) }
func (mapSink) Close()           {}

// runOnce runs a callback without a registry.
func runOnce(t *testing.T, c *callback) mapSink {
	t.Helper()
	s := make(mapSink)
	if err := c.observe(t.Context(), engine.Running{}, s); err != nil {
		t.Error(err)
	}
	return s
}

func newTestMeter(t *testing.T) *meter {
	t.Helper()
	p := NewMeterProvider(metric.NewContextRegistry(), WithErrorHandler(func(err error) { t.Error(err) }))
	m, ok := p.Meter("test").(*meter)
	if !ok {
		t.Fatal("it is another meter")
	}
	return m
}

// newTestCallback returns a callback for an instrument whose streams have no limit.
func newTestCallback(t *testing.T, kind sdk.InstrumentKind, f callbackFunc) *callback {
	t.Helper()
	m := newTestMeter(t)
	o := newObservable(m, m.describe("x", "", "", kind), true, nil)
	o.streams[0].limit = 0
	return newCallback(m, f, o)
}

// TestObservableChurn checks that memory does not grow if most runs observe new attributes.
func TestObservableChurn(t *testing.T) {
	const series = 60
	round := 0
	c := newTestCallback(t, sdk.InstrumentKindObservableCounter, func(_ context.Context, o *observer) error {
		for i := range series {
			(*int64Observer)(o).Observe(int64(i), api.WithAttributes(attribute.Int("i", round*series+i)))
		}
		(*int64Observer)(o).Observe(1000-int64(round), api.WithAttributes(attribute.String("i", "old"))) // The value decreases in each run.
		return nil
	})
	stream := c.streams[0]
	largest, generations, start := 0, make(map[*generation]bool), int64(0)
	for range 200 {
		got := runOnce(t, c)
		if len(got) != series+1 || got[`x_total{i="old",otel_scope_name="test"}`] != float64(1000-round) {
			t.Fatalf("round %d: got %d series", round, len(got))
		}
		round++
		largest = max(largest, stream.current.len())
		generations[stream.current] = true
		n := stream.current.find(setOf(attribute.String("i", "old")), nil)
		s := stream.current.state(n)
		if round > 1 && s.start <= start && s.start < stream.created {
			t.Fatalf("round %d: the start %d is lost", round, s.start)
		}
		start = s.start
	}
	if largest > 15*series { // Series of three runs count as observed. Four times as many may accumulate before a sweep.
		t.Errorf("there were %d series, where %d are observed", largest, series)
	}
	if len(generations) < 10 {
		t.Errorf("there were %d generations", len(generations))
	}
}

func setOf(attributes ...attribute.KeyValue) *attribute.Set {
	s := attribute.NewSet(attributes...)
	return &s
}

// TestObservableShrinks checks that memory shrinks after most series are no longer observed.
func TestObservableShrinks(t *testing.T) {
	series := 1000
	c := newTestCallback(t, sdk.InstrumentKindObservableGauge, func(_ context.Context, o *observer) error {
		for i := range series {
			(*int64Observer)(o).Observe(int64(i), api.WithAttributes(attribute.Int("i", i)))
		}
		return nil
	})
	runOnce(t, c)
	series = 10
	for range 2 * sweepRuns {
		if got := runOnce(t, c); len(got) != series {
			t.Fatalf("got %d series", len(got))
		}
	}
	if n := c.streams[0].current.len(); n != series {
		t.Errorf("there are %d series", n)
	}
}

// TestObservableStreams checks an instrument for which views make several streams.
func TestObservableStreams(t *testing.T) {
	m := newTestMeter(t)
	m.labels = nil
	about := m.describe("x", "", "", sdk.InstrumentKindObservableGauge)
	o := &observable{meter: m, about: about}
	keepA := func(kv attribute.KeyValue) bool { return kv.Key == "a" }
	for _, c := range []*streamConfig{
		{instrument: about, name: "x", kind: translate.Gauge},
		{instrument: about, name: "renamed", kind: translate.Gauge, filter: keepA},
		{instrument: about, name: "limited", kind: translate.Gauge, limit: 2},
		{instrument: about, name: "counted", kind: translate.Histogram, histogram: metric.HistogramOpts{Buckets: []float64{1}}, filter: keepA},
	} {
		if err := o.open(c); err != nil {
			t.Fatal(err)
		}
	}
	c := newCallback(m, func(_ context.Context, to *observer) error {
		for i, attributes := range [][]attribute.KeyValue{
			{attribute.Int("a", 1), attribute.Int("b", 1)}, {attribute.Int("a", 1), attribute.Int("b", 2)}, {attribute.Int("a", 2)},
		} {
			(*float64Observer)(to).Observe(float64(i), api.WithAttributes(attributes...))
		}
		return nil
	}, o)
	for range 2 {
		want := mapSink{
			`x{a="1",b="1"}`: 0, `x{a="1",b="2"}`: 1, `x{a="2"}`: 2,
			`renamed{a="1"}`: 1, `renamed{a="2"}`: 2,
			`limited{a="1",b="1"}`: 0, `limited{otel_metric_overflow="true"}`: 2,
		}
		if got := runOnce(t, c); !maps.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	}
	families, err := m.provider.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	counts := make(map[string]uint64)
	for _, f := range families {
		if f.GetName() == "counted" {
			for _, one := range f.GetMetric() {
				counts[one.GetLabel()[0].GetValue()] = one.GetHistogram().GetSampleCount()
			}
		}
	}
	if want := map[string]uint64{"1": 4, "2": 2}; !maps.Equal(counts, want) {
		t.Errorf("the histogram counts %v, want %v", counts, want)
	}
}

// TestObservableOverlap checks runs that end in another order than they began: a value that is only older
// must not look like a new start.
func TestObservableOverlap(t *testing.T) {
	var value int64
	c := newTestCallback(t, sdk.InstrumentKindObservableCounter, func(_ context.Context, o *observer) error {
		(*int64Observer)(o).Observe(value)
		return nil
	})
	slow := c.begin(make(mapSink))
	value = 1
	if err := c.function(t.Context(), slow); err != nil {
		t.Fatal(err)
	}
	value = 2
	runOnce(t, c)
	slow.finish()
	if s := c.streams[0].current.state(0); s.start != 0 || s.last != 2 {
		t.Errorf("got %+v", s)
	}
	value = 1
	runOnce(t, c)
	if s := c.streams[0].current.state(0); s.start == 0 || s.last != 1 {
		t.Errorf("after a new start, got %+v", s)
	}
}

// TestCallbackAfterShutdown runs a callback for a scrape that began before Shutdown.
func TestCallbackAfterShutdown(t *testing.T) {
	c := newTestCallback(t, sdk.InstrumentKindObservableGauge, func(context.Context, *observer) error {
		t.Error("it was called")
		return nil
	})
	if err := c.meter.provider.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	if got := runOnce(t, c); len(got) > 0 {
		t.Errorf("got %v", got)
	}
}
