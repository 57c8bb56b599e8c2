package metric_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/metrictest"
)

// corner is a part of the chaos test with its own registry, server and clients. It shares only the
// processors with the rest, so it can make stricter demands on its collectors.
type corner struct {
	t       *testing.T
	name    string
	server  *httptest.Server
	clients []cornerClient

	// peace, if not nil, checks the state after the clients have ended and before the hanging collectors
	// are released.
	peace func(context.Context, *http.Client) error

	held []heldCollector
	more []holder

	requests, failures atomic.Int64
}

// cornerClient makes one request, or takes another action that is repeated.
type cornerClient func(context.Context, *http.Client) error

// heldCollector is a collector with its behavior while the corner runs.
type heldCollector struct {
	*metrictest.Collector

	behaviour metrictest.Behaviour
}

// holder is something that hangs between hold and release.
type holder interface {
	hold()
	release(context.Context) error
}

// newCorners returns all corners, with their servers running.
func newCorners(t *testing.T) []*corner {
	return []*corner{timeoutCorner(t), readingCorner(t), obedienceCorner(t), floodCorner(t), nameCorner(t), gathererCorner(t)}
}

// TestChaosCorners runs the corners one at a time.
func TestChaosCorners(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes seconds")
	}
	for _, c := range newCorners(t) {
		t.Run(c.name, func(t *testing.T) {
			c.t = t
			ctx, cancel := context.WithTimeout(t.Context(), max(*chaosTime/4, 500*time.Millisecond))
			defer cancel()
			c.run(ctx)
			c.end()
		})
		c.server.Close()
	}
}

// hold returns a collector that the corner releases at its end.
func (c *corner) hold(name string, b metrictest.Behaviour) *metrictest.Collector {
	collector := metrictest.New(name, b)
	c.held = append(c.held, heldCollector{collector, b})
	return collector
}

// register registers a collector of each kind, under names that begin with prefix, and returns the
// names.
func (c *corner) register(r *metric.ContextRegistry, prefix string, b metrictest.Behaviour, opts ...metric.CollectorOption) (names []string) {
	for _, kind := range []string{"context", "stream"} {
		name := prefix + "_" + kind
		collector := metric.Collector(c.hold(name, b))
		if kind == "stream" {
			collector = c.held[len(c.held)-1].Stream()
		}
		if err := r.RegisterWith(collector, append(opts, metric.WithName(name))...); err != nil {
			c.t.Fatal(err)
		}
		names = append(names, name)
	}
	return names
}

// run runs all clients until ctx ends.
func (c *corner) run(ctx context.Context) {
	for _, h := range c.held {
		h.Become(h.behaviour)
	}
	for _, h := range c.more {
		h.hold()
	}
	var all sync.WaitGroup
	for _, client := range c.clients {
		all.Go(func() {
			transport := &http.Client{Transport: &http.Transport{DisableCompression: true}}
			defer transport.CloseIdleConnections()
			for ctx.Err() == nil {
				c.requests.Add(1)
				if err := client(ctx, transport); err != nil {
					c.fail(err)
				}
			}
		})
	}
	all.Wait()
}

// end checks the state and releases everything. It is called after all clients have ended.
func (c *corner) end() {
	ctx, cancel := context.WithTimeout(c.t.Context(), 2*time.Minute)
	defer cancel()
	if c.peace != nil {
		client := &http.Client{Transport: &http.Transport{DisableCompression: true}}
		if err := c.peace(ctx, client); err != nil {
			c.t.Errorf("%s, when it was over: %v", c.name, err)
		}
		client.CloseIdleConnections()
	}
	for _, h := range c.held {
		h.Release()
	}
	for _, h := range c.held {
		if err := h.Wait(ctx); err != nil {
			c.t.Errorf("%s: %d runs have not returned: %v", c.name, h.Running(), err)
		}
	}
	for _, h := range c.more {
		if err := h.release(ctx); err != nil {
			c.t.Errorf("%s: %v", c.name, err)
		}
	}
	if n := c.failures.Load(); n > 0 {
		c.t.Errorf("%s: %d of %d requests failed", c.name, n, c.requests.Load())
	}
}

// fail reports err unless there have been several failures already.
func (c *corner) fail(err error) {
	const enough = 3
	if c.failures.Add(1) <= enough {
		c.t.Errorf("%s: %.2000v", c.name, err)
	}
}

// cornerAnswer is a response whose body was read.
type cornerAnswer struct {
	status      int
	contentType string
	body        []byte
	took        time.Duration
}

// get makes a scrape request. Unless timeout is empty, the request announces it.
func (c *corner) get(ctx context.Context, client *http.Client, path, timeout, accept string) (a cornerAnswer, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.server.URL+path, http.NoBody)
	if err != nil {
		return a, err
	}
	if timeout != "" {
		request.Header.Set("X-Prometheus-Scrape-Timeout-Seconds", timeout)
	}
	if accept != "" {
		request.Header.Set("Accept", accept)
	}
	start := time.Now()
	response, err := client.Do(request)
	if err != nil {
		return a, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return cornerAnswer{response.StatusCode, response.Header.Get("Content-Type"), body, time.Since(start)}, err
}

// scrape is like get, but requires status 200 and returns the series. It continues after the corner's run
// has ended, so that the result of each scrape is known.
func (c *corner) scrape(ctx context.Context, client *http.Client, path, timeout, accept string) (series map[string]float64, took time.Duration, err error) {
	a, err := c.get(context.WithoutCancel(ctx), client, path, timeout, accept)
	if err != nil {
		return nil, a.took, fmt.Errorf("%s: %w", path, err)
	}
	if a.status != http.StatusOK {
		return nil, a.took, fmt.Errorf("%s: status %d: %.300q", path, a.status, a.body)
	}
	series, err = seriesOfExposition(a.contentType, a.body)
	if err != nil {
		err = fmt.Errorf("%s: %w in %s:\n%s", path, err, a.contentType, a.body)
	}
	return series, a.took, err
}

// missing returns an error that names the first missing series, or nil.
func missing(series map[string]float64, names ...string) error {
	n, first := 0, ""
	for _, name := range names {
		if _, ok := series[name]; !ok {
			if n++; n == 1 {
				first = name
			}
		}
	}
	if n > 0 {
		return fmt.Errorf("%d of %d series are missing: %s, …", n, len(names), first)
	}
	return nil
}

// pause waits for d, or until ctx ends.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

var errStillThere = errors.New("still there")

// eventually calls f until it returns nil or ctx ends, and returns its last error.
func eventually(ctx context.Context, limit time.Duration, f func() error) (err error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for err = f(); err != nil && ctx.Err() == nil; err = f() {
		pause(ctx, 20*time.Millisecond)
	}
	return err
}
