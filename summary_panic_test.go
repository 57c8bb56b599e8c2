package metric_test

import (
	"errors"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"github.com/luxfi/metric"
)

// breakSummary makes a summary with an objective panic when it is read. It must change unexported
// fields, because no program can do this.
func breakSummary(s metric.Summary) {
	ranks := reflect.ValueOf(s).Elem().FieldByName("window").Elem().FieldByName("shape").Elem().FieldByName("ranks")
	*(*[]float64)(unsafe.Pointer(ranks.UnsafeAddr())) = []float64{50}
}

// TestInstrumentThatPanics breaks one of our summaries on purpose. It checks that a scrape reports it
// under its name and has everything else.
func TestInstrumentThatPanics(t *testing.T) {
	summary := func(name string) metric.Summary {
		return metric.NewSummary(metric.SummaryOpts{Name: name, Objectives: map[float64]float64{0.5: 0.1}})
	}
	bad := summary("m_bad")
	breakSummary(bad)
	bad.Observe(1)
	healthy := map[string]metric.Collector{
		"a_gauge":   metric.NewGauge(metric.GaugeOpts{Name: "a_gauge"}),
		"z_summary": summary("z_summary"),
	}
	r := metric.NewContextRegistry()
	r.MustRegister(bad)
	for _, c := range healthy {
		r.MustRegister(c)
	}
	families, err := r.GatherWithContext(t.Context())
	wantFamilies(t, families, slices.Sorted(maps.Keys(healthy)))
	failed, ok := errors.AsType[*metric.CollectorError](err)
	if !ok || failed.Collector != "m_bad" {
		t.Errorf("got %v", err)
	}
	if p, ok := errors.AsType[*metric.PanicError](err); !ok || !strings.Contains(p.Error(), "index out of range") {
		t.Errorf("got %v", err)
	}

	for range 3 { // No scrape leaves a lock held.
		var logged []error
		response := request(metric.HandlerForContext(r, metric.HandlerOpts{
			EnableOpenMetrics: true, ErrorHandling: metric.ContinueOnError, ErrorLog: func(err error) { logged = append(logged, err) },
		}), "Accept", "application/openmetrics-text")
		body := response.Body.String()
		if response.Code != http.StatusOK || !strings.HasSuffix(body, "# EOF\n") || strings.Contains(body, "m_bad") ||
			!strings.Contains(body, "\na_gauge 0.0\n") || !strings.Contains(body, "\nz_summary_count 0\n") {
			t.Errorf("status %d:\n%s", response.Code, body)
		}
		if len(logged) != 1 || !strings.Contains(logged[0].Error(), "m_bad") {
			t.Errorf("logged %v", logged)
		}
		bad.Observe(2)
	}
}
