package metric

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"golang.org/x/time/rate"

	"github.com/luxfi/metric/internal/engine"
	"github.com/luxfi/metric/internal/scrape"
)

// RegistryOption is an option of [NewContextRegistry]: [WithConcurrency], [WithHooks],
// [WithLogger], [WithSelfMetrics], [WithSeriesExpiry], [WithSeriesLimit] and [WithValueLimit]
// return one.
type RegistryOption interface{ applyToRegistry(r *scrape.Registry) }

type registryOption func(*scrape.Registry)

func (f registryOption) applyToRegistry(r *scrape.Registry) { f(r) }

// WithConcurrency bounds how many collectors of the registry run at once, over all scrapes. The
// others wait under the context of their scrape, and those with the highest priority start first
// (see [WithPriority]). The default, 0, means no bound.
//
// A run no longer counts towards the bound once it has outlived its scrape, or once it has been under
// way throughout a scrape whose deadline has passed before all its collectors could start.
func WithConcurrency(n int) RegistryOption {
	return registryOption(func(r *scrape.Registry) { r.Engine.Concurrency = n })
}

// WithSelfMetrics adds metrics about the collection to every scrape: for each selected collector
// <namespace>_scrape_collector_success, …_duration_seconds and …_runs_total, and four about the
// scrape as a whole. Others, such as …_errors_total, appear for a collector when they first have a
// value other than 0, and stay until the collector is unregistered. The metrics cover collectors
// that run user code. Instruments of this package cannot fail, so there are no metrics about them.
// WithSelfMetrics panics if the namespace is not valid. [EnableSelfMetrics] does the same for the
// default registry. The page docs/selfmetrics.md lists all self-metrics.
func WithSelfMetrics(namespace string) RegistryOption {
	metrics := scrape.NewSelfMetrics(namespace)
	return registryOption(func(r *scrape.Registry) { r.Self.Store(metrics) })
}

// WithLogger logs each failure of a scrape as one line, at most once a minute for each collector
// and kind of failure. The attributes are the collector, the kind as in the self-metrics, the error
// and, for a panic, its stack. If logger is nil, the registry uses the default logger at the time
// of the failure.
//
// By default, each registry has a limit of its own. A program that makes a registry for each
// request passes one [LogLimits] to all of them. WithLogger panics if there is more than one
// LogLimits.
func WithLogger(logger *slog.Logger, limits ...*LogLimits) RegistryOption {
	shared := limitsOf(limits)
	return registryOption(func(r *scrape.Registry) { r.Log = scrape.NewFailureLog(logger, shared) })
}

// WithHooks makes the registry call functions at the start and the end of scrapes and of runs of
// collectors. The module otelmetric has hooks that create OpenTelemetry spans.
func WithHooks(h Hooks) RegistryOption {
	return registryOption(func(r *scrape.Registry) { r.Hooks = h.plain() })
}

// CollectorOption is an option of [ContextRegistry.RegisterWith]. It is either a name ([WithName])
// or a policy for how one collector is run.
//
// Policies may be combined in any way, except for [WithCache] with [WithBackground]. They apply in
// one order, whatever the order of the arguments. From the outermost to the innermost: [WithStale],
// [WithCache] or [WithBackground], [WithBreaker], [WithRateLimit], [WithGroup], [WithTimeout]. So a
// cached result or an open breaker takes nothing from the rate limit, and the breaker does not
// count a refusal by the rate limit as a failure. [WithPriority] has no place in this order.
//
// A run is good if it ends in time and without an error. A [StreamCollector] returns its error. Any
// other collector reports an error by sending an invalid metric; see [NewInvalidMetric]. Samples
// that are left out, such as duplicates, do not make a run a failure.
//
// Policies are for collectors that run user code. For an instrument of this package or a registry,
// every option but WithName is an error.
type CollectorOption interface{ applyToCollector(c *collectorConfig) }

type collectorOption func(*collectorConfig)

func (f collectorOption) applyToCollector(c *collectorConfig) { f(c) }

// collectorConfig is the result of applying the options of RegisterWith.
type collectorConfig struct {
	name    string
	several bool // whether name is meant for several collectors; see RegistererWith
	policy  engine.Policy
	asked   []string // policies, as Status shows them
	errs    []error
}

// policy returns an option that asks for a policy. If the policy is not valid, applying the option
// reports an error.
func policy(name string, valid bool, apply func(*engine.Policy)) CollectorOption {
	return collectorOption(func(c *collectorConfig) {
		if !valid {
			c.errs = append(c.errs, fmt.Errorf("%s: the values must be positive", name))
			return
		}
		c.asked = append(c.asked, name)
		apply(&c.policy)
	})
}

// config applies options.
func config(opts []CollectorOption) (collectorConfig, error) {
	var c collectorConfig
	for _, opt := range opts {
		if opt == nil {
			c.errs = append(c.errs, errors.New("an option is nil"))
			continue
		}
		opt.applyToCollector(&c)
	}
	p := &c.policy
	every := time.Duration(0)
	if p.Background != nil {
		every = p.Background.Period()
	}
	if p.Cache > 0 && every > 0 {
		c.errs = append(c.errs, fmt.Errorf("cache %v and background %v: a collector that runs in the background needs no cache",
			p.Cache, every))
	}
	if p.Stale > 0 && p.Stale <= p.Cache {
		c.errs = append(c.errs, fmt.Errorf("stale %v serves nothing that cache %v does not: it must be longer", p.Stale, p.Cache))
	}
	if p.Stale > 0 && p.Stale <= every {
		c.errs = append(c.errs, fmt.Errorf("stale %v ends before background %v has another result: it must be longer", p.Stale, every))
	}
	return c, errors.Join(c.errs...)
}

// WithName names a collector. The name appears in errors, logs, self-metrics and the status, and
// [ContextRegistry.UnregisterNamed] and [Selection] use it. Names are unique in a registry and
// contain no slash.
//
// Without a name, or if name is empty, the registry chooses one. Collectors of client_golang get
// their usual names, such as go, process or build_info. A collector that describes a single family
// is named after that family. Any other collector is named after its package and type, such as
// orders.Collector, or after the function that [NewCollectorFunc] got. If the chosen name is taken,
// the registry appends #2, #3 and so on.
func WithName(name string) CollectorOption {
	return collectorOption(func(c *collectorConfig) {
		if c.name != "" && name != "" {
			c.errs = append(c.errs, fmt.Errorf("it is given two names, %q and %q", c.name, name))
		}
		c.name = cmp.Or(name, c.name)
	})
}

// WithTimeout limits how long a run of the collector may take, within the deadline of the scrape.
// What the collector has sent by then is served, and the scrape reports the failure. A collector
// that takes a context then has as much time again, and at least a second, to send more samples and
// return. Those samples are served, too.
func WithTimeout(d time.Duration) CollectorOption {
	return policy(fmt.Sprintf("timeout %v", d), d > 0, func(p *engine.Policy) { p.Timeout = d })
}

// WithCache serves a good result of the collector for the time ttl without running the collector
// again. Scrapes that overlap share the run that refreshes the cache.
//
// The run belongs to the collector, not to the scrape that starts it. When that scrape ends, the
// run goes on, until the limit of [WithTimeout], or for a minute without that, and later scrapes
// get its result. A collector that takes a context gets one that has the values of the first scrape
// and ends with the run.
func WithCache(ttl time.Duration) CollectorOption {
	return policy(fmt.Sprintf("cache %v", ttl), ttl > 0, func(p *engine.Policy) { p.Cache = ttl })
}

// WithBackground runs the collector on a schedule that does not depend on scrapes. It is for
// collectors that take longer than a scrape may, or that are too expensive to run for each of
// several servers. Scrapes never start a run. Instead, they are served the last good result at
// once. The self-metric …_result_age_seconds and [CollectorStatus] tell its age.
//
// The first run starts when the collector is registered. Until it has ended, scrapes wait for it,
// each under its own context. The second run follows after a random time between half of every and
// all of it, so that collectors that were registered together do not run together. From then on, a
// run starts each time that every has passed. While a run takes longer than that, the registry
// skips the runs that would start meanwhile: a collector never runs twice at once. The limit of a
// run is the limit of [WithTimeout] or, without it, the larger of every and one minute. A collector
// that does not return at its limit is not started again until it does.
//
// If the last run has failed, was refused (by [WithBreaker], [WithRateLimit] or [WithGroup]) or has
// exceeded its limit, each scrape reports that failure until a run is good. It still serves the
// last good result. [WithStale] bounds the age of that result; without it, there is no bound.
// WithBackground cannot be combined with [WithCache].
//
// A collector that takes a context gets one that belongs to no request and has no values. The
// context ends at the limit of the run, when the collector is unregistered or replaced, and with
// [ContextRegistry.Close]. If the program drops a registry without closing it, the runs end some
// time later. Runs count towards [WithConcurrency]. They wait for their turn there and in their
// group for as long as their limit, or for every if that is longer. A run that sends more than
// 2,097,152 samples, or 512 MiB of labels, fails.
func WithBackground(every time.Duration) CollectorOption {
	return policy(fmt.Sprintf("background %v", every), every > 0, func(p *engine.Policy) { p.Background = engine.Every(every) })
}

// WithStale serves the last good result of the collector, if it is not older than maxAge, whenever
// there is no new one because the run fails, does not finish, is refused or is still under way. The
// scrape still reports the failure. With [WithCache] or [WithBackground], maxAge must be longer
// than their time. Runs belong to the collector, as with [WithCache].
func WithStale(maxAge time.Duration) CollectorOption {
	return policy(fmt.Sprintf("stale %v", maxAge), maxAge > 0, func(p *engine.Policy) { p.Stale = maxAge })
}

// WithBreaker stops running the collector after the given number of failures in a row. During the
// cool-down, the collector fails at once with [ErrBreakerOpen]. Then one run decides whether the
// breaker closes, or the collector rests for another cool-down. [BreakerState] describes the
// states.
//
// A run that outlives its scrape is a failure. A run counts neither as good nor as a failure if its
// client goes away, gives it less than half a second, or gives it less than half of the time that
// other scrapes give (7.5 s are always enough).
func WithBreaker(failures int, cooldown time.Duration) CollectorOption {
	return policy(fmt.Sprintf("breaker %d, %v", failures, cooldown), failures > 0 && cooldown > 0, func(p *engine.Policy) {
		p.Breaker = engine.NewBreaker(failures, cooldown)
	})
}

// WithRateLimit limits how often the collector is run: limit times a second on average, and burst
// times at once. Beyond that, the collector fails with [ErrRateLimited]. Combined with [WithCache]
// or [WithStale], an earlier result is served.
func WithRateLimit(limit rate.Limit, burst int) CollectorOption {
	often := fmt.Sprintf("%.3g/s", float64(limit))
	if 0 < limit && limit < 1 {
		often = fmt.Sprintf("1 per %v", time.Duration(float64(time.Second)/float64(limit)).Round(time.Millisecond))
	}
	return policy(fmt.Sprintf("rate limit %s, burst %d", often, burst), limit > 0 && burst > 0, func(p *engine.Policy) {
		p.Rate = rate.NewLimiter(limit, burst)
	})
}

// Priority is the importance of a collector for [WithPriority]. Any number is valid. Collectors
// with a higher number start first.
type Priority int

// The usual priorities.
const (
	PriorityLow      Priority = -1
	PriorityNormal   Priority = 0
	PriorityCritical Priority = 1
)

// WithPriority sets the priority of a collector. When [WithConcurrency] does not allow all
// collectors to start, those with a higher priority start first. So they have the most time, and
// collectors with a low priority may not run at all when time is short.
func WithPriority(p Priority) CollectorOption {
	return policy(fmt.Sprintf("priority %d", p), true, func(to *engine.Policy) { to.Priority = int(p) })
}

// Group is a set of collectors that share a resource, such as a database. At most a given number of
// them run at once, even if they belong to several registries, or to registries that are made for
// one request each. It is safe for concurrent use. See [NewGroup] and [WithGroup].
type Group struct{ group *engine.Group }

// GroupStatus describes how many places of a [Group] are taken.
type GroupStatus struct {
	Name    string
	Max     int // number of places
	Running int // runs that have a place: all that have not returned
	Overdue int // how many of them were left behind and are late to return
}

// Status returns how many places of the group are taken now.
func (g *Group) Status() GroupStatus { return groupStatus(g.group) }

func groupStatus(g engine.Places) GroupStatus {
	s := g.Stats()
	return GroupStatus{Name: s.Name, Max: s.Max, Running: s.Running, Overdue: s.Overdue}
}

// NewGroup returns a group of which at most maxConcurrent members run at once. Its name appears in
// the status and in errors. Groups with the same name share nothing. NewGroup panics if
// maxConcurrent is not positive.
func NewGroup(name string, maxConcurrent int) *Group {
	if maxConcurrent <= 0 {
		panic(fmt.Errorf("group %q: the number of concurrent collectors is %d, but must be positive", name, maxConcurrent))
	}
	g := engine.NewGroup(maxConcurrent)
	g.Name = name
	return &Group{g}
}

// WithGroup makes the collector a member of a group. The collector waits for its turn under the
// context of the scrape or, with [WithBackground], for as long as its limit. A run keeps its place
// until it returns, even if it has outlived its scrape, because the resource is still in use. If
// all places belong to runs that are stuck, other members fail at once with an error that wraps
// [ErrStillRunning].
func WithGroup(g *Group) CollectorOption {
	if g == nil {
		return collectorOption(func(c *collectorConfig) { c.errs = append(c.errs, errors.New("the group is nil")) })
	}
	return policy("group "+g.group.Name, true, func(p *engine.Policy) { p.Group = g.group })
}
