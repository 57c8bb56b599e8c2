package metric_test

import (
	"fmt"
	"time"

	"github.com/luxfi/metric"
)

// A series expires when the program has not updated it for some time. If the program has kept a
// counter of the vector and increments it after that, the series comes back and starts at zero.
func ExampleMetricVec_SetExpiry() {
	played := metric.NewCounterVec(metric.CounterOpts{Name: "played_total", Help: "Songs played."}, []string{"user"})
	registry := metric.NewContextRegistry()
	registry.MustRegister(played)

	alice := played.WithLabelValues("alice")
	alice.Add(5)
	played.WithLabelValues("bob").Inc()

	played.SetExpiry(time.Millisecond)
	for servedText(registry) != "" {
		time.Sleep(time.Millisecond)
	}
	played.SetExpiry(time.Hour) // typical for a real program
	alice.Inc()
	printText(registry)
	// Output:
	// # HELP played_total Songs played.
	// # TYPE played_total counter
	// played_total{user="alice"} 1
}

// The series of all vectors of a registry expire, except those of one vector.
func ExampleWithSeriesExpiry() {
	registry := metric.NewContextRegistry(metric.WithSeriesExpiry(time.Hour))
	tenants := metric.NewGaugeVec(metric.GaugeOpts{Name: "tenant_quota_bytes", Help: "Quota."}, []string{"tenant"})
	tenants.SetExpiry(0) // These series never expire.
	registry.MustRegister(tenants)

	tenants.WithLabelValues("acme").Set(1e9)
	printText(registry)
	// Output:
	// # HELP tenant_quota_bytes Quota.
	// # TYPE tenant_quota_bytes gauge
	// tenant_quota_bytes{tenant="acme"} 1e+09
}

// The overflow series counts everything beyond the limit.
func ExampleMetricVec_SetLimit() {
	logins := metric.NewCounterVec(metric.CounterOpts{Name: "logins_total", Help: "Logins."}, []string{"user"})
	logins.SetLimit(2)
	logins.SetValueLimit(8, metric.TruncateLongValues)
	registry := metric.NewContextRegistry()
	registry.MustRegister(logins)

	for _, user := range []string{"alice", "bartholomew", "carol", "dave", "alice"} {
		logins.WithLabelValues(user).Inc()
	}
	printText(registry)
	// Output:
	// # HELP logins_total Logins.
	// # TYPE logins_total counter
	// logins_total{user="__overflow__"} 2
	// logins_total{user="alice"} 2
	// logins_total{user="bartholo"} 1
}

// Cardinality returns the largest vectors and the labels that make them large.
func ExampleContextRegistry_Cardinality() {
	registry := metric.NewContextRegistry()
	requests := metric.NewCounterVec(metric.CounterOpts{Name: "requests_total", Help: "Requests."}, []string{"method", "path"})
	registry.MustRegister(requests)
	for i := range 100 {
		requests.WithLabelValues("GET", fmt.Sprintf("/items/%d", i)).Inc()
	}
	requests.WithLabelValues("POST", "/items").Inc()

	for _, vector := range registry.Cardinality(10) {
		label := vector.Labels[0]
		fmt.Printf("%s: %d series; %s has %d values\n", vector.Metric, vector.Series, label.Name, label.Values)
	}
	// Output:
	// requests_total: 101 series; path has 101 values
}

// A sampler has kept one of 40 requests, so its observation counts 40 times.
func ExampleObserverN() {
	latency := metric.NewHistogramVec(metric.HistogramOpts{
		Name: "latency_seconds", Help: "Latency.", Buckets: []float64{0.1, 1},
	}, []string{"method"})
	registry := metric.NewContextRegistry()
	registry.MustRegister(latency)

	latency.WithLabelValues("GET").(metric.ObserverN).ObserveN(0.25, 40)
	printText(registry)
	// Output:
	// # HELP latency_seconds Latency.
	// # TYPE latency_seconds histogram
	// latency_seconds_bucket{method="GET",le="0.1"} 0
	// latency_seconds_bucket{method="GET",le="1"} 40
	// latency_seconds_bucket{method="GET",le="+Inf"} 40
	// latency_seconds_sum{method="GET"} 10
	// latency_seconds_count{method="GET"} 40
}
