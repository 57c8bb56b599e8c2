package metric_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/metrictest"
)

// floodCorner has collectors that send distinct series until their deadline and longer, and a gatherer with
// many families. Everything else must be served completely and in time.
func floodCorner(t *testing.T) *corner {
	const (
		announced = "1"
		// margin allows for an overloaded machine. When floods had no limit, sorting and writing the
		// samples that had arrived took longer than this.
		margin = 15 * time.Second
	)
	families := 20
	if long() {
		families = 60
	}
	c := &corner{t: t, name: "floods"}
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
	const endless = time.Hour
	c.register(registry, "flood_cached", floodUntil(endless), metric.WithCache(time.Second))
	c.register(registry, "flood_stale", floodUntil(endless), metric.WithStale(time.Second))
	if err := registry.RegisterWith(c.hold("flood_plain", floodUntil(endless)).Plain(), metric.WithName("flood_plain"), metric.WithCache(time.Second)); err != nil {
		t.Fatal(err)
	}
	all := metric.NewMultiGatherer()
	err := errors.Join(all.Register("registry", registry), all.Register("big", newBigGatherer(families, 250)))
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
			if took > time.Second+margin {
				return fmt.Errorf("it took %v", took)
			}
			return nil
		},
		c.watchHeap,
	}
	c.peace = func(ctx context.Context, _ *http.Client) error {
		// No scrape waits for the endless collectors any more. They may fill their buffers.
		const most = 8 << 20
		return eventually(ctx, time.Minute, func() error {
			before := heapInUse()
			pause(ctx, 2*time.Second)
			if after := heapInUse(); after > before+most {
				return fmt.Errorf("the heap has grown from %d to %d MB while nobody scraped", before>>20, after>>20)
			}
			return nil
		})
	}
	return c
}

// watchHeap fails and ends the flood if the heap exceeds what any scrape needs.
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

// floodUntil returns a behavior that sends distinct series until its context ends and for the time beyond
// after that. It leaves some processor time for others.
func floodUntil(beyond time.Duration) metrictest.Behaviour {
	pause := 10 * time.Millisecond
	if long() {
		pause = 2 * time.Millisecond
	}
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
			if i%50 == 0 {
				select {
				case <-r.Released():
					return nil
				case <-time.After(pause):
				}
			}
			if err := r.Send(sending, fmt.Sprint(i), 1); err != nil {
				return err
			}
		}
		return ctx.Err()
	}
}

// bigGatherer is a gatherer that always returns the same families.
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
