package metric

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/luxfi/metric/internal/instrument"
)

// TestInstrumentThatPanics breaks a summary of ours on purpose. A scrape reports it under
// its name, and has everything else.
func TestInstrumentThatPanics(t *testing.T) {
	bad := NewSummary(SummaryOpts{Name: "m_bad", Objectives: map[float64]float64{0.5: 0.1}})
	instrument.Break(bad)
	bad.Observe(1)
	healthy := map[string]Collector{
		"a_gauge":   NewGauge(GaugeOpts{Name: "a_gauge"}),
		"z_summary": NewSummary(SummaryOpts{Name: "z_summary", Objectives: map[float64]float64{0.5: 0.1}}),
	}
	r := NewContextRegistry()
	r.MustRegister(bad)
	for _, c := range healthy {
		r.MustRegister(c)
	}
	families, err := r.GatherWithContext(context.Background())
	var names []string
	for _, mf := range families {
		names = append(names, mf.GetName())
	}
	if want := slices.Sorted(maps.Keys(healthy)); !slices.Equal(names, want) {
		t.Errorf("gathered %q, want %q", names, want)
	}
	failed, ok := errors.AsType[*CollectorError](err)
	if !ok || failed.Collector != "m_bad" {
		t.Errorf("got %v", err)
	}
	if p, ok := errors.AsType[*PanicError](err); !ok || !strings.Contains(p.Error(), "index out of range") {
		t.Errorf("got %v", err)
	}

	for range 3 { // Nothing is left locked.
		var logged []error
		handler := HandlerForContext(r, HandlerOpts{
			EnableOpenMetrics: true, ErrorHandling: ContinueOnError, ErrorLog: func(err error) { logged = append(logged, err) },
		})
		request := httptest.NewRequest(http.MethodGet, "/metrics", http.NoBody)
		request.Header.Set("Accept", "application/openmetrics-text")
		response := httptest.NewRecorder()
		handler.ServeHTTP(response, request)
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
