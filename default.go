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

// The default registry. The functions Register, MustRegister and Unregister, New, and
// Handler use it. Like client_golang's, it has a Go collector and a process collector.
// The variables may be set to something else while the program starts.
var (
	DefaultRegisterer Registerer = defaultRegistry
	DefaultGatherer   Gatherer   = defaultRegistry
)

func newDefaultRegistry() *ContextRegistry {
	r := NewContextRegistry()
	r.MustRegister(NewProcessCollector(ProcessCollectorOpts{}), NewGoCollector())
	return r
}

// Register registers a collector with DefaultRegisterer.
func Register(c Collector) error { return RegisterWith(c) }

// MustRegister registers collectors with DefaultRegisterer, and panics at the first
// that cannot be.
func MustRegister(cs ...Collector) {
	if collect.IsNil(DefaultRegisterer) && len(cs) > 0 {
		MustRegisterWith(cs[0]) // It says so.
	}
	DefaultRegisterer.MustRegister(cs...)
}

// RegisterWith registers a collector with DefaultRegisterer and applies options to it; see
// [ContextRegistry.RegisterWith]. It is an error if DefaultRegisterer was set to something
// that cannot apply them.
func RegisterWith(c Collector, opts ...CollectorOption) error {
	return registerWith(DefaultRegisterer, c, opts)
}

// MustRegisterWith is [RegisterWith], but panics where that returns an error.
func MustRegisterWith(c Collector, opts ...CollectorOption) {
	if err := RegisterWith(c, opts...); err != nil {
		panic(err)
	}
}

// Unregister removes a collector from DefaultRegisterer and reports whether it was there.
func Unregister(c Collector) bool {
	return !collect.IsNil(DefaultRegisterer) && DefaultRegisterer.Unregister(c)
}

// Handler returns a handler for DefaultGatherers, so that nothing is missing while a
// program, or a library that it uses, still registers metrics with client_golang's
// default registry. The handler serves whatever can be gathered, offers OpenMetrics,
// counts its requests and errors in DefaultRegisterer, and logs what goes wrong with the
// default logger, each kind of failure of a collector once a minute at most. It ends a scrape
// after 10 seconds if nothing else sets a deadline, as HandlerFor does, and takes the request
// parameters of HandlerForContext.
func Handler() http.Handler {
	return middleware.InstrumentOwnHandler(DefaultRegisterer, newDefaultHandler(registryFor(DefaultGatherers()), DefaultRegisterer))
}

// DefaultGatherers gathers from DefaultGatherer, as it is now, and from client_golang's
// default gatherer beside it. What both say about the Go runtime, the process and the
// handlers is gathered once. It is safe for concurrent use.
func DefaultGatherers() GathererWithContext {
	both := NewContextRegistry()
	mustAddGatherer(both.core, "", DefaultGatherer) // Without a name, so that its collectors have their own.
	if err := both.core.Register(nestedEntry(theirDefault(), collect.Wrapping{}), "client_golang"); err != nil {
		panic("BUG: " + err.Error())
	}
	return both
}

// theirDefault returns the registry that gathers from client_golang's default gatherer. It
// is the same for all DefaultGatherers, so that they know of its runs.
var theirDefault = sync.OnceValue(func() *scrape.Registry {
	run := collect.RunGatherer(collect.IgnoreContext(gatherTheirs))
	e := &scrape.Entry{Announced: &collect.Announced{}, Binding: scrape.Binding{Kind: "gatherer", Run: run, Shared: true}, Hosted: true, Tolerates: isRuntimeDuplicate}
	e.Fallback = defaultName(e, prometheus.DefaultGatherer)
	return scrape.NewHost(e, gatherError)
})

// gatherTheirs gathers from client_golang's default gatherer, unless that is ours.
func gatherTheirs() ([]*MetricFamily, error) {
	if ours, ok := prometheus.DefaultGatherer.(*ContextRegistry); ok && Gatherer(ours) == DefaultGatherer {
		return nil, nil
	}
	return prometheus.DefaultGatherer.Gather()
}

// isRuntimeDuplicate reports whether err is about a series that was left out since both
// default gatherers have it, because both have a Go collector and a process collector, or handlers of both
// packages have registered their metrics.
func isRuntimeDuplicate(err error) bool {
	duplicate, ok := errors.AsType[*merge.DuplicateError](err)
	if !ok {
		return false
	}
	_, ok = runtimeFamilies()[duplicate.Family]
	return ok
}

// runtimeFamilies returns the names of all families that the Go collector, the process
// collector and InstrumentMetricHandler may have.
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

// EnableSelfMetrics turns on the self-metrics of the default registry, as WithSelfMetrics
// does for one that the program makes. They are in every scrape that begins afterwards, also
// of collectors that are registered already. To call it again with the same namespace
// changes nothing.
//
// It panics if the namespace is not valid, if the default registry has self-metrics with
// another namespace, or if DefaultGatherer is not a registry of this package. It is safe for
// concurrent use.
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
