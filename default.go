package metric

import (
	"errors"
	"fmt"
	"net/http"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/luxfi/metric/internal/collect"
	"github.com/luxfi/metric/internal/merge"
	"github.com/luxfi/metric/internal/middleware"
	"github.com/luxfi/metric/internal/scrape"
)

var defaultRegistry = newDefaultRegistry()

// The default registry. The functions [Register], [MustRegister], [Unregister], [New] and [Handler]
// use it. Like client_golang's, it has a Go collector and a process collector. A program may set
// the variables while it starts, before other goroutines use them.
var (
	DefaultRegisterer Registerer = defaultRegistry
	DefaultGatherer   Gatherer   = defaultRegistry
)

func newDefaultRegistry() *ContextRegistry {
	r := NewContextRegistry()
	r.MustRegister(NewProcessCollector(ProcessCollectorOpts{}), NewGoCollector())
	return r
}

// Register registers a collector with [DefaultRegisterer]; see [ContextRegistry.Register].
func Register(c Collector) error { return RegisterWith(c) }

// MustRegister registers collectors with [DefaultRegisterer]. It panics at the first one that
// cannot be registered.
func MustRegister(cs ...Collector) {
	if collect.IsNil(DefaultRegisterer) && len(cs) > 0 {
		MustRegisterWith(cs[0]) // panics with a helpful error
	}
	DefaultRegisterer.MustRegister(cs...)
}

// RegisterWith registers a collector with [DefaultRegisterer] and applies options to it; see
// [ContextRegistry.RegisterWith]. It returns an error if the program has set DefaultRegisterer to a
// Registerer that cannot apply them.
func RegisterWith(c Collector, opts ...CollectorOption) error {
	return registerWith(DefaultRegisterer, c, opts)
}

// MustRegisterWith is like [RegisterWith], but panics where that returns an error.
func MustRegisterWith(c Collector, opts ...CollectorOption) {
	if err := RegisterWith(c, opts...); err != nil {
		panic(err)
	}
}

// Unregister removes a collector from [DefaultRegisterer] and reports whether it was registered.
func Unregister(c Collector) bool {
	return !collect.IsNil(DefaultRegisterer) && DefaultRegisterer.Unregister(c)
}

// Handler returns a handler for [DefaultGatherers]. It therefore also serves metrics that the program, or a
// library it uses, still registers with client_golang's default registry.
//
// The handler serves everything that can be gathered, offers OpenMetrics, and counts its requests and
// errors in [DefaultRegisterer]. It logs failures with the default logger, each kind of failure of a
// collector at most once a minute. Like [HandlerFor], it ends a scrape after 10 seconds if nothing else
// sets a deadline. It accepts the request parameters of [HandlerForContext].
func Handler() http.Handler {
	return middleware.InstrumentOwnHandler(DefaultRegisterer, newDefaultHandler(registryFor(DefaultGatherers()), DefaultRegisterer))
}

// DefaultGatherers returns a gatherer that joins the current [DefaultGatherer] and client_golang's default
// gatherer. It gathers metrics about the Go runtime, the process and the handlers only once, although both
// gatherers have them. It is safe for concurrent use.
func DefaultGatherers() GathererWithContext {
	both := NewContextRegistry()
	mustAddGatherer(both.core, "", DefaultGatherer) // Without a name, its collectors keep theirs.
	if err := both.core.Register(nestedEntry(theirDefault(), collect.Wrapping{}), "client_golang"); err != nil {
		panic("BUG: " + err.Error())
	}
	return both
}

// theirDefault returns the registry that gathers from client_golang's default gatherer. All gatherers of
// [DefaultGatherers] share it, so that each knows of the runs of the others.
var theirDefault = sync.OnceValue(func() *scrape.Registry {
	run := collect.RunGatherer(collect.IgnoreContext(gatherTheirs))
	e := &scrape.Entry{Announced: &collect.Announced{}, Binding: scrape.Binding{Kind: "gatherer", Run: run, Shared: true}, Hosted: true, Tolerates: isRuntimeDuplicate}
	e.Fallback = defaultName(e, prometheus.DefaultGatherer)
	return scrape.NewHost(e, gatherError)
})

// gatherTheirs gathers from client_golang's default gatherer, unless that is the default registry of this
// package.
func gatherTheirs() ([]*MetricFamily, error) {
	if ours, ok := prometheus.DefaultGatherer.(*ContextRegistry); ok && Gatherer(ours) == DefaultGatherer {
		return nil, nil
	}
	return prometheus.DefaultGatherer.Gather()
}

// isRuntimeDuplicate reports whether err is about a series that was left out because both default
// gatherers have it: both have a Go collector and a process collector, or handlers of both packages
// have registered their metrics.
func isRuntimeDuplicate(err error) bool {
	duplicate, ok := errors.AsType[*merge.DuplicateError](err)
	if !ok {
		return false
	}
	_, ok = runtimeFamilies()[duplicate.Family]
	return ok
}

// runtimeFamilies returns the names of all families that the Go collector, the process collector
// and InstrumentMetricHandler may have.
var runtimeFamilies = sync.OnceValue(func() map[string]struct{} {
	names := map[string]struct{}{
		"promhttp_metric_handler_requests_total":     {},
		"promhttp_metric_handler_requests_in_flight": {},
	}
	for _, c := range []Collector{
		collectors.NewGoCollector(collectors.WithGoCollectorRuntimeMetrics(collectors.MetricsAll)),
		NewProcessCollector(ProcessCollectorOpts{}),
	} {
		if d, err := collect.Describe(c); err == nil {
			for _, name := range d.Names() {
				names[name] = struct{}{}
			}
		}
	}
	return names
})

// EnableSelfMetrics turns on the self-metrics of the default registry, as [WithSelfMetrics] does
// for other registries. Every scrape that begins afterwards has them, also for collectors
// registered before. Calling EnableSelfMetrics again with the same namespace has no effect.
//
// It panics if the namespace is not valid, if the default registry has self-metrics with another
// namespace, or if [DefaultGatherer] is not a registry of this package. It is safe for concurrent
// use.
func EnableSelfMetrics(namespace string) {
	r, ok := DefaultGatherer.(*ContextRegistry)
	if _, err := r.open(); !ok || err != nil {
		panic(fmt.Errorf("self-metrics %q: DefaultGatherer is a %T, but must be a registry of this package, from NewContextRegistry",
			namespace, DefaultGatherer))
	}
	metrics := scrape.NewSelfMetrics(namespace)
	if r.core.Self.CompareAndSwap(nil, metrics) {
		return
	}
	if have := r.core.Self.Load().Namespace; have != namespace {
		panic(fmt.Errorf("self-metrics %q: the default registry has self-metrics with the namespace %q already", namespace, have))
	}
}
