package dashboard_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/luxfi/metric/dashboard"
)

// TestShutdownWithoutClose shuts servers down while pages are open, without closing the dashboard.
func TestShutdownWithoutClose(t *testing.T) {
	d := newDashboard(t, registryOf(t, map[string]*probe{"x": newProbe("x")}), dashboard.Opts{})
	for _, name := range []string{"the first server", "another one"} { // Shutting one down must not end the streams of another.
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(d)
			defer server.Close()
			ctx, cancel := context.WithTimeout(t.Context(), 10*second)
			defer cancel()
			for range 2 {
				openAt(ctx, t, server)
			}
			if err := server.Config.Shutdown(ctx); err != nil {
				t.Errorf("open pages hold up the server: %v", err)
			}
		})
	}
}

// openAt opens a stream of a server. The stream has begun when openAt returns.
func openAt(ctx context.Context, t *testing.T, server *httptest.Server) {
	t.Helper()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+"/api/stream", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := server.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = answer.Body.Close() })
	if _, err := answer.Body.Read(make([]byte, 1)); err != nil {
		t.Fatalf("the stream has ended: %v", err)
	}
}
