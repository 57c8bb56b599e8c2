// Command twin uses most of client_golang's packages prometheus, promauto and promhttp, together with
// testutil and push. The test of this module builds it twice: as it is, and with the import paths of the
// three packages rewritten.
package main

import (
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

func main() {
	gateway := flag.String("gateway", "", "URL of the Pushgateway")
	flag.Parse()
	log.SetFlags(0)

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	url := "http://" + listener.Addr().String()

	reg := prometheus.NewRegistry()
	registerInstruments(reg)
	registerCollectors(reg)
	instrumented := instrumentedServer(reg)

	mux := http.NewServeMux()
	mux.Handle("/metrics", promhttp.InstrumentMetricHandler(reg, promhttp.HandlerFor(reg, promhttp.HandlerOpts{
		EnableOpenMetrics:                   true,
		EnableOpenMetricsTextCreatedSamples: true,
		ErrorLog:                            log.Default(),
		Registry:                            reg,
	})))
	mux.Handle("/default", promhttp.Handler())
	mux.Handle("/default-for", promhttp.HandlerFor(prometheus.DefaultGatherer, promhttp.HandlerOpts{EnableOpenMetrics: true}))
	mux.Handle("/wrapped", promhttp.HandlerFor(wrapped(), promhttp.HandlerOpts{EnableOpenMetrics: true}))
	mux.Handle("/broken", promhttp.HandlerFor(broken(), promhttp.HandlerOpts{}))
	mux.Handle("/best-effort", promhttp.HandlerFor(broken(), promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError}))
	mux.Handle("/served/", instrumented)
	mux.HandleFunc("/call", func(w http.ResponseWriter, r *http.Request) { callServer(reg, url, r.FormValue("path"), w) })
	mux.HandleFunc("/errors", func(w http.ResponseWriter, _ *http.Request) { reportErrors(w) })
	mux.HandleFunc("/testutil", func(w http.ResponseWriter, _ *http.Request) { reportTestutil(w, url) })
	mux.HandleFunc("/push", func(w http.ResponseWriter, r *http.Request) { pushAll(r.Context(), w, reg, *gateway) })

	fmt.Println(url)
	go func() {
		log.Fatal(http.Serve(listener, mux)) //nolint:gosec // It ends with the test.
	}()
	_, _ = os.Stdin.Read(make([]byte, 1)) // Wait until the test closes it.
}
