package dashboard_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/luxfi/metric/dashboard"
)

// TestManyMarks checks that each mark has its own sample, and that a client that asks for marks as fast as it
// can does not cause more than ten samples a second.
func TestManyMarks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProbe("x")
		d := newDashboard(t, registryOf(t, map[string]*probe{"x": p}), dashboard.Opts{})
		began := time.Now()
		const marks = 50
		for range marks {
			time.Sleep(time.Millisecond) // A sample that began at the same moment would be reused.
			if w := serve(d, http.MethodPost, "/api/marks"); w.Code != http.StatusOK {
				t.Fatalf("%d %s", w.Code, w.Body)
			}
		}
		const least = (marks - 1) * 100 * time.Millisecond
		if took := time.Since(began); took < least || took > 2*least || p.runs.Load() != marks {
			t.Errorf("the collector was run %d times within %v, want %d within %v", p.runs.Load(), took, marks, least)
		}
	})
}
