package gokit_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/go-kit/kit/metrics"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/adapters/gokit"
)

// greeter is a service that knows only go-kit's interfaces.
type greeter struct {
	requests metrics.Counter
	latency  metrics.Histogram
}

func (g greeter) greet(name string) (greeting string, err error) {
	defer func(begin time.Time) {
		g.requests.With("method", "greet", "error", fmt.Sprint(err != nil)).Add(1)
		g.latency.With("method", "greet").Observe(time.Since(begin).Seconds())
	}(time.Now())
	if name == "" {
		return "", fmt.Errorf("a name is required")
	}
	return "Hello, " + name, nil
}

func Example() {
	registry := metric.NewRegistry()
	requests, err := gokit.RegisterCounter(registry,
		metric.CounterOpts{Name: "greeter_requests_total", Help: "Requests by method and outcome."}, []string{"method", "error"})
	if err != nil {
		fmt.Println(err)
	}
	latency, err := gokit.RegisterHistogram(registry,
		metric.HistogramOpts{Name: "greeter_seconds", Help: "Time per request.", Buckets: []float64{60}}, []string{"method"})
	if err != nil {
		fmt.Println(err)
	}

	g := greeter{requests, latency}
	for _, name := range []string{"Ada", "", "Grace"} {
		_, _ = g.greet(name)
	}

	w := httptest.NewRecorder()
	metric.HandlerFor(registry).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", http.NoBody))
	for line := range strings.Lines(w.Body.String()) {
		if !strings.Contains(line, "_sum") { // The sum depends on the clock.
			fmt.Print(line)
		}
	}
	// Output:
	// # HELP greeter_requests_total Requests by method and outcome.
	// # TYPE greeter_requests_total counter
	// greeter_requests_total{error="false",method="greet"} 2
	// greeter_requests_total{error="true",method="greet"} 1
	// # HELP greeter_seconds Time per request.
	// # TYPE greeter_seconds histogram
	// greeter_seconds_bucket{method="greet",le="60"} 3
	// greeter_seconds_bucket{method="greet",le="+Inf"} 3
	// greeter_seconds_count{method="greet"} 3
}
