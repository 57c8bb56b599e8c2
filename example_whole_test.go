package metric_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/luxfi/metric"
)

// printText prints what a registry serves in the text format.
func printText(registry *metric.ContextRegistry) {
	response := httptest.NewRecorder()
	metric.HandlerFor(registry).ServeHTTP(response, httptest.NewRequest(http.MethodGet, "/metrics", http.NoBody))
	fmt.Print(response.Body)
}

// A vector mirrors a list: each time that is read, the old series are replaced as a whole.
func ExampleGaugeVec_Replace() {
	latency := metric.NewGaugeVec(metric.GaugeOpts{
		Name: "peer_latency_seconds",
		Help: "The round-trip time to the connected peers.",
	}, []string{"peer"})
	registry := metric.NewContextRegistry()
	registry.MustRegister(latency)

	update := func(peers map[string]float64) {
		latency.Replace(func(latency *metric.GaugeVec) {
			for peer, seconds := range peers {
				latency.WithLabelValues(peer).Set(seconds)
			}
		})
	}
	update(map[string]float64{"alpha": 0.012, "beta": 0.031})
	update(map[string]float64{"beta": 0.027, "gamma": 0.04}) // Alpha has gone.
	printText(registry)
	// Output:
	// # HELP peer_latency_seconds The round-trip time to the connected peers.
	// # TYPE peer_latency_seconds gauge
	// peer_latency_seconds{peer="beta"} 0.027
	// peer_latency_seconds{peer="gamma"} 0.04
}
