package otelmetric

import (
	"fmt"

	"go.opentelemetry.io/otel/attribute"
	sdk "go.opentelemetry.io/otel/sdk/metric"

	"github.com/luxfi/metric/internal/engine"
	"github.com/luxfi/metric/otelmetric/internal/translate"
)

// streamsOf returns the streams of an instrument: one for each view that matches it, or a single one if no
// view does. Streams that are dropped are left out. An instrument can advise bucket boundaries and the keys
// of the attributes that become labels. They are nil if it does not. The advice applies unless a view sets
// something else.
//
// Views and aggregation selectors are code of the program, so the caller must not hold a lock. If a view
// panics, streamsOf reports the panic and ignores the view.
func (p *MeterProvider) streamsOf(i sdk.Instrument, boundaries []float64, allowed ...attribute.Key) []*streamConfig {
	s := &streamsBuilder{provider: p, instrument: i, boundaries: p.checkAdvice(i, boundaries), limit: p.config.limit}
	if allowed != nil {
		s.filter = attribute.NewAllowKeysFilter(allowed...)
	}
	if limit, ok := find(p.config.limits, i); ok {
		s.limit = limit
	}
	s.fallback = s.selected()
	matched := false
	for _, view := range p.config.views {
		if stream, ok := s.apply(view); ok {
			matched = true
			s.add(stream)
		}
	}
	if !matched {
		s.add(sdk.Stream{Name: i.Name, Description: i.Description, Unit: i.Unit})
	}
	return s.streams
}

// checkAdvice returns the boundaries that an instrument advises. If they are invalid, it reports them and
// returns nil.
func (p *MeterProvider) checkAdvice(i sdk.Instrument, boundaries []float64) []float64 {
	if err := checkBoundaries(boundaries); err != nil {
		p.config.handle(fmt.Errorf("%s gets the default buckets instead of those it asks for: %w", nameOf(i), err))
		return nil
	}
	return boundaries
}

// nameOf returns the name of an instrument and its meter, for reports.
func nameOf(i sdk.Instrument) string {
	return fmt.Sprintf("instrument %q of meter %q", i.Name, i.Scope.Name)
}

// streamsBuilder makes the streams of an instrument.
type streamsBuilder struct {
	provider   *MeterProvider
	instrument sdk.Instrument
	boundaries []float64        // advised by the instrument, or nil
	filter     attribute.Filter // for the keys that the instrument advises, or nil
	limit      int
	fallback   sdk.Aggregation // for views that set no aggregation

	streams []*streamConfig
}

// report reports a problem with the instrument.
func (s *streamsBuilder) report(format string, args ...any) {
	s.provider.config.handle(fmt.Errorf("%s "+format, append([]any{nameOf(s.instrument)}, args...)...))
}

// apply returns the stream that a view makes of the instrument. It reports false if the view does not match
// or panics.
func (s *streamsBuilder) apply(view sdk.View) (stream sdk.Stream, matches bool) {
	if view == nil {
		return sdk.Stream{}, false
	}
	err := engine.Try(func() error {
		stream, matches = view(s.instrument)
		return nil
	})
	if err != nil {
		s.report("is not changed by a view that failed: %w", err)
		return sdk.Stream{}, false
	}
	if stream.Name == "" {
		stream.Name = s.instrument.Name
	}
	return stream, matches
}

// selected returns the aggregation selector's aggregation for the instrument.
func (s *streamsBuilder) selected() (a sdk.Aggregation) {
	err := engine.Try(func() error {
		if selector := s.provider.config.aggregation; selector != nil {
			a = selector(s.instrument.Kind)
		}
		return nil
	})
	if err == nil {
		err = checkAggregation(a)
	}
	if err != nil {
		s.report("gets its default aggregation instead of that of the aggregation selector: %w", err)
		return s.standard()
	}
	switch explicit := a.(type) {
	case nil, sdk.AggregationDefault:
		return s.standard()
	case sdk.AggregationExplicitBucketHistogram:
		return s.advised(explicit)
	default:
		return a
	}
}

// standard returns the specification's default aggregation for the instrument.
func (s *streamsBuilder) standard() sdk.Aggregation {
	a := sdk.DefaultAggregationSelector(s.instrument.Kind)
	if explicit, ok := a.(sdk.AggregationExplicitBucketHistogram); ok {
		return s.advised(explicit)
	}
	return a
}

// advised returns a with the boundaries that the instrument advises, if any.
func (s *streamsBuilder) advised(a sdk.AggregationExplicitBucketHistogram) sdk.Aggregation {
	if s.boundaries != nil {
		a.Boundaries = s.boundaries
	}
	return a
}

// add adds a stream unless the stream is dropped, or is exposed under the same name as another stream of
// the instrument: two streams that share their series would count each measurement twice.
func (s *streamsBuilder) add(stream sdk.Stream) {
	c := &streamConfig{
		instrument:  s.instrument,
		name:        stream.Name,
		description: stream.Description,
		unit:        stream.Unit,
		filter:      stream.AttributeFilter,
		limit:       s.limit,
	}
	if c.filter == nil {
		c.filter = s.filter
	}
	if !s.aggregate(c, stream.Aggregation) {
		return
	}
	for _, other := range s.streams {
		if name := s.exposed(c); name != "" && name == s.exposed(other) {
			s.report("has the metric %q by several views: the first one counts, unless the others give it another name", name)
			return
		}
	}
	s.streams = append(s.streams, c)
}

// exposed returns the metric name of a stream. It returns "" if the name cannot be translated. That error
// is reported later.
func (s *streamsBuilder) exposed(c *streamConfig) string {
	named, err := s.provider.names.Metric(c.name, c.unit, c.kind)
	if err != nil {
		return ""
	}
	return named.Name
}

// aggregate applies the aggregation of a view to a stream. It reports false if the stream is dropped.
func (s *streamsBuilder) aggregate(c *streamConfig, a sdk.Aggregation) bool {
	if err := checkAggregation(a); err != nil {
		s.report("does not get the aggregation of a view: %w", err)
		a = nil
	}
	switch a.(type) {
	case nil:
		a = s.fallback
	case sdk.AggregationDefault:
		a = s.standard()
	}
	kind, ok := kindOf(s.instrument.Kind, a)
	switch _, dropped := a.(sdk.AggregationDrop); {
	case dropped:
		return false
	case !ok:
		s.report("is dropped: instruments of the kind %s cannot have %s", s.instrument.Kind, aggregationName(a))
		return false
	}
	c.kind = kind
	if kind == translate.Histogram {
		c.histogram = bucketsOf(a)
	}
	return true
}

// allowedKeys returns the attribute keys of options such as
// [go.opentelemetry.io/otel/metric/x.WithDefaultAttributes], or nil without such an option. If such an
// option has no keys, the result is empty but not nil.
func allowedKeys[O any](options []O) (keys []attribute.Key) {
	for _, o := range options {
		if advice, ok := any(o).(interface{ AllowedKeys() []attribute.Key }); ok {
			if keys == nil {
				keys = []attribute.Key{}
			}
			keys = append(keys, advice.AllowedKeys()...)
		}
	}
	return keys
}
