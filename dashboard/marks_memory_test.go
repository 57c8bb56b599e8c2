package dashboard_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/dashboard"
)

// TestMarksAreBounded checks how many marks are kept if all series are replaced between two marks, or stay
// the same.
func TestMarksAreBounded(t *testing.T) {
	for name, test := range map[string]struct {
		churn bool
		pause time.Duration // After an hour, the sampler has stopped and forgotten the past, but marks stay.
		least int           // smallest number of marks that must be kept
		most  int
	}{
		"the same series": {false, time.Hour, 1, 3},
		"shared series":   {false, 0, 10, 10},
		"other series":    {true, time.Hour, 1, 3},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := metric.NewContextRegistry()
				v := metric.NewGaugeVec(metric.GaugeOpts{Name: "x", Help: "A gauge."}, []string{"l"})
				r.MustRegister(v)
				d := newDashboard(t, r, dashboard.Opts{MaxBytes: 1 << 20})
				var ids []string
				for i := range 10 {
					if i == 0 || test.churn {
						v.Reset()
						for j := range 500 {
							v.WithLabelValues(strings.Repeat("x", 500) + fmt.Sprint(i, j)).Set(1)
						}
					}
					time.Sleep(test.pause + time.Millisecond)
					ids = append(ids, read[mark](t, serve(d, http.MethodPost, "/api/marks").Body.String()).ID)
				}
				kept := 0
				for _, id := range ids {
					if get(d, "/api/changes?since="+id).Code == http.StatusOK {
						kept++
					}
				}
				if kept < test.least || kept > test.most || get(d, "/api/changes?since="+ids[9]).Code != http.StatusOK {
					t.Errorf("%d marks are kept, want %d to %d and the last one", kept, test.least, test.most)
				}
			})
		})
	}
}
