package metric

import (
	"context"
	"net/http"
	"time"

	"github.com/prometheus/common/expfmt"

	"github.com/luxfi/metric/internal/scrape"
	"github.com/luxfi/metric/internal/web"
)

// HandlerErrorHandling determines how a handler answers when something is missing from a scrape.
// The zero value is [ContinueOnError]. The type of package promhttp has the same names but other
// values, because its zero value is client_golang's, HTTPErrorOnError.
type HandlerErrorHandling int

const (
	// ContinueOnError serves everything that could be gathered, in chunks. It answers 500 Internal
	// Server Error only if nothing could be gathered. So a bad collector costs only its own
	// metrics. ErrorLog and Registry show what is missing.
	ContinueOnError HandlerErrorHandling = iota
	// HTTPErrorOnError answers 500 Internal Server Error if something is missing, with the errors
	// in the body and no metrics. The handler holds the whole exposition in memory before it sends
	// the first byte.
	HTTPErrorOnError
	// PanicOnError panics with the error.
	PanicOnError
)

// HandlerOpts are the options of a handler. The zero value is usable. Note that Timeout has no
// default.
type HandlerOpts struct {
	// ErrorLog is called with everything that goes wrong. If ErrorHandling is ContinueOnError,
	// answers do not show failures, so the default is LogErrors(nil), unless the handler serves a
	// registry that logs failures itself (WithLogger). To turn this default off, set a function
	// that does nothing. HandlerForTransactional and ScrapeContext have no such default.
	//
	// ErrorLog must be safe for concurrent use. errors.As finds a *GatherError in the errors of a
	// registry. ErrorLog gets errors as they are, including any credentials in them. It gets an
	// error about a header that is not valid at most once a minute, even if each request has a
	// handler of its own. A client that goes away is not an error.
	//
	// A scrape waits for ErrorLog, ErrorText and ContextFunc until its deadline and at most 100 ms
	// more, and then goes on without a function that still blocks. A function that blocks for more
	// than a second is not called again until it has returned.
	ErrorLog func(error)
	// ErrorHandling determines the answer if something is missing from a scrape.
	ErrorHandling HandlerErrorHandling
	// ErrorText, if not nil, returns the text for an error in the body of an answer. The default
	// text is the whole error, including the names of the collectors, without credentials: xxxxx
	// replaces passwords, tokens and keys in forms such as password=…, api_key: …, "secret": "…",
	// scheme://user:…@host and Authorization: …. A function that returns err.Error() shows
	// credentials, too. ErrorText must be safe for concurrent use.
	ErrorText func(error) string
	// Registry, if not nil, gets a counter promhttp_metric_handler_errors_total with the label
	// cause: "gathering" or "encoding". Several handlers share the counter. Making the handler
	// panics if the counter cannot be registered.
	Registry Registerer

	// ContextFunc, if not nil, returns the context that collectors get, which may carry values of
	// the request. The scrape also ends when the request's own context does; see Patient. A context
	// that cannot be used, such as a nil pointer, is logged, and the request's context takes its
	// place. The handler answers a panic with an error.
	ContextFunc func(*http.Request) context.Context
	// Timeout, if positive, is how long a scrape may take. The result is what has been gathered by
	// then.
	//
	// A scrape ends earlier if one of the following sets an earlier deadline:
	//
	//   - the header X-Prometheus-Scrape-Timeout-Seconds, less TimeoutOffset;
	//   - the deadline of the request's context, such as http.TimeoutHandler sets, less 100 ms or a tenth
	//     of the time left if that is less;
	//   - http.Server.WriteTimeout, counted from the start of the handler, less the TimeoutOffset that a
	//     header of that value would have by default.
	//
	// Without Timeout and these deadlines, a scrape lasts until its collectors return or the client
	// goes away. Clients such as curl or a browser send no header.
	Timeout time.Duration
	// TimeoutOffset is how much earlier than the header says a scrape ends, so that the result
	// arrives in time. The default is the smaller of 500 ms and a tenth of the header. A negative
	// TimeoutOffset means no offset. If it is not smaller than the header, the scrape gets half of
	// the time in the header.
	TimeoutOffset time.Duration
	// Patient makes a scrape wait for its collectors as long as the client does, as client_golang's
	// handlers do. A deadline of the context of the request, or of ContextFunc, does not end the
	// scrape, and the default of TimeoutOffset is only the smaller of 100 ms and a twentieth of the
	// header. The header, Timeout and a client that goes away still end the scrape. Collectors get
	// the values of the context. The handlers of package promhttp are patient.
	Patient bool
	// SendTimeout is how long after the deadline of the scrape the handler may still send the
	// answer. The default is 10 s. If the scrape has no deadline, SendTimeout is how long all
	// writes together may wait for the client, and the default is 1 minute. The handler cuts off a
	// client that has not read the answer by then, or that blocks a single write for a minute. It
	// logs that, and counts it with the cause "encoding".
	//
	// If SendTimeout is negative, the handler sets no write deadlines. SendTimeout extends no
	// deadline that http.Server.WriteTimeout has set. It has no effect on an http.ResponseWriter
	// without SetWriteDeadline; see http.ResponseController.
	SendTimeout time.Duration
	// MaxRequestsInFlight, if positive, is how many requests are served at once. The handler
	// answers further ones with 503 Service Unavailable and a Retry-After header.
	MaxRequestsInFlight int
	// CoalesceGather makes requests that overlap share the runs of all collectors. A collector that
	// takes a context gets the values and the deadline of the first request. Without
	// CoalesceGather, requests share only the runs of collectors that take no context. Either way,
	// each request waits under its own deadline.
	CoalesceGather bool

	// DisableCollectorSelection ignores the request parameters collect[] and exclude[], which
	// otherwise select collectors by name, and parameters that look like them or like name[].
	// Exporters that use such parameters themselves need it.
	DisableCollectorSelection bool

	// EnableOpenMetrics offers OpenMetrics in addition to the text format and protobuf.
	EnableOpenMetrics bool
	// EnableOpenMetricsTextCreatedSamples adds a _created sample to each counter, histogram and
	// summary in OpenMetrics 0.0.1 and 1.0.0. It nearly doubles the number of series. OpenMetrics
	// 2.0 always has start timestamps, behind the values.
	EnableOpenMetricsTextCreatedSamples bool
	// AcceptedFormats, if not empty, are the formats that are offered instead of the default ones,
	// the preferred one first. They are the only way to offer OpenMetrics 2.0
	// (expfmt.FmtOpenMetrics_2_0_0), which is experimental: clients that do not ask for its version
	// by name never get it. Of the earlier versions of OpenMetrics, the handler knows 0.0.1 and
	// 1.0.0, and ignores others.
	AcceptedFormats []expfmt.Format
	// DisableCompression serves everything uncompressed.
	DisableCompression bool
	// OfferedCompressions are the compressions to choose from, the preferred one first. The default
	// is identity, gzip and, in programs that import package promhttp/zstd, zstd. Other programs
	// never offer zstd.
	OfferedCompressions []Compression
	// ProcessStartTime, if not zero, is sent in the header Process-Start-Time-Unix, in seconds.
	ProcessStartTime time.Time
}

// withLog returns the options with the default of ErrorLog.
func (o HandlerOpts) withLog(r *scrape.Registry) HandlerOpts {
	if o.ErrorLog == nil && o.ErrorHandling == ContinueOnError && r.Log == nil {
		o.ErrorLog = LogErrors(nil, &defaultLogLimits)
	}
	return o
}

// offer returns the formats and compressions to offer to a client, without AcceptedFormats.
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

// limits returns the limits for the deadline of a scrape.
func (o *HandlerOpts) limits() web.Limits {
	return web.Limits{Timeout: o.Timeout, TimeoutOffset: o.TimeoutOffset, Patient: o.Patient}
}

// strictness returns the meaning of ErrorHandling for an answer.
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
