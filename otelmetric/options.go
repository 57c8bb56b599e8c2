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

// Option configures a [MeterProvider]. If an option is given several times, the last one counts.
// [WithView], [WithInstrumentLimit] and [WithCollectorOptions] are exceptions: all of them apply. A nil
// Option does nothing.
type Option interface{ apply(c *config) }

type optionFunc func(*config)

func (f optionFunc) apply(c *config) { f(c) }

// config holds the values of the options.
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

// rule is a setting for the instruments that match its criteria.
type rule[T any] struct {
	matches sdk.View
	then    T
}

// find returns the setting of the last rule that matches the instrument.
func find[T any](rules []rule[T], i sdk.Instrument) (then T, found bool) {
	for _, r := range rules {
		if _, ok := r.matches(i); ok {
			then, found = r.then, true
		}
	}
	return then, found
}

// defaultLimit is the specification's default for the number of series of an instrument.
const defaultLimit = 2000

func newConfig(options []Option) *config {
	c := &config{
		resource:    resource.Default(),
		strategy:    otlptranslator.UnderscoreEscapingWithSuffixes,
		aggregation: sdk.DefaultAggregationSelector,
		limit:       defaultLimit,
		sampled:     sampledSpan,
		handle:      otel.Handle,
	}
	errs := c.fromEnvironment()
	for _, o := range options {
		if o != nil {
			o.apply(c)
		}
	}
	if c.sampled == nil {
		c.sampled = sampledSpan
	}
	if c.handle == nil {
		c.handle = otel.Handle
	}
	for _, err := range errs {
		c.handle(err)
	}
	return c
}

// WithResource sets the resource that the metrics describe, like [sdk.WithResource]. Its attributes take
// precedence over attributes in the environment variables OTEL_RESOURCE_ATTRIBUTES and OTEL_SERVICE_NAME.
// The default is [resource.Default].
func WithResource(r *resource.Resource) Option {
	return optionFunc(func(c *config) {
		merged, err := resource.Merge(resource.Environment(), r)
		if err != nil {
			otel.Handle(err)
		}
		c.resource = merged
	})
}

// WithTranslationStrategy sets how names are translated, like the exporter's option. The default is
// [otlptranslator.UnderscoreEscapingWithSuffixes]: names are escaped with underscores and end in their unit
// and type. The provider reports an unknown strategy and uses the default instead.
func WithTranslationStrategy(strategy otlptranslator.TranslationStrategyOption) Option {
	return optionFunc(func(c *config) { c.strategy = strategy })
}

// WithNamespace makes all metric names except target_info begin with a namespace and an underscore, like
// the exporter's option. The namespace is translated like names. The provider reports and ignores a
// namespace that consists only of underscores.
func WithNamespace(namespace string) Option {
	return optionFunc(func(c *config) { c.namespace = namespace })
}

// WithoutScopeInfo leaves out the labels that identify the meter of a series, such as otel_scope_name and
// otel_scope_version, like the exporter's option. Instruments with the same name in several meters then
// share their series.
func WithoutScopeInfo() Option { return optionFunc(func(c *config) { c.noScope = true }) }

// WithoutTargetInfo leaves out target_info, the metric with the attributes of the resource, like the
// exporter's option.
func WithoutTargetInfo() Option { return optionFunc(func(c *config) { c.noTarget = true }) }

// WithResourceAsConstantLabels adds the attributes of the resource for which filter returns true to all
// series except target_info, like the exporter's option. By default, no attributes are added. Labels of the
// scope take precedence. If an attribute of a measurement becomes the same label, the values are joined.
func WithResourceAsConstantLabels(filter attribute.Filter) Option {
	return optionFunc(func(c *config) { c.constant = filter })
}

// WithView adds views, like [sdk.WithView]. [sdk.NewView] makes a view. A view selects instruments by name
// pattern, kind, unit and meter. It gives them another name, fewer attributes, other buckets or an
// exponential histogram, or drops them. An instrument that several views match is exposed once for each of
// them. If several of them have the same metric name, the first one counts. If a view panics, the provider
// reports that and ignores the view for the instrument. Views must be safe for concurrent use.
//
// An exponential histogram is exposed as a native histogram. When it exceeds the maximum number of buckets,
// its resolution is halved.
func WithView(views ...sdk.View) Option {
	return optionFunc(func(c *config) { c.views = append(c.views, views...) })
}

// WithAggregationSelector sets the aggregation of instruments for which no view sets one, like the
// exporter's option. The default is [sdk.DefaultAggregationSelector]. If the selector panics or returns an
// invalid aggregation, the provider reports that and uses the default aggregation. The selector must be
// safe for concurrent use.
func WithAggregationSelector(selector sdk.AggregationSelector) Option {
	return optionFunc(func(c *config) { c.aggregation = selector })
}

// WithCardinalityLimit limits the number of series of an instrument, like [sdk.WithCardinalityLimit]. One
// of the series has the label otel_metric_overflow and takes the measurements beyond the limit. For an
// observable instrument, the limit applies to each of its callbacks. The default is the value of the
// environment variable OTEL_GO_X_CARDINALITY_LIMIT, or 2,000 if that is not set. 0 or less means no limit.
func WithCardinalityLimit(limit int) Option {
	return optionFunc(func(c *config) { c.limit = max(limit, 0) })
}

// WithInstrumentLimit is like [WithCardinalityLimit] for the instruments that match criteria. Criteria have
// the same meaning as in [sdk.NewView]. If several of these options match an instrument, the last one
// counts. Empty criteria match no instrument.
func WithInstrumentLimit(criteria sdk.Instrument, limit int) Option {
	return optionFunc(func(c *config) {
		c.limits = append(c.limits, rule[int]{sdk.NewView(criteria, sdk.Stream{}), max(limit, 0)})
	})
}

// WithCollectorOptions sets how the callbacks of the observable instruments that match criteria run, for
// example with [metric.WithTimeout] or [metric.WithCache]. Criteria have the same meaning as in
// [sdk.NewView]. A callback for several instruments runs with the options of all of them. If several
// WithCollectorOptions match an instrument, the last one counts. If an option is invalid, the registration
// of the callback fails.
func WithCollectorOptions(criteria sdk.Instrument, options ...metric.CollectorOption) Option {
	return optionFunc(func(c *config) {
		c.collectors = append(c.collectors, rule[[]metric.CollectorOption]{sdk.NewView(criteria, sdk.Stream{}), options})
	})
}

// WithExemplarFilter sets which measurements may become exemplars, like [sdk.WithExemplarFilter].
// [exemplar.AlwaysOffFilter] turns exemplars off. The default is the filter that the environment variable
// OTEL_METRICS_EXEMPLAR_FILTER names: always_on, always_off or trace_based. If the variable is not set, the
// default is [exemplar.TraceBasedFilter], which accepts measurements with a sampled span in their context.
// The filter must be safe for concurrent use.
//
// Exemplars are part of OpenMetrics and of the protobuf format. They have the labels trace_id and span_id.
// Attributes that a view leaves out become further labels if they fit.
func WithExemplarFilter(filter exemplar.Filter) Option {
	return optionFunc(func(c *config) { c.sampled = filter })
}

// WithErrorHandler sets the function that receives errors that cannot be returned to a caller: about
// instruments and measurements that are left out, invalid options, and a registry that refuses the
// provider. The default is [otel.Handle]. Errors of callbacks are not among them, because they belong to
// the scrape. The function must be safe for concurrent use.
func WithErrorHandler(handle func(error)) Option {
	return optionFunc(func(c *config) { c.handle = handle })
}
