package otelmetric

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	api "go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/embedded"
	sdk "go.opentelemetry.io/otel/sdk/metric"
)

// synchronous is the common part of all synchronous instruments.
type synchronous[N number] struct {
	provider *MeterProvider
	first    measure[N]   // nil if a view drops the instrument
	others   []measure[N] // of the instrument's other views
}

// newSynchronous returns an instrument. boundaries and allowed are the bucket boundaries and the attribute
// keys that the instrument advises, or nil.
func newSynchronous[N number](m *meter, i sdk.Instrument, boundaries []float64, allowed ...attribute.Key) *synchronous[N] {
	s := &synchronous[N]{provider: m.provider}
	for _, c := range m.provider.streamsOf(i, boundaries, allowed...) {
		one, err := open[N](m, c)
		if err != nil {
			m.provider.config.handle(err)
			continue
		}
		if s.first == nil {
			s.first = one
		} else {
			s.others = append(s.others, one)
		}
	}
	return s
}

// Enabled reports whether the instrument's measurements have any effect.
func (s *synchronous[N]) Enabled(context.Context) bool {
	return s.first != nil && !s.provider.stopped.Load()
}

// record adds a measurement with the attributes in raw, or in set if raw is nil.
func (s *synchronous[N]) record(ctx context.Context, value N, set attribute.Set, raw []attribute.KeyValue) {
	if s.first == nil || s.provider.stopped.Load() {
		return
	}
	s.first.record(ctx, value, set, raw)
	for _, m := range s.others {
		m.record(ctx, value, set, raw)
	}
}

// rawAttributes is implemented by options that have attributes in their original form, such as
// [go.opentelemetry.io/otel/metric/x.WithUnsafeAttributes].
type rawAttributes interface{ RawAttributes() []attribute.KeyValue }

// rawOf returns the attributes that options have in their original form, or nil.
func rawOf[O any](options []O) (raw []attribute.KeyValue) {
	for _, o := range options {
		if r, ok := any(o).(rawAttributes); ok {
			if raw == nil {
				raw = r.RawAttributes()
			} else {
				raw = append(raw[:len(raw):len(raw)], r.RawAttributes()...)
			}
		}
	}
	return raw
}

// adder is an instrument with a method Add.
type adder[N number] struct{ *synchronous[N] }

// Add adds value.
func (a adder[N]) Add(ctx context.Context, value N, options ...api.AddOption) {
	if len(options) == 0 {
		a.record(ctx, value, *attribute.EmptySet(), nil)
		return
	}
	config := api.NewAddConfig(options)
	set := config.Attributes()
	a.record(ctx, value, set, merge(set, rawOf(options)))
}

// recorder is an instrument with a method Record.
type recorder[N number] struct{ *synchronous[N] }

// Record records value.
func (r recorder[N]) Record(ctx context.Context, value N, options ...api.RecordOption) {
	if len(options) == 0 {
		r.record(ctx, value, *attribute.EmptySet(), nil)
		return
	}
	config := api.NewRecordConfig(options)
	set := config.Attributes()
	r.record(ctx, value, set, merge(set, rawOf(options)))
}

// merge returns the attributes in raw and the attributes of set with other keys, or nil if raw is empty.
func merge(set attribute.Set, raw []attribute.KeyValue) []attribute.KeyValue {
	if raw == nil || set.Len() == 0 {
		return raw
	}
	return append(set.ToSlice(), raw...)
}

type int64Counter struct {
	embedded.Int64Counter
	adder[int64]
}

func (m *meter) Int64Counter(name string, options ...api.Int64CounterOption) (api.Int64Counter, error) {
	c := api.NewInt64CounterConfig(options...)
	i := m.describe(name, c.Description(), c.Unit(), sdk.InstrumentKindCounter)
	return instrumentOf(m, false, i, func() *int64Counter {
		return &int64Counter{adder: adder[int64]{newSynchronous[int64](m, i, nil, allowedKeys(options)...)}}
	}), checkName(name)
}

type float64Counter struct {
	embedded.Float64Counter
	adder[float64]
}

func (m *meter) Float64Counter(name string, options ...api.Float64CounterOption) (api.Float64Counter, error) {
	c := api.NewFloat64CounterConfig(options...)
	i := m.describe(name, c.Description(), c.Unit(), sdk.InstrumentKindCounter)
	return instrumentOf(m, true, i, func() *float64Counter {
		return &float64Counter{adder: adder[float64]{newSynchronous[float64](m, i, nil, allowedKeys(options)...)}}
	}), checkName(name)
}

type int64UpDownCounter struct {
	embedded.Int64UpDownCounter
	adder[int64]
}

func (m *meter) Int64UpDownCounter(name string, options ...api.Int64UpDownCounterOption) (api.Int64UpDownCounter, error) {
	c := api.NewInt64UpDownCounterConfig(options...)
	i := m.describe(name, c.Description(), c.Unit(), sdk.InstrumentKindUpDownCounter)
	return instrumentOf(m, false, i, func() *int64UpDownCounter {
		return &int64UpDownCounter{adder: adder[int64]{newSynchronous[int64](m, i, nil, allowedKeys(options)...)}}
	}), checkName(name)
}

type float64UpDownCounter struct {
	embedded.Float64UpDownCounter
	adder[float64]
}

func (m *meter) Float64UpDownCounter(name string, options ...api.Float64UpDownCounterOption) (api.Float64UpDownCounter, error) {
	c := api.NewFloat64UpDownCounterConfig(options...)
	i := m.describe(name, c.Description(), c.Unit(), sdk.InstrumentKindUpDownCounter)
	return instrumentOf(m, true, i, func() *float64UpDownCounter {
		return &float64UpDownCounter{adder: adder[float64]{newSynchronous[float64](m, i, nil, allowedKeys(options)...)}}
	}), checkName(name)
}

type int64Histogram struct {
	embedded.Int64Histogram
	recorder[int64]
}

func (m *meter) Int64Histogram(name string, options ...api.Int64HistogramOption) (api.Int64Histogram, error) {
	c := api.NewInt64HistogramConfig(options...)
	i := m.describe(name, c.Description(), c.Unit(), sdk.InstrumentKindHistogram)
	return instrumentOf(m, false, i, func() *int64Histogram {
		return &int64Histogram{recorder: recorder[int64]{newSynchronous[int64](m, i, c.ExplicitBucketBoundaries(), allowedKeys(options)...)}}
	}), checkName(name)
}

type float64Histogram struct {
	embedded.Float64Histogram
	recorder[float64]
}

func (m *meter) Float64Histogram(name string, options ...api.Float64HistogramOption) (api.Float64Histogram, error) {
	c := api.NewFloat64HistogramConfig(options...)
	i := m.describe(name, c.Description(), c.Unit(), sdk.InstrumentKindHistogram)
	return instrumentOf(m, true, i, func() *float64Histogram {
		return &float64Histogram{recorder: recorder[float64]{newSynchronous[float64](m, i, c.ExplicitBucketBoundaries(), allowedKeys(options)...)}}
	}), checkName(name)
}

type int64Gauge struct {
	embedded.Int64Gauge
	recorder[int64]
}

func (m *meter) Int64Gauge(name string, options ...api.Int64GaugeOption) (api.Int64Gauge, error) {
	c := api.NewInt64GaugeConfig(options...)
	i := m.describe(name, c.Description(), c.Unit(), sdk.InstrumentKindGauge)
	return instrumentOf(m, false, i, func() *int64Gauge {
		return &int64Gauge{recorder: recorder[int64]{newSynchronous[int64](m, i, nil, allowedKeys(options)...)}}
	}), checkName(name)
}

type float64Gauge struct {
	embedded.Float64Gauge
	recorder[float64]
}

func (m *meter) Float64Gauge(name string, options ...api.Float64GaugeOption) (api.Float64Gauge, error) {
	c := api.NewFloat64GaugeConfig(options...)
	i := m.describe(name, c.Description(), c.Unit(), sdk.InstrumentKindGauge)
	return instrumentOf(m, true, i, func() *float64Gauge {
		return &float64Gauge{recorder: recorder[float64]{newSynchronous[float64](m, i, nil, allowedKeys(options)...)}}
	}), checkName(name)
}
