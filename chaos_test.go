package metric_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/time/rate"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/metrictest"
)

var chaosTime = flag.Duration("chaos", 3*time.Second, "how long TestChaos runs; with more than a minute, it is larger, too")

// TestChaos runs many collectors with every bad behavior under all combinations of policies. They are
// registered, replaced and removed while many clients scrape them in every way. Everything healthy must be
// served, completely and in time, and no goroutine may be left at the end.
//
// The command "make chaos" runs it for minutes.
func TestChaos(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes seconds")
	}
	before := goleak.IgnoreCurrent()
	collectors, clients := 150, 8
	if long() {
		collectors, clients = 300, 12
	}
	c := newChaos(t, collectors)
	most := c.runFor(*chaosTime, clients)
	bound := 8*(len(c.current)+len(c.retired)) + 10*clients + 100
	for _, corner := range c.corners {
		bound += 8 * (len(corner.held) + len(corner.clients))
	}
	c.release()
	if err := c.scrapeInPeace(); err != nil {
		t.Errorf("when it was over: %v", err)
	}
	c.stop()
	c.end() // The runs that scrapeInPeace started may still take some time.
	c.close()
	goleak.VerifyNone(t, before)

	t.Logf("%s, at most %d goroutines", c.summary(), most)
	// Each collector has at most two runs of two goroutines in each of two registries. Each client has a
	// connection and a scrape.
	if most > bound {
		t.Errorf("there were %d goroutines, want no more than %d", most, bound)
	}
}

// runFor runs everything for the time d and returns the largest number of goroutines that it saw.
func (c *chaos) runFor(d time.Duration, clients int) (most int) {
	ctx, cancel := context.WithTimeout(c.t.Context(), d)
	defer cancel()
	var all sync.WaitGroup
	for i := range clients {
		all.Go(func() { c.scrapeUntil(ctx, c.servers, uint64(i)) })
	}
	for i := range 4 {
		all.Go(func() { c.churn(ctx, uint64(i)) })
	}
	all.Go(func() { c.observe(ctx) })
	all.Go(func() { c.lookAtStatus(ctx) })
	all.Go(func() { c.gather(ctx) })
	for _, corner := range c.corners {
		all.Go(func() { corner.run(ctx) })
	}
	for ctx.Err() == nil {
		most = max(most, runtime.NumGoroutine())
		time.Sleep(20 * time.Millisecond)
	}
	all.Wait()
	return most
}

// end releases everything that hangs and waits for it. It is called after runFor has returned.
func (c *chaos) end() {
	c.release()
	for _, corner := range c.corners {
		corner.end()
	}
}

// stop closes the registries, so that nothing runs in the background afterward.
func (c *chaos) stop() {
	for _, r := range []*metric.ContextRegistry{c.registry, c.bounded} {
		if err := r.Close(); err != nil {
			c.t.Error(err)
		}
	}
}

// close closes all servers.
func (c *chaos) close() {
	for _, s := range c.servers {
		s.Close()
	}
	for _, corner := range c.corners {
		corner.server.Close()
	}
	c.stop()
}

func (c *chaos) summary() string {
	var requests int64
	for _, corner := range c.corners {
		requests += corner.requests.Load()
	}
	return fmt.Sprintf("%d scrapes (%d whole, %d with everything), %d in the corners, %d changes, %d runs",
		c.scrapes.Load(), c.whole.Load(), c.complete.Load(), requests, c.changes.Load(), c.runs())
}

// scrapeInPeace scrapes once in each format after all collectors have been released. Every healthy
// collector must be in each scrape.
func (c *chaos) scrapeInPeace() error {
	h := metric.HandlerForContext(c.registry, metric.HandlerOpts{ErrorHandling: metric.ContinueOnError, EnableOpenMetrics: true})
	for _, accept := range []string{
		"text/plain", "application/openmetrics-text;version=1.0.0",
		"application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited",
	} {
		complete := c.complete.Load()
		r := httptest.NewRequestWithContext(c.t.Context(), http.MethodGet, "/", http.NoBody)
		r.Header.Set("Accept", accept)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if err := c.checkBody(w.Header().Get("Content-Type"), w.Body.Bytes(), chaosRequest{}); err != nil {
			return err
		}
		if c.complete.Load() == complete {
			return fmt.Errorf("in %s, not everything is there", accept)
		}
	}
	return nil
}

// chaos is the state of TestChaos.
type chaos struct {
	t        *testing.T
	registry *metric.ContextRegistry // registry of healthy and bad collectors
	bounded  *metric.ContextRegistry // registry of the same bad collectors, of which only a few run at a time
	groups   []*metric.Group

	counter   metric.Counter
	histogram metric.Histogram

	scrapes, whole, complete, changes atomic.Int64

	servers []*httptest.Server
	corners []*corner

	mu      sync.Mutex
	current map[string]*metrictest.Collector // bad collectors by name
	retired []*metrictest.Collector          // replaced collectors, which may still run
	ended   int                              // number of runs of released collectors
}

// mostRetired is the maximum number of unregistered collectors that may still run.
const mostRetired = 300

var errChaos = errors.New("an error of the chaos")

// newChaos returns the state of a test with the given number of bad collectors.
func newChaos(t *testing.T, collectors int) *chaos {
	c := &chaos{
		t: t,
		registry: metric.NewContextRegistry(metric.WithSelfMetrics("chaos"), metric.WithHooks(panickyHooks()),
			metric.WithLogger(slog.New(slog.DiscardHandler))),
		bounded:   metric.NewContextRegistry(metric.WithSelfMetrics("chaos"), metric.WithConcurrency(8)),
		groups:    []*metric.Group{metric.NewGroup("a", 1), metric.NewGroup("b", 3)},
		counter:   metric.NewCounter(metric.CounterOpts{Name: "healthy_native_total", Help: "h"}),
		histogram: metric.NewHistogram(metric.HistogramOpts{Name: "healthy_histogram", Help: "h", Buckets: []float64{1, observed, 3}}),
		corners:   newCorners(t),
		current:   make(map[string]*metrictest.Collector),
	}
	// If only a few collectors run at a time, only instruments are certain to be gathered.
	for _, r := range []*metric.ContextRegistry{c.registry, c.bounded} {
		r.MustRegister(c.counter, c.histogram)
	}
	for _, h := range healthyCollectors() {
		if err := c.registry.RegisterWith(h.collector, append(h.opts, metric.WithName(h.name))...); err != nil {
			t.Fatal(err)
		}
	}
	for i := range collectors {
		if err := c.register(i, fmt.Sprintf("bad_%d", i)); err != nil {
			t.Fatal(err)
		}
	}
	c.servers = c.serve()
	return c
}

// healthyCollector is a collector that must be in every scrape unless the scrape reports otherwise.
type healthyCollector struct {
	name      string // name of the collector and of its family
	collector metric.Collector
	opts      []metric.CollectorOption
}

func healthyCollectors() []healthyCollector {
	twenty := func(name string) *metrictest.Collector { return metrictest.New(name, metrictest.Flooding(20)) }
	return []healthyCollector{
		{"healthy_plain", twenty("healthy_plain").Plain(), nil},
		{"healthy_context", twenty("healthy_context"), []metric.CollectorOption{metric.WithTimeout(time.Hour)}},
		{"healthy_stream", twenty("healthy_stream").Stream(), []metric.CollectorOption{metric.WithBreaker(1, time.Nanosecond)}},
		{"healthy_cached", twenty("healthy_cached"), []metric.CollectorOption{metric.WithCache(10 * time.Millisecond), metric.WithPriority(metric.PriorityCritical)}},
		{"healthy_background", twenty("healthy_background").Plain(), []metric.CollectorOption{metric.WithBackground(100 * time.Millisecond)}},
	}
}

// panickyHooks returns hooks that panic now and then.
func panickyHooks() metric.Hooks {
	var calls atomic.Int64
	panicSometimes := func() {
		if calls.Add(1)%10 == 0 {
			panic(errChaos)
		}
	}
	return metric.Hooks{
		ScrapeStart:    func(ctx context.Context) context.Context { panicSometimes(); return ctx },
		ScrapeEnd:      func(context.Context, metric.ScrapeEnd) { panicSometimes() },
		CollectorStart: func(context.Context, string) context.Context { panicSometimes(); return nil },
		CollectorEnd:   func(context.Context, string, metric.CollectorEnd) { panicSometimes() },
	}
}

// badBehaviours returns all bad behaviors, and a healthy one.
func badBehaviours() []metrictest.Behaviour {
	return []metrictest.Behaviour{
		metrictest.Healthy(),
		metrictest.Slow(30 * time.Millisecond),
		metrictest.Slow(time.Minute),
		metrictest.Stuck(),
		metrictest.IgnoringContext(metrictest.Slow(time.Second)),
		metrictest.Panicking(errChaos),
		metrictest.Exiting(),
		metrictest.Failing(errChaos),
		metrictest.Cycle(metrictest.Failing(errChaos), metrictest.Healthy(), metrictest.Panicking(errChaos)),
		metrictest.Flooding(100),
		metrictest.Cycle(metrictest.Healthy(), metrictest.IgnoringContext(floodFor(time.Second))),
		metrictest.LateSending(10 * time.Millisecond),
		metrictest.LateSending(time.Second),
		metrictest.ClosingChannel(),
		metrictest.Duplicating(),
		metrictest.Inconsistent(),
	}
}

// floodFor returns a behavior that sends without end for the time d, or until it is released. It leaves
// some processor time for others.
func floodFor(d time.Duration) metrictest.Behaviour {
	return func(ctx context.Context, r *metrictest.Run) error {
		ctx, cancel := context.WithTimeout(ctx, d)
		defer cancel()
		for ctx.Err() == nil {
			if err := metrictest.Flooding(20)(ctx, r); err != nil {
				return err
			}
			select {
			case <-r.Released():
				return nil
			case <-time.After(5 * time.Millisecond):
			}
		}
		return nil
	}
}

// policies returns combination i of all policies. Some combinations have WithBackground in place of
// WithCache.
func (c *chaos) policies(i int) (opts []metric.CollectorOption) {
	kept := metric.WithCache(50 * time.Millisecond)
	if i/48%2 == 1 {
		kept = metric.WithBackground(150 * time.Millisecond)
	}
	for bit, opt := range []metric.CollectorOption{
		metric.WithTimeout(100 * time.Millisecond),
		kept,
		metric.WithStale(200 * time.Millisecond),
		metric.WithBreaker(2, 100*time.Millisecond),
		metric.WithRateLimit(rate.Limit(20), 2),
		metric.WithPriority(metric.Priority(i%3 - 1)),
		metric.WithGroup(c.groups[i%len(c.groups)]),
	} {
		if i&(1<<bit) != 0 {
			opts = append(opts, opt)
		}
	}
	return opts
}

// streamed is the prefix of families that stream collectors write. Over HTTP, the registry does not detect
// that a stream writes a series twice, because that would take memory for each series.
const streamed = "stream"

// register registers bad collector i, or replaces the collector that has its name.
func (c *chaos) register(i int, name string) error {
	behaviours := badBehaviours()
	controls := metrictest.New([]string{"context", streamed, "plain"}[i%3]+"_"+name, behaviours[i/3%len(behaviours)])
	collector := metric.Collector(controls)
	switch i % 3 {
	case 1:
		collector = controls.Stream()
	case 2:
		collector = controls.Plain()
	}
	err := errors.Join(
		c.registry.ReplaceNamed(name, collector, c.policies(i)...),
		c.bounded.ReplaceNamed(name, collector, c.policies(i)...))
	c.retire(name)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.current[name] = controls
	return err
}

// retire records that the collector with the given name, if any, is no longer registered. Its runs
// continue. If there are too many such collectors, the oldest ones are released.
func (c *chaos) retire(name string) {
	c.mu.Lock()
	var oldest *metrictest.Collector
	if old, ok := c.current[name]; ok {
		c.retired = append(c.retired, old)
		delete(c.current, name)
	}
	if len(c.retired) > mostRetired {
		oldest, c.retired = c.retired[0], c.retired[1:]
	}
	c.mu.Unlock()
	if oldest == nil {
		return
	}
	c.letGo(oldest)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ended += oldest.Started()
}

// letGo releases collectors and waits until they have returned.
func (c *chaos) letGo(collectors ...*metrictest.Collector) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.t.Context()), 30*time.Second)
	defer cancel()
	for _, b := range collectors {
		b.Release()
	}
	for _, b := range collectors {
		if err := b.Wait(ctx); err != nil {
			c.t.Errorf("%d runs have not returned: %v", b.Running(), err)
		}
	}
}

// bad returns all bad collectors that may be running.
func (c *chaos) bad() []*metrictest.Collector {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.AppendSeq(slices.Clone(c.retired), maps.Values(c.current))
}

// hold makes the released collectors misbehave again.
func (c *chaos) hold() {
	behaviours := badBehaviours()
	for i, b := range c.bad() {
		b.Become(behaviours[i%len(behaviours)])
	}
}

// churn registers, replaces and unregisters collectors and instruments, and changes the behavior of some
// collectors.
func (c *chaos) churn(ctx context.Context, seed uint64) {
	random := rand.New(rand.NewPCG(seed, 1))
	behaviours := badBehaviours()
	for ctx.Err() == nil {
		c.changes.Add(1)
		name := fmt.Sprintf("churn_%d_%d", seed, random.IntN(10))
		switch random.IntN(5) {
		case 0, 1:
			if err := c.register(random.IntN(10_000), name); err != nil {
				c.t.Error(err)
			}
		case 2:
			c.registry.UnregisterNamed(name)
			c.bounded.UnregisterNamed(name)
			c.retire(name)
		case 3:
			extra := metric.NewGauge(metric.GaugeOpts{Name: fmt.Sprintf("extra_%d", seed), Help: "h"})
			c.registry.MustRegister(extra)
			if !c.registry.Unregister(extra) {
				c.t.Error("an instrument was not there")
			}
		case 4:
			all := c.bad()
			some := all[random.IntN(len(all))]
			some.Release()
			some.Become(behaviours[random.IntN(len(behaviours))])
		}
		time.Sleep(time.Duration(random.IntN(10)) * time.Millisecond)
	}
}

// observed is the value of every observation in the histogram.
const observed = 2

func (c *chaos) observe(ctx context.Context) {
	for ctx.Err() == nil {
		for range 1000 {
			c.counter.Inc()
			c.histogram.Observe(observed)
		}
		time.Sleep(time.Millisecond)
	}
}

func (c *chaos) lookAtStatus(ctx context.Context) {
	for ctx.Err() == nil {
		start := time.Now()
		names := make(map[string]struct{})
		for _, s := range c.registry.Status() {
			names[s.Name] = struct{}{}
			if s.Running < 0 || (s.Running == 0) != s.RunningSince.IsZero() || s.Running == 0 && !s.StuckSince.IsZero() {
				c.t.Errorf("a status contradicts itself: %+v", s)
			}
		}
		if took := time.Since(start); took > chaosMargin {
			c.t.Errorf("the status took %v", took)
		}
		for _, h := range healthyCollectors() {
			if _, ok := names[h.name]; !ok {
				c.t.Errorf("there is no status of %s", h.name)
			}
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// gather gathers without HTTP until ctx ends.
func (c *chaos) gather(ctx context.Context) {
	for i := 0; ctx.Err() == nil; i++ {
		timeout := []time.Duration{time.Nanosecond, 20 * time.Millisecond, 200 * time.Millisecond}[i%3]
		ctx, cancel := context.WithTimeout(context.Background(), timeout)
		start := time.Now()
		families, err := c.registry.GatherWithContext(ctx)
		if took := time.Since(start); took > timeout+chaosMargin {
			c.t.Errorf("a scrape with timeout %v took %v", timeout, took)
		}
		if _, ok := errors.AsType[*metric.GatherError](err); err != nil && !ok {
			c.t.Errorf("gathering: %v", err)
		}
		series := seriesOfFamilies(families)
		if err := c.checkSeries(series, true); err != nil {
			c.t.Errorf("gathering with timeout %v: %v", timeout, err)
		}
		cancel()
	}
}

// release releases all collectors and waits until they have returned.
func (c *chaos) release() { c.letGo(c.bad()...) }

func (c *chaos) runs() int {
	n := c.ended
	for _, b := range c.bad() {
		n += b.Started()
	}
	return n
}

// serve starts servers with handlers of all kinds.
func (c *chaos) serve() []*httptest.Server {
	var servers []*httptest.Server
	for _, opts := range []metric.HandlerOpts{
		{ErrorHandling: metric.ContinueOnError, EnableOpenMetrics: true},
		{ErrorHandling: metric.ContinueOnError, EnableOpenMetrics: true, CoalesceGather: true},
		{ErrorHandling: metric.HTTPErrorOnError, EnableOpenMetrics: true, EnableOpenMetricsTextCreatedSamples: true},
		{ErrorHandling: metric.ContinueOnError, EnableOpenMetrics: true, MaxRequestsInFlight: 2},
	} {
		opts.Timeout = chaosTimeout
		servers = append(servers, httptest.NewServer(metric.HandlerForContext(c.registry, opts)))
	}
	bounded := metric.HandlerOpts{ErrorHandling: metric.ContinueOnError, EnableOpenMetrics: true, Timeout: chaosTimeout}
	return append(servers, httptest.NewServer(metric.HandlerForContext(c.bounded, bounded)))
}
