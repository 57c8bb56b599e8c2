package metric_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/metrictest"
)

// timeoutCorner has impatient clients and patient ones. The impatient clients announce a timeout of 10 ms or
// disconnect even earlier. The patient clients must get everything all the same: that a collector has kept an
// impatient client waiting does not mean that it is stuck.
func timeoutCorner(t *testing.T) *corner {
	const (
		takes    = 100 * time.Millisecond
		dripping = 50
	)
	c := &corner{t: t, name: "timeouts"}
	registry := metric.NewContextRegistry(metric.WithSelfMetrics("chaos"))
	var want []string
	for policy, opts := range map[string][]metric.CollectorOption{
		"bare":    nil,
		"breaker": {metric.WithBreaker(2, time.Hour)},
		"cached":  {metric.WithCache(10 * time.Millisecond)},
		"timed":   {metric.WithTimeout(time.Hour)},
	} {
		for kind, b := range map[string]metrictest.Behaviour{
			"slow": metrictest.Slow(takes), "deaf": metrictest.IgnoringContext(metrictest.Slow(takes)),
		} {
			for _, name := range c.register(registry, policy+"_"+kind, b, opts...) {
				want = append(want, name+`{series="healthy"}`)
			}
		}
		for _, name := range c.register(registry, policy+"_dripping", drip(dripping, takes/dripping), opts...) {
			for i := range dripping {
				want = append(want, fmt.Sprintf(`%s{series="%d"}`, name, i))
			}
		}
		plain := "plain_" + policy
		collector := c.hold(plain, metrictest.Slow(takes)).Plain()
		if err := registry.RegisterWith(collector, append(opts, metric.WithName(plain))...); err != nil {
			t.Fatal(err)
		}
		want = append(want, plain+`{series="healthy"}`)
	}

	opts := metric.HandlerOpts{ErrorHandling: metric.ContinueOnError, EnableOpenMetrics: true}
	mux := http.NewServeMux()
	mux.Handle("/each", metric.HandlerForContext(registry, opts))
	opts.CoalesceGather = true
	mux.Handle("/shared", metric.HandlerForContext(registry, opts))
	c.server = httptest.NewServer(mux)

	for _, path := range []string{"/each", "/shared"} {
		impatient := func(ctx context.Context, client *http.Client) error {
			ctx, cancel := context.WithTimeout(ctx, time.Second)
			if rand.IntN(2) == 0 {
				ctx, cancel = context.WithTimeout(ctx, time.Duration(rand.IntN(20))*time.Millisecond)
			}
			defer cancel()
			_, _ = c.get(ctx, client, path, "0.01", "") // The client may disconnect before the response arrives.
			pause(ctx, time.Duration(rand.IntN(20))*time.Millisecond)
			return nil
		}
		patient := func(ctx context.Context, client *http.Client) error {
			series, _, err := c.scrape(ctx, client, path, "60", "")
			if err == nil {
				err = missing(series, want...)
			}
			if err != nil {
				return fmt.Errorf("a patient client of %s: %w", path, err)
			}
			return nil
		}
		c.clients = append(append(c.clients, slices.Repeat([]cornerClient{impatient}, 2)...), patient)
	}
	return c
}

// drip returns a behavior that sends n samples, each after a pause, until its context ends.
func drip(n int, each time.Duration) metrictest.Behaviour {
	return func(ctx context.Context, r *metrictest.Run) error {
		for i := range n {
			pause(ctx, each)
			if err := r.Send(ctx, fmt.Sprint(i), 1); err != nil {
				return err
			}
		}
		return nil
	}
}
