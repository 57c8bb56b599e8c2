// Theirs is the smallest program that serves a counter with client_golang.
package main

import (
	"log"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

func main() {
	hellos := prometheus.NewCounter(prometheus.CounterOpts{Name: "hellos_total", Help: "Hellos said."})
	prometheus.MustRegister(hellos)
	hellos.Inc()
	http.Handle("/metrics", promhttp.Handler())
	log.Fatal(http.ListenAndServe("localhost:8080", nil))
}
