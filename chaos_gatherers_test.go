package metric_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/luxfi/metric"
)

// gathererCorner returns a server with handlers that gather from a hanging and a healthy gatherer.
// There is a handler for each way to join the two.
func gathererCorner(t *testing.T) *corner {
	const (
		announced = "0.3"
		// atOnce is the maximum number of calls of one gatherer in progress. A gatherer that hangs is
		// called again only by another handler.
		atOnce = 2
	)
	c := &corner{t: t, name: "gatherers"}
	healthy := metric.NewContextRegistry()
	counter := metric.NewCounter(metric.CounterOpts{Name: "healthy_native_total", Help: "h"})
	healthy.MustRegister(counter)
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
				joined = join(deafGatherer{hanging})
			}
			path := fmt.Sprintf("/%s/%t", kind, aware)
			mux.Handle(path, metric.HandlerFor(joined, metric.HandlerOpts{ErrorHandling: metric.ContinueOnError}))
			client := func(ctx context.Context, client *http.Client) error {
				series, _, err := c.scrape(ctx, client, path, announced, "")
				if err == nil {
					err = missing(series, "healthy_native_total")
				}
				if n := hanging.underWay(); n > atOnce {
					err = errors.Join(err, fmt.Errorf("%s: %d calls of one gatherer are under way", path, n))
				}
				return err
			}
			c.clients = append(c.clients, slices.Repeat([]cornerClient{client}, 2)...)
		}
	}
	c.server = httptest.NewServer(mux)
	return c
}

// hangingGatherer is a gatherer that hangs until it is released.
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

// deafGatherer is a hangingGatherer that takes a context and ignores it.
type deafGatherer struct{ *hangingGatherer }

func (g deafGatherer) GatherWithContext(context.Context) ([]*metric.MetricFamily, error) {
	return g.Gather()
}
