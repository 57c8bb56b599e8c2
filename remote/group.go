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

// GroupTarget is one target of a [Group].
type GroupTarget struct {
	// URL is the URL of the target's metrics page, as for [New].
	URL string
	// Labels are added to all series of the target. If the group's label is not among them, its
	// value is the host and port of the URL.
	Labels prometheus.Labels
}

// GroupOpts are the options of [NewGroup]. The zero value of each field means its default.
type GroupOpts struct {
	// Targets are the first targets. [Group.Set] replaces them.
	Targets []GroupTarget
	// Source, if not nil, returns more targets, in addition to Targets. The first gather calls it. Later
	// gathers call it again when its last answer is older than Refresh. There is at most one call at a time.
	// [File] returns a Source that reads a file.
	//
	// The first gather waits for the answer for up to half of its time. A later gather waits for up to a
	// tenth of its time. If there is no answer by then, the gather continues with the previous targets. If
	// Source panics, or returns an error but no targets, the group keeps its targets. Every gather reports
	// the error until Source succeeds. The context of the call ends after 30 seconds, or when the group is
	// closed.
	Source func(ctx context.Context) ([]GroupTarget, error)
	// Refresh is the maximum age of an answer of Source. The default is 5 seconds.
	Refresh time.Duration

	// Label is the name of the label that distinguishes targets. The default is instance.
	Label string
	// HonorLabels decides what happens if a series already has a label that the group adds. By default, the
	// group renames the label of the series by putting exported_ before its name, as Prometheus does. With
	// HonorLabels, it keeps that label and does not add its own.
	HonorLabels bool

	// Opts are the options for each target.
	Opts Opts
	// Policies, such as metric.WithTimeout and metric.WithStale, apply to each target separately. The
	// targets share only what the caller shares explicitly, such as the limit of a metric.Group.
	Policies []metric.CollectorOption
	// Concurrency limits the number of targets that all gathers together read at the same time. The default
	// is 32; a negative number means no limit.
	Concurrency int

	// Namespace is the prefix of the names of the group's own metrics; see [Group]. The default is remote.
	Namespace string
}

const (
	defaultRefresh     = 5 * time.Second
	defaultLabel       = "instance"
	defaultConcurrency = 32
	defaultNamespace   = "remote"
)

// Group gathers from many targets at the same time and merges their metrics. It implements
// metric.GathererWithContext, for handlers, Gatherers and MultiGatherers, and metric.Collector, for
// registries. It announces no descriptors. The policies in GroupOpts apply to its targets. The group itself
// cannot be registered with policies.
//
// If a target fails, only its own metrics are missing, and the error of the gather names it. If targets
// disagree about the type of a family, the group serves the type of the target that was added first and
// reports the others.
//
// For each target, the group adds three metrics with the labels of the target:
//
//   - remote_target_success: 1 if the target provided its metrics to this gather, and 0 otherwise;
//   - remote_target_duration_seconds: the duration of the request, including its response;
//   - remote_target_series: the number of series that the target provided.
//
// With WithStale, a target that fails has success 0 while its earlier metrics are served.
//
// A Group is safe for concurrent use. Its targets may be changed while it gathers. A gather in progress then
// uses all targets that the change keeps. It may or may not use those that the change adds or removes.
type Group struct {
	front

	opts     GroupOpts
	registry *metric.ContextRegistry
	refresh  refresher

	mu      sync.Mutex // held while targets are changed
	current atomic.Pointer[members]
}

// front is what the registries of package metric use of a group.
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

// NewGroup returns a group. It panics if Label, Namespace, or an option in Opts or Policies is not valid.
// The group leaves out a target that is not valid, and every gather reports it until the targets are
// replaced.
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
	_ = g.Set(opts.Targets) // Gathers report the error.
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

// Check returns the error that [NewGroup] would panic with, or nil. It is for programs that read the
// options from a configuration. It does not check Targets; [Group.Set] does.
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
	// Registering a collector that does nothing shows whether the policies are valid.
	r := metric.NewContextRegistry()
	defer r.Close() //nolint:errcheck // That collector returns immediately.
	err := r.RegisterWith(idle{}, append(slices.Clip(o.Policies), metric.WithName("target"))...)
	return cmp.Or(errors.Unwrap(err), err) // The wrapping error is about the collector, not the policies.
}

// idle is a collector that does nothing.
type idle struct{}

func (idle) Describe(chan<- *prometheus.Desc) {}
func (idle) Collect(chan<- prometheus.Metric) {}

// Set replaces the targets. If the group has a Source, its next answer replaces them again. A target with the
// same URL and labels as an existing one keeps its earlier results and the state of its policies. Set leaves
// out targets that are not valid, and returns an error that names them.
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
		// If a target replaces one of the same name, a gather sees one of the two, but never both.
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

// maxFaults limits the errors about targets that are joined.
const maxFaults = 20

// joined returns errs as one error.
func joined(errs []error) error {
	if more := len(errs) - maxFaults; more > 0 {
		errs = append(errs[:maxFaults:maxFaults], fmt.Errorf("%d more targets are not valid", more))
	}
	return errors.Join(errs...)
}

// Targets returns the current targets, each with the group's label, sorted by the value of that label.
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

// Status returns the state of each target. The name of a target is its value of the group's label, in which
// percent signs and slashes are percent-encoded.
func (g *Group) Status() []metric.CollectorStatus {
	return slices.DeleteFunc(g.registry.Status(), func(s metric.CollectorStatus) bool { return s.Name == faultsName })
}

// Gather gathers with the background context.
func (g *Group) Gather() ([]*metric.MetricFamily, error) {
	return g.GatherWithContext(context.Background())
}

// GatherWithContext gathers from all targets. If some of them fail, or if samples are left out, it returns
// a [*metric.GatherError] together with the metrics of the others.
func (g *Group) GatherWithContext(ctx context.Context) ([]*metric.MetricFamily, error) {
	return g.registry.GatherWithContext(ctx)
}

// Describe sends nothing: the other processes decide which metrics there are.
func (g *Group) Describe(chan<- *prometheus.Desc) {}

// Collect collects with the background context.
func (g *Group) Collect(ch chan<- prometheus.Metric) { g.CollectWithContext(context.Background(), ch) }

// CollectWithContext sends the metrics that GatherWithContext gathers, and its errors as invalid metrics.
// Registries of other packages use it.
func (g *Group) CollectWithContext(ctx context.Context, ch chan<- prometheus.Metric) {
	g.core.Send(ctx, ch)
}

// Close ends the background work: the call of Source, and the runs for policies with WithBackground. Later
// gathers use the current targets.
func (g *Group) Close() error {
	g.refresh.close()
	return g.registry.Close()
}

// faults is a collector that reports the errors of a group's targets.
type faults struct{ group *Group }

// faultsName is the name of that collector. No target has this name; see nameFor.
const faultsName = "targets"

// Describe sends nothing.
func (f *faults) Describe(chan<- *prometheus.Desc) {}

// Collect sends only errors.
func (f *faults) Collect(ch chan<- prometheus.Metric) {
	err := errors.Join(f.group.current.Load().faults, f.group.refresh.failure())
	if err != nil {
		ch <- prometheus.NewInvalidMetric(prometheus.NewInvalidDesc(err), err)
	}
}
