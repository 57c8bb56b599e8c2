// Package promhttp serves metrics over HTTP, and instruments HTTP servers and clients:
// it takes the place of client_golang's package of that name. Programs that do not
// come from there can use metric.Handler and metric.HandlerFor, which have more
// options.
//
// Its handlers are those of package metric: they end a scrape at the deadline that
// Prometheus sends, cancel it when the client goes away, and hand its context to the
// collectors. Options are client_golang's own types, so that values of both packages can be
// mixed. The instrumentation counts the status that is sent, where client_golang takes an
// informational or a superfluous one for it.
//
// InstrumentServer and InstrumentClient need no metrics of the program: they have their own.
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
	// HandlerOpts are the options of a handler. They mean what they mean in
	// client_golang, but for Timeout and ErrorLog: see HandlerFor.
	HandlerOpts = promhttp.HandlerOpts
	// HandlerErrorHandling says what a handler does when something is missing from a
	// scrape. As in client_golang, and unlike in package metric, its zero value is
	// HTTPErrorOnError.
	HandlerErrorHandling = promhttp.HandlerErrorHandling
	// Logger takes the errors of a handler. A *log.Logger is one. It must be safe
	// for concurrent use.
	Logger = promhttp.Logger
	// Compression is a content encoding of a response.
	Compression = promhttp.Compression
)

// What a handler does when something is missing from a scrape.
const (
	HTTPErrorOnError = promhttp.HTTPErrorOnError // Answer with an error, and no metrics.
	ContinueOnError  = promhttp.ContinueOnError  // Serve what there is.
	PanicOnError     = promhttp.PanicOnError
)

// The compressions that a handler can offer.
const (
	Identity = promhttp.Identity // None.
	Gzip     = promhttp.Gzip
	Zstd     = promhttp.Zstd
)

// handlerLogLimits are those of all handlers that Handler returns.
var handlerLogLimits metric.LogLimits

// Handler returns a handler for metric.DefaultGatherers: the default registry and,
// beside it, client_golang's. It serves whatever can be gathered (ContinueOnError),
// offers the formats that client_golang's Handler offers, counts its requests in
// metric.DefaultRegisterer, and logs what goes wrong with the default logger of log/slog,
// each kind of failure of a collector once a minute at most.
func Handler() http.Handler {
	opts := translate(HandlerOpts{ErrorHandling: ContinueOnError})
	opts.ErrorLog = metric.LogErrors(nil, &handlerLogLimits)
	return middleware.InstrumentOwnHandler(metric.DefaultRegisterer, metric.HandlerForContext(metric.DefaultGatherers(), opts))
}

// HandlerFor returns a handler that serves what reg gathers. If reg takes a context, it
// gets that of the scrape. The request parameter name[], which may be repeated,
// selects families by name; others, like collect[], are left to the program. It panics
// if opts.Registry refuses the error counter.
//
// If reg is metric.DefaultGatherer, and that is a registry, the handler serves
// client_golang's default gatherer beside it, like Handler does. Libraries that the
// program uses may have registered their metrics there.
//
// A scrape ends after opts.Timeout, or earlier if Prometheus says so in a header, less the
// smaller of 100 ms and a twentieth of it; it also ends before the server's WriteTimeout. What
// has been gathered by then is served if opts.ErrorHandling is ContinueOnError;
// otherwise the answer to opts.Timeout is 503 Service Unavailable, and to the header 500.
// A deadline of the request's context does not end a scrape, only a client that goes away
// does; collectors get the values of that context. A client that stops reading is cut off:
// see metric.HandlerOpts, Patient and SendTimeout.
//
// As in client_golang, there is no default for opts.Timeout: without it, a scrape for which
// neither the request nor the server sets a deadline takes as long as its collectors do.
//
// What opts.ErrorLog gets, and what is in the body of an error, is what a registry of
// client_golang reports: a metric.MultiError where several things have gone wrong. Credentials
// in the body are replaced by xxxxx; see metric.HandlerOpts, ErrorText.
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

// HandlerForTransactional is HandlerFor for a gatherer that wants to know when its
// result is no longer used.
func HandlerForTransactional(reg metric.TransactionalGatherer, opts HandlerOpts) http.Handler {
	h := metric.HandlerForTransactional(reg, translate(opts))
	if opts.Timeout > 0 && opts.ErrorHandling != ContinueOnError {
		return &timeoutHandler{h, opts.Timeout}
	}
	return h
}

// InstrumentMetricHandler is metric.InstrumentMetricHandler.
func InstrumentMetricHandler(reg metric.Registerer, handler http.Handler) http.Handler {
	return metric.InstrumentMetricHandler(reg, handler)
}

// translate returns the options as package metric has them.
func translate(opts HandlerOpts) metric.HandlerOpts {
	translated := metric.HandlerOpts{
		ErrorHandling:                       errorHandling(opts.ErrorHandling),
		ErrorText:                           func(err error) string { return redact.Text(inTheirWords(err).Error()) },
		DisableCollectorSelection:           true, // Exporters that come from client_golang do it themselves.
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

// errorHandling returns the error handling of package metric, whose values differ.
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

// inTheirWords returns the error as a registry of client_golang would have returned it:
// without the names of collectors, and a MultiError only if it is several.
func inTheirWords(err error) error {
	if failed, ok := err.(*metric.GatherError); ok { //nolint:errorlint // What a gatherer has put around it stays there.
		return failed.WithoutNames()
	}
	return err
}

// printError logs an error the way that client_golang does: what was being done first,
// then the error.
func printError(log Logger, err error) {
	failed, ok := err.(*web.ServeError) //nolint:errorlint // What is around it is part of the text.
	if !ok {
		log.Println(err)
		return
	}
	log.Println(failed.Doing+":", inTheirWords(failed.Err))
}
