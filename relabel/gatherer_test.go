package relabel_test

import (
	"net/http/httptest"
	"testing"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/relabel"
)

// exposition returns what a handler serves of g, in the text format, and the error of gathering.
func exposition(t *testing.T, g metric.GathererWithContext) (string, error) {
	t.Helper()
	var failed error
	rec := httptest.NewRecorder()
	metric.HandlerForContext(g, metric.HandlerOpts{ErrorLog: func(err error) { failed = err }}).
		ServeHTTP(rec, httptest.NewRequestWithContext(t.Context(), "GET", "/metrics", nil))
	return rec.Body.String(), failed
}

func TestSmoke(t *testing.T) {
	reg := metric.NewContextRegistry()
	c := metric.NewCounterVec(metric.CounterOpts{Name: "requests_total", Help: "Requests."}, []string{"code", "path"})
	h := metric.NewHistogram(metric.HistogramOpts{Name: "latency_seconds", Help: "Latency.", Buckets: []float64{0.1, 1}})
	g := metric.NewGauge(metric.GaugeOpts{Name: "go_x"})
	reg.MustRegister(c, h, g)
	c.WithLabelValues("200", "/a").Add(3)
	c.WithLabelValues("500", "/a").Add(1)
	c.WithLabelValues("500", "/b").Add(1)
	h.Observe(0.5)
	for _, y := range []string{
		"- {action: drop, source_labels: [__name__], regex: go_.*}",
		"- {source_labels: [code], regex: '(.)..', target_label: class, replacement: '${1}xx'}",
		"- {action: labeldrop, regex: path}",
		"- {action: drop, source_labels: [__name__], regex: latency_seconds_bucket}",
		"- {action: rename, replacement: 'app_${1}'}",
		"- {action: aggregate, families: [requests_total, latency.*], without: [path]}",
		"- {action: scale, families: [latency.*], factor: 1000}",
		"- {action: replace, source_labels: [code], regex: '500', target_label: __name__, replacement: errors_total}",
	} {
		p, err := relabel.Parse([]byte(y))
		if err != nil {
			t.Fatal(err)
		}
		gg := p.Gatherer(reg)
		for range 2 {
			out, err := exposition(t, gg)
			t.Logf("%s\n%s%v", y, out, err)
		}
	}
}
