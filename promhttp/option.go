package promhttp

import (
	"context"
	"net/http"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/luxfi/metric"
)

type (
	// Option is an option of the instrumentation of a handler or a RoundTripper. The options of
	// client_golang and of this package are interchangeable.
	Option = promhttp.Option
	// LabelValueFromRequest returns the value of a label for a request. It must be safe for concurrent use.
	// Invalid UTF-8 in a value is replaced by U+FFFD.
	LabelValueFromRequest = promhttp.LabelValueFromRequest
	// LabelValueFromCtx returns the value of a label for the context of a request. It must be safe for
	// concurrent use. Invalid UTF-8 in a value is replaced by U+FFFD.
	LabelValueFromCtx = promhttp.LabelValueFromCtx
)

// option is an option that this package can apply without client_golang's code.
type option struct {
	promhttp.Option

	set func(*options)
}

// WithExtraMethods adds HTTP methods to those that the label method distinguishes. All other methods have
// the value "unknown". If the option is given more than once, the last one applies.
func WithExtraMethods(methods ...string) Option {
	return option{promhttp.WithExtraMethods(methods...), func(o *options) { o.extraMethods = methods }}
}

// WithExemplarFromRequest sets the function that returns the labels of the exemplar of each observation. If
// the function returns nil, or labels that are not valid for an exemplar, for example because they have
// more than 128 characters, the observation has no exemplar. The function must be safe for concurrent use.
func WithExemplarFromRequest(exemplar func(r *http.Request) metric.Labels) Option {
	return option{promhttp.WithExemplarFromRequest(exemplar), func(o *options) { o.exemplar = exemplar }}
}

// WithExemplarFromContext is like [WithExemplarFromRequest], but calls the function with the context of the
// request.
func WithExemplarFromContext(exemplar func(ctx context.Context) metric.Labels) Option {
	return option{promhttp.WithExemplarFromContext(exemplar), func(o *options) {
		o.exemplar = func(r *http.Request) metric.Labels { return exemplar(r.Context()) }
	}}
}

// WithLabelFromRequest sets a label, in addition to code and method, from each request. The vector must
// have a label of that name.
func WithLabelFromRequest(name string, value LabelValueFromRequest) Option {
	return option{promhttp.WithLabelFromRequest(name, value), func(o *options) { o.setLabel(name, value) }}
}

// WithLabelFromCtx sets a label, in addition to code and method, from the context of each request. The
// vector must have a label of that name.
func WithLabelFromCtx(name string, value LabelValueFromCtx) Option {
	return option{promhttp.WithLabelFromCtx(name, value), func(o *options) {
		o.setLabel(name, func(r *http.Request) string { return value(r.Context()) })
	}}
}
