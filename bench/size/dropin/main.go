// Dropin is the program theirs with the import paths of this library.
package main

import (
	"log"
	"net/http"

	prometheus "github.com/luxfi/metric"
	"github.com/luxfi/metric/promhttp"
)

func main() {
	hellos := prometheus.NewCounter(prometheus.CounterOpts{Name: "hellos_total", Help: "Hellos said."})
	prometheus.MustRegister(hellos)
	hellos.Inc()
	http.Handle("/metrics", promhttp.Handler())
	log.Fatal(http.ListenAndServe("localhost:8080", nil))
}
