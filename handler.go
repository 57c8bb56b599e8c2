package metric

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/expfmt"

	"github.com/luxfi/metric/internal/callback"
	"github.com/luxfi/metric/internal/encode"
	"github.com/luxfi/metric/internal/engine"
	"github.com/luxfi/metric/internal/middleware"
)

// defaultTimeout is how long a scrape may take if a handler has no options and neither the
// request nor the server says so. It is the default scrape_timeout of Prometheus.
const defaultTimeout = 10 * time.Second

// HandlerFor returns a handler that serves what g gathers. If g takes a context, it
// gets that of the scrape; if not, it is waited for until the scrape's deadline, and
// overlapping scrapes share one call of it.
//
// The handler serves whatever can be gathered and logs what goes wrong with the default
// logger, unless g is a registry that logs it itself (WithLogger): each kind of failure of a
// collector at most once a minute for all handlers that have no ErrorLog, see LogLimits.
// Without options, it also offers OpenMetrics, and ends a scrape after 10 seconds if nothing
// else sets a deadline: no header of the client, which may ask for more, no context and no
// http.Server.WriteTimeout. With options, both are up to them; see EnableOpenMetrics and
// Timeout.
//
// HandlerFor panics if g is nil, or if there is more than one HandlerOpts.
func HandlerFor(g Gatherer, opts ...HandlerOpts) http.Handler {
	r := registryFor(g)
	switch len(opts) {
	case 0:
		return newDefaultHandler(r, nil)
	case 1:
		return newHandler(r, opts[0].withLog(r))
	default:
		panic(fmt.Errorf("HandlerFor takes one HandlerOpts, not %d", len(opts)))
	}
}

// newDefaultHandler returns the handler of HandlerFor without options. Its errors are counted
// in reg unless that is nil.
func newDefaultHandler(r *core, reg Registerer) *handler {
	opts := HandlerOpts{EnableOpenMetrics: true, Registry: reg}
	h := newPlainHandler(r, opts.withLog(r))
	h.defaultTimeout = defaultTimeout
	return h
}

// HandlerForContext returns a handler that serves what g gathers under the context of
// the scrape.
//
// The request parameters name[], collect[] and exclude[], each of which may be repeated,
// select families, collectors to run and collectors not to run, by name; see Selection.
// collect and exclude may be written without brackets. The handler answers with 400 Bad
// Request, and says what is possible, if a collector is unknown, if a name is empty, or if a
// parameter looks like one of these but is written differently, such as name= or Collect[]=.
// It ignores all other parameters.
//
// The handler does what opts say and no more: without Timeout, a scrape for which neither the
// request nor the server sets a deadline takes as long as its collectors do. HandlerForContext
// panics if g is nil.
func HandlerForContext(g GathererWithContext, opts HandlerOpts) http.Handler {
	r := registryFor(g)
	return newHandler(r, opts.withLog(r))
}

// handler serves a registry.
type handler struct {
	registry *core
	opts     HandlerOpts
	formats  []expfmt.Format
	offers   []Compression
	slots    chan struct{}          // Has a value for each request in flight; nil if there is no limit.
	errors   *prometheus.CounterVec // By cause; see InstrumentMetricHandler.

	defaultTimeout time.Duration // Of scrapes that have no other deadline; 0 if there is none.

	// openMetrics2 encodes a family in OpenMetrics 2.0. It is nil unless AcceptedFormats is set,
	// so that programs with no handler but the default one do not contain that: 65 kB.
	openMetrics2 func(*bytes.Buffer, *MetricFamily) error

	// Calls of the options that are functions.
	contextFunc, errorLog, errorText callback.Caller
	unlogged                         atomic.Int64 // Errors that ErrorLog did not get, since it blocked.
}

func newHandler(registry *core, opts HandlerOpts) *handler {
	h := newPlainHandler(registry, opts)
	if len(opts.AcceptedFormats) > 0 {
		h.formats = slices.DeleteFunc(slices.Clone(opts.AcceptedFormats), func(f expfmt.Format) bool { return !isSpoken(f) })
		h.openMetrics2 = openMetrics2Encoder(opts.EnableOpenMetricsTextCreatedSamples)
	}
	return h
}

// newPlainHandler is newHandler without AcceptedFormats.
func newPlainHandler(registry *core, opts HandlerOpts) *handler {
	h := &handler{registry: registry, opts: opts, formats: expfmt.DefaultAcceptedFormats()}
	if opts.EnableOpenMetrics {
		h.formats = expfmt.DefaultOpenMetricsAcceptedFormats()
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
		h.errors = middleware.RegisterOrShare(opts.Registry, h.errors)
	}
	return h
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
		http.Error(w, shown(err.Error()), http.StatusBadRequest)
		return
	}
	format := expfmt.NegotiateAccept(r.Header, h.formats...)
	compression := Identity
	addVary(w.Header(), "Accept")
	if len(h.offers) > 0 {
		addVary(w.Header(), "Accept-Encoding")
		if !isEncoded(w.Header()) {
			compression = negotiateCompression(r.Header.Values("Accept-Encoding"), h.offers)
		}
	}
	w.Header().Set("Content-Type", string(format))
	if r.Method == http.MethodHead { // There is no body to gather for.
		if _, err := h.registry.planScrape(chosen.under(r.Context())); err != nil {
			http.Error(w, shown(err.Error()), http.StatusBadRequest)
		}
		return
	}
	wire, forget := newWire(w, r)
	defer forget()
	ctx, cancel, patience, err := h.scrapeContext(wire, start)
	defer cancel()
	deadline, _ := ctx.Deadline()
	wire.limit(start, deadline, h.opts.SendTimeout)
	if err != nil {
		h.httpError(wire, patience, err)
		return
	}
	s, err := h.registry.newScrape(chosen.under(ctx))
	if err != nil {
		http.Error(w, shown(err.Error()), http.StatusBadRequest)
		return
	}
	if s.hookErr != nil && h.opts.ErrorLog != nil {
		h.log(s.patience, s.hookErr)
		s.hookErr = nil
	}
	if h.opts.CoalesceGather {
		s.shareRuns()
	}
	h.serve(&response{wire: wire, compression: compression}, s, format)
}

// scrapeContext returns the context of a scrape, and how long the scrape waits for the
// program's functions. An error is a panic of ContextFunc. If ContextFunc blocks until the
// deadline, or still does since an earlier request, there is an error in the log and the
// scrape is over: its collectors might need what ContextFunc would have told them.
func (h *handler) scrapeContext(w *wire, start time.Time) (context.Context, context.CancelFunc, *callback.Patience, error) {
	r := w.request
	deadline, badHeader := h.opts.deadline(r, start)
	if deadline.IsZero() && h.defaultTimeout > 0 {
		deadline = start.Add(h.defaultTimeout)
	}
	base := r.Context()
	ctx, cancel := h.opts.scrapeContext(base, base, w.client, deadline)
	p := callback.NewPatience(ctx)
	if badHeader != nil && isBadHeaderDue(r, h.registry) {
		h.log(p, badHeader)
	}
	if h.opts.ContextFunc == nil {
		return ctx, cancel, p, nil
	}
	made, err := callback.Call(&h.contextFunc, p, func() (context.Context, error) { return h.opts.contextOf(r) })
	if err == nil {
		var free context.CancelFunc
		err = engine.Try(func() error { // Methods of made may panic yet.
			made, free = h.opts.scrapeContext(made, base, w.client, deadline)
			return nil
		})
		if err == nil {
			cancel()
			return made, free, p, nil
		}
	}
	err = fmt.Errorf("making the context of the scrape: ContextFunc: %w", err)
	h.log(p, err)
	if errors.Is(err, callback.ErrBlocked) {
		ctx, free := context.WithDeadline(ctx, start)
		return ctx, func() { free(); cancel() }, p, nil
	}
	if _, panicked := asPanic(err); panicked {
		return ctx, cancel, p, err
	}
	return ctx, cancel, p, nil
}

// serve scrapes and answers.
func (h *handler) serve(out *response, s *scrape, format expfmt.Format) {
	var (
		body    io.Writer = out
		held    *heldBody
		refused failures
	)
	if h.opts.ErrorHandling != ContinueOnError {
		// The status must be known before the first byte is sent.
		held = &heldBody{wire: out.wire}
		body = held
	}
	err := engine.Try(func() error { return h.expose(out, s, format, body, &refused) })
	if err == nil {
		err = out.failed
	}
	s.abandoned = out.wire.isClientGone() && !out.wire.late
	failed := h.report(s, &refused)
	_ = s.end(refused.err()) // It is reported already.
	switch {
	case err != nil:
		h.giveUp(out, s.patience, fmt.Errorf("error encoding and sending metrics: %w", err))
		return
	case failed == nil:
	case h.opts.ErrorHandling == PanicOnError && !s.abandoned:
		panic(failed)
	case h.opts.ErrorHandling != ContinueOnError, !out.begun:
		h.httpError(out.wire, s.patience, failed)
		return
	}
	err = engine.Try(func() error {
		if held != nil {
			if _, err := out.Write(held.Bytes()); err != nil {
				return err
			}
		}
		return out.finish(true)
	})
	if err != nil {
		h.giveUp(out, s.patience, fmt.Errorf("error sending metrics: %w", err))
	}
}

// giveUp ends an answer that could not be sent to its end. If a part of it may have been
// sent, it is broken off: a client that took it for all that there is would end the series
// that are missing. If not, it becomes an error.
//
// That a client has gone away is neither logged nor counted. That it has stopped reading is.
func (h *handler) giveUp(out *response, p *callback.Patience, err error) {
	switch {
	case out.wire.late:
		h.countAndLog(p, "encoding", fmt.Errorf("the client has not read the answer in time, see HandlerOpts.SendTimeout: %w", err))
	case !out.wire.isClientGone():
		h.countAndLog(p, "encoding", err)
	}
	_ = engine.Try(func() error { return out.finish(false) }) // There is an error already.
	if !out.begun {
		h.httpError(out.wire, p, err)
		return
	}
	if panicked, ok := asPanic(err); ok && panicked.Value == any(http.ErrAbortHandler) {
		panic(http.ErrAbortHandler) // What is below the handler wants it.
	}
	out.wire.abort(err)
}

// expose writes the exposition to w.
func (h *handler) expose(out *response, s *scrape, format expfmt.Format, w io.Writer, refused *failures) error {
	ours, ok := encodeFormat(format)
	if !ok {
		return s.exposeForeign(w, format, h.foreignEncoder(format), refused)
	}
	return s.expose(out.wire.client, w, encode.Options{
		Format:       ours,
		Escaping:     format.ToEscapingScheme(),
		CreatedLines: h.opts.EnableOpenMetricsTextCreatedSamples,
	}, refused)
}

// isOpenMetrics2 reports whether a format is OpenMetrics 2 or its release candidate.
func isOpenMetrics2(format expfmt.Format) bool { return strings.HasPrefix(format.Version(), "2.") }

// isSpoken reports whether a format may be offered. An OpenMetrics version that expfmt does not
// know may not: expfmt would write version 1 under its name.
func isSpoken(format expfmt.Format) bool {
	if format.FormatType() != expfmt.TypeOpenMetrics {
		return true
	}
	switch format.Version() {
	case "", expfmt.OpenMetricsVersion_0_0_1, expfmt.OpenMetricsVersion_1_0_0, expfmt.OpenMetricsVersion_2_0_0_rc, expfmt.OpenMetricsVersion_2_0_0:
		return true
	default:
		return false
	}
}

// encodeFormat returns the format that our encoders know by that name.
func encodeFormat(format expfmt.Format) (encode.Format, bool) {
	switch format.FormatType() {
	case expfmt.TypeTextPlain:
		return encode.Text, true
	case expfmt.TypeOpenMetrics:
		return encode.OpenMetrics, !isOpenMetrics2(format)
	case expfmt.TypeProtoDelim:
		return encode.Protobuf, true
	default:
		return 0, false
	}
}
