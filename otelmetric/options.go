package otelmetric

import (
	"context"

	"github.com/prometheus/otlptranslator"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	sdk "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/exemplar"
	"go.opentelemetry.io/otel/sdk/resource"

	"github.com/luxfi/metric"
)

// Option configures a [MeterProvider].
type Option interface{ apply(c *config) }

type optionFunc func(*config)

func (f optionFunc) apply(c *config) { f(c) }

// config is what the options say.
type config struct {
	resource    *resource.Resource
	strategy    otlptranslator.TranslationStrategyOption
	namespace   string
	noScope     bool
	noTarget    bool
	constant    attribute.Filter // nil if no attribute of the resource becomes a constant label
	views       []sdk.View
	aggregation sdk.AggregationSelector
	limit       int
	limits      []rule[int]
	collectors  []rule[[]metric.CollectorOption]
	sampled     func(context.Context) bool
	handle      func(error)
}

// rule is something for the instruments that match.
type rule[T any] struct {
	matches sdk.View
	then    T
}

// find returns what the last rule that matches says.
func find[T any](rules []rule[T], i sdk.Instrument) (then T, found bool) {
	for _, r := range rules {
		if _, ok := r.matches(i); ok {
			then, found = r.then, true
		}
	}
	return then, found
}

// defaultLimit is the number of series that the specification gives an instrument.
const defaultLimit = 2000

func newConfig(options []Option) *config {
	c := &config{
		resource:    resource.Default(),
		strategy:    otlptranslator.UnderscoreEscapingWithSuffixes,
		aggregation: sdk.DefaultAggregationSelector,
		limit:       defaultLimit,
		sampled:     exemplar.TraceBasedFilter,
		handle:      otel.Handle,
	}
	errs := c.fromEnvironment()
	for _, o := range options {
		if o != nil {
			o.apply(c)
		}
	}
	if c.sampled == nil {
		c.sampled = exemplar.TraceBasedFilter
	}
	if c.handle == nil {
		c.handle = otel.Handle
	}
	for _, err := range errs {
		c.handle(err)
	}
	return c
}

// WithResource sets the resource that the metrics are about, merged over what the environment variables
// OTEL_RESOURCE_ATTRIBUTES and OTEL_SERVICE_NAME say. Without it, the resource is [resource.Default].
func WithResource(r *resource.Resource) Option {
	return optionFunc(func(c *config) {
		merged, err := resource.Merge(resource.Environment(), r)
		if err != nil {
			otel.Handle(err)
		}
		c.resource = merged
	})
}

// WithTranslationStrategy sets how names are translated. Without it, names are escaped with underscores and
// end in their unit and type.
func WithTranslationStrategy(strategy otlptranslator.TranslationStrategyOption) Option {
	return optionFunc(func(c *config) { c.strategy = strategy })
}

// WithNamespace makes all metric names but target_info begin with a namespace and an underscore.
func WithNamespace(namespace string) Option {
	return optionFunc(func(c *config) { c.namespace = namespace })
}

// WithoutScopeInfo leaves out the labels that say which meter a series is of. Instruments of the same name in
// several meters then share their series.
func WithoutScopeInfo() Option { return optionFunc(func(c *config) { c.noScope = true }) }

// WithoutTargetInfo leaves out target_info, the metric with the attributes of the resource.
func WithoutTargetInfo() Option { return optionFunc(func(c *config) { c.noTarget = true }) }

// WithResourceAsConstantLabels adds the attributes of the resource for which filter returns true to all
// series.
func WithResourceAsConstantLabels(filter attribute.Filter) Option {
	return optionFunc(func(c *config) { c.constant = filter })
}

// WithView adds views, which are those of OpenTelemetry's SDK: [sdk.NewView] makes one. Views say which
// instruments they are for, by name pattern, kind, unit and meter, and what becomes of them: another name,
// fewer attributes, other buckets, an exponential histogram, or nothing. An instrument for which several
// views are has a stream for each; of those with the same metric name, the first one counts. A view that
// panics is reported and does not change the instrument.
//
// An exponential histogram is exposed as a native one. When it has more buckets than allowed, its resolution
// is halved.
func WithView(views ...sdk.View) Option {
	return optionFunc(func(c *config) { c.views = append(c.views, views...) })
}

// WithAggregationSelector sets the aggregation of instruments for which no view sets one. Without it, it
// is [sdk.DefaultAggregationSelector].
func WithAggregationSelector(selector sdk.AggregationSelector) Option {
	return optionFunc(func(c *config) { c.aggregation = selector })
}

// WithCardinalityLimit sets how many series an instrument can have, with the one that has the label
// otel_metric_overflow: it counts what is measured when there is no room for another series. Without it, an
// instrument can have what the environment variable OTEL_GO_X_CARDINALITY_LIMIT says, or 2,000. A limit of 0
// or less is none.
func WithCardinalityLimit(limit int) Option {
	return optionFunc(func(c *config) { c.limit = max(limit, 0) })
}

// WithInstrumentLimit is [WithCardinalityLimit] for the instruments that match criteria, like those of a
// view. Of several that match, the last one counts.
func WithInstrumentLimit(criteria sdk.Instrument, limit int) Option {
	return optionFunc(func(c *config) {
		c.limits = append(c.limits, rule[int]{sdk.NewView(criteria, sdk.Stream{}), max(limit, 0)})
	})
}

// WithCollectorOptions sets how the callbacks of the observable instruments that match criteria are run, such
// as with [metric.WithTimeout] or [metric.WithCache]. A callback for several instruments is run with the
// options of all of them. Of several that match, the last one counts.
func WithCollectorOptions(criteria sdk.Instrument, options ...metric.CollectorOption) Option {
	return optionFunc(func(c *config) {
		c.collectors = append(c.collectors, rule[[]metric.CollectorOption]{sdk.NewView(criteria, sdk.Stream{}), options})
	})
}

// WithExemplarFilter sets which measurements may become exemplars, such as [exemplar.AlwaysOffFilter].
// Without it, the environment variable OTEL_METRICS_EXEMPLAR_FILTER decides, which can be always_on,
// always_off or trace_based, and otherwise they are those with a sampled span in their context. The filter
// must be safe for concurrent use.
//
// Exemplars are part of OpenMetrics and of the protobuf format. They have the labels trace_id and span_id,
// and the attributes that a view leaves out, as far as there is room for them.
func WithExemplarFilter(filter exemplar.Filter) Option {
	return optionFunc(func(c *config) { c.sampled = filter })
}

// WithErrorHandler sets what is told of measurements and instruments that are left out. Without it, it is
// [otel.Handle]. It must be safe for concurrent use.
func WithErrorHandler(handle func(error)) Option {
	return optionFunc(func(c *config) { c.handle = handle })
}
