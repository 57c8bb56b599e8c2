package metric

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/expfmt"

	"github.com/luxfi/metric/internal/clientmodel"
	"github.com/luxfi/metric/internal/encode"
	"github.com/luxfi/metric/internal/hops"
	"github.com/luxfi/metric/internal/middleware"
	"github.com/luxfi/metric/internal/scrape"
	"github.com/luxfi/metric/internal/web"
)

// defaultTimeout is the longest time that a scrape may take if a handler has no options and neither
// the request nor the server sets a deadline. It is the default scrape_timeout of Prometheus.
const defaultTimeout = 10 * time.Second

// HandlerFor returns a handler that serves what g gathers. If g takes a context, as a
// [GathererWithContext] does, it gets the context of the scrape. If not, the handler waits for g
// until the deadline of the scrape, and overlapping scrapes share one call of g.
//
// If a part of the metrics cannot be gathered, the handler serves the rest and logs the failures
// with the default logger, unless g is a registry that logs them itself ([WithLogger]). All handlers
// without an ErrorLog together log each kind of failure of a collector at most once a minute; see
// [LogLimits].
//
// Without options, the handler also offers OpenMetrics, and ends a scrape after 10 seconds if
// neither a header of the client, nor a context, nor http.Server.WriteTimeout sets a deadline. The
// header may ask for more than 10 seconds. With options, both are up to the options; see
// HandlerOpts.EnableOpenMetrics and HandlerOpts.Timeout.
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

// newDefaultHandler returns the handler of HandlerFor without options. It counts its errors in reg,
// unless reg is nil.
func newDefaultHandler(r *scrape.Registry, reg Registerer) *handler {
	opts := HandlerOpts{EnableOpenMetrics: true, Registry: reg}
	h := newPlainHandler(r, opts.withLog(r))
	h.contexts.Limits.Default = defaultTimeout
	return h
}

// HandlerForContext returns a handler that serves what g gathers under the context of the scrape.
//
// The request parameters name[], collect[] and exclude[], each of which may be repeated, select
// families, collectors to run and collectors not to run, by name; see [Selection]. collect and
// exclude may be written without brackets. The handler answers with 400 Bad Request and a list of
// valid names if a collector is unknown. It also answers with 400 if a name is empty, or if a
// parameter looks like one of these but is written differently, such as name= or Collect[]=. It
// ignores all other parameters.
//
// Unlike [HandlerFor] without options, the handler has no default deadline. Without Timeout, a
// scrape for which neither the request nor the server sets a deadline takes as long as its
// collectors do. HandlerForContext panics if g is nil.
func HandlerForContext(g GathererWithContext, opts HandlerOpts) http.Handler {
	r := registryFor(g)
	return newHandler(r, opts.withLog(r))
}

// handler serves a registry.
type handler struct {
	registry *scrape.Registry
	opts     HandlerOpts
	report   web.Report

	inFlight  web.InFlight
	offer     web.Offer
	contexts  web.Contexts[scrape.Registry]
	errorText web.ErrorText

	// openMetrics2 makes encoders of OpenMetrics 2.0. It is nil unless AcceptedFormats is set, so
	// that programs that have only the default handler do not link that code.
	openMetrics2 encode.Maker
}

func newHandler(registry *scrape.Registry, opts HandlerOpts) *handler {
	h := newPlainHandler(registry, opts)
	if len(opts.AcceptedFormats) > 0 {
		h.offer.SetFormats(opts.AcceptedFormats)
		h.openMetrics2 = encode.NewOpenMetrics2
	}
	return h
}

// newPlainHandler is newHandler without AcceptedFormats.
func newPlainHandler(registry *scrape.Registry, opts HandlerOpts) *handler {
	h := &handler{
		registry:  registry,
		opts:      opts,
		report:    web.Report{Log: web.ErrorLog{To: opts.ErrorLog}},
		inFlight:  web.NewInFlight(opts.MaxRequestsInFlight),
		offer:     opts.offer(),
		contexts:  web.Contexts[scrape.Registry]{Limits: opts.limits(), Func: opts.ContextFunc, Source: registry},
		errorText: web.ErrorText{Func: opts.ErrorText},
	}
	errors := prometheus.NewCounterVec(CounterOpts{
		Name: "promhttp_metric_handler_errors_total",
		Help: "Total number of internal errors encountered by the promhttp metric handler.",
	}, []string{"cause"})
	if opts.Registry != nil {
		errors.WithLabelValues("gathering")
		errors.WithLabelValues("encoding")
		errors = middleware.RegisterOrShare(opts.Registry, errors)
	}
	h.report.Count = errors
	return h
}

// ServeHTTP serves one scrape.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	start := time.Now()
	if !h.opts.ProcessStartTime.IsZero() {
		w.Header().Set("Process-Start-Time-Unix", strconv.FormatInt(h.opts.ProcessStartTime.Unix(), 10))
	}
	if !h.inFlight.Enter(w) {
		return
	}
	defer h.inFlight.Leave()
	chosen, err := web.ParseParameters(r, !h.opts.DisableCollectorSelection)
	if err != nil {
		web.BadRequest(w, err)
		return
	}
	format, coding := h.offer.Negotiate(w.Header(), r.Header)
	selection := scrape.Filter(chosen)
	if r.Method == http.MethodHead { // The answer has no body, so gathering is unnecessary.
		if _, err := h.registry.PlanScrape(selection.Under(r.Context())); err != nil {
			web.BadRequest(w, err)
		}
		return
	}
	wire, forget := web.NewWire(w, r)
	defer forget()
	ctx, cancel, allowance, err := h.contexts.New(wire, start, &h.report.Log)
	defer cancel()
	deadline, _ := ctx.Deadline()
	wire.Limit(start, deadline, h.opts.SendTimeout)
	if err != nil {
		wire.Error(h.errorText.Of(allowance, err))
		return
	}
	s, err := h.registry.NewScrape(selection.Under(hops.Under(ctx, r.Header.Values(hops.Header))))
	if err != nil {
		web.BadRequest(w, err)
		return
	}
	if err := s.Refused(hops.ErrLoop); err != nil { // The sender would get its own metrics back.
		web.LoopDetected(w, err)
		_ = s.End(err) // The sender reports the error.
		return
	}
	if s.HookErr != nil && h.opts.ErrorLog != nil {
		h.report.Log.Log(s.Allowance, s.HookErr)
		s.HookErr = nil
	}
	if h.opts.CoalesceGather {
		s.ShareRuns()
	}
	// Unless a partial result is good enough, the status must be known before the first byte is sent.
	h.serve(web.NewAnswer(wire, coding, h.opts.ErrorHandling != ContinueOnError), s, format)
}

// serve scrapes and answers the request.
func (h *handler) serve(answer *web.Answer, s *scrape.Scrape, format expfmt.Format) {
	result := h.scrape(answer, s, format)
	if result.Ending(h.opts.strictness()) == web.Complete {
		answer.Complete(&result)
	}
	h.report.AddWriting(s.Allowance, &result)
	switch result.Ending(h.opts.strictness()) {
	case web.Complete:
	case web.Panic:
		panic(joined(result.Gathering, result.Encoding))
	case web.BreakOff:
		answer.BreakOff(result.Writing)
	case web.ShowError:
		err := result.Writing
		if err == nil {
			err = joined(result.Gathering, result.Encoding)
		}
		answer.Error(h.errorText.Of(s.Allowance, err))
	}
}

// scrape gathers and writes the exposition, and reports what is missing from it.
func (h *handler) scrape(answer *web.Answer, s *scrape.Scrape, format expfmt.Format) web.Result {
	refused := scrape.Failures{Around: s.GatherersAround}
	result := answer.Expose(func(client context.Context, w io.Writer) error {
		ours, ok := web.EncoderFormat(format)
		if !ok {
			return s.ExposeForeign(w, format, clientmodel.ForeignEncoder(format), &refused)
		}
		return s.Expose(client, w, encode.Options{
			Format:       ours,
			Escaping:     format.ToEscapingScheme(),
			CreatedLines: h.opts.EnableOpenMetricsTextCreatedSamples,
			Linked:       h.openMetrics2,
		}, &refused)
	})
	s.Abandoned = result.Gone
	result.Gathering, result.Encoding = s.Failures.Err(gatherError), refused.Err(gatherError)
	h.reportMissing(s, &result)
	_ = s.End(result.Encoding) // The error has been reported already.
	return result
}

// reportMissing logs and counts what is missing from a scrape.
func (h *handler) reportMissing(s *scrape.Scrape, result *web.Result) {
	if worthLogging := s.WorthLogging(); result.Gathering != nil && len(worthLogging) > 0 {
		logged := result.Gathering
		if s.Abandoned {
			logged = gatherError(worthLogging)
		}
		h.report.Add(s.Allowance, "gathering", "error gathering metrics", logged)
	}
	if result.Encoding != nil {
		h.report.Add(s.Allowance, "encoding", "error encoding metrics", result.Encoding)
	}
}
