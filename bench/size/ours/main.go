// Ours is the smallest program that serves a counter with this library.
package main

import (
	"log"
	"net/http"

	"github.com/luxfi/metric"
)

func main() {
	hellos := metric.NewCounter(metric.CounterOpts{Name: "hellos_total", Help: "Hellos said."})
	metric.MustRegister(hellos)
	hellos.Inc()
	http.Handle("/metrics", metric.Handler())
	log.Fatal(http.ListenAndServe("localhost:8080", nil))
}
