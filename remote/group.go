package remote

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/internal/model"
	"github.com/luxfi/metric/internal/scrape"
)

// GroupTarget is one target of a Group.
type GroupTarget struct {
	// URL is the URL of the target's metrics page, as New takes it.
	URL string
	// Labels are added to all series of the target. If the group's label is not among them, its
	// value is the host and port of the URL.
	Labels prometheus.Labels
}

// GroupOpts says what a group gathers from, and how. The zero value of each field stands for its
// default.
type GroupOpts struct {
	// Targets are the first targets. [Group.Set] replaces them.
	Targets []GroupTarget
	// Source, if not nil, returns more targets, besides Targets. The first gather calls it, and later ones
	// call it again when its last answer is older than Refresh. There is at most one call at a time.
	//
	// The first gather waits for the answer up to half of its time; a later one up to a tenth
	// of it, and goes on with the targets before if there is no answer by then. An answer with an
	// error but no targets changes nothing, nor does a panic: the group keeps its targets. Every
	// gather reports the error until Source succeeds. The context ends after 30 seconds, and
	// when the group is closed.
	//
	// [File] returns a Source that reads a file.
	Source func(ctx context.Context) ([]GroupTarget, error)
	// Refresh is how old an answer of Source may become. The default is 5 seconds.
	Refresh time.Duration

	// Label is the name of the label that tells targets apart. The default is instance.
	Label string
	// HonorLabels decides about a label of a series that has the name of an added one. By
	// default, the series' own label is renamed: exported_ is put before its name, as in
	// Prometheus. With HonorLabels, it is kept, and the other one is not added.
	HonorLabels bool

	// Opts say how to gather from each target.
	Opts Opts
	// Policies apply to each target by itself, such as metric.WithTimeout and metric.WithStale.
	// The targets share only what the caller shares explicitly, such as the places of a
	// metric.Group.
	Policies []metric.CollectorOption
	// Concurrency is how many targets are gathered from at the same time, in all gathers
	// together. The default is 32; a negative number means no limit.
	Concurrency int

	// Namespace begins the names of the group's own metrics, see [Group]. The default is
	// remote.
	Namespace string
}

const (
	defaultRefresh     = 5 * time.Second
	defaultLabel       = "instance"
	defaultConcurrency = 32
	defaultNamespace   = "remote"
)

// Group gathers from many targets at the same time, and merges their metrics. It is a
// metric.GathererWithContext, for handlers, Gatherers and MultiGatherers, and a metric.Collector that
// announces no descriptors, for registries. Its policies are those of GroupOpts: it cannot be
// registered with others.
//
// A target that fails costs only its own metrics; the error of the gather names it. If targets
// disagree about the type of a family, the group serves the one that was added first, and reports
// the other.
//
// For each target, the group adds three metrics with the labels of the target:
//
//   - remote_target_success: 1 if the target has given its metrics to this gather, or else 0;
//   - remote_target_duration_seconds: how long the request took, including its response;
//   - remote_target_series: how many series the target has given.
//
// With WithStale, a target that fails has success 0 while its earlier metrics are served.
//
// A Group is safe for concurrent use. Its targets may be changed while it gathers. A gather that
// is under way then has some targets from before the change and others from after it, but always
// those that are in both.
type Group struct {
	front

	opts     GroupOpts
	registry *metric.ContextRegistry
	refresh  refresher

	mu      sync.Mutex // Held while targets are changed.
	current atomic.Pointer[members]
}

// front is what a registry of package metric sees of a group.
type front struct {
	group *Group
	core  *scrape.Registry
}

// ScrapeRegistry implements scrape.Behind.
func (f front) ScrapeRegistry() (receiver any, r *scrape.Registry) { return f.group, f.core }

var (
	_ scrape.Behind               = (*Group)(nil)
	_ metric.GathererWithContext  = (*Group)(nil)
	_ metric.CollectorWithContext = (*Group)(nil)
)

// NewGroup returns a group. It panics if the name of Label or Namespace, or an option in Opts or
// Policies, is not valid. The group leaves out a target that is not valid; every gather reports it
// until the targets are replaced.
func NewGroup(opts GroupOpts) *Group {
	opts = opts.withDefaults()
	if err := opts.Check(); err != nil {
		panic(fmt.Errorf("cannot make a group of targets: %w", err))
	}
	g := &Group{opts: opts, registry: metric.NewContextRegistry(metric.WithConcurrency(opts.Concurrency))}
	g.front = front{g, scrape.RegistryOf(g.registry)}
	g.current.Store(new(members))
	g.core.Report = newReport(opts.Namespace).of
	g.registry.MustRegisterWith(&faults{g}, metric.WithName(faultsName))
	_ = g.Set(opts.Targets) // Gathers report it.
	if opts.Source != nil {
		fixed := slices.Clone(opts.Targets)
		g.refresh.open(opts.Source, opts.Refresh, opts.Opts.withDefaults().Timeout, func(found []GroupTarget) error {
			return g.Set(slices.Concat(fixed, found))
		})
		g.core.Prepare = g.refresh.prepare
	}
	return g
}

func (o GroupOpts) withDefaults() GroupOpts {
	o.Label, o.Namespace = cmp.Or(o.Label, defaultLabel), cmp.Or(o.Namespace, defaultNamespace)
	o.Refresh, o.Concurrency = orDefault(o.Refresh, defaultRefresh), orDefault(o.Concurrency, defaultConcurrency)
	o.Policies = slices.Clone(o.Policies)
	return o
}

// Check returns the error that NewGroup would panic with, or nil. It is for programs whose options come
// from a configuration. It does not look at Targets: Set does.
func (o GroupOpts) Check() error {
	o = o.withDefaults()
	if _, err := model.NewLabels([]model.Label{{Name: o.Label}}); err != nil {
		return fmt.Errorf("targets cannot be told apart by the label %q: %w", o.Label, err)
	}
	if desc := prometheus.NewDesc(o.Namespace+"_target_success", "", nil, nil); desc.Err() != nil {
		return fmt.Errorf("metrics cannot have the namespace %q: %w", o.Namespace, desc.Err())
	}
	if err := o.Opts.check(); err != nil {
		return err
	}
	// Registered with a collector that does nothing, policies show what is wrong with them.
	r := metric.NewContextRegistry()
	defer r.Close() //nolint:errcheck // That collector returns at once.
	err := r.RegisterWith(idle{}, append(slices.Clip(o.Policies), metric.WithName("target"))...)
	return cmp.Or(errors.Unwrap(err), err) // The rest is about that collector.
}

// idle is a collector that does nothing.
type idle struct{}

func (idle) Describe(chan<- *prometheus.Desc) {}
func (idle) Collect(chan<- prometheus.Metric) {}

// Set replaces the targets, until Source, if there is one, answers the next time. A target that is there already, with the same URL and labels, stays as it
// is, with its earlier results and the state of its policies. The error names the targets that are
// not valid; Set leaves them out.
func (g *Group) Set(targets []GroupTarget) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	var (
		old    = g.current.Load()
		next   = &members{byName: make(map[string]*member, len(targets))}
		faulty []error
	)
	for i, t := range targets {
		if err := next.add(g, old, t); err != nil {
			faulty = append(faulty, fmt.Errorf("target %d%s: %w", i+1, shown(t.URL), err))
		}
	}
	for _, name := range next.names {
		m := next.byName[name]
		if old.byName[name] == m {
			continue
		}
		// A gather has either the target before or this one, if they have the same name.
		if err := g.registry.ReplaceNamed(name, m.collector, g.opts.Policies...); err != nil {
			delete(next.byName, name)
			faulty = append(faulty, fmt.Errorf("target%s: %w", shown(m.of.URL), err))
		}
	}
	for name := range old.byName {
		if next.byName[name] == nil {
			g.registry.UnregisterNamed(name)
		}
	}
	next.faults = joined(faulty)
	g.current.Store(next)
	return next.faults
}

// maxFaults is how many errors about targets are joined.
const maxFaults = 20

// joined returns one error for all of them.
func joined(errs []error) error {
	if more := len(errs) - maxFaults; more > 0 {
		errs = append(errs[:maxFaults:maxFaults], fmt.Errorf("%d more targets are not valid", more))
	}
	return errors.Join(errs...)
}

// Targets returns the targets that the group has now, each with the group's label, sorted by that.
func (g *Group) Targets() []GroupTarget {
	now := g.current.Load()
	all := make([]GroupTarget, 0, len(now.byName))
	for _, m := range now.byName {
		all = append(all, GroupTarget{URL: m.of.URL, Labels: maps.Clone(m.of.Labels)})
	}
	slices.SortFunc(all, func(a, b GroupTarget) int {
		return strings.Compare(a.Labels[g.opts.Label], b.Labels[g.opts.Label])
	})
	return all
}

// Status returns the state of each target. Its name is the value of the group's label; a percent sign
// and a slash in it are percent-encoded.
func (g *Group) Status() []metric.CollectorStatus {
	return slices.DeleteFunc(g.registry.Status(), func(s metric.CollectorStatus) bool { return s.Name == faultsName })
}

// Gather gathers with the background context.
func (g *Group) Gather() ([]*metric.MetricFamily, error) {
	return g.GatherWithContext(context.Background())
}

// GatherWithContext gathers from all targets. If some of them fail, or samples are left out, it returns
// a *metric.GatherError besides the metrics of the others.
func (g *Group) GatherWithContext(ctx context.Context) ([]*metric.MetricFamily, error) {
	return g.registry.GatherWithContext(ctx)
}

// Describe sends nothing: the other processes decide which metrics there are.
func (g *Group) Describe(chan<- *prometheus.Desc) {}

// Collect collects with the background context.
func (g *Group) Collect(ch chan<- prometheus.Metric) { g.CollectWithContext(context.Background(), ch) }

// CollectWithContext sends what GatherWithContext gathers as metrics, and its errors as invalid
// metrics. Registries of other packages use it.
func (g *Group) CollectWithContext(ctx context.Context, ch chan<- prometheus.Metric) {
	g.core.Send(ctx, ch)
}

// Close ends what runs in the background: the call of Source, and the runs that WithBackground asks
// for. Later gathers use the targets that there are.
func (g *Group) Close() error {
	g.refresh.close()
	return g.registry.Close()
}

// faults is a collector that reports what is wrong with the targets of a group.
type faults struct{ group *Group }

// faultsName is the name of that collector. No target has it; see nameFor.
const faultsName = "targets"

// Describe sends nothing.
func (f *faults) Describe(chan<- *prometheus.Desc) {}

// Collect sends nothing but errors.
func (f *faults) Collect(ch chan<- prometheus.Metric) {
	err := errors.Join(f.group.current.Load().faults, f.group.refresh.failure())
	if err != nil {
		ch <- prometheus.NewInvalidMetric(prometheus.NewInvalidDesc(err), err)
	}
}
