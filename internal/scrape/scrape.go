package scrape

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric/internal/callback"
	"github.com/luxfi/metric/internal/clientmodel"
	"github.com/luxfi/metric/internal/collect"
	"github.com/luxfi/metric/internal/encode"
	"github.com/luxfi/metric/internal/engine"
	"github.com/luxfi/metric/internal/hops"
	"github.com/luxfi/metric/internal/model"
)

// Gather does the work of ContextRegistry.GatherWithContext.
func (r *Registry) Gather(ctx context.Context) ([]*clientmodel.Family, error) {
	var builder clientmodel.Builder
	s, err := r.NewScrape(ctx)
	if err != nil {
		return nil, err
	}
	s.askForOrigins()
	s.collect()
	_ = s.write(&builder, nameSpace{}) // The builder never fails.
	return builder.Families(), s.End(nil)
}

// WriteTo gathers and writes the families to sink one by one, sorted by name. It stops at the first error
// of sink. The error is about the gathering or from sink.
func (r *Registry) WriteTo(ctx context.Context, sink model.Sink) error {
	s, err := r.NewScrape(ctx)
	if err != nil {
		return err
	}
	s.collect()
	return s.End(s.write(sink, nameSpace{}))
}

// ExposeTo gathers and writes the exposition with the given options to w. It stops at the first error of w.
// The error is about the gathering, about what the format cannot represent, or from w.
func (r *Registry) ExposeTo(ctx context.Context, w io.Writer, opts encode.Options) error {
	s, err := r.NewScrape(ctx)
	if err != nil {
		return err
	}
	var refused Failures
	// What has arrived when ctx is done is still written.
	err = s.Expose(context.WithoutCancel(ctx), w, opts, &refused)
	return s.End(errors.Join(refused.Err(r.errorOf), err))
}

// Send does the work of ContextRegistry.CollectWithContext.
func (r *Registry) Send(ctx context.Context, ch chan<- prometheus.Metric) {
	out := &collect.ChannelSink{Ctx: ctx, Ch: ch, Announced: make(collect.Announcements)}
	s, err := r.NewScrape(ctx)
	if err != nil {
		out.Drop(err)
		return
	}
	for _, e := range s.parts[0].plan.entries {
		out.Announced.Add(e.Announced)
	}
	s.collect()
	_ = s.write(&metricSender{out: out}, nameSpace{}) // It fails when ctx is done.
	_ = s.End(nil)                                    // The failures are sent one by one below.
	if len(s.Failures.list) > 0 {
		if all, ok := r.errorOf(s.Failures.list).(interface{ Unwrap() []error }); ok {
			for _, err := range all.Unwrap() {
				out.Drop(err)
			}
		}
	}
}

// metricSender is a [model.Sink] that sends points as metrics.
type metricSender struct {
	out    *collect.ChannelSink
	family *model.Family
}

func (s *metricSender) Family(f *model.Family) error {
	s.family = f
	return nil
}

func (s *metricSender) Point(p *model.Point) error { return s.out.Sample(s.family, p) }

// Scrape is one scrape of a registry and of the registries in it.
type Scrape struct {
	ctx       context.Context //nolint:containedctx // It lives as long as the scrape.
	began     time.Time
	parts     []*part
	selection selection
	wanted    func(family string) bool // nil if all families are wanted
	Failures  Failures
	around    map[string]string // numbers of the Gatherers around each collector, made at the first failure
	explained int               // number of errors that explain has looked into
	shared    bool              // Runs are shared with overlapping scrapes; see ShareRuns.

	Allowance *callback.Allowance // bounds how long user functions may take
	HookErr   error               // error of the hook ScrapeStart
	unlink    func()              // frees what links ctx to the context that the scrape was given
	Abandoned bool                // The client has gone away; see WorthLogging.
}

// part is what one registry contributes to a scrape.
type part struct {
	name      string // path of this registry in the ones around it; ends in a slash unless it is empty
	registry  *Registry
	plan      *plan
	gatherers string             // numbers of the Gatherers around it, each followed by a space
	wrappings []collect.Wrapping // wrappings around this registry, innermost first
	running   []*Entry           // entries of the plan that can have wanted families
	jobs      []engine.Job
	refused   []refusal
	outcomes  []engine.Outcome
	took      time.Duration // duration of collecting
}

// GatherersAround returns the numbers of the Gatherers around a collector, given by its name in the scrape.
func (s *Scrape) GatherersAround(collector string) string {
	if s.around == nil {
		s.around = make(map[string]string)
		for _, p := range s.parts {
			for _, e := range p.plan.entries {
				s.around[p.nameOf(e)] = p.gatherers
			}
		}
	}
	return s.around[collector]
}

// nameOf returns the name of a collector in the scrape. The only gatherer of a host has the name of that
// host.
func (p *part) nameOf(e *Entry) string {
	if e.Hosted && p.name != "" && !strings.HasSuffix(p.name, "/") {
		return p.name
	}
	return p.name + e.name
}

// NewScrape begins a scrape under ctx. It returns an error if the selection in ctx is not valid. Otherwise,
// the caller must call End.
func (r *Registry) NewScrape(ctx context.Context) (*Scrape, error) {
	s, err := r.PlanScrape(ctx)
	if err != nil {
		return nil, err
	}
	s.Allowance = callback.NewAllowance(ctx)
	next, err := r.scrapeStart(ctx, s.Allowance)
	s.HookErr = err
	s.ctx, s.unlink = callback.Within(ctx, next)
	return s, nil
}

// PlanScrape returns a scrape that has not begun: it knows which collectors to run, but has not called any
// of them. It returns an error if the selection in ctx is not valid.
func (r *Registry) PlanScrape(ctx context.Context) (*Scrape, error) {
	chosen, err := selectionOf(ctx)
	if err != nil {
		return nil, err
	}
	s := &Scrape{ctx: ctx, began: time.Now(), selection: chosen}
	if chosen.byFamily() {
		s.wanted = chosen.wantsFamily
	}
	s.Failures.Around = s.GatherersAround
	s.addPart(&part{registry: r}, &walk{ctx: ctx})
	if r.Host {
		s.Failures.hosted = r.currentPlan().entries[0].name
	}
	if err := chosen.unknown(); err != nil {
		return nil, err
	}
	return s, nil
}

// End ends the scrape. It returns all its failures and err as one error, and logs and counts them.
func (s *Scrape) End(err error) error {
	r := s.parts[0].registry
	gathering := s.Failures.Err(r.errorOf)
	switch {
	case gathering == nil:
		gathering = err
	case err != nil:
		gathering = errors.Join(gathering, err)
	}
	if s.HookErr != nil {
		r.hookFailed(s.ctx, s.Allowance, "", s.HookErr)
	}
	r.Log.Log(s.ctx, s.Allowance, CollectingFailed, s.WorthLogging())
	if report := overflowLog.Load(); report != nil && r.Log != nil {
		(*report)(s, r.Log)
	}
	s.eachSelf(func(m *SelfMetrics) { m.scrapes.Add(1) })
	if err := r.scrapeEnd(s.ctx, s.Allowance, time.Since(s.began), gathering); err != nil {
		r.hookFailed(s.ctx, s.Allowance, "", err)
	}
	s.unlink()
	for _, p := range s.parts {
		for i := range p.outcomes {
			p.outcomes[i].Release()
		}
	}
	return gathering
}

// served counts what was served over HTTP.
func (s *Scrape) served(series, bytes uint64) {
	s.eachSelf(func(m *SelfMetrics) {
		m.series.Add(series)
		m.bytes.Add(bytes)
	})
}

// addPart adds a registry and the registries in it.
func (s *Scrape) addPart(p *part, w *walk) {
	if p.registry.Prepare != nil {
		p.registry.Prepare(s.ctx)
	}
	p.plan = s.selectFrom(p, p.registry.currentPlan())
	p.running = make([]*Entry, 0, len(p.plan.running))
	p.jobs = make([]engine.Job, 0, len(p.plan.running))
	for _, e := range p.plan.running {
		if s.wants(p, e) && !p.refuses(s.ctx, e) {
			p.running = append(p.running, e)
			p.jobs = append(p.jobs, engine.Job{Collector: e.engineCollector, OwnRun: e.Binding.Refuse != nil && hops.Any(s.ctx)})
		}
	}
	s.parts = append(s.parts, p)
	if len(p.plan.nested) == 0 {
		return
	}
	w.path = append(w.path, p.registry)
	for _, e := range p.plan.nested {
		nested := &part{registry: e.Binding.Nested, wrappings: slices.Concat(e.Binding.wrappings, p.wrappings), name: p.name, gatherers: p.gatherers}
		if e.Number != "" {
			nested.gatherers += e.Number + " "
		}
		if e.named {
			nested.name += e.name
			if !nested.registry.Host {
				nested.name += "/"
			}
		}
		enter, err := w.enter(s, nested)
		if err != nil {
			s.Failures.addFailure(&Failure{Collector: p.name + e.name, Err: err, Gatherers: nested.gatherers})
		}
		if enter {
			s.addPart(nested, w)
		}
		if w.exhausted {
			break
		}
	}
	w.path = w.path[:len(w.path)-1]
}

// refuses reports whether a collector must take no part in a scrape under ctx, and records the reason.
func (p *part) refuses(ctx context.Context, e *Entry) bool {
	if e.Binding.Refuse == nil {
		return false
	}
	err := e.Binding.Refuse(ctx)
	if err != nil {
		p.refused = append(p.refused, refusal{e, err})
	}
	return err != nil
}

// Refused returns the reason why a collector takes no part in the scrape, if that wraps the given reason
// for one of them.
func (s *Scrape) Refused(reason error) error {
	for _, p := range s.parts {
		for _, r := range p.refused {
			if errors.Is(r.err, reason) {
				return fmt.Errorf("collector %q: %w", p.nameOf(r.entry), r.err)
			}
		}
	}
	return nil
}

// refusal is the reason why a collector takes no part in a scrape.
type refusal struct {
	entry *Entry
	err   error
}

// selectFrom returns the plan for the selected collectors.
func (s *Scrape) selectFrom(p *part, all *plan) *plan {
	if !s.selection.byCollector() {
		return all
	}
	var some []*Entry
	for _, e := range all.entries {
		// The collectors in a nested registry are selected by their own names. Those do not begin with the
		// name of the registry unless it was given one.
		if e.Binding.Nested != nil && !e.named || s.selection.wantsCollector(p.nameOf(e)) || e.Binding.Nested != nil {
			some = append(some, e)
		}
	}
	return newPlan(some)
}

// wants reports whether a collector may have wanted families.
func (s *Scrape) wants(p *part, e *Entry) bool {
	if s.wanted == nil || len(e.Announced.List) == 0 {
		return true
	}
	return slices.ContainsFunc(e.Announced.Names(), func(name string) bool {
		name, known := p.nameOfFamily(name)
		return !known || s.wanted(name)
	})
}

// nameOfFamily returns the name that a family of this part has in the scrape, and reports whether the name
// is known: a reshaper may give the family several. The name is empty if the family has no series in the
// scrape.
func (p *part) nameOfFamily(name string) (string, bool) {
	for i := range p.wrappings {
		w := &p.wrappings[i]
		name = w.Prefix + name
		if w.Reshape != nil {
			var known bool
			if name, known = w.Reshape.Name(name); !known || name == "" {
				return "", known
			}
		}
	}
	return name, true
}

// ShareRuns makes overlapping scrapes share their runs, even of collectors that can take a context.
func (s *Scrape) ShareRuns() {
	s.shared = true
	for _, p := range s.parts {
		for i := range p.jobs {
			p.jobs[i].Share = true
		}
	}
}

// askForOrigins asks for the origins of samples. It is for a scrape that is written to a
// [clientmodel.Builder].
func (s *Scrape) askForOrigins() {
	for _, p := range s.parts {
		for i := range p.jobs {
			p.jobs[i].Origins = true
		}
	}
}

// collect runs the collectors of all parts until they have finished or the scrape is over.
func (s *Scrape) collect() {
	runs := engine.NewScrape(s.ctx)
	defer runs.End()
	var others sync.WaitGroup
	for _, p := range s.parts[1:] {
		others.Go(func() { p.collect(runs) })
	}
	s.parts[0].collect(runs)
	others.Wait()
}

func (p *part) collect(runs *engine.Scrape) {
	start := time.Now()
	p.outcomes = p.registry.Engine.CollectFor(runs, p.jobs)
	p.took = time.Since(start)
}
