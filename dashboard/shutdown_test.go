package dashboard_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/luxfi/metric/dashboard"
)

// TestShutdownWithoutClose shuts servers down while pages are open that nothing closes.
func TestShutdownWithoutClose(t *testing.T) {
	d := newDashboard(t, registryOf(t, map[string]*probe{"x": newProbe("x")}), dashboard.Opts{})
	for range 2 { // The end of one server must not end the streams of another.
		server := httptest.NewServer(d)
		defer server.Close()
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		for range 2 {
			r, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+"/api/stream", http.NoBody)
			if err != nil {
				t.Fatal(err)
			}
			answer, err := server.Client().Do(r)
			if err != nil {
				t.Fatal(err)
			}
			defer answer.Body.Close()
			if _, err := answer.Body.Read(make([]byte, 1)); err != nil {
				t.Fatalf("the stream has ended: %v", err)
			}
		}
		if err := server.Config.Shutdown(ctx); err != nil {
			t.Errorf("open pages hold up the server: %v", err)
		}
	}
}
