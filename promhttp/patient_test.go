package promhttp_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	clienthttp "github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/promhttp"
)

// exporter is a collector of an exporter that passes it the context of the request, with a deadline shortly
// before the announced one. It sends its metrics only after that context has ended.
type exporter struct{ ctx context.Context }

func (exporter) Describe(chan<- *prometheus.Desc) {}
func (c exporter) Collect(ch chan<- prometheus.Metric) {
	<-c.ctx.Done()
	ch <- prometheus.MustNewConstMetric(prometheus.NewDesc("mysql_up", "Up.", nil, nil), prometheus.GaugeValue, 0)
}

// TestExportersWithDeadlines checks exporters that set a deadline on the context of the request. Within the
// announced time, the handlers of client_golang and of this package must give the same response.
func TestExportersWithDeadlines(t *testing.T) {
	for _, tc := range []struct {
		header   string
		own      time.Duration // time until the program's own deadline; 0 means that it has passed
		instant  bool          // whether the collector returns immediately
		handling promhttp.HandlerErrorHandling
	}{
		{header: "10", own: 9750 * time.Millisecond},
		{header: "10", own: 9750 * time.Millisecond, handling: promhttp.ContinueOnError},
		{header: "10", own: 5 * time.Second},
		{header: "1", own: 750 * time.Millisecond},
		{header: "0.5", own: 250 * time.Millisecond},
		{header: "0.3", own: 50 * time.Millisecond},
		{header: "", own: 3 * time.Second},
		{header: "", own: 3 * time.Second, handling: promhttp.ContinueOnError},
		{header: "", own: 0},
		{header: "", own: 0, instant: true},
		{header: "10", own: 0, instant: true},
		{header: "10", own: 0, instant: true, handling: promhttp.ContinueOnError},
	} {
		t.Run(fmt.Sprintf("%q, %v, instant %t, %v", tc.header, tc.own, tc.instant, tc.handling), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				answer := func(registryOf func() prometheus.Registerer, handlerFor func(prometheus.Gatherer, promhttp.HandlerOpts) http.Handler) (string, time.Duration) {
					h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
						ctx, cancel := context.WithDeadline(r.Context(), time.Now().Add(tc.own))
						defer cancel()
						reg := registryOf()
						if tc.instant {
							reg.MustRegister(prometheus.NewGauge(prometheus.GaugeOpts{Name: "instant"}),
								collectorFunc(func(ch chan<- prometheus.Metric) {
									ch <- prometheus.MustNewConstMetric(prometheus.NewDesc("mysql_up", "Up.", nil, nil), prometheus.GaugeValue, 1)
								}))
						} else {
							reg.MustRegister(exporter{ctx})
						}
						handlerFor(reg.(prometheus.Gatherer), promhttp.HandlerOpts{ErrorHandling: tc.handling}).ServeHTTP(w, r.WithContext(ctx))
					})
					start := time.Now()
					w := request(h, "/", "X-Prometheus-Scrape-Timeout-Seconds", tc.header)
					return fmt.Sprint(w.Code, "\n", w.Body), time.Since(start)
				}
				want, wantTook := answer(func() prometheus.Registerer { return prometheus.NewRegistry() }, clienthttp.HandlerFor)
				if !strings.HasPrefix(want, "200") {
					t.Fatalf("client_golang answers %s", want)
				}
				for name, registryOf := range map[string]func() prometheus.Registerer{
					"our registry": func() prometheus.Registerer { return metric.NewRegistry() }, "theirs": func() prometheus.Registerer { return prometheus.NewRegistry() },
				} {
					if got, took := answer(registryOf, promhttp.HandlerFor); got != want || took != wantTook {
						t.Errorf("%s: after %v, got %s\nwant, after %v, %s", name, took, got, wantTook, want)
					}
				}
			})
		})
	}
}

// TestDepartureEndsPatience checks that the scrape ends when the client disconnects, although the handler
// waits for collectors as long as the client does.
func TestDepartureEndsPatience(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := metric.NewRegistry()
		r.MustRegister(metric.NewCollectorFunc(func(chan<- *metric.Desc) {}, func(ctx context.Context, _ chan<- metric.Metric) { <-ctx.Done() }))
		client, leave := context.WithCancel(t.Context())
		ctx, cancel := context.WithTimeout(client, time.Hour)
		defer cancel()
		time.AfterFunc(time.Minute, leave)
		start := time.Now()
		promhttp.HandlerFor(r, promhttp.HandlerOpts{}).ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(ctx, http.MethodGet, "/", http.NoBody))
		if took := time.Since(start); took != time.Minute {
			t.Errorf("it took %v", took)
		}
	})
}
