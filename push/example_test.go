package push_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/push"
)

// The push contains the metrics of all collectors that succeed, even if another one hangs. The last push
// happens after the work is done.
func ExampleEvery() {
	gateway := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		fmt.Println(r.Method, r.URL)
	}))
	defer gateway.Close()
	registry := metric.NewContextRegistry()
	jobs := metric.NewCounter(metric.CounterOpts{Name: "jobs_total", Help: "Jobs done."})
	registry.MustRegister(jobs)

	ctx, stop := context.WithCancel(context.Background())
	loop := push.Every(ctx, func(ctx context.Context) error {
		g := push.Partial(ctx, registry)
		err := push.New(gateway.URL, "example").Gatherer(g).PushContext(ctx)
		return errors.Join(err, g.Err())
	}, push.LoopOpts{Name: "pushgateway", Interval: time.Hour, Jitter: 1, Registry: registry})

	jobs.Inc() // The work.

	stop()
	fmt.Println(loop.Wait())
	// Output:
	// PUT /metrics/job/example
	// <nil>
}
