// Package promhttp serves metrics over HTTP and instruments HTTP servers and clients. It takes the place of
// client_golang's package of the same name. Programs that do not migrate from client_golang can use
// [metric.Handler] and [metric.HandlerFor], which have more options.
//
// The handlers work like the handlers of package metric: they end a scrape at the deadline that Prometheus
// sends, cancel it when the client disconnects, and pass its context to the collectors. The options are
// client_golang's own types, so values of both packages can be mixed. The instrumentation records the status
// that is sent; client_golang's can record an informational or a superfluous one instead.
//
// [InstrumentServer] and [InstrumentClient] bring their own metrics; the program does not have to declare
// any.
package promhttp

import (
	"net/http"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/internal/middleware"
	"github.com/luxfi/metric/internal/redact"
	"github.com/luxfi/metric/internal/web"
)

type (
	// HandlerOpts are the options of a handler. They have the same meaning as in client_golang, except for
	// Timeout and ErrorLog: see [HandlerFor].
	HandlerOpts = promhttp.HandlerOpts
	// HandlerErrorHandling selects what a handler does when part of a scrape is missing. As in
	// client_golang, and unlike in package metric, its zero value is HTTPErrorOnError.
	HandlerErrorHandling = promhttp.HandlerErrorHandling
	// Logger receives the errors of a handler. A [*log.Logger] is one. It must be safe for concurrent use.
	Logger = promhttp.Logger
	// Compression is a content encoding of a response.
	Compression = promhttp.Compression
)

// The values of [HandlerErrorHandling].
const (
	HTTPErrorOnError = promhttp.HTTPErrorOnError // respond with an error and no metrics
	ContinueOnError  = promhttp.ContinueOnError  // serve the metrics that could be gathered
	PanicOnError     = promhttp.PanicOnError
)

// The content encodings that a handler can offer.
const (
	Identity = promhttp.Identity // no compression
	Gzip     = promhttp.Gzip
	Zstd     = promhttp.Zstd
)

// handlerLogLimits are shared by all handlers that [Handler] returns.
var handlerLogLimits metric.LogLimits

// Handler returns a handler for [metric.DefaultGatherers]: the default registry together with
// client_golang's. It serves whatever can be gathered (ContinueOnError), offers the same formats as
// client_golang's Handler, counts its requests in [metric.DefaultRegisterer], and logs errors with the
// default logger of log/slog, each kind of failure of a collector at most once a minute.
func Handler() http.Handler {
	opts := translate(HandlerOpts{ErrorHandling: ContinueOnError})
	opts.ErrorLog = metric.LogErrors(nil, &handlerLogLimits)
	return middleware.InstrumentOwnHandler(metric.DefaultRegisterer, metric.HandlerForContext(metric.DefaultGatherers(), opts))
}

// HandlerFor returns a handler that serves the metrics that reg gathers. If reg accepts a context, it
// receives the context of the scrape. The request parameter name[], which may be repeated, selects families
// by name. HandlerFor ignores other parameters, such as collect[], and leaves them to the program. It panics
// if opts.Registry does not accept the error counter.
//
// If reg is [metric.DefaultGatherer] and that is a registry, the handler also serves client_golang's
// default gatherer, as [Handler] does, because libraries that the program uses may have registered their
// metrics there.
//
// A scrape ends after opts.Timeout, or earlier if Prometheus sends a shorter timeout in a header. From that
// timeout, the handler subtracts the smaller of 100 ms and a twentieth of it. A scrape also ends before the
// server's WriteTimeout. If opts.ErrorHandling is ContinueOnError, the handler serves the metrics gathered by
// then. Otherwise it responds with 503 Service Unavailable if opts.Timeout has passed, and with 500 if the
// timeout of the header has.
//
// A deadline of the request's context does not end a scrape; only a client that disconnects does. Collectors
// receive the values of that context. The handler disconnects a client that stops reading: see the fields
// Patient and SendTimeout of [metric.HandlerOpts].
//
// As in client_golang, opts.Timeout has no default. Without it, and without a deadline from the request or
// the server, a scrape takes as long as its collectors do.
//
// The errors passed to opts.ErrorLog and written to a response's body are those that a registry of
// client_golang reports: a [metric.MultiError] for several errors. Credentials in the body are replaced by
// xxxxx; see the field ErrorText of [metric.HandlerOpts].
func HandlerFor(reg metric.Gatherer, opts HandlerOpts) http.Handler {
	if r, ok := reg.(*metric.Registry); ok && isDefault(r) {
		reg = metric.DefaultGatherers()
	}
	return HandlerForTransactional(metric.ToTransactionalGatherer(reg), opts)
}

func isDefault(r *metric.Registry) bool {
	d, ok := metric.DefaultGatherer.(*metric.Registry)
	return ok && d == r
}

// HandlerForTransactional is like [HandlerFor] for a gatherer that must be notified when its result is no
// longer used.
func HandlerForTransactional(reg metric.TransactionalGatherer, opts HandlerOpts) http.Handler {
	h := metric.HandlerForTransactional(reg, translate(opts))
	if opts.Timeout > 0 && opts.ErrorHandling != ContinueOnError {
		return &timeoutHandler{h, opts.Timeout}
	}
	return h
}

// InstrumentMetricHandler is the same as [metric.InstrumentMetricHandler].
func InstrumentMetricHandler(reg metric.Registerer, handler http.Handler) http.Handler {
	return metric.InstrumentMetricHandler(reg, handler)
}

// translate returns opts as the options of package metric.
func translate(opts HandlerOpts) metric.HandlerOpts {
	translated := metric.HandlerOpts{
		ErrorHandling:                       errorHandling(opts.ErrorHandling),
		ErrorText:                           func(err error) string { return redact.Text(clientGolangError(err).Error()) },
		DisableCollectorSelection:           true, // Exporters that come from client_golang select collectors themselves.
		Patient:                             true, // They set deadlines of their own on the request's context.
		Registry:                            opts.Registry,
		DisableCompression:                  opts.DisableCompression,
		MaxRequestsInFlight:                 opts.MaxRequestsInFlight,
		CoalesceGather:                      opts.CoalesceGather,
		Timeout:                             opts.Timeout,
		EnableOpenMetrics:                   opts.EnableOpenMetrics,
		EnableOpenMetricsTextCreatedSamples: opts.EnableOpenMetricsTextCreatedSamples,
		ProcessStartTime:                    opts.ProcessStartTime,
		AcceptedFormats:                     opts.AcceptedFormats,
	}
	for _, c := range opts.OfferedCompressions {
		translated.OfferedCompressions = append(translated.OfferedCompressions, metric.Compression(c))
	}
	if opts.ErrorLog != nil {
		translated.ErrorLog = func(err error) { printError(opts.ErrorLog, err) }
	}
	return translated
}

// errorHandling returns the value of package metric for h. The values of the two packages differ.
func errorHandling(h HandlerErrorHandling) metric.HandlerErrorHandling {
	switch h {
	case HTTPErrorOnError:
		return metric.HTTPErrorOnError
	case PanicOnError:
		return metric.PanicOnError
	default:
		return metric.ContinueOnError
	}
}

// clientGolangError returns err as a registry of client_golang would have returned it: without the names of
// collectors, and as a MultiError only if there are several errors.
func clientGolangError(err error) error {
	if failed, ok := err.(*metric.GatherError); ok { //nolint:errorlint // errors.As would drop what a gatherer has wrapped around it.
		return failed.WithoutNames()
	}
	return err
}

// printError logs an error the way client_golang does: first the operation that failed, then the error.
func printError(log Logger, err error) {
	failed, ok := err.(*web.ServeError) //nolint:errorlint // The wrapping errors are part of the text.
	if !ok {
		log.Println(err)
		return
	}
	log.Println(failed.Doing+":", clientGolangError(failed.Err))
}
