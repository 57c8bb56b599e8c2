package probe

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/luxfi/metric"
)

// Opts holds the options of a [Handler].
type Opts struct {
	// Probers are the probers that modules can use.
	Probers []Prober
	// TimeoutOffset is how much earlier a probe ends than the scrape-timeout header says. The default is
	// 500 ms, or a tenth of the header's time if that is less. A negative value means no offset.
	TimeoutOffset time.Duration
	// Logger logs failures of probes. The default is [slog.Default].
	Logger *slog.Logger
	// Registerer, if not nil, is where the handler registers metrics about probes.
	Registerer metric.Registerer
	// Namespace is the prefix of these metrics.
	Namespace string
}

// Handler serves probes. Its methods are safe for concurrent use.
type Handler struct {
	probers  map[string]Prober
	offset   time.Duration
	log      *failureLog
	answerer http.Handler
	limiter  limiter
	history  history
	counts   *selfMetrics

	mu  sync.Mutex
	set *Set // nil until Use is called
}

// NewHandler returns a handler that refuses all probes until [Handler.Use] is called. It returns an
// error if probers share a name, or if the metrics about probes cannot be registered.
func NewHandler(opts Opts) (*Handler, error) {
	if opts.Logger == nil {
		opts.Logger = slog.Default()
	}
	probers, err := byName(opts.Probers)
	if err != nil {
		return nil, err
	}
	h := &Handler{
		probers:  probers,
		offset:   opts.TimeoutOffset,
		log:      newFailureLog(opts.Logger),
		answerer: newAnswerer(opts.Logger),
	}
	if h.counts, err = newSelfMetrics(opts.Registerer, opts.Namespace, &h.limiter); err != nil {
		return nil, err
	}
	return h, nil
}

func byName(probers []Prober) (map[string]Prober, error) {
	if len(probers) == 0 {
		return nil, errors.New("there is no prober; at least one is needed")
	}
	all := make(map[string]Prober, len(probers))
	for _, p := range probers {
		switch _, known := all[p.Name]; {
		case p.New == nil:
			return nil, fmt.Errorf("prober %q has no New", p.Name)
		case p.Name == "" && len(probers) > 1:
			return nil, errors.New("a prober has no name: only the single prober of a program needs none")
		case known:
			return nil, fmt.Errorf("there are two probers %q; names must be unique", p.Name)
		}
		if err := checkSettings(p); err != nil {
			return nil, err
		}
		all[p.Name] = p
	}
	return all, nil
}

// ServeHTTP serves /probe?target=…&module=….
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "only GET and HEAD are allowed", http.StatusMethodNotAllowed)
		return
	}
	set := h.retain()
	if set == nil {
		http.Error(w, "the configuration is not loaded yet", http.StatusServiceUnavailable)
		return
	}
	asked, refusal := set.ask(r)
	if refusal != nil {
		h.refuse(set, asked, refusal)
		h.release(set)
		http.Error(w, refusal.Error(), refusal.status)
		return
	}
	if r.Method == http.MethodHead { // A response to HEAD has no body.
		h.release(set)
		h.serveFamilies(w, r, nil)
		return
	}
	h.probe(w, r, set, asked)
}

// probe probes a target and answers. It releases the set.
func (h *Handler) probe(w http.ResponseWriter, r *http.Request, set *Set, asked request) {
	limit := asked.module.Timeout
	if limit == 0 {
		limit = defaultTimeout
	}
	ctx, cancel := metric.ScrapeContext(r, metric.HandlerOpts{
		Timeout: limit, TimeoutOffset: h.offset, ErrorLog: h.log.badHeader,
	})
	defer cancel()
	text := &logText{}
	f := &flight{
		handler: h, set: set, module: asked.module, ctx: ctx,
		log:   h.log.forProbe(text, asked.module.Name, asked.target),
		probe: &Probe{Target: asked.target, Module: asked.module.Name, Params: asked.params},
	}
	f.log.Info("Beginning probe", "prober", asked.module.prober)
	began := time.Now()
	out := f.run()
	families := exposed(out, f.log)
	f.log.Info("Probe ended", "result", string(out.result), "duration_seconds", out.duration.Seconds())
	h.counts.count(asked.module.Name, out.result)
	if out.err != nil {
		f.log.Error("Probe failed", "err", out.err)
		h.log.failed(asked.module.Name, asked.target, out)
	}
	h.history.add(&record{
		time: began, module: asked.module.Name, target: asked.target,
		result: out.result, err: out.err, duration: out.duration, log: text,
	})
	if asked.debug {
		serveDebug(w, asked.module, text, families)
		return
	}
	h.serveFamilies(w, r, families)
}

// refuse records a request that is answered without a probe.
func (h *Handler) refuse(set *Set, asked request, refusal *refusal) {
	if asked.module == nil || asked.target == "" {
		return // A client's mistake that reveals nothing about targets.
	}
	h.counts.count(asked.module.Name, refused)
	h.log.refused(asked.module.Name, asked.target, refusal.reason, set.targets.Allow)
}
