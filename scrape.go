package metric

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/luxfi/metric/internal/callback"
	"github.com/luxfi/metric/internal/clientmodel"
	"github.com/luxfi/metric/internal/collect"
	"github.com/luxfi/metric/internal/engine"
	"github.com/luxfi/metric/internal/model"
)

// gather gathers as ContextRegistry.GatherWithContext does.
func (r *core) gather(ctx context.Context) ([]*MetricFamily, error) {
	var builder clientmodel.Builder
	s, err := r.newScrape(ctx)
	if err != nil {
		return nil, err
	}
	s.askForOrigins()
	s.collect()
	_ = s.write(&builder, nameSpace{}) // The builder never fails.
	return builder.Families(), s.end(nil)
}

// send gathers and sends as ContextRegistry.CollectWithContext does.
func (r *core) send(ctx context.Context, ch chan<- Metric) {
	out := &collect.ChannelSink{Ctx: ctx, Ch: ch, Announced: make(collect.Announcements)}
	s, err := r.newScrape(ctx)
	if err != nil {
		out.Drop(err)
		return
	}
	for _, e := range s.parts[0].plan.entries {
		out.Announced.Add(e.announced)
	}
	s.collect()
	_ = s.write(&metricSender{out: out}, nameSpace{}) // It fails when ctx is done.
	_ = s.end(nil)                                    // Its parts follow.
	if len(s.failures.list) > 0 {
		if all, ok := r.errorOf(s.failures.list).(interface{ Unwrap() []error }); ok {
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

// scrape is one scrape of a registry and of those that are registered with it.
type scrape struct {
	ctx       context.Context //nolint:containedctx // It lives as long as the scrape.
	began     time.Time
	parts     []*part
	selection selection
	wanted    func(family string) bool // Nil means all.
	failures  failures
	around    map[string]string // The numbers of the Gatherers around each collector, made when one has failed.
	shared    bool              // Runs are shared with scrapes that overlap; see shareRuns.

	patience  *callback.Patience // With the functions of the program.
	hookErr   error              // What is wrong with the hook ScrapeStart.
	unlink    func()             // Frees what links ctx to the context that the scrape was given.
	abandoned bool               // The client has gone away; see worthLogging.
}

// part is what one registry contributes to a scrape.
type part struct {
	name      string // Of this registry in the ones around it; it ends in a slash unless it is empty.
	registry  *core
	plan      *plan
	gatherers string             // The numbers of the Gatherers around it, each followed by a space.
	wrappings []collect.Wrapping // Around this registry, innermost first.
	running   []*entry           // Those of the plan that can have wanted families.
	jobs      []engine.Job
	outcomes  []engine.Outcome
	took      time.Duration // To collect.
}

// gatherersAround returns the numbers of the Gatherers around a collector, given by its name in the
// scrape.
func (s *scrape) gatherersAround(collector string) string {
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
func (p *part) nameOf(e *entry) string {
	if e.sole && p.name != "" && !strings.HasSuffix(p.name, "/") {
		return p.name
	}
	return p.name + e.name
}

// newScrape begins a scrape under ctx. It is an error if the selection that ctx has is
// not valid. Otherwise, end has to be called.
func (r *core) newScrape(ctx context.Context) (*scrape, error) {
	s, err := r.planScrape(ctx)
	if err != nil {
		return nil, err
	}
	s.patience = callback.NewPatience(ctx)
	next, err := r.scrapeStart(ctx, s.patience)
	s.hookErr = err
	s.ctx, s.unlink = callback.Within(ctx, next)
	return s, nil
}

// planScrape returns a scrape that has not begun: it knows which collectors to run, but no
// code of the program has been called. It is an error if the selection that ctx has is not
// valid.
func (r *core) planScrape(ctx context.Context) (*scrape, error) {
	chosen, err := selectionOf(ctx)
	if err != nil {
		return nil, err
	}
	s := &scrape{ctx: ctx, began: time.Now(), selection: chosen}
	if chosen.byFamily() {
		s.wanted = chosen.wantsFamily
	}
	s.failures.around = s.gatherersAround
	s.addPart(&part{registry: r}, &walk{ctx: ctx})
	if r.host {
		s.failures.sole = r.currentPlan().entries[0].name
	}
	if err := chosen.unknown(); err != nil {
		return nil, err
	}
	return s, nil
}

// end returns everything that went wrong in the scrape, err included, and makes it
// known.
func (s *scrape) end(err error) error {
	r := s.parts[0].registry
	gathering := s.failures.err(r.errorOf)
	switch {
	case gathering == nil:
		gathering = err
	case err != nil:
		gathering = errors.Join(gathering, err)
	}
	if s.hookErr != nil {
		r.hookFailed(s.ctx, s.patience, "", s.hookErr)
	}
	r.log.log(s.ctx, s.patience, collectingFailed, s.worthLogging())
	s.eachSelf(func(m *selfMetrics) { m.scrapes.Add(1) })
	if err := r.scrapeEnd(s.ctx, s.patience, time.Since(s.began), gathering); err != nil {
		r.hookFailed(s.ctx, s.patience, "", err)
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
func (s *scrape) served(series, bytes uint64) {
	s.eachSelf(func(m *selfMetrics) {
		m.series.Add(series)
		m.bytes.Add(bytes)
	})
}

// addPart adds a registry, and those in it.
func (s *scrape) addPart(p *part, w *walk) {
	p.plan = s.selectFrom(p, p.registry.currentPlan())
	p.running = make([]*entry, 0, len(p.plan.running))
	p.jobs = make([]engine.Job, 0, len(p.plan.running))
	for _, e := range p.plan.running {
		if s.wants(p, e) {
			p.running = append(p.running, e)
			p.jobs = append(p.jobs, engine.Job{Collector: e.run})
		}
	}
	s.parts = append(s.parts, p)
	if len(p.plan.nested) == 0 {
		return
	}
	w.path = append(w.path, p.registry)
	for _, e := range p.plan.nested {
		nested := &part{registry: e.binding.nested, wrappings: slices.Concat(e.binding.wrappings, p.wrappings), name: p.name, gatherers: p.gatherers}
		if e.number != "" {
			nested.gatherers += e.number + " "
		}
		if e.named {
			nested.name += e.name
			if !nested.registry.host {
				nested.name += "/"
			}
		}
		enter, err := w.enter(s, nested)
		if err != nil {
			s.failures.addFailure(&failure{Collector: p.name + e.name, Err: err, gatherers: nested.gatherers})
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

// selectFrom returns the plan for the selected collectors.
func (s *scrape) selectFrom(p *part, all *plan) *plan {
	if !s.selection.byCollector() {
		return all
	}
	var some []*entry
	for _, e := range all.entries {
		// What is in a registry is looked at by its own names, which do not begin with that
		// of the registry unless it was given one.
		if e.binding.nested != nil && !e.named || s.selection.wantsCollector(p.nameOf(e)) || e.binding.nested != nil {
			some = append(some, e)
		}
	}
	return newPlan(some)
}

// wants reports whether a collector may have wanted families.
func (s *scrape) wants(p *part, e *entry) bool {
	if s.wanted == nil || len(e.announced.List) == 0 {
		return true
	}
	prefix := p.prefix()
	return slices.ContainsFunc(e.announced.Names(), func(name string) bool { return s.wanted(prefix + name) })
}

// prefix returns what the registries around this one put before the names of families.
func (p *part) prefix() (prefix string) {
	for _, w := range p.wrappings {
		prefix = w.Prefix + prefix
	}
	return prefix
}

// shareRuns has scrapes that overlap share their runs, even of collectors that can take a
// context.
func (s *scrape) shareRuns() {
	s.shared = true
	for _, p := range s.parts {
		for i := range p.jobs {
			p.jobs[i].Share = true
		}
	}
}

// askForOrigins is for a scrape that is written to a clientmodel.Builder.
func (s *scrape) askForOrigins() {
	for _, p := range s.parts {
		for i := range p.jobs {
			p.jobs[i].Origins = true
		}
	}
}

// collect runs the collectors of all parts until they have finished or the scrape is
// over.
func (s *scrape) collect() {
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
	p.outcomes = p.registry.engine.CollectFor(runs, p.jobs)
	p.took = time.Since(start)
}
