package promhttp

import (
	"context"
	"net/http"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/luxfi/metric"
)

type (
	// Option is an option of the instrumentation of a handler or a RoundTripper.
	Option = promhttp.Option
	// LabelValueFromRequest returns the value of a label for a request. It must be
	// safe for concurrent use.
	LabelValueFromRequest = promhttp.LabelValueFromRequest
	// LabelValueFromCtx returns the value of a label for the context of a request.
	// It must be safe for concurrent use.
	LabelValueFromCtx = promhttp.LabelValueFromCtx
)

// WithExtraMethods adds HTTP methods to those that the label method tells apart.
// Others are "unknown".
func WithExtraMethods(methods ...string) Option { return promhttp.WithExtraMethods(methods...) }

// WithExemplarFromRequest lets exemplar make the exemplar of each observation. No
// labels are no exemplar. exemplar must be safe for concurrent use.
func WithExemplarFromRequest(exemplar func(r *http.Request) metric.Labels) Option {
	return promhttp.WithExemplarFromRequest(exemplar)
}

// WithExemplarFromContext lets exemplar make the exemplar of each observation, out of
// the context of the request. No labels are no exemplar. exemplar must be safe for
// concurrent use.
func WithExemplarFromContext(exemplar func(ctx context.Context) metric.Labels) Option {
	return promhttp.WithExemplarFromContext(exemplar)
}

// WithLabelFromRequest sets a label, besides code and method, from each request. The
// vector must have a label of that name.
func WithLabelFromRequest(name string, value LabelValueFromRequest) Option {
	return promhttp.WithLabelFromRequest(name, value)
}

// WithLabelFromCtx sets a label, besides code and method, from the context of each
// request. The vector must have a label of that name.
func WithLabelFromCtx(name string, value LabelValueFromCtx) Option {
	return promhttp.WithLabelFromCtx(name, value)
}
