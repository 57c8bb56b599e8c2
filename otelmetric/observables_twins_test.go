package otelmetric_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	api "go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/x"
	sdk "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/luxfi/metric/otelmetric"
)

// observation holds the arguments of a call of Observe.
type observation struct {
	value      float64
	attributes []attribute.KeyValue
}

// twins are a provider of this package and one of OpenTelemetry's SDK, with the same instruments and
// observations.
type twins struct {
	ours   *observed
	reader *sdk.ManualReader
	next   map[string][]observation // observations of the next scrape, by instrument
}

func newTwins(t *testing.T, limit int, options ...api.InstrumentOption) *twins {
	t.Helper()
	w := &twins{ours: newObserved(t, otelmetric.WithCardinalityLimit(limit)), reader: sdk.NewManualReader(), next: make(map[string][]observation)}
	theirs := sdk.NewMeterProvider(sdk.WithReader(w.reader), sdk.WithCardinalityLimit(limit))
	for _, m := range []api.Meter{w.ours.meter, theirs.Meter("test")} {
		createAll(t, m, w, options)
	}
	return w
}

// createAll creates an instrument of each kind.
func createAll(t *testing.T, m api.Meter, w *twins, options []api.InstrumentOption) {
	t.Helper()
	ints := func(name string) api.Int64Callback {
		return func(_ context.Context, o api.Int64Observer) error {
			for _, one := range w.next[name] {
				o.Observe(int64(one.value), api.WithAttributes(one.attributes...))
			}
			return nil
		}
	}
	floats := func(name string) api.Float64Callback {
		return func(_ context.Context, o api.Float64Observer) error {
			for _, one := range w.next[name] {
				o.Observe(one.value, api.WithAttributes(one.attributes...))
			}
			return nil
		}
	}
	_, err1 := m.Int64ObservableCounter("ic", optionsOf[api.Int64ObservableCounterOption](options, api.WithInt64Callback(ints("ic")))...)
	_, err2 := m.Int64ObservableUpDownCounter("iu", optionsOf[api.Int64ObservableUpDownCounterOption](options, api.WithInt64Callback(ints("iu")))...)
	_, err3 := m.Int64ObservableGauge("ig", optionsOf[api.Int64ObservableGaugeOption](options, api.WithInt64Callback(ints("ig")))...)
	_, err4 := m.Float64ObservableCounter("fc", optionsOf[api.Float64ObservableCounterOption](options, api.WithFloat64Callback(floats("fc")))...)
	_, err5 := m.Float64ObservableUpDownCounter("fu", optionsOf[api.Float64ObservableUpDownCounterOption](options, api.WithFloat64Callback(floats("fu")))...)
	_, err6 := m.Float64ObservableGauge("fg", optionsOf[api.Float64ObservableGaugeOption](options, api.WithFloat64Callback(floats("fg")))...)
	if err := errors.Join(err1, err2, err3, err4, err5, err6); err != nil {
		t.Fatal(err)
	}
}

// optionsOf converts options that any instrument accepts to options of one kind of instrument, and appends
// last.
func optionsOf[O any](options []api.InstrumentOption, last O) (all []O) {
	for _, o := range options {
		all = append(all, any(o).(O)) //nolint:forcetypeassert // Any instrument accepts these options.
	}
	return append(all, last)
}

// compare scrapes both providers and compares their values.
func (w *twins) compare(t *testing.T) {
	t.Helper()
	w.ours.expect(t, w.theirs(t))
}

// theirs returns the values of OpenTelemetry's SDK.
func (w *twins) theirs(t *testing.T) map[string]float64 {
	t.Helper()
	var all metricdata.ResourceMetrics
	if err := w.reader.Collect(t.Context(), &all); err != nil {
		t.Fatal(err)
	}
	values := make(map[string]float64)
	for _, scope := range all.ScopeMetrics {
		for _, m := range scope.Metrics {
			switch data := m.Data.(type) {
			case metricdata.Sum[int64]:
				addPoints(values, m.Name, data.IsMonotonic, data.DataPoints)
			case metricdata.Sum[float64]:
				addPoints(values, m.Name, data.IsMonotonic, data.DataPoints)
			case metricdata.Gauge[int64]:
				addPoints(values, m.Name, false, data.DataPoints)
			case metricdata.Gauge[float64]:
				addPoints(values, m.Name, false, data.DataPoints)
			}
		}
	}
	return values
}

func addPoints[N int64 | float64](values map[string]float64, name string, monotonic bool, points []metricdata.DataPoint[N]) {
	if monotonic {
		name += "_total"
	}
	for _, p := range points {
		labels := ""
		for _, kv := range p.Attributes.ToSlice() { // The attributes are sorted.
			key := string(kv.Key)
			if key == "otel.metric.overflow" {
				key = "otel_metric_overflow"
			}
			if labels != "" {
				labels += ","
			}
			labels += fmt.Sprintf("%s=%q", key, kv.Value.String())
		}
		if labels != "" {
			labels = "{" + labels + "}"
		}
		values[name+labels] = float64(p.Value)
	}
}

var kinds = []string{"ic", "iu", "ig", "fc", "fu", "fg"}

// TestObservableTwins compares each kind of instrument with the same kind of OpenTelemetry's SDK.
func TestObservableTwins(t *testing.T) {
	a, b, c := attribute.String("k", "a"), attribute.String("k", "b"), attribute.String("other", "c")
	of := func(v float64, attributes ...attribute.KeyValue) observation { return observation{v, attributes} }
	tests := []struct {
		name    string
		limit   int
		options []api.InstrumentOption
		scrapes [][]observation
	}{
		{"several series", 0, nil, [][]observation{{of(1), of(2, a), of(3, a, c)}}},
		{"the same attributes twice", 0, nil, [][]observation{{of(1, a), of(2, a), of(4)}}},
		{"a filter makes one series of two", 0, []api.InstrumentOption{x.WithDefaultAttributes("k")}, [][]observation{{of(1, a), of(2, a, c), of(4, c)}}},
		{"a filter that keeps nothing", 0, []api.InstrumentOption{x.WithDefaultAttributes()}, [][]observation{{of(1, a), of(2, b)}}},
		{"only the last scrape counts", 0, nil, [][]observation{{of(1, a), of(5, b)}, {of(2, a)}, {}, {of(7, b)}}},
		{"the limit", 3, nil, [][]observation{{of(1, a), of(2, b), of(4, c), of(8), of(16, a)}, {of(1, c)}}},
		{"a limit of one", 1, nil, [][]observation{{of(1, a), of(2, b)}}},
		{"a counter that goes down", 0, nil, [][]observation{{of(9, a)}, {of(3, a)}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := newTwins(t, test.limit, test.options...)
			for _, observations := range test.scrapes {
				for _, kind := range kinds {
					w.next[kind] = observations
				}
				w.compare(t)
			}
		})
	}
}

// TestObservableRandomTwins compares many runs that observe random values.
func TestObservableRandomTwins(t *testing.T) {
	for seed := range uint64(6) {
		random := rand.New(rand.NewPCG(seed, 19)) //nolint:gosec // The test needs no secure numbers.
		var options []api.InstrumentOption
		if seed%2 == 1 {
			options = append(options, x.WithDefaultAttributes("a", "c"))
		}
		w := newTwins(t, []int{0, 5, 40}[seed%3], options...)
		for range 30 {
			for _, kind := range kinds {
				w.next[kind] = nil
				for range random.IntN(30) {
					one := observation{value: float64(random.IntN(1000))}
					for _, key := range []string{"a", "b", "c"} {
						if v := random.IntN(8); v > 0 {
							one.attributes = append(one.attributes, attribute.Int(key, v))
						}
					}
					w.next[kind] = append(w.next[kind], one)
				}
			}
			w.compare(t)
		}
		if t.Failed() {
			t.Fatalf("with the seed %d", seed)
		}
	}
}
