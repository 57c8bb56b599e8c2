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
	dto "github.com/prometheus/client_model/go"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/internal/collect"
	"github.com/luxfi/metric/internal/model"
	"github.com/luxfi/metric/internal/scrape"
)

// GroupTarget is one target of a Group.
type GroupTarget struct {
	// URL is that of the target's metrics page, as New takes it.
	URL string
	// Labels are added to everything that the target gives. If the group's label is not among
	// them, its value is the host and port of the URL.
	Labels prometheus.Labels
}

// GroupOpts says what a group gathers from, and how. The zero value of each field stands for its
// default.
type GroupOpts struct {
	// Targets are those of the beginning. [Group.Set] replaces them.
	Targets []GroupTarget
	// Source, if not nil, is asked for the targets, which replace those before: when the first
	// gather begins, which waits for the answer, and then again and again while the group is in
	// use, at the earliest after Refresh. While it has not returned, it is not called again. If
	// it fails or panics, the group keeps its targets and reports the error. [File] reads them from
	// a file.
	Source func(ctx context.Context) ([]GroupTarget, error)
	// Refresh is how old an answer of Source may become. The default is 5 seconds.
	Refresh time.Duration

	// Label is the name of the label by which targets are told apart. The default is instance.
	Label string
	// HonorLabels says what becomes of a label of a target's own under the name of one that is
	// added. If it is false, its name is changed to exported_ and the name, as Prometheus does; if
	// it is true, it is kept and the other one is not added.
	HonorLabels bool

	// Opts say how each target is gathered from.
	Opts Opts
	// Policies are those of each target, such as metric.WithTimeout and metric.WithStale.
	Policies []metric.CollectorOption
	// Concurrency is how many targets are gathered from at the same time, over all gathers. The
	// default is 32; a negative number means all of them.
	Concurrency int

	// Namespace is the beginning of the names of the group's own metrics, see [Group]. The
	// default is remote.
	Namespace string
}

const (
	defaultRefresh     = 5 * time.Second
	defaultLabel       = "instance"
	defaultConcurrency = 32
	defaultNamespace   = "remote"
)

// Group gathers from many targets at the same time, and merges what they give. It is a
// metric.GathererWithContext, for handlers, registries and MultiGatherers.
//
// A target that fails costs only itself; the error of the gather names it. Where families of
// different targets have the same name but not the same type, the first target's is served, and the
// other reported.
//
// For each target, the group adds, with the labels of the target:
//
//   - remote_target_success: 1 if the target has given its metrics to this gather, else 0;
//   - remote_target_duration_seconds: how long the request took, including what was read of the
//     response;
//   - remote_target_series: how many series are served.
//
// A target with WithStale has success 0 while its earlier metrics are served.
//
// A Group is safe for concurrent use. Its targets may be changed while it gathers, which later
// gathers will see.
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

var _ scrape.Behind = (*Group)(nil)

// members are the targets that a group has at a time.
type members struct {
	byName map[string]*member // By their names in the registry.
	faults error              // What was wrong with others.
}

// member is a target of a group.
type member struct {
	of        GroupTarget
	labels    model.Labels
	collector *collect.Wrapped
}

// NewGroup returns a group. It panics if the name of Label or Namespace is not valid, or if an option
// in Opts or Policies is not. A target that is not valid is left out; every gather reports it until the
// targets are replaced.
func NewGroup(opts GroupOpts) *Group {
	opts.Label, opts.Namespace = cmp.Or(opts.Label, defaultLabel), cmp.Or(opts.Namespace, defaultNamespace)
	opts.Refresh, opts.Concurrency = orDefault(opts.Refresh, defaultRefresh), orDefault(opts.Concurrency, defaultConcurrency)
	if _, err := model.NewLabels([]model.Label{{Name: opts.Label}}); err != nil {
		panic(fmt.Errorf("cannot tell targets apart by the label %q: %w", opts.Label, err))
	}
	if err := opts.Opts.check(); err != nil {
		panic(fmt.Errorf("cannot gather from a group: %w", err))
	}
	g := &Group{opts: opts, registry: metric.NewContextRegistry(metric.WithConcurrency(opts.Concurrency))}
	g.front = front{g, scrape.RegistryOf(g.registry)}
	g.current.Store(new(members))
	g.core.Report = newReport(opts.Namespace).of(g)
	g.registry.MustRegisterWith(&faults{g}, metric.WithName(faultsName))
	if err := g.tryPolicies(); err != nil {
		panic(err)
	}
	_ = g.Set(opts.Targets) // Gathers report it.
	if opts.Source != nil {
		g.refresh.open(opts.Source, opts.Refresh, g.Set)
		g.core.Prepare = g.refresh.prepare
	}
	return g
}

// tryPolicies returns what is wrong with the policies.
func (g *Group) tryPolicies() error {
	t, err := New("http://localhost", g.opts.Opts)
	if err != nil {
		return err
	}
	return metric.NewContextRegistry().RegisterWith(t, g.opts.Policies...)
}

// Set replaces the targets. A target that is there already, with the same URL and labels, stays as it
// is, with its earlier results and the state of its policies. The error tells which targets are not
// valid; the others are set nevertheless.
func (g *Group) Set(targets []GroupTarget) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	var (
		old    = g.current.Load()
		next   = &members{byName: make(map[string]*member, len(targets))}
		faulty []error
	)
	for i, t := range targets {
		if err := g.add(next, old, t); err != nil {
			faulty = append(faulty, fmt.Errorf("target %d (%s): %w", i+1, redacted(t.URL), err))
		}
	}
	for name, m := range old.byName {
		if next.byName[name] != m {
			g.registry.UnregisterNamed(name)
		}
	}
	for name, m := range next.byName {
		if old.byName[name] == m {
			continue
		}
		if err := g.registry.RegisterWith(m.collector, append(slices.Clip(g.opts.Policies), metric.WithName(name))...); err != nil {
			delete(next.byName, name)
			faulty = append(faulty, fmt.Errorf("target %s: %w", redacted(m.of.URL), err))
		}
	}
	next.faults = errors.Join(faulty...)
	g.current.Store(next)
	return next.faults
}

// add adds a target to next: that of old, if it is the same.
func (g *Group) add(next, old *members, of GroupTarget) error {
	target, err := New(of.URL, g.opts.Opts)
	if err != nil {
		return err
	}
	of.Labels = maps.Clone(of.Labels)
	if of.Labels == nil {
		of.Labels = make(prometheus.Labels)
	}
	of.Labels[g.opts.Label] = cmp.Or(of.Labels[g.opts.Label], target.url.Host)
	list := make([]model.Label, 0, len(of.Labels))
	for name, value := range of.Labels {
		list = append(list, model.Label{Name: name, Value: value})
	}
	labels, err := model.NewLabels(list)
	if err != nil {
		return err
	}
	name := strings.ReplaceAll(of.Labels[g.opts.Label], "/", "_") // Names of collectors have none.
	if other := next.byName[name]; other != nil {
		return fmt.Errorf("the target %s has the same label {%s}: set it to another value", redacted(other.of.URL), labels.Text())
	}
	if same := old.byName[name]; same != nil && same.of.URL == of.URL && same.labels == labels {
		next.byName[name] = same
		return nil
	}
	w := collect.Wrapping{Labels: of.Labels, Existing: collect.Renamed}
	if g.opts.HonorLabels {
		w.Existing = collect.Honored
	}
	next.byName[name] = &member{of, labels, collect.Wrap(target, w)}
	return nil
}

// redacted returns a URL without its password. What is not a URL might be one.
func redacted(target string) string {
	u, err := parseURL(target)
	if err != nil {
		return "of an invalid URL"
	}
	return u.Redacted()
}

// Targets returns the targets that the group has now, sorted by the group's label, which all of
// them have.
func (g *Group) Targets() []GroupTarget {
	var all []GroupTarget
	byName := g.current.Load().byName
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		t := byName[name].of
		t.Labels = maps.Clone(t.Labels)
		all = append(all, t)
	}
	return all
}

// Status returns the state of each target, named after the value of the group's label.
func (g *Group) Status() []metric.CollectorStatus { return g.registry.Status() }

// Gather gathers with the background context.
func (g *Group) Gather() ([]*dto.MetricFamily, error) {
	return g.GatherWithContext(context.Background())
}

// GatherWithContext gathers from all targets. If some of them fail, or samples are left out, there is a
// *metric.GatherError besides the metrics of the others.
func (g *Group) GatherWithContext(ctx context.Context) ([]*dto.MetricFamily, error) {
	return g.registry.GatherWithContext(ctx)
}

// Close ends what runs in the background: the call of Source, and the runs that WithBackground asks
// for. Gathers go on with what there is.
func (g *Group) Close() error {
	g.refresh.close()
	return g.registry.Close()
}

// faults is a collector that reports what is wrong with the targets of a group.
type faults struct{ group *Group }

// faultsName is the name of that collector.
const faultsName = "targets"

func (f *faults) Describe(chan<- *prometheus.Desc) {}

func (f *faults) Collect(ch chan<- prometheus.Metric) {
	err := errors.Join(f.group.current.Load().faults, f.group.refresh.failure())
	if err != nil {
		ch <- prometheus.NewInvalidMetric(prometheus.NewInvalidDesc(err), err)
	}
}
