// Backups exports the number of files in a directory of backups.
package main

import (
	"flag"
	"fmt"
	"log"
	"net/http"
	"time"

	"github.com/luxfi/metric"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:8080", "`address` to listen on")
	dir := flag.String("dir", ".", "`directory` of the backups")
	flag.Parse()

	visits := metric.New("app").NewCounter("visits_total", "Visits to the home page.")
	metric.EnableSelfMetrics("app")
	metric.MustRegisterWith(newBackups(*dir),
		metric.WithName("backups"),
		metric.WithTimeout(5*time.Second), // A run may take no longer than this.
		metric.WithCache(30*time.Second),  // One run serves all scrapes of 30 seconds.
		metric.WithStale(time.Hour),       // If a run fails, the last good result is served.
	)

	http.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		visits.Inc()
		fmt.Fprintln(w, "Hello! See /metrics and /status.")
	})
	http.Handle("/metrics", metric.Handler())
	http.Handle("/status", metric.StatusHandler(metric.DefaultGatherer))
	log.Print("listening on http://", *listen)
	log.Fatal(http.ListenAndServe(*listen, nil))
}
