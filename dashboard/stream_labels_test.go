package dashboard_test

import (
	"net/url"
	"testing"
	"testing/synctest"
	"time"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/dashboard"
)

// TestLabelsOfSum checks that the line of a group loses the labels of its only series when a second series
// joins it.
func TestLabelsOfSum(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := metric.NewContextRegistry()
		x := metric.NewGaugeVec(metric.GaugeOpts{Name: "x", Help: "h"}, []string{"l"})
		r.MustRegister(x)
		x.WithLabelValues("1").Set(1)
		d := newDashboard(t, r, dashboard.Opts{})
		s := open(t, d, "/api/stream?plot="+url.QueryEscape(`{"family":"x"}`))
		time.Sleep(second)
		type labeled struct {
			First bool
			Lines []struct{ Labels [][2]string }
		}
		if p := last[labeled](t, s, "plot"); len(p.Lines[0].Labels) != 1 {
			t.Errorf("the line of one series is %+v", p)
		}
		x.WithLabelValues("2").Set(2)
		time.Sleep(2 * second)
		if p := last[labeled](t, s, "plot"); !p.First || len(p.Lines[0].Labels) != 0 {
			t.Errorf("the line of two series is %+v", p)
		}
	})
}
