package dashboard_test

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/luxfi/metric/dashboard"
)

// mark has the fields of an api.Mark.
type mark struct {
	ID string
	T  int64
}

// TestMarks checks that a mark has a sample from after the click, and that the dashboard keeps the last 16
// marks.
func TestMarks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDashboard(t, registryOf(t, map[string]*probe{"x": newProbe("x")}), dashboard.Opts{})
		open(t, d, "/api/stream")
		time.Sleep(second)
		var all []mark
		for range 17 {
			clicked := time.Now()
			m := read[mark](t, serve(d, http.MethodPost, "/api/marks").Body.String())
			if m.T < clicked.UnixMilli() || len(m.ID) < 20 {
				t.Errorf("the mark is %+v: its sample must be from after the click, at %d", m, clicked.UnixMilli())
			}
			all = append(all, m)
			time.Sleep(second)
		}
		for i, m := range all {
			w := get(d, "/api/changes?since="+m.ID)
			if i == 0 {
				if w.Code != http.StatusNotFound || !strings.Contains(w.Body.String(), "set a new one") {
					t.Errorf("the oldest mark: %d %s", w.Code, w.Body)
				}
				continue
			}
			if got := read[struct{ Mark mark }](t, w.Body.String()).Mark; w.Code != http.StatusOK || got != m {
				t.Errorf("mark %d: %d %s", i, w.Code, w.Body)
			}
		}
	})
}

// TestMarksOutliveSampler checks that the dashboard still knows a mark after the sampler has stopped.
func TestMarksOutliveSampler(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDashboard(t, registryOf(t, map[string]*probe{"x": newProbe("x")}), dashboard.Opts{})
		m := read[mark](t, serve(d, http.MethodPost, "/api/marks").Body.String())
		time.Sleep(time.Hour)
		got := read[struct {
			T    int64
			Mark mark
		}](t, get(d, "/api/changes?since="+m.ID).Body.String())
		if got.Mark != m || got.T < m.T+time.Hour.Milliseconds() {
			t.Errorf("after an hour: %+v", got)
		}
	})
}

// TestMarksOfOtherSites checks that a page of another site cannot set a mark.
func TestMarksOfOtherSites(t *testing.T) {
	d := newDashboard(t, registryOf(t, nil), dashboard.Opts{})
	w := serve(d, http.MethodPost, "http://localhost/api/marks", "Sec-Fetch-Site", "cross-site")
	if w.Code != http.StatusForbidden || !strings.Contains(w.Body.String(), "error") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}
