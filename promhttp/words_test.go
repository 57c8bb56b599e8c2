package promhttp_test

import (
	"bytes"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	clienthttp "github.com/prometheus/client_golang/prometheus/promhttp"
	dto "github.com/prometheus/client_model/go"

	"github.com/luxfi/metric/promhttp"
)

// emptyMultiError wraps an empty list of errors.
type emptyMultiError struct{}

func (emptyMultiError) Error() string   { return "emptyMulti" }
func (emptyMultiError) Unwrap() []error { return nil }

// TestWordsOfGatherers compares the logs and the responses with client_golang's if a gatherer returns an
// error that wraps several others.
func TestWordsOfGatherers(t *testing.T) {
	a, b := errors.New("a"), errors.New("b")
	for _, failure := range []error{
		errors.New("alone"), fmt.Errorf("db %w and %w", a, b), errors.Join(a, b), emptyMultiError{}, prometheus.MultiError{a, b},
	} {
		t.Run(fmt.Sprintf("%T", failure), func(t *testing.T) {
			g := prometheus.GathererFunc(func() ([]*dto.MetricFamily, error) { return nil, failure })
			serve := func(handler func(prometheus.Gatherer, promhttp.HandlerOpts) http.Handler) (body, logged string) {
				var text bytes.Buffer
				w := httptest.NewRecorder()
				handler(g, promhttp.HandlerOpts{ErrorLog: log.New(&text, "", 0)}).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", http.NoBody))
				return w.Body.String(), text.String()
			}
			body, logged := serve(promhttp.HandlerFor)
			wantBody, wantLogged := serve(clienthttp.HandlerFor)
			if body != wantBody || logged != wantLogged {
				t.Errorf("got %q, logged %q; want %q and %q", body, logged, wantBody, wantLogged)
			}
		})
	}
}
