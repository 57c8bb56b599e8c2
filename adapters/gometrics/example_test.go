package gometrics_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"

	metrics "github.com/hashicorp/go-metrics"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/adapters/gometrics"
)

func Example() {
	registry := metric.NewRegistry()
	sink, err := gometrics.NewSink(registry,
		gometrics.WithHistogram(metric.HistogramOpts{Buckets: []float64{1, 10, 100}}),
		gometrics.WithCounters(gometrics.Definition{Name: []string{"raft", "apply"}, Help: "Log entries applied."}))
	if err != nil {
		fmt.Println(err)
		return
	}

	// The libraries of the program contain code like the following. Programs call NewGlobal to set the
	// global metrics.
	m, err := metrics.New(&metrics.Config{FilterDefault: true}, sink)
	if err != nil {
		fmt.Println(err)
		return
	}
	m.IncrCounter([]string{"raft", "apply"}, 3)
	m.SetGaugeWithLabels([]string{"serf", "queue", "Intent"}, 2, []metrics.Label{{Name: "dc", Value: "east-1"}})
	m.AddSample([]string{"raft", "commitTime"}, 7.5)

	w := httptest.NewRecorder()
	metric.HandlerFor(registry).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", http.NoBody))
	fmt.Print(w.Body)
	// Output:
	// # HELP raft_apply Log entries applied.
	// # TYPE raft_apply counter
	// raft_apply 3
	// # HELP raft_commitTime raft_commitTime
	// # TYPE raft_commitTime histogram
	// raft_commitTime_bucket{le="1"} 0
	// raft_commitTime_bucket{le="10"} 1
	// raft_commitTime_bucket{le="100"} 1
	// raft_commitTime_bucket{le="+Inf"} 1
	// raft_commitTime_sum 7.5
	// raft_commitTime_count 1
	// # HELP serf_queue_Intent serf_queue_Intent
	// # TYPE serf_queue_Intent gauge
	// serf_queue_Intent{dc="east-1"} 2
}
