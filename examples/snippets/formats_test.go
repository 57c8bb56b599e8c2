package snippets

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/expfmt"

	"github.com/luxfi/metric"
)

// formatsHandler returns a handler that also offers OpenMetrics 2.0.
func formatsHandler(registry *metric.ContextRegistry) http.Handler {
	handler := metric.HandlerForContext(registry, metric.HandlerOpts{
		Timeout: 10 * time.Second,
		AcceptedFormats: []expfmt.Format{
			expfmt.FmtOpenMetrics_2_0_0, expfmt.FmtOpenMetrics_1_0_0, expfmt.FmtProtoDelim, expfmt.FmtText,
		},
	})
	return handler
}

// formatsRegistry returns the registry whose expositions the page shows.
func formatsRegistry() *metric.ContextRegistry {
	registry := metric.NewContextRegistry()
	orders := metric.NewCounter(metric.CounterOpts{Name: "orders_total", Help: "Orders."})
	wait := metric.NewHistogram(metric.HistogramOpts{Name: "wait_seconds", Unit: "seconds", Help: "Waiting times.", Buckets: []float64{1}})
	queue := metric.NewGauge(metric.GaugeOpts{Name: "queue.length", Help: "Waiting jobs."})
	build := metric.NewInfo(metric.InfoOpts{Name: "build_info", Help: "Version."}, metric.Labels{"version": "1.2"})
	mode := metric.NewStateSet(metric.StateSetOpts{Name: "app_mode", Help: "Mode.", States: []string{"starting", "open"}, Initial: "open"})
	registry.MustRegister(orders, wait, queue, build, mode)
	orders.Add(3)
	wait.(metric.ExemplarObserver).ObserveWithExemplar(0.5, metric.Labels{"trace_id": "4bf9"})
	queue.Set(2)
	return registry
}

// formatsScrape returns the exposition in the format of an Accept header. It replaces all times with the
// times of the page.
func formatsScrape(h http.Handler, accept string) string {
	r := httptest.NewRequest(http.MethodGet, "/metrics", http.NoBody)
	r.Header.Set("Accept", accept)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	body := regexp.MustCompile(`\d{10}\.\d+`).ReplaceAllString(w.Body.String(), "1767225600.123")
	return regexp.MustCompile(`\d\.\d+e\+09`).ReplaceAllString(body, "1.767225600123e+09")
}

// TestFormatsNegotiation checks the table of the page that shows the answers of a handler without options.
func TestFormatsNegotiation(t *testing.T) {
	h := metric.HandlerFor(formatsRegistry())
	rows := regexp.MustCompile("(?m)^\\| (none|`[^`]*`) \\| `([^`]*; escaping=[^`]*)` \\|").FindAllStringSubmatch(page(t, "formats.md"), -1)
	if len(rows) < 10 {
		t.Fatalf("the table has %d rows", len(rows))
	}
	for _, row := range rows {
		t.Run(row[1], func(t *testing.T) {
			r := httptest.NewRequest(http.MethodGet, "/metrics", http.NoBody)
			if row[1] != "none" {
				r.Header.Set("Accept", strings.Trim(row[1], "`"))
			}
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if got := w.Header().Get("Content-Type"); got != row[2] {
				t.Errorf("got %s, want %s", got, row[2])
			}
		})
	}
}

// formatsShown are the Accept headers of the expositions that the page shows.
var formatsShown = []string{
	"",
	"application/openmetrics-text;version=1.0.0;escaping=allow-utf-8",
	"application/openmetrics-text;version=2.0.0",
}

// TestFormatsExpositions checks that the page shows the expositions that the handler serves.
func TestFormatsExpositions(t *testing.T) {
	shown := page(t, "formats.md")
	h := formatsHandler(formatsRegistry())
	for _, accept := range formatsShown {
		if want := "\n```\n" + formatsScrape(h, accept) + "```\n"; !strings.Contains(shown, want) {
			t.Errorf("the page does not show this:%s", want)
		}
	}
}
