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

// RegistryOption is an option of NewContextRegistry.
type RegistryOption interface{ applyToRegistry(r *scrape.Registry) }

type registryOption func(*scrape.Registry)

func (f registryOption) applyToRegistry(r *scrape.Registry) { f(r) }

// WithConcurrency bounds how many collectors run at once, over all scrapes. The others
// wait, under the context of their scrape, the most important first (see
// WithPriority). A collector that has outlived its scrape, or has kept a scrape from
// starting its collectors until that scrape's deadline, does not count. The default,
// 0, is no bound.
func WithConcurrency(n int) RegistryOption {
	return registryOption(func(r *scrape.Registry) { r.Engine.Concurrency = n })
}

// WithSelfMetrics adds metrics about the collection to every scrape: for each selected
// collector <namespace>_scrape_collector_success, …_duration_seconds and …_runs_total, and
// four about the scrape as a whole. Others, such as …_errors_total, appear for a collector
// when they first have a value other than 0, and stay until it is unregistered. They cover
// collectors that run somebody else's code; instruments of this package cannot fail. An
// invalid namespace panics. [EnableSelfMetrics] does the same for the default registry.
func WithSelfMetrics(namespace string) RegistryOption {
	metrics := scrape.NewSelfMetrics(namespace)
	return registryOption(func(r *scrape.Registry) { r.Self.Store(metrics) })
}

// WithLogger has each failure of a scrape logged as one line, at most once a minute
// for each collector and kind of failure. The attributes are the collector, the kind
// as in the self-metrics, the error and, for a panic, its stack. A nil logger is the
// default one at that time.
//
// By default, the limit is that of each registry. A program that makes a registry for each
// request passes one [LogLimits] to all of them. More than one LogLimits panics.
func WithLogger(logger *slog.Logger, limits ...*LogLimits) RegistryOption {
	shared := limitsOf(limits)
	return registryOption(func(r *scrape.Registry) { r.Log = scrape.NewFailureLog(logger, shared) })
}

// WithHooks has functions called at the start and the end of scrapes and collectors. The
// module otelmetric, beside this one, makes OpenTelemetry spans of them.
func WithHooks(h Hooks) RegistryOption {
	return registryOption(func(r *scrape.Registry) { r.Hooks = h.plain() })
}

// CollectorOption is an option of RegisterWith: how one collector is run. The options may be
// combined in any way, except for WithCache with WithBackground. They apply in one order,
// whatever the order of the arguments is; outermost first: WithStale, WithCache or
// WithBackground, WithBreaker, WithRateLimit, WithGroup, WithTimeout. So neither a cached result
// nor an open breaker takes anything from the rate limit, and a refusal by the rate limit is no
// failure to the breaker.
//
// A run is good if it ends in time and without an error. A StreamCollector returns its
// error; any other collector sends an invalid metric, see NewInvalidMetric. Samples that
// are left out, such as duplicates, do not make a run a failure.
//
// They are for collectors that run somebody else's code. For an instrument of this
// package or a registry, all but WithName are an error.
type CollectorOption interface{ applyToCollector(c *collectorConfig) }

type collectorOption func(*collectorConfig)

func (f collectorOption) applyToCollector(c *collectorConfig) { f(c) }

// collectorConfig is what the options of RegisterWith have asked for.
type collectorConfig struct {
	name    string
	several bool // name is meant for several collectors; see RegistererWith.
	policy  engine.Policy
	asked   []string // The policies, as Status shows them.
	errs    []error
}

// policy is an option that asks for a policy, or is an error if it is not valid.
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

// config puts options together.
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
		c.errs = append(c.errs, fmt.Errorf("cache %v and background %v: scrapes never run a collector that runs in the background, so it needs no cache",
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

// WithName names a collector in errors, logs, self-metrics and the status, for
// [ContextRegistry.UnregisterNamed], and to select it in a scrape; see [Selection]. Names are
// unique in a registry and have no slash.
//
// Without it, or if name is empty, the registry names the collector: one of client_golang's own
// as people call it, such as go, process or build_info; one that describes a single family
// after that family; any other after its package and type, such as orders.Collector, or after
// the function that NewCollectorFunc got. If that name is taken, the registry appends #2,
// #3 and so on.
func WithName(name string) CollectorOption {
	return collectorOption(func(c *collectorConfig) {
		if c.name != "" && name != "" {
			c.errs = append(c.errs, fmt.Errorf("it is given two names, %q and %q", c.name, name))
		}
		c.name = cmp.Or(name, c.name)
	})
}

// WithTimeout limits how long a run of the collector may take, within the scrape's own
// deadline. What it has sent by then is served, and the failure reported. A collector
// that takes a context has as much time again, at least a second, to send its last words
// and return: those are served, too.
func WithTimeout(d time.Duration) CollectorOption {
	return policy(fmt.Sprintf("timeout %v", d), d > 0, func(p *engine.Policy) { p.Timeout = d })
}

// WithCache serves a good result of the collector for as long as ttl, without running
// it again. Scrapes that overlap share the run that refreshes it.
//
// The run belongs to the collector, not to the scrape that starts it: it goes on when
// that scrape ends, until the limit of [WithTimeout], or for a minute if there is none, and
// later scrapes get its result. A collector that takes a context gets one with the
// values of the first scrape, which ends with the run.
func WithCache(ttl time.Duration) CollectorOption {
	return policy(fmt.Sprintf("cache %v", ttl), ttl > 0, func(p *engine.Policy) { p.Cache = ttl })
}

// WithBackground runs the collector on a schedule that does not depend on scrapes, for
// collectors that are slower than a scrape may be, or too expensive to run for each of
// several servers. Scrapes never start a run: they are served the last good result at once.
// Its age is the self-metric …_result_age_seconds, and Status has its time.
//
// The first run starts when the collector is registered. Until it has ended, scrapes wait for
// it, each under its own context. The second run follows after a random time between
// half of every and all of it, so that collectors that were registered together do not run
// together; from then on, a run starts each time that every has passed. A run that takes
// longer costs those that would have started meanwhile: a collector never runs twice
// at once. The limit of a run is that of [WithTimeout] or, if there is none, the larger of
// every and one minute. A collector that does not return at its limit is not started again
// before it does.
//
// If the last run has failed, was refused (by [WithBreaker], [WithRateLimit] or
// [WithGroup]) or has passed its limit, each scrape reports that failure until a run is good,
// and is served the last good result nevertheless. [WithStale] says how old
// that may be; without it, there is no bound. WithBackground cannot be combined with
// [WithCache].
//
// A collector that takes a context gets one that belongs to no request and has no values; it
// ends at the run's limit, when the collector is unregistered or replaced, and with
// [ContextRegistry.Close]. The runs also end some time after the program has let go of a
// registry that it has not closed. Runs count for [WithConcurrency] and wait for their
// turn there and in their group for as long as their limit, or every if that is longer. A
// run that sends more than 2,097,152 samples, or 512 MiB of labels, fails.
func WithBackground(every time.Duration) CollectorOption {
	return policy(fmt.Sprintf("background %v", every), every > 0, func(p *engine.Policy) { p.Background = engine.Every(every) })
}

// WithStale serves the last good result of the collector, if it is not older than
// maxAge, where there is no new one: the run fails, does not finish, is refused or
// still runs. The failure is reported nevertheless. With WithCache or WithBackground, maxAge
// must be longer than its time. Runs belong to the collector, as with [WithCache].
func WithStale(maxAge time.Duration) CollectorOption {
	return policy(fmt.Sprintf("stale %v", maxAge), maxAge > 0, func(p *engine.Policy) { p.Stale = maxAge })
}

// WithBreaker stops running the collector after that many failures in a row. For the
// cool-down it fails at once with ErrBreakerOpen; then one run decides whether it is
// run again, or rests for another cool-down. A run that outlives its scrape is a
// failure. One is neither good nor a failure if its client goes away, or gives it less
// than half a second, or less than half of the time that other scrapes give (7.5 s are
// always enough).
func WithBreaker(failures int, cooldown time.Duration) CollectorOption {
	return policy(fmt.Sprintf("breaker %d, %v", failures, cooldown), failures > 0 && cooldown > 0, func(p *engine.Policy) {
		p.Breaker = engine.NewBreaker(failures, cooldown)
	})
}

// WithRateLimit limits how often the collector is run: limit times a second on
// average, and burst times at once. Beyond that it fails with ErrRateLimited; combined
// with WithCache or WithStale, an earlier result is served.
func WithRateLimit(limit rate.Limit, burst int) CollectorOption {
	often := fmt.Sprintf("%.3g/s", float64(limit))
	if 0 < limit && limit < 1 {
		often = fmt.Sprintf("1 per %v", time.Duration(float64(time.Second)/float64(limit)).Round(time.Millisecond))
	}
	return policy(fmt.Sprintf("rate limit %s, burst %d", often, burst), limit > 0 && burst > 0, func(p *engine.Policy) {
		p.Rate = rate.NewLimiter(limit, burst)
	})
}

// Priority is how important a collector is. Any number is valid, a higher one is more
// important.
type Priority int

// The priorities.
const (
	PriorityLow      Priority = -1
	PriorityNormal   Priority = 0
	PriorityCritical Priority = 1
)

// WithPriority decides who is started first where not all can be, because of
// WithConcurrency: those with a higher priority. So they have the most time, and when
// time is short, those with a low one go without.
func WithPriority(p Priority) CollectorOption {
	return policy(fmt.Sprintf("priority %d", p), true, func(to *engine.Policy) { to.Priority = int(p) })
}

// Group is a set of collectors that share a resource, such as a database: at most so
// many of them run at once, also if they belong to several registries, or to registries that
// are made for one request each. It is safe for concurrent use.
type Group struct{ group *engine.Group }

// GroupStatus is how a [Group] is occupied.
type GroupStatus struct {
	Name    string
	Max     int // Places.
	Running int // Runs that have a place: all that have not returned.
	Overdue int // Those of them that were left behind, and are late to return.
}

// Status returns how the group is occupied now.
func (g *Group) Status() GroupStatus { return groupStatus(g.group) }

func groupStatus(g engine.Places) GroupStatus {
	s := g.Stats()
	return GroupStatus{Name: s.Name, Max: s.Max, Running: s.Running, Overdue: s.Overdue}
}

// NewGroup returns a group of which at most maxConcurrent members run at once. Its name is for
// people: the status and errors show it, and groups of the same name share nothing. NewGroup
// panics if maxConcurrent is not positive.
func NewGroup(name string, maxConcurrent int) *Group {
	if maxConcurrent <= 0 {
		panic(fmt.Errorf("group %q: the number of concurrent collectors is %d, but must be positive", name, maxConcurrent))
	}
	g := engine.NewGroup(maxConcurrent)
	g.Name = name
	return &Group{g}
}

// WithGroup makes the collector a member of a group. It waits for its turn under the context
// of the scrape, or, with WithBackground, for as long as its limit. A run keeps its place until it returns, even if it has outlived its scrape:
// the resource is still in use. If runs that are stuck have all places, the others fail at
// once with an error that wraps [ErrStillRunning].
func WithGroup(g *Group) CollectorOption {
	if g == nil {
		return collectorOption(func(c *collectorConfig) { c.errs = append(c.errs, errors.New("the group is nil")) })
	}
	return policy("group "+g.group.Name, true, func(p *engine.Policy) { p.Group = g.group })
}
