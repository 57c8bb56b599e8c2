package metric_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/luxfi/metric"
)

// A program's own handler finds out how long it may wait for another system.
func ExampleScrapeContext() {
	probe := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := metric.ScrapeContext(r, metric.HandlerOpts{Timeout: time.Minute})
		defer cancel()
		deadline, _ := ctx.Deadline()
		fmt.Fprintln(w, "Asks", r.FormValue("target"), "for", time.Until(deadline).Round(time.Second/2))
	})
	r := httptest.NewRequest(http.MethodGet, "/probe?target=db1", http.NoBody)
	r.Header.Set("X-Prometheus-Scrape-Timeout-Seconds", "10")
	w := httptest.NewRecorder()
	probe.ServeHTTP(w, r)
	fmt.Print(w.Body)
	// Output: Asks db1 for 9.5s
}
