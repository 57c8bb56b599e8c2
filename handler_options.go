package metric

import (
	"context"
	"net/http"
	"time"

	"github.com/prometheus/common/expfmt"

	"github.com/luxfi/metric/internal/scrape"
	"github.com/luxfi/metric/internal/web"
)

// HandlerErrorHandling says what a handler does when something is missing from a scrape. The
// zero value is ContinueOnError. The type of package promhttp has the same names but other
// values, since its zero value is client_golang's, HTTPErrorOnError.
type HandlerErrorHandling int

const (
	// ContinueOnError serves everything that could be gathered, in chunks, and
	// answers 500 Internal Server Error only if that is nothing. It is what makes one bad
	// collector cost only itself. What is missing can be seen with ErrorLog and Registry.
	ContinueOnError HandlerErrorHandling = iota
	// HTTPErrorOnError answers 500 Internal Server Error, with the errors in the
	// body and no metrics. The whole exposition is held in memory before the first
	// byte is sent.
	HTTPErrorOnError
	// PanicOnError panics with the error.
	PanicOnError
)

// HandlerOpts are the options of a handler. The zero value is usable: each option adds to
// what a handler does without it. It has no default for Timeout, though.
type HandlerOpts struct {
	// ErrorLog is called with everything that goes wrong. By default, what goes wrong is
	// logged with LogErrors(nil) if ErrorHandling is ContinueOnError, because no answer
	// would show it, unless the handler serves a registry that logs it itself (WithLogger).
	// A function that does nothing turns that off. HandlerForTransactional and ScrapeContext
	// have no such default.
	//
	// ErrorLog must be safe for concurrent use. errors.As finds a *GatherError in what a
	// registry reports. Errors are passed on as they are, with any credentials in them. A
	// header that is not valid is logged once a minute at most, even if each request has a
	// handler of its own, and a client that goes away is no error. A scrape waits for
	// ErrorLog, ErrorText and ContextFunc until its deadline and 100 ms more at most. One
	// that blocks for longer is left behind and, after a second, not called again until it
	// has returned.
	ErrorLog func(error)
	// ErrorHandling says what to answer if something is missing from a scrape.
	ErrorHandling HandlerErrorHandling
	// ErrorText, if not nil, returns what the body of an answer says about an error. By
	// default it says everything, with the names of the collectors, but not credentials:
	// passwords, tokens and keys in forms such as password=…, api_key: …, "secret": "…",
	// scheme://user:…@host and Authorization: … are replaced by xxxxx. A function that
	// returns err.Error() shows them, too. ErrorText must be safe for concurrent use.
	ErrorText func(error) string
	// Registry, if not nil, gets a counter promhttp_metric_handler_errors_total
	// with the label cause: "gathering" or "encoding". Making the handler panics if
	// it cannot be registered; one that is there is shared.
	Registry Registerer

	// ContextFunc, if not nil, returns the context that collectors get, which may
	// carry values of the request. The scrape ends, too, when the request's own
	// context does; see Patient. A context that cannot be used, such as a nil pointer, is
	// logged and replaced by the request's; a panic is answered with an error.
	ContextFunc func(*http.Request) context.Context
	// Timeout, if positive, is how long a scrape may take. What has been gathered by
	// then is the result. A scrape ends earlier if one of the following says so: the
	// header X-Prometheus-Scrape-Timeout-Seconds less TimeoutOffset; a deadline of the
	// request's context (http.TimeoutHandler sets one) less 100 ms or a tenth of the time
	// left, whichever is less; http.Server.WriteTimeout, less as much as by default is
	// taken off the header, and counted from when the handler begins. If nothing says so and
	// Timeout is not positive, a scrape takes as long as its collectors do, or until the
	// client goes away: a client such as curl or a browser sends no header.
	Timeout time.Duration
	// TimeoutOffset is how much earlier than the header says a scrape ends, so that
	// the result still arrives in time. By default, it is the smaller of 500 ms and
	// a tenth of the header. If it is negative, it is none; if it is as large as
	// the header, half of the header is left.
	TimeoutOffset time.Duration
	// Patient has a scrape wait for its collectors as long as the client does, as
	// client_golang's handlers do: a deadline of the context of the request, or of
	// ContextFunc, does not end it, and the default of TimeoutOffset is only the smaller of
	// 100 ms and a twentieth. The header, Timeout and a client that goes away still end it.
	// Collectors get the values of the context. The handlers of package promhttp are
	// patient.
	Patient bool
	// SendTimeout is how long after the deadline of the scrape the answer may still be
	// sent, 10 s by default. If the scrape has no deadline, it is how long all writes
	// together may wait for the client, 1 minute by default. A client that has not read the
	// answer by then, or blocks a single write for a minute, is cut off; that is
	// logged, and counted with the cause "encoding". If SendTimeout is negative, the
	// handler sets no write deadlines. It extends none that http.Server.WriteTimeout has
	// set, and does nothing for a http.ResponseWriter that has no SetWriteDeadline; see
	// http.ResponseController.
	SendTimeout time.Duration
	// MaxRequestsInFlight, if positive, is how many requests are served at once.
	// Others are answered with 503 Service Unavailable and a Retry-After.
	MaxRequestsInFlight int
	// CoalesceGather lets requests that overlap share the runs of all collectors. One
	// that can take a context gets the values and the deadline of that of the first
	// request. Without it, they share the runs of those that cannot take a context, and
	// each runs the others itself. Either way, each request waits under its own deadline.
	CoalesceGather bool

	// DisableCollectorSelection ignores the request parameters collect[] and
	// exclude[], which otherwise select collectors by name, and whatever looks like them or
	// like name[]. Exporters that use such parameters themselves need it.
	DisableCollectorSelection bool

	// EnableOpenMetrics offers OpenMetrics besides the text format and protobuf.
	EnableOpenMetrics bool
	// EnableOpenMetricsTextCreatedSamples adds a _created sample to each counter,
	// histogram and summary in OpenMetrics 0.0.1 and 1.0.0. It nearly doubles the number
	// of series. OpenMetrics 2.0 has creation times anyway, behind the values.
	EnableOpenMetricsTextCreatedSamples bool
	// AcceptedFormats, if not empty, are the formats that are offered instead of
	// the default ones, the preferred first. They are the only way to offer
	// OpenMetrics 2.0 (expfmt.FmtOpenMetrics_2_0_0), which is experimental: clients that
	// do not ask for its version by name never get it. The handler ignores all other
	// versions of OpenMetrics but 0.0.1 and 1.0.0.
	AcceptedFormats []expfmt.Format
	// DisableCompression serves everything uncompressed.
	DisableCompression bool
	// OfferedCompressions are the compressions to choose from, the preferred first.
	// By default they are identity, gzip and, in programs that import package promhttp/zstd,
	// zstd. Elsewhere zstd is not offered, whatever is set here.
	OfferedCompressions []Compression
	// ProcessStartTime, if not zero, is sent in the header Process-Start-Time-Unix.
	ProcessStartTime time.Time
}

// withLog returns the options with the default of ErrorLog.
func (o HandlerOpts) withLog(r *scrape.Registry) HandlerOpts {
	if o.ErrorLog == nil && o.ErrorHandling == ContinueOnError && r.Log == nil {
		o.ErrorLog = LogErrors(nil, &defaultLogLimits)
	}
	return o
}

// offer returns what there is to choose from for a client, without AcceptedFormats.
func (o *HandlerOpts) offer() web.Offer {
	offer := web.DefaultOffer(o.EnableOpenMetrics)
	switch {
	case o.DisableCompression:
	case len(o.OfferedCompressions) == 0:
		offer.Codings = web.DefaultCodings()
	default:
		offer.Codings = make([]web.Coding, len(o.OfferedCompressions))
		for i, c := range o.OfferedCompressions {
			offer.Codings[i] = web.Coding(c)
		}
	}
	return offer
}

// limits returns what says when scrapes have to end.
func (o *HandlerOpts) limits() web.Limits {
	return web.Limits{Timeout: o.Timeout, TimeoutOffset: o.TimeoutOffset, Patient: o.Patient}
}

// strictness returns what ErrorHandling means for an answer.
func (o *HandlerOpts) strictness() web.Strictness {
	switch o.ErrorHandling {
	case ContinueOnError:
		return web.Lenient
	case PanicOnError:
		return web.Panicking
	default:
		return web.Strict
	}
}
