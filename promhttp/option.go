package promhttp

import (
	"context"
	"net/http"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/luxfi/metric"
)

type (
	// Option is an option of the instrumentation of a handler or a RoundTripper. Those
	// of client_golang can be used here, and those of this package there.
	Option = promhttp.Option
	// LabelValueFromRequest returns the value of a label for a request. It must be
	// safe for concurrent use. What is not valid UTF-8 in a value is replaced by U+FFFD.
	LabelValueFromRequest = promhttp.LabelValueFromRequest
	// LabelValueFromCtx returns the value of a label for the context of a request.
	// It must be safe for concurrent use. What is not valid UTF-8 in a value is replaced
	// by U+FFFD.
	LabelValueFromCtx = promhttp.LabelValueFromCtx
)

// option is an option of client_golang that this package can apply without it.
type option struct {
	promhttp.Option

	set func(*options)
}

// WithExtraMethods adds HTTP methods to those that the label method distinguishes. Others
// are "unknown". If the option is given more than once, the last one holds.
func WithExtraMethods(methods ...string) Option {
	return option{promhttp.WithExtraMethods(methods...), func(o *options) { o.extraMethods = methods }}
}

// WithExemplarFromRequest sets the function that returns the exemplar of each observation.
// Nil labels are no exemplar, and neither are those that exemplars cannot have, such as more
// than 128 characters: the observation is counted without. The function must be safe for
// concurrent use.
func WithExemplarFromRequest(exemplar func(r *http.Request) metric.Labels) Option {
	return option{promhttp.WithExemplarFromRequest(exemplar), func(o *options) { o.exemplar = exemplar }}
}

// WithExemplarFromContext is WithExemplarFromRequest with the context of the request.
func WithExemplarFromContext(exemplar func(ctx context.Context) metric.Labels) Option {
	return option{promhttp.WithExemplarFromContext(exemplar), func(o *options) {
		o.exemplar = func(r *http.Request) metric.Labels { return exemplar(r.Context()) }
	}}
}

// WithLabelFromRequest sets a label, besides code and method, from each request. The
// vector must have a label of that name.
func WithLabelFromRequest(name string, value LabelValueFromRequest) Option {
	return option{promhttp.WithLabelFromRequest(name, value), func(o *options) { o.setLabel(name, value) }}
}

// WithLabelFromCtx sets a label, besides code and method, from the context of each
// request. The vector must have a label of that name.
func WithLabelFromCtx(name string, value LabelValueFromCtx) Option {
	return option{promhttp.WithLabelFromCtx(name, value), func(o *options) {
		o.setLabel(name, func(r *http.Request) string { return value(r.Context()) })
	}}
}
