package dashboard_test

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/luxfi/metric/dashboard"
)

// TestCloseDuringEverything closes a dashboard and its registry while pages come and go and collectors are
// replaced.
func TestCloseDuringEverything(t *testing.T) {
	for range 10 {
		p := newProbe("x")
		r := registryOf(t, map[string]*probe{"x": p, "y": newProbe("y")})
		d := newDashboard(t, r, dashboard.Opts{Interval: 100 * time.Millisecond, History: time.Minute})
		ctx, cancel := context.WithCancel(t.Context())
		var ends sync.WaitGroup
		repeat := func(f func()) {
			ends.Go(func() {
				for ctx.Err() == nil {
					f()
				}
			})
		}
		for range 4 {
			repeat(func() {
				s := open(t, d, "/api/stream?view=collectors")
				time.Sleep(5 * time.Millisecond)
				s.close()
			})
		}
		for _, path := range []string{"/api/metrics", "/api/collectors", "/api/cardinality", "/api/history", "/metrics"} {
			repeat(func() { get(d, path) })
		}
		repeat(func() { serve(d, http.MethodPost, "/api/marks") })
		repeat(func() {
			r.Unregister(p)
			_ = r.Register(p)
		})
		time.Sleep(50 * time.Millisecond)
		ends.Go(func() { _ = r.Close() })
		ends.Go(func() { _ = d.Close() })
		_ = d.Close()
		cancel()
		ends.Wait()
	}
}
