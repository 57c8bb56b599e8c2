package relabel_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/luxfi/metric"
)

// exposition returns what a handler serves of g in the format that the client accepts, and the
// error of gathering.
func exposition(t *testing.T, g metric.GathererWithContext, accept string) (string, error) {
	t.Helper()
	var failed error
	rec := httptest.NewRecorder()
	r := httptest.NewRequestWithContext(t.Context(), "GET", "/metrics", nil)
	r.Header.Set("Accept", accept)
	metric.HandlerForContext(g, metric.HandlerOpts{
		ErrorLog: func(err error) { failed = err }, ErrorHandling: metric.ContinueOnError,
	}).ServeHTTP(rec, r)
	if rec.Code == http.StatusInternalServerError {
		return "", failed // There was nothing but an error.
	}
	return rec.Body.String(), failed
}
