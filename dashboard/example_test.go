package dashboard_test

import (
	"log"
	"net/http"
	"time"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/dashboard"
)

func Example() {
	registry := metric.NewContextRegistry()

	mux := http.NewServeMux()
	mux.Handle("/metrics", metric.HandlerFor(registry))
	mux.Handle("/debug/dashboard/", dashboard.Handler(registry, dashboard.Opts{MetricsURL: "/metrics"}))
}

// A dashboard with a history must be closed, and so must its streams: the server would wait for open pages.
func ExampleNew() {
	d, err := dashboard.New(metric.DefaultGatherer, dashboard.Opts{
		History:  15 * time.Minute,
		TraceURL: "https://traces.example.org/trace/{trace_id}",
	})
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = d.Close() }()

	server := &http.Server{Addr: "localhost:8080", Handler: d, ReadHeaderTimeout: 10 * time.Second}
	server.RegisterOnShutdown(func() { _ = d.Close() })
}
