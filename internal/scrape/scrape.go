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

// Gather gathers as ContextRegistry.GatherWithContext does.
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

// WriteTo gathers and writes the families to sink, one after the other, sorted by name. It stops at
// the first error of sink. The error is about the gathering.
func (r *Registry) WriteTo(ctx context.Context, sink model.Sink) error {
	s, err := r.NewScrape(ctx)
	if err != nil {
		return err
	}
	s.collect()
	return s.End(s.write(sink, nameSpace{}))
}

// ExposeTo gathers and writes the exposition that opts ask for to w. After an error of w, it stops. The error
// is about the gathering, what the format has no place for, and w.
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

// Send gathers and sends as ContextRegistry.CollectWithContext does.
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
	_ = s.End(nil)                                    // Its parts follow.
	if len(s.Failures.list) > 0 {
		if all, ok := r.errorOf(s.Failures.list).(interface{ Unwrap() []error }); ok {
			for _, err := range all.Unwrap() {
				out.Drop(err)
			}
		}
	}
}

// metricSender is a model.Sink that sends points as metrics.
type metricSender struct {
	out    *collect.ChannelSink
	family *model.Family
}

func (s *metricSender) Family(f *model.Family) error {
	s.family = f
	return nil
}

func (s *metricSender) Point(p *model.Point) error { return s.out.Sample(s.family, p) }

// Scrape is one scrape of a registry and of those that are registered with it.
type Scrape struct {
	ctx       context.Context //nolint:containedctx // It lives as long as the scrape.
	began     time.Time
	parts     []*part
	selection selection
	wanted    func(family string) bool // Nil means all.
	Failures  Failures
	around    map[string]string // The numbers of the Gatherers around each collector, made when one has failed.
	explained int               // How many errors explain has looked into.
	shared    bool              // Runs are shared with scrapes that overlap; see ShareRuns.

	Patience  *callback.Patience // With the functions of the program.
	HookErr   error              // What is wrong with the hook ScrapeStart.
	unlink    func()             // Frees what links ctx to the context that the scrape was given.
	Abandoned bool               // The client has gone away; see WorthLogging.
}

// part is what one registry contributes to a scrape.
type part struct {
	name      string // Of this registry in the ones around it; it ends in a slash unless it is empty.
	registry  *Registry
	plan      *plan
	gatherers string             // The numbers of the Gatherers around it, each followed by a space.
	wrappings []collect.Wrapping // Around this registry, innermost first.
	running   []*Entry           // Those of the plan that can have wanted families.
	jobs      []engine.Job
	refused   []refusal
	outcomes  []engine.Outcome
	took      time.Duration // To collect.
}

// GatherersAround returns the numbers of the Gatherers around a collector, given by its name in the
// scrape.
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

// nameOf returns the name of a collector as the scrape has it. A gatherer that is alone in its
// host has the name under which that is known.
func (p *part) nameOf(e *Entry) string {
	if e.Sole && p.name != "" && !strings.HasSuffix(p.name, "/") {
		return p.name
	}
	return p.name + e.name
}

// NewScrape begins a scrape under ctx. It is an error if the selection that ctx has is
// not valid. Otherwise, End has to be called.
func (r *Registry) NewScrape(ctx context.Context) (*Scrape, error) {
	s, err := r.PlanScrape(ctx)
	if err != nil {
		return nil, err
	}
	s.Patience = callback.NewPatience(ctx)
	next, err := r.scrapeStart(ctx, s.Patience)
	s.HookErr = err
	s.ctx, s.unlink = callback.Within(ctx, next)
	return s, nil
}

// PlanScrape returns a scrape that has not begun: it knows which collectors to run, but none
// of them has been called. It is an error if the selection that ctx has is not
// valid.
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
		s.Failures.sole = r.currentPlan().entries[0].name
	}
	if err := chosen.unknown(); err != nil {
		return nil, err
	}
	return s, nil
}

// End returns everything that went wrong in the scrape, err included, and makes it
// known.
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
		r.hookFailed(s.ctx, s.Patience, "", s.HookErr)
	}
	r.Log.Log(s.ctx, s.Patience, CollectingFailed, s.WorthLogging())
	if report := overflowLog.Load(); report != nil && r.Log != nil {
		(*report)(s, r.Log)
	}
	s.eachSelf(func(m *SelfMetrics) { m.scrapes.Add(1) })
	if err := r.scrapeEnd(s.ctx, s.Patience, time.Since(s.began), gathering); err != nil {
		r.hookFailed(s.ctx, s.Patience, "", err)
	}
	s.unlink()
	for _, p := range s.parts {
		for i := range p.outcomes {
			p.outcomes[i].Release()
		}
	}
	return gathering
}

// served adds what was served over HTTP to the account.
func (s *Scrape) served(series, bytes uint64) {
	s.eachSelf(func(m *SelfMetrics) {
		m.series.Add(series)
		m.bytes.Add(bytes)
	})
}

// addPart adds a registry, and those in it.
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
			p.jobs = append(p.jobs, engine.Job{Collector: e.run, Alone: e.Binding.Refuse != nil && hops.Any(s.ctx)})
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

// refuses reports whether a collector must take no part in a scrape under ctx, and notes why.
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

// Refused returns why a collector takes no part in the scrape, if that is reason for one of them.
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

// refusal is why a collector takes no part in a scrape.
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
		// What is in a registry is looked at by its own names, which do not begin with that
		// of the registry unless it was given one.
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

// nameOfFamily returns the name that a family of this part has in the scrape, and reports whether
// that is known: a reshaper may give it several. It is empty if the family has no series there.
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

// ShareRuns has scrapes that overlap share their runs, even of collectors that can take a
// context.
func (s *Scrape) ShareRuns() {
	s.shared = true
	for _, p := range s.parts {
		for i := range p.jobs {
			p.jobs[i].Share = true
		}
	}
}

// askForOrigins is for a scrape that is written to a clientmodel.Builder.
func (s *Scrape) askForOrigins() {
	for _, p := range s.parts {
		for i := range p.jobs {
			p.jobs[i].Origins = true
		}
	}
}

// collect runs the collectors of all parts until they have finished or the scrape is
// over.
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
