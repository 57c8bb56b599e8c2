package dashboard

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/luxfi/metric"
)

// TestCloseForgets checks that a closed dashboard frees its samples. The handler itself may stay mounted as
// long as the program runs.
func TestCloseForgets(t *testing.T) {
	r := metric.NewContextRegistry()
	r.MustRegister(metric.NewGauge(metric.GaugeOpts{Name: "x", Help: "A gauge."}))
	d, err := New(r, Opts{Allow: AllowAll, History: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	d.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/api/marks", http.NoBody))
	if w.Code != http.StatusOK || d.sampler.store.Latest() == nil {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	_ = d.Close()
	if s := d.sampler; s.store.Latest() != nil || s.current().latest != nil || s.first() != nil || len(d.marks.all) != 0 {
		t.Error("samples are kept after Close")
	}
}
