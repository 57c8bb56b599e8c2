package otelmetric

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/attribute"
	sdk "go.opentelemetry.io/otel/sdk/metric"
	"golang.org/x/time/rate"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/internal/instrument"
	"github.com/luxfi/metric/internal/model"
	"github.com/luxfi/metric/otelmetric/internal/series"
	"github.com/luxfi/metric/otelmetric/internal/translate"
)

// number is the type of OpenTelemetry's measurements.
type number interface{ int64 | float64 }

// measure receives the measurements of an instrument. It is safe for concurrent use.
type measure[N number] interface {
	// record adds a measurement with the attributes in raw, or in set if raw is nil.
	record(ctx context.Context, value N, set attribute.Set, raw []attribute.KeyValue)
}

// streamConfig is an instrument after a view.
type streamConfig struct {
	instrument  sdk.Instrument
	name        string
	description string
	unit        string
	kind        translate.Kind
	histogram   metric.HistogramOpts // buckets of a histogram
	filter      attribute.Filter     // reports whether an attribute becomes a label; nil for all
	limit       int                  // see WithCardinalityLimit
}

// streamID identifies the series that several instruments may share.
type streamID struct {
	scope string // the scope's labels
	name  string
}

// stream receives the measurements of an instrument after a view.
type stream[C any, P instrument.Child[C]] struct {
	p       *MeterProvider
	metric  string
	index   *series.Index[C, P]
	filter  attribute.Filter
	refusal *rate.Limiter // limits the rate of reports
}

// newStream returns a stream whose series are made by vec. It registers the series and shares them with
// other streams that have the same ID. It returns an error if the name cannot be translated or belongs to
// metrics of another type.
func newStream[C any, P instrument.Child[C]](m *meter, c *streamConfig, vec func(metric.Opts, []string) *instrument.Vec[C, P]) (*stream[C, P], error) {
	p := m.provider
	f, err := m.family(c)
	if err != nil {
		return nil, err
	}
	s := &stream[C, P]{p: p, metric: f.Name, filter: c.filter, refusal: rate.NewLimiter(rate.Every(time.Minute), 1)}
	id := streamID{fmt.Sprintf("%q", m.labels), f.Name}
	p.mu.Lock()
	defer p.mu.Unlock()
	if known, ok := p.streams[id]; ok {
		// Two kinds of instruments are exposed as gauges. They have the same type, so claim accepts both.
		if s.index, ok = known.(*series.Index[C, P]); !ok {
			return nil, fmt.Errorf("instrument %q of meter %q: the metric %q already belongs to an instrument of another kind: rename one of them, for example by a view",
				c.name, m.scope.Name, f.Name)
		}
		return s, nil
	}
	s.index = series.New(series.Config[C, P]{
		Names: p.names, Others: m.others(f), Filter: c.filter, Limit: c.limit, Report: p.config.handle,
		Vec: func(names []string) (*instrument.Vec[C, P], error) {
			v := vec(metric.Opts{Name: f.Name, Help: f.Help, Unit: f.Unit}, names)
			return v, m.register(without(m.labels, names), instrument.Unchecked(v))
		},
	})
	p.streams[id] = s.index
	return s, nil
}

// of returns the series of attributes.
func (s *stream[C, P]) of(set *attribute.Set, raw []attribute.KeyValue) P {
	if raw != nil {
		return s.index.OfRaw(raw)
	}
	return s.index.Of(set)
}

// refuse reports a measurement that is left out.
func (s *stream[C, P]) refuse(value float64, allowed string) {
	s.report(fmt.Errorf("the measurement %v is left out: it must be %s", value, allowed))
}

// report reports a mistake in measurements, at a limited rate.
func (s *stream[C, P]) report(err error) {
	if s.refusal.Allow() {
		s.p.config.handle(fmt.Errorf("metric %q: %w", s.metric, err))
	}
}

// exemplar returns the exemplar of a measurement, or nil if the measurement does not become one.
func (s *stream[C, P]) exemplar(ctx context.Context, value float64, set *attribute.Set, raw []attribute.KeyValue) *model.Exemplar {
	if !s.p.config.sampled(ctx) {
		return nil
	}
	return s.p.newExemplar(ctx, value, s.dropped(set, raw))
}

// dropped returns the attributes that a view keeps from becoming labels.
func (s *stream[C, P]) dropped(set *attribute.Set, raw []attribute.KeyValue) (dropped []attribute.KeyValue) {
	if s.filter == nil {
		return nil
	}
	if raw == nil {
		raw = set.ToSlice()
	}
	for _, kv := range raw {
		if !s.filter(kv) {
			dropped = append(dropped, kv)
		}
	}
	return dropped
}

// isFinite reports whether value is neither NaN nor an infinity.
func isFinite(value float64) bool { return math.Abs(value) <= math.MaxFloat64 }

// counterStream adds up values that must not be negative.
type counterStream[N number] struct {
	*stream[instrument.Counter, *instrument.Counter]
}

func (s counterStream[N]) record(ctx context.Context, value N, set attribute.Set, raw []attribute.KeyValue) {
	v := float64(value)
	if !(v >= 0 && v <= math.MaxFloat64) {
		s.refuse(v, "finite and not negative")
		return
	}
	c := s.of(&set, raw)
	c.Add(v)
	if e := s.exemplar(ctx, v, &set, raw); e != nil {
		instrument.KeepInCounter(c, e)
	}
}

func newCounters(opts metric.Opts, names []string) *instrument.Counters {
	return instrument.NewCounters(prometheus.CounterVecOpts{
		CounterOpts: metric.CounterOpts(opts), VariableLabels: prometheus.UnconstrainedLabels(names),
	})
}

// upDownStream adds up values.
type upDownStream[N number] struct {
	*stream[instrument.UpDown, *instrument.UpDown]
}

func (s upDownStream[N]) record(_ context.Context, value N, set attribute.Set, raw []attribute.KeyValue) {
	switch v := any(value).(type) {
	case int64:
		s.of(&set, raw).AddInt(v)
	case float64:
		if !isFinite(v) {
			s.refuse(v, "finite")
			return
		}
		s.of(&set, raw).Add(v)
	}
}

func newUpDowns(opts metric.Opts, names []string) *instrument.UpDowns {
	return instrument.NewUpDowns(gaugeVecOpts(opts, names))
}

func gaugeVecOpts(opts metric.Opts, names []string) prometheus.GaugeVecOpts {
	return prometheus.GaugeVecOpts{GaugeOpts: metric.GaugeOpts(opts), VariableLabels: prometheus.UnconstrainedLabels(names)}
}

// gaugeStream keeps the latest value, which may be NaN or an infinity.
type gaugeStream[N number] struct {
	*stream[instrument.Gauge, *instrument.Gauge]
}

func (s gaugeStream[N]) record(_ context.Context, value N, set attribute.Set, raw []attribute.KeyValue) {
	s.of(&set, raw).Set(float64(value))
}

func newGauges(opts metric.Opts, names []string) *instrument.Gauges {
	return instrument.NewGauges(gaugeVecOpts(opts, names))
}

// histogramStream counts values in buckets.
type histogramStream[N number] struct {
	*stream[instrument.Histogram, *instrument.Histogram]
}

func (s histogramStream[N]) record(ctx context.Context, value N, set attribute.Set, raw []attribute.KeyValue) {
	v := float64(value)
	if !isFinite(v) {
		s.refuse(v, "finite")
		return
	}
	h := s.of(&set, raw)
	h.Observe(v)
	if e := s.exemplar(ctx, v, &set, raw); e != nil {
		instrument.KeepInHistogram(h, e)
	}
}

// newHistograms returns a function that makes vectors of histograms with the given buckets.
func newHistograms(buckets metric.HistogramOpts) func(metric.Opts, []string) *instrument.Histograms {
	return func(opts metric.Opts, names []string) *instrument.Histograms {
		h := buckets
		h.Name, h.Help, h.Unit = opts.Name, opts.Help, opts.Unit
		return instrument.NewHistograms(prometheus.HistogramVecOpts{HistogramOpts: h, VariableLabels: prometheus.UnconstrainedLabels(names)})
	}
}

// open returns the receiver of measurements after a view.
func open[N number](m *meter, c *streamConfig) (measure[N], error) {
	switch c.kind {
	case translate.Counter:
		s, err := newStream(m, c, newCounters)
		return counterStream[N]{s}, err
	case translate.UpDownCounter:
		s, err := newStream(m, c, newUpDowns)
		return upDownStream[N]{s}, err
	case translate.Gauge:
		s, err := newStream(m, c, newGauges)
		return gaugeStream[N]{s}, err
	default:
		s, err := newStream(m, c, newHistograms(c.histogram))
		return histogramStream[N]{s}, err
	}
}
