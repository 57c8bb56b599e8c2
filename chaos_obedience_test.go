package metric_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/metrictest"
)

// obedienceCorner has collectors that send their samples when their context ends. These samples must be
// served.
func obedienceCorner(t *testing.T) *corner {
	const announced = "1"
	c := &corner{t: t, name: "obedience"}
	registry := metric.NewContextRegistry(metric.WithSelfMetrics("chaos"))
	var patient, timed []string
	for _, name := range slices.Concat(
		c.register(registry, "obedient", speakAtDeadline),
		c.register(registry, "obedient_breaker", speakAtDeadline, metric.WithBreaker(3, time.Millisecond)),
	) {
		patient = append(patient, name+`{series="healthy"}`)
	}
	for _, name := range c.register(registry, "obedient_timed", speakAtDeadline, metric.WithTimeout(50*time.Millisecond)) {
		timed = append(timed, name+`{series="healthy"}`)
	}
	c.server = httptest.NewServer(metric.HandlerForContext(registry, metric.HandlerOpts{ErrorHandling: metric.ContinueOnError}))

	var scrapes, whole, unheard atomic.Int64
	scrape := func(ctx context.Context, client *http.Client) error {
		series, _, err := c.scrape(ctx, client, "/", announced, "")
		if err != nil {
			return err
		}
		scrapes.Add(1)
		if missing(series, patient...) == nil {
			whole.Add(1)
		}
		if missing(series, timed...) != nil { // There is time left in the scrape for these samples.
			unheard.Add(1)
		}
		return nil
	}
	c.clients = []cornerClient{scrape, scrape}
	c.peace = func(ctx context.Context, client *http.Client) error {
		// On an overloaded machine, a few may be too late.
		if all, n := scrapes.Load(), unheard.Swap(0); n > 1+all/10 {
			return fmt.Errorf("in %d of %d scrapes, samples that were sent at the limit of a collector were missing", n, all)
		}
		if all, n := scrapes.Swap(0), whole.Swap(0); n < all/4 {
			return fmt.Errorf("in %d of %d scrapes, samples that were sent at the deadline were missing", all-n, all)
		}
		for i := range 2 {
			series, _, err := c.scrape(ctx, client, "/", announced, "")
			if err == nil {
				err = missing(series, slices.Concat(patient, timed)...)
			}
			if err != nil {
				return fmt.Errorf("scrape %d in peace: %w", i, err)
			}
		}
		return nil
	}
	return c
}

// speakAtDeadline is the behavior of a collector that obeys its context: when the context ends, it reports
// that it has no result and returns.
func speakAtDeadline(ctx context.Context, r *metrictest.Run) error {
	select {
	case <-ctx.Done():
	case <-r.Released():
	}
	return metrictest.Healthy()(context.WithoutCancel(ctx), r)
}
