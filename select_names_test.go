package metric_test

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/luxfi/metric"
)

// TestUnknownCollectorListsEachNameOnce checks that the error for a collector that does not
// exist has each name that there is once.
func TestUnknownCollectorListsEachNameOnce(t *testing.T) {
	w := httptest.NewRecorder()
	metric.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics?collect[]=nobody", nil))
	body := w.Body.String()
	if n := strings.Count(body, "client_golang"); w.Code != 400 || n != 1 {
		t.Errorf("got status %d and client_golang %d times, want 400 and once: %s", w.Code, n, body)
	}
}
