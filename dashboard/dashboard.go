package dashboard

import (
	"net/http"
	"time"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/internal/collect"
	"github.com/luxfi/metric/internal/scrape"
)

// Handler returns a handler that serves a dashboard for the metrics that g gathers. It panics if g is
// nil or opts are invalid. To get a dashboard that can be closed, use [New].
func Handler(g metric.Gatherer, opts Opts) http.Handler {
	d, err := New(g, opts)
	if err != nil {
		panic(err)
	}
	return d
}

// Dashboard is a handler that serves the dashboard. Make one with [New]. It is safe for concurrent use.
type Dashboard struct {
	opts    Opts
	started time.Time
	source  source
	sampler *sampler
	tracker *tracker
	marks   marks

	exposition http.Handler
	sameOrigin *http.CrossOriginProtection
	servers    servers
}

// New returns a dashboard for the metrics that g gathers. A registry, or several registries such as
// [metric.DefaultGatherers], show each of their collectors. The dashboard cannot tell the collectors of
// any other gatherer apart. New returns an error if g is nil or an option is invalid.
//
// A Dashboard has a goroutine only while a page is open and for 30 seconds after that, or, if
// [Opts.History] is set, until [Dashboard.Close].
func New(g metric.Gatherer, opts Opts) (*Dashboard, error) {
	opts, err := opts.withDefaults()
	if err != nil {
		return nil, err
	}
	from, err := newSource(g, opts.Selection)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	d := &Dashboard{opts: opts, started: now, source: from, tracker: newTracker(now), sameOrigin: http.NewCrossOriginProtection()}
	d.marks.maxBytes = opts.MaxBytes
	d.exposition = from.handler(opts)
	d.sampler = newSampler(from, d.tracker, opts)
	return d, nil
}

// Close ends all streams and the sampler, and drops the samples. It waits for the sampler, but not for
// collectors that ignore the end of their context. After Close, the handler answers every request with
// 503 Service Unavailable. Close may be called more than once. It always returns nil.
func (d *Dashboard) Close() error {
	d.sampler.close()
	d.marks.clear()
	return nil
}

// ServeHTTP serves the page, its files and its data.
func (d *Dashboard) ServeHTTP(w http.ResponseWriter, r *http.Request) { d.route(w, r) }

// source is where samples come from.
type source struct {
	*scrape.Registry // holds only the gatherer

	behind    *scrape.Registry // the gatherer itself; nil if it is not a registry
	gatherer  metric.GathererWithContext
	selection metric.Selection
}

// newSource returns the source of what g gathers.
func newSource(g metric.Gatherer, selection metric.Selection) (source, error) {
	e, err := scrape.EntryOf(g, collect.Wrapping{})
	if err != nil {
		return source{}, errorOf("cannot show a nil Gatherer: %w", err)
	}
	around := metric.NewContextRegistry()
	around.Cardinality(0) // From now on, it finds the vectors of registries in it.
	s := source{Registry: scrape.RegistryOf(around), behind: scrape.RegistryOf(g), selection: selection}
	if err := s.Register(e, ""); err != nil {
		return source{}, errorOf("%w", err)
	}
	s.gatherer = around
	if itself, ok := g.(metric.GathererWithContext); ok {
		s.gatherer = itself
	}
	return s, nil
}

// minExpositionTimeout is the smallest time limit of a scrape of the dashboard's exposition. A user may
// have asked for a single slow collector.
const minExpositionTimeout = 10 * time.Second

// handler returns the handler of the exposition.
func (s source) handler(opts Opts) http.Handler {
	return metric.HandlerForContext(s.gatherer, metric.HandlerOpts{
		EnableOpenMetrics: true,
		Timeout:           max(opts.Timeout, minExpositionTimeout),
		ContextFunc:       s.contextOf,
	})
}

// isClosed reports whether the registry has been closed.
func (s source) isClosed() bool { return s.behind != nil && s.behind.IsClosed() }
