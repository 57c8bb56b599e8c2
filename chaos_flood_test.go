package metric_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/metrictest"
)

// floodCorner has collectors that send distinct series until their deadline and beyond, and
// a gatherer with very many families. The rest is to be served whole, and in time.
func floodCorner(t *testing.T) *corner {
	const (
		announced = "1"
		// margin is for a machine that has more to do than it can; without a limit, it took
		// longer than that to sort and to write what had come by then.
		margin = 15 * time.Second
	)
	c := &corner{t: t, name: floods}
	registry := metric.NewContextRegistry(metric.WithSelfMetrics("chaos"))
	counter := metric.NewCounter(metric.CounterOpts{Name: "healthy_native_total", Help: "h"})
	registry.MustRegister(counter)
	want := []string{"healthy_native_total"}
	for _, name := range c.register(registry, "healthy", metrictest.Flooding(20)) {
		for i := range 20 {
			want = append(want, fmt.Sprintf(`%s{series="%d"}`, name, i))
		}
	}
	c.register(registry, "flood", floodUntil(0))
	c.register(registry, "flood_beyond", floodUntil(500*time.Millisecond))
	if demanded(floods) { // Before, nothing bounds the memory of these.
		const endless = time.Hour
		c.register(registry, "flood_cached", floodUntil(endless), metric.WithCache(time.Second))
		c.register(registry, "flood_stale", floodUntil(endless), metric.WithStale(time.Second))
		if err := registry.RegisterWith(c.hold("flood_plain", floodUntil(endless)).Plain(), metric.WithName("flood_plain"), metric.WithCache(time.Second)); err != nil {
			t.Fatal(err)
		}
	}
	all := metric.NewMultiGatherer()
	err := errors.Join(all.Register("registry", registry), all.Register("big", newBigGatherer(200, 250)))
	if err != nil {
		t.Fatal(err)
	}
	c.server = httptest.NewServer(metric.HandlerForContext(all, metric.HandlerOpts{ErrorHandling: metric.ContinueOnError, EnableOpenMetrics: true}))

	c.clients = []cornerClient{
		func(ctx context.Context, client *http.Client) error {
			series, took, err := c.scrape(ctx, client, "/", announced, "")
			if err != nil {
				return err
			}
			if err := missing(series, want...); err != nil {
				return err
			}
			if took > time.Second+margin && demanded(floods) {
				return fmt.Errorf("it took %v", took)
			}
			return nil
		},
		c.watchHeap,
	}
	return c
}

// watchHeap fails when there is more on the heap than any scrape needs, and ends the flood.
func (c *corner) watchHeap(ctx context.Context, _ *http.Client) error {
	const most = 2 << 30
	pause(ctx, 50*time.Millisecond)
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	if memory.HeapAlloc < most {
		return nil
	}
	for _, h := range c.held {
		h.Release()
	}
	return fmt.Errorf("the heap has grown to %d MB", memory.HeapAlloc>>20)
}

// floodUntil sends distinct series until its context ends, and so much longer. It leaves
// something of the machine for others.
func floodUntil(beyond time.Duration) metrictest.Behaviour {
	return func(ctx context.Context, r *metrictest.Run) error {
		sending, cancel := context.WithCancel(context.WithoutCancel(ctx))
		defer cancel()
		stop := context.AfterFunc(ctx, func() {
			if beyond > 0 {
				timer := time.NewTimer(beyond)
				defer timer.Stop()
				select {
				case <-timer.C:
				case <-sending.Done():
				case <-r.Released():
				}
			}
			cancel()
		})
		defer stop()
		for i := 0; sending.Err() == nil; i++ {
			if i%20 == 0 {
				select {
				case <-r.Released():
					return nil
				case <-time.After(time.Millisecond):
				}
			}
			if err := r.Send(sending, fmt.Sprint(i), 1); err != nil {
				return err
			}
		}
		return ctx.Err()
	}
}

// bigGatherer always has the same families.
type bigGatherer []*metric.MetricFamily

func newBigGatherer(families, series int) bigGatherer {
	var g bigGatherer
	for i := range families {
		f := &metric.MetricFamily{Name: new(fmt.Sprintf("big_%03d", i)), Help: new("h"), Type: new(metric.MetricTypeGauge)}
		for j := range series {
			f.Metric = append(f.Metric, &metric.MetricData{
				Label: []*dto.LabelPair{{Name: new("series"), Value: new(fmt.Sprint(j))}}, Gauge: &dto.Gauge{Value: new(1.0)},
			})
		}
		g = append(g, f)
	}
	return g
}

func (g bigGatherer) Gather() ([]*metric.MetricFamily, error) { return slices.Clone(g), nil }

// gathererCorner has gatherers that hang beside a healthy one, joined in every way.
func gathererCorner(t *testing.T) *corner {
	const (
		announced = "0.3"
		// atOnce is how many calls of one gatherer may be under way: one that hangs is not
		// called again, except by another of the handlers here.
		atOnce = 2
	)
	c := &corner{t: t, name: gatherers}
	healthy := metric.NewContextRegistry()
	counter := metric.NewCounter(metric.CounterOpts{Name: "healthy_native_total", Help: "h"})
	healthy.MustRegister(counter)
	var paths []string
	mux := http.NewServeMux()
	for _, aware := range []bool{false, true} {
		for kind, join := range map[string]func(hanging metric.Gatherer) metric.Gatherer{
			"gatherers": func(hanging metric.Gatherer) metric.Gatherer { return metric.Gatherers{hanging, healthy} },
			"nested": func(hanging metric.Gatherer) metric.Gatherer {
				return metric.Gatherers{metric.Gatherers{hanging}, metric.Gatherers{healthy}}
			},
			"multi": func(hanging metric.Gatherer) metric.Gatherer {
				all := metric.NewMultiGatherer()
				if err := errors.Join(all.Register("hanging", hanging), all.Register("healthy", healthy)); err != nil {
					t.Fatal(err)
				}
				return all
			},
		} {
			hanging := &hangingGatherer{}
			c.more = append(c.more, hanging)
			joined := join(hanging)
			if aware {
				joined = join(hangingWithContext{hanging})
			}
			path := fmt.Sprintf("/%s/%t", kind, aware)
			paths = append(paths, path)
			mux.Handle(path, metric.HandlerFor(joined, metric.HandlerOpts{ErrorHandling: metric.ContinueOnError}))
			client := func(ctx context.Context, client *http.Client) error {
				if !demanded(gatherers) {
					a, err := c.get(context.WithoutCancel(ctx), client, path, announced, "")
					if err == nil && a.status != http.StatusOK && a.status != http.StatusInternalServerError {
						err = fmt.Errorf("status %d", a.status)
					}
					return err
				}
				series, _, err := c.scrape(ctx, client, path, announced, "")
				if err == nil {
					err = missing(series, "healthy_native_total")
				}
				if n := hanging.underWay(); n > atOnce {
					err = errors.Join(err, fmt.Errorf("%s: %d calls of one gatherer are under way", path, n))
				}
				return err
			}
			c.clients = append(c.clients, client, client)
		}
	}
	c.server = httptest.NewServer(mux)
	return c
}

// hangingGatherer hangs until it is released.
type hangingGatherer struct {
	mu       sync.Mutex
	released chan struct{}
	calls    int
}

func (g *hangingGatherer) hold() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.released = make(chan struct{})
}

func (g *hangingGatherer) Gather() ([]*metric.MetricFamily, error) {
	g.mu.Lock()
	g.calls++
	released := g.released
	g.mu.Unlock()
	<-released
	g.mu.Lock()
	g.calls--
	g.mu.Unlock()
	return nil, nil
}

func (g *hangingGatherer) underWay() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.calls
}

func (g *hangingGatherer) release(ctx context.Context) error {
	g.mu.Lock()
	close(g.released)
	g.mu.Unlock()
	return eventually(ctx, time.Minute, func() error {
		if n := g.underWay(); n > 0 {
			return fmt.Errorf("%w: %d calls of a gatherer", errStillThere, n)
		}
		return nil
	})
}

// hangingWithContext is a hangingGatherer that is given a context, and does not look at it.
type hangingWithContext struct{ *hangingGatherer }

func (g hangingWithContext) GatherWithContext(context.Context) ([]*metric.MetricFamily, error) {
	return g.Gather()
}
