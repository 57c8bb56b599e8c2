package otelmetric

import (
	"context"
	"errors"
	"sync/atomic"

	"go.opentelemetry.io/otel/attribute"
	api "go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/embedded"
	sdk "go.opentelemetry.io/otel/sdk/metric"

	"github.com/luxfi/metric/otelmetric/internal/translate"
)

// observable is an asynchronous instrument. Callbacks observe its values during scrapes.
type observable struct {
	meter *meter
	about sdk.Instrument
	whole bool // whether it observes int64 rather than float64

	streams    []*observedStream  // streams other than histograms
	histograms []measure[float64] // These count every observation since the instrument was created.

	created atomic.Bool // whether its callbacks have been or are being registered
}

// newObservable returns an instrument. For the advised keys, see [MeterProvider.streamsOf].
func newObservable(m *meter, about sdk.Instrument, whole bool, advised []attribute.Key) *observable {
	o := &observable{meter: m, about: about, whole: whole}
	if m.provider.stopped.Load() {
		return o
	}
	for _, c := range m.provider.streamsOf(about, nil, advised...) {
		if err := o.open(c); err != nil {
			m.provider.config.handle(err)
		}
	}
	return o
}

// open adds a stream.
func (o *observable) open(c *streamConfig) error {
	if c.kind == translate.Histogram {
		h, err := open[float64](o.meter, c)
		if err == nil {
			o.histograms = append(o.histograms, h)
		}
		return err
	}
	s, err := newObservedStream(o.meter, c, o.whole)
	if err == nil {
		o.streams = append(o.streams, s)
	}
	return err
}

// isDropped reports whether observations have no effect.
func (o *observable) isDropped() bool { return len(o.streams)+len(o.histograms) == 0 }

// takes reports whether the instrument accepts a value: sums must be finite.
func (o *observable) takes(v value) bool {
	return o.whole || isFinite(v.number) || o.about.Kind == sdk.InstrumentKindObservableGauge
}

// int64Observable implements the observable instruments of int64.
type int64Observable struct {
	api.Int64Observable
	embedded.Int64ObservableCounter
	embedded.Int64ObservableUpDownCounter
	embedded.Int64ObservableGauge

	*observable
}

// float64Observable implements the observable instruments of float64.
type float64Observable struct {
	api.Float64Observable
	embedded.Float64ObservableCounter
	embedded.Float64ObservableUpDownCounter
	embedded.Float64ObservableGauge

	*observable
}

func (m *meter) Int64ObservableCounter(name string, options ...api.Int64ObservableCounterOption) (api.Int64ObservableCounter, error) {
	c := api.NewInt64ObservableCounterConfig(options...)
	return m.int64Observable(m.describe(name, c.Description(), c.Unit(), sdk.InstrumentKindObservableCounter), allowedKeys(options), c.Callbacks())
}

func (m *meter) Int64ObservableUpDownCounter(name string, options ...api.Int64ObservableUpDownCounterOption) (api.Int64ObservableUpDownCounter, error) {
	c := api.NewInt64ObservableUpDownCounterConfig(options...)
	return m.int64Observable(m.describe(name, c.Description(), c.Unit(), sdk.InstrumentKindObservableUpDownCounter), allowedKeys(options), c.Callbacks())
}

func (m *meter) Int64ObservableGauge(name string, options ...api.Int64ObservableGaugeOption) (api.Int64ObservableGauge, error) {
	c := api.NewInt64ObservableGaugeConfig(options...)
	return m.int64Observable(m.describe(name, c.Description(), c.Unit(), sdk.InstrumentKindObservableGauge), allowedKeys(options), c.Callbacks())
}

func (m *meter) Float64ObservableCounter(name string, options ...api.Float64ObservableCounterOption) (api.Float64ObservableCounter, error) {
	c := api.NewFloat64ObservableCounterConfig(options...)
	return m.float64Observable(m.describe(name, c.Description(), c.Unit(), sdk.InstrumentKindObservableCounter), allowedKeys(options), c.Callbacks())
}

func (m *meter) Float64ObservableUpDownCounter(name string, options ...api.Float64ObservableUpDownCounterOption) (api.Float64ObservableUpDownCounter, error) {
	c := api.NewFloat64ObservableUpDownCounterConfig(options...)
	return m.float64Observable(m.describe(name, c.Description(), c.Unit(), sdk.InstrumentKindObservableUpDownCounter), allowedKeys(options), c.Callbacks())
}

func (m *meter) Float64ObservableGauge(name string, options ...api.Float64ObservableGaugeOption) (api.Float64ObservableGauge, error) {
	c := api.NewFloat64ObservableGaugeConfig(options...)
	return m.float64Observable(m.describe(name, c.Description(), c.Unit(), sdk.InstrumentKindObservableGauge), allowedKeys(options), c.Callbacks())
}

// int64Observable returns the instrument with the given properties. If the instrument is new,
// int64Observable registers its callbacks.
func (m *meter) int64Observable(about sdk.Instrument, advised []attribute.Key, callbacks []api.Int64Callback) (int64Observable, error) {
	o := m.observableOf(about, true, advised)
	runs := make([]callbackFunc, len(callbacks))
	for i, f := range callbacks {
		if f != nil {
			runs[i] = func(ctx context.Context, o *observer) error { return f(ctx, (*int64Observer)(o)) }
		}
	}
	return int64Observable{observable: o}, errors.Join(checkName(about.Name), o.start(runs))
}

// float64Observable returns the instrument with the given properties. If the instrument is new,
// float64Observable registers its callbacks.
func (m *meter) float64Observable(about sdk.Instrument, advised []attribute.Key, callbacks []api.Float64Callback) (float64Observable, error) {
	o := m.observableOf(about, false, advised)
	runs := make([]callbackFunc, len(callbacks))
	for i, f := range callbacks {
		if f != nil {
			runs[i] = func(ctx context.Context, o *observer) error { return f(ctx, (*float64Observer)(o)) }
		}
	}
	return float64Observable{observable: o}, errors.Join(checkName(about.Name), o.start(runs))
}

// observableOf returns the instrument with the given properties. It makes the instrument if it does not
// exist.
func (m *meter) observableOf(about sdk.Instrument, whole bool, advised []attribute.Key) *observable {
	return instrumentOf(m, !whole, about, func() *observable { return newObservable(m, about, whole, advised) })
}
