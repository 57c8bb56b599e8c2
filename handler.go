package metric

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/expfmt"

	"github.com/luxfi/metric/internal/encode"
	"github.com/luxfi/metric/internal/engine"
)

// HandlerErrorHandling tells what a handler does when something is missing from a
// scrape. Whatever it is, ErrorLog is told.
type HandlerErrorHandling int

// The values are those of client_golang's promhttp.
const (
	// HTTPErrorOnError answers 500 Internal Server Error, with the errors in the
	// body and no metrics. The whole exposition is held in memory before the first
	// byte is sent.
	HTTPErrorOnError HandlerErrorHandling = iota
	// ContinueOnError serves everything that could be gathered, in chunks, and
	// answers 500 only if that is nothing. It is what makes one bad collector cost
	// only itself. How to see what is missing: ErrorLog and Registry.
	ContinueOnError
	// PanicOnError panics with the error.
	PanicOnError
)

// HandlerOpts are the options of a handler. The zero value is usable; note that it
// answers with an error as soon as one collector fails: see ErrorHandling.
type HandlerOpts struct {
	// ErrorLog, if not nil, is called with everything that goes wrong. It must be
	// safe for concurrent use. errors.As finds a *GatherError in what a registry
	// reports.
	ErrorLog func(error)
	// ErrorHandling tells what to answer if something is missing from a scrape.
	ErrorHandling HandlerErrorHandling
	// ErrorText, if not nil, returns what the body of an answer says about an error.
	// By default it says everything, with the names of the collectors. It must be
	// safe for concurrent use.
	ErrorText func(error) string
	// Registry, if not nil, gets a counter promhttp_metric_handler_errors_total
	// with the label cause: "gathering" or "encoding". Making the handler panics if
	// it cannot be registered; one that is there is shared.
	Registry Registerer

	// ContextFunc, if not nil, returns the context that collectors get, which may
	// carry values of the request. The scrape ends, too, when the request's own
	// context does.
	ContextFunc func(*http.Request) context.Context
	// Timeout, if positive, is how long a scrape may take. A shorter one in the
	// header X-Prometheus-Scrape-Timeout-Seconds takes precedence. What has been
	// gathered by then is the result.
	Timeout time.Duration
	// TimeoutOffset is how much earlier than the header says a scrape ends, so that
	// the result still arrives in time. By default, it is the smaller of 500 ms and
	// a tenth of the header. If it is negative, it is none; if it is as large as
	// the header, half of the header is left.
	TimeoutOffset time.Duration
	// MaxRequestsInFlight, if positive, is how many requests are served at once.
	// Others are answered with 503 Service Unavailable and a Retry-After.
	MaxRequestsInFlight int
	// CoalesceGather lets requests that overlap share the runs of all collectors. One
	// that can take a context gets the values and the deadline of that of the first
	// request. Without it, they share the runs of those that cannot take a context, and
	// each runs the others itself. Either way, each request waits under its own deadline.
	CoalesceGather bool

	// DisableCollectorSelection ignores the request parameters collect[] and
	// exclude[], which otherwise select collectors by name. Exporters that use such
	// parameters themselves need it.
	DisableCollectorSelection bool

	// EnableOpenMetrics offers OpenMetrics besides the text format and protobuf.
	EnableOpenMetrics bool
	// EnableOpenMetricsTextCreatedSamples adds a _created sample to each counter,
	// histogram and summary in OpenMetrics. It nearly doubles the number of series.
	EnableOpenMetricsTextCreatedSamples bool
	// AcceptedFormats, if not empty, are the formats that are offered instead of
	// the default ones, the preferred first.
	AcceptedFormats []expfmt.Format
	// DisableCompression serves everything uncompressed.
	DisableCompression bool
	// OfferedCompressions are the compressions to choose from, the preferred first.
	// By default they are identity, gzip and zstd.
	OfferedCompressions []Compression
	// ProcessStartTime, if not zero, is sent in the header Process-Start-Time-Unix.
	ProcessStartTime time.Time
}

// HandlerFor returns a handler that serves what g gathers. If g takes a context, it
// gets that of the scrape; if not, it is waited for until the scrape's deadline, and
// overlapping scrapes share one call of it.
//
// Without options, the handler serves whatever can be gathered (ContinueOnError), offers
// OpenMetrics, and logs what goes wrong with the default logger, unless g is a registry
// that logs it itself (WithLogger). With options it does only what they say: without
// ErrorHandling, one failure costs the whole scrape. More than one HandlerOpts panics.
func HandlerFor(g Gatherer, opts ...HandlerOpts) http.Handler {
	r := registryFor(g)
	switch len(opts) {
	case 0:
		return newHandler(r, defaultHandlerOpts(r))
	case 1:
		return newHandler(r, opts[0])
	default:
		panic(fmt.Errorf("HandlerFor takes one HandlerOpts, not %d", len(opts)))
	}
}

// defaultHandlerOpts returns the options of HandlerFor without any.
func defaultHandlerOpts(r *ContextRegistry) HandlerOpts {
	opts := HandlerOpts{ErrorHandling: ContinueOnError, EnableOpenMetrics: true}
	if r.log == nil {
		opts.ErrorLog = LogErrors(nil)
	}
	return opts
}

// HandlerForContext returns a handler that serves what g gathers under the context of
// the scrape.
//
// The request parameters name[], collect[] and exclude[], each of which may be repeated,
// select families, collectors to run and collectors not to run, by name; see Selection.
// An unknown collector, or a selection that is not valid, is answered with 400 Bad
// Request.
func HandlerForContext(g GathererWithContext, opts HandlerOpts) http.Handler {
	return newHandler(registryFor(g), opts)
}

// handler serves a registry.
type handler struct {
	registry *ContextRegistry
	opts     HandlerOpts
	formats  []expfmt.Format
	offers   []Compression
	slots    chan struct{}          // Has a value for each request in flight; nil if there is no limit.
	errors   *prometheus.CounterVec // By cause; see InstrumentMetricHandler.
}

func newHandler(registry *ContextRegistry, opts HandlerOpts) *handler {
	h := &handler{registry: registry, opts: opts, formats: opts.AcceptedFormats}
	if len(h.formats) == 0 {
		h.formats = expfmt.DefaultAcceptedFormats()
		if opts.EnableOpenMetrics {
			h.formats = expfmt.DefaultOpenMetricsAcceptedFormats()
		}
	}
	if !opts.DisableCompression {
		h.offers = opts.OfferedCompressions
		if len(h.offers) == 0 {
			h.offers = defaultCompressions
		}
	}
	if opts.MaxRequestsInFlight > 0 {
		h.slots = make(chan struct{}, opts.MaxRequestsInFlight)
	}
	h.errors = prometheus.NewCounterVec(CounterOpts{
		Name: "promhttp_metric_handler_errors_total",
		Help: "Total number of internal errors encountered by the promhttp metric handler.",
	}, []string{"cause"})
	if opts.Registry != nil {
		h.errors.WithLabelValues("gathering")
		h.errors.WithLabelValues("encoding")
		h.errors = registerOrShare(opts.Registry, h.errors)
	}
	return h
}

// registerOrShare registers a collector, or returns the equal one that is registered
// already. It panics if neither is possible.
func registerOrShare[C Collector](reg Registerer, c C) C {
	err := reg.Register(c)
	if err == nil {
		return c
	}
	already, ok := errors.AsType[AlreadyRegisteredError](err)
	if !ok {
		panic(err)
	}
	existing, ok := already.ExistingCollector.(C)
	if !ok {
		panic(fmt.Errorf("registered already is a %T where a %T is needed: %w", already.ExistingCollector, c, err))
	}
	return existing
}

// ServeHTTP serves one scrape.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	start := time.Now()
	if !h.opts.ProcessStartTime.IsZero() {
		w.Header().Set("Process-Start-Time-Unix", strconv.FormatInt(h.opts.ProcessStartTime.Unix(), 10))
	}
	if h.slots != nil {
		select {
		case h.slots <- struct{}{}:
			defer func() { <-h.slots }()
		default:
			w.Header().Set("Retry-After", "1")
			http.Error(w, fmt.Sprintf("Limit of concurrent requests reached (%d), try again later.",
				h.opts.MaxRequestsInFlight), http.StatusServiceUnavailable)
			return
		}
	}
	chosen, err := selectionOfRequest(r, !h.opts.DisableCollectorSelection)
	if err != nil {
		http.Error(w, printable(err.Error()), http.StatusBadRequest)
		return
	}
	format := expfmt.NegotiateAccept(r.Header, h.formats...)
	out := &response{to: w, request: r.Context(), compression: Identity}
	w.Header().Add("Vary", "Accept")
	if len(h.offers) > 0 {
		w.Header().Add("Vary", "Accept-Encoding")
		out.compression = negotiateCompression(r.Header.Values("Accept-Encoding"), h.offers)
	}
	w.Header().Set("Content-Type", string(format))
	if r.Method == http.MethodHead {
		return // There is no body to gather for.
	}
	ctx, cancel, err := h.scrapeContext(r, start)
	defer cancel()
	if err != nil {
		h.httpError(w, err)
		return
	}
	if !chosen.isZero() {
		ctx = Select(ctx, chosen)
	}
	s, err := h.registry.newScrape(ctx)
	if err != nil {
		http.Error(w, printable(err.Error()), http.StatusBadRequest)
		return
	}
	if h.opts.CoalesceGather {
		s.shareRuns()
	}
	h.serve(out, s, format)
}

// scrapeContext returns the context of a scrape. An error is one of ContextFunc.
func (h *handler) scrapeContext(r *http.Request, start time.Time) (context.Context, context.CancelFunc, error) {
	base := r.Context()
	if h.opts.ContextFunc != nil {
		err := engine.Try(func() error {
			if ctx := h.opts.ContextFunc(r); ctx != nil {
				base = ctx
			}
			return nil
		})
		if err != nil {
			err = fmt.Errorf("making the context of the scrape: %w", err)
			h.log(err)
			return base, func() {}, err
		}
	}
	ctx, cancel, err := h.opts.scrapeContext(base, r, start)
	if err != nil {
		h.log(err)
	}
	return ctx, cancel, nil
}

// serve scrapes and answers.
func (h *handler) serve(out *response, s *scrape, format expfmt.Format) {
	var (
		buffer  *bytes.Buffer
		refused failures
		err     error
	)
	if h.opts.ErrorHandling == ContinueOnError {
		err = h.expose(out, s, format, out, &refused)
	} else {
		// The status must be known before the first byte is sent.
		buffer = new(bytes.Buffer)
		err = h.expose(out, s, format, buffer, &refused)
	}
	failed := h.report(s, &refused)
	_ = s.end(refused.err()) // It is reported already.
	switch {
	case err != nil:
		h.giveUp(out, fmt.Errorf("error encoding and sending metrics: %w", err))
		return
	case failed == nil:
	case h.opts.ErrorHandling == PanicOnError:
		panic(failed)
	case h.opts.ErrorHandling == HTTPErrorOnError, !out.begun:
		h.httpError(out.to, failed)
		return
	}
	if buffer != nil {
		_, err = out.Write(buffer.Bytes())
	}
	if err == nil {
		err = out.finish(true)
	}
	if err != nil {
		h.giveUp(out, fmt.Errorf("error sending metrics: %w", err))
	}
}

// giveUp ends an answer that could not be sent to its end. Mostly there is nobody who
// sees it. But a request's context may also have been cancelled by the server, which is
// about to shut down, and then Prometheus must not take an answer without metrics, or
// with some of them, for all that there are: their series would end.
func (h *handler) giveUp(out *response, err error) {
	h.countAndLog("encoding", err)
	_ = out.finish(false) // There is an error already.
	if !out.begun {
		h.httpError(out.to, err)
		return
	}
	if errors.Is(err, errClientGone) && out.request.Value(http.ServerContextKey) != nil {
		panic(http.ErrAbortHandler) // The one way to break off a response.
	}
}

// expose writes the exposition to w.
func (h *handler) expose(out *response, s *scrape, format expfmt.Format, w interface {
	Write([]byte) (int, error)
}, refused *failures) error {
	ours, ok := encodeFormat(format)
	if !ok {
		return s.exposeForeign(w, format, h.opts.EnableOpenMetricsTextCreatedSamples, refused)
	}
	client, forget := clientContext(out.request)
	defer forget()
	return s.expose(client, w, encode.Options{
		Format:       ours,
		Escaping:     format.ToEscapingScheme(),
		CreatedLines: h.opts.EnableOpenMetricsTextCreatedSamples,
	}, refused)
}

// encodeFormat returns the format that our encoders know by that name.
func encodeFormat(format expfmt.Format) (encode.Format, bool) {
	switch format.FormatType() {
	case expfmt.TypeTextPlain:
		return encode.Text, true
	case expfmt.TypeOpenMetrics:
		return encode.OpenMetrics, format.Version() != expfmt.OpenMetricsVersion_2_0_0
	case expfmt.TypeProtoDelim:
		return encode.Protobuf, true
	default:
		return 0, false
	}
}

// report logs and counts what went wrong, and returns all of it.
func (h *handler) report(s *scrape, refused *failures) error {
	gathering, encoding := s.failures.err(), refused.err()
	if gathering != nil {
		h.countAndLog("gathering", fmt.Errorf("error gathering metrics: %w", gathering))
	}
	if encoding != nil {
		h.countAndLog("encoding", fmt.Errorf("error encoding metrics: %w", encoding))
	}
	switch {
	case gathering == nil:
		return encoding
	case encoding == nil:
		return gathering
	}
	return errors.Join(gathering, encoding)
}

func (h *handler) countAndLog(cause string, err error) {
	h.errors.WithLabelValues(cause).Inc()
	h.log(err)
}

func (h *handler) log(err error) {
	if h.opts.ErrorLog != nil {
		// A log that panics must not cost the scrape.
		_ = engine.Try(func() error { h.opts.ErrorLog(err); return nil })
	}
}

// httpError answers with an error.
func (h *handler) httpError(w http.ResponseWriter, err error) {
	text := err.Error()
	if h.opts.ErrorText != nil {
		text = http.StatusText(http.StatusInternalServerError) // If it panics.
		_ = engine.Try(func() error { text = h.opts.ErrorText(err); return nil })
	}
	http.Error(w, "An error has occurred while serving metrics:\n\n"+printable(text), http.StatusInternalServerError)
}
