package dropin_test

import (
	"context"
	"database/sql/driver"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.uber.org/goleak"

	"github.com/luxfi/metric"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(closingMain{m}) }

// closingMain closes idle connections before the search for leaked goroutines.
type closingMain struct{ *testing.M }

// Run runs the tests.
func (m closingMain) Run() int {
	defer http.DefaultClient.CloseIdleConnections()
	return m.M.Run()
}

// scraped returns the exposition that a handler serves.
func scraped(t *testing.T, h http.Handler) string {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", http.NoBody))
	if w.Code != http.StatusOK {
		t.Fatalf("got status %d and\n%s", w.Code, w.Body)
	}
	return w.Body.String()
}

// theirText returns the exposition of g by client_golang's handler, and ourText that by our handler.
func theirText(t *testing.T, g prometheus.Gatherer) string {
	return scraped(t, promhttp.HandlerFor(g, promhttp.HandlerOpts{}))
}

func ourText(t *testing.T, g prometheus.Gatherer) string {
	return scraped(t, metric.HandlerFor(g, metric.HandlerOpts{}))
}

// wantLines checks that a text contains each of the lines exactly once.
func wantLines(t *testing.T, text string, lines ...string) {
	t.Helper()
	text = "\n" + text
	for _, line := range lines {
		if n := strings.Count(text, "\n"+line+"\n"); n != 1 {
			t.Errorf("%q is there %d times in\n%s", line, n, text)
		}
	}
}

// noDatabase is a driver that cannot connect.
type noDatabase struct{}

func (noDatabase) Connect(context.Context) (driver.Conn, error) { return nil, driver.ErrBadConn }
func (noDatabase) Driver() driver.Driver                        { return nil }
