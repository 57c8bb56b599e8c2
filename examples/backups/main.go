// Backups exports the number, the size and the age of the files in a directory of
// backups.
package main

import (
	"flag"
	"fmt"
	"log"
	"net/http"
	"time"

	metrics "github.com/luxfi/metric"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:8080", "`address` to listen on")
	dir := flag.String("dir", ".", "`directory` of the backups")
	flag.Parse()

	visits := metrics.New("app").NewCounter("visits_total", "Visits to the home page.")
	metrics.EnableSelfMetrics("app")
	metrics.MustRegisterWith(newBackups(*dir),
		metrics.WithName("backups"),
		metrics.WithTimeout(5*time.Second), // A run may take no longer than this.
		metrics.WithCache(30*time.Second),  // One run serves all scrapes of 30 seconds.
		metrics.WithStale(time.Hour),       // If a run fails, the last good result is served.
	)

	http.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		visits.Inc()
		fmt.Fprintln(w, "Hello! See /metrics and /status.")
	})
	http.Handle("/metrics", metrics.Handler())
	http.Handle("/status", metrics.StatusHandler(metrics.DefaultGatherer))
	log.Print("listening on http://", *listen)
	log.Fatal(http.ListenAndServe(*listen, nil))
}
