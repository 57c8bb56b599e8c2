package probe

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/common/expfmt"

	"github.com/luxfi/metric"
)

func TestSelfMetrics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		end := make(chan bool)
		reg := metric.NewContextRegistry()
		h := serving(t, "modules: {a: {timeout: 1s}, b: {}}\ntargets: {deny: [denied], max_per_target: 1}", Opts{
			Registerer: reg, Namespace: "x",
			Probers: []Prober{prober(func(ctx context.Context, p *Probe) error {
				switch p.Target {
				case "bad":
					return errors.New("bad")
				case "slow":
					<-ctx.Done()
					return ctx.Err()
				case "hangs":
					<-end
				case "runs":
					time.Sleep(500 * time.Millisecond)
				}
				return nil
			})},
		})
		for _, target := range []string{"good", "good", "bad", "slow", "hangs", "hangs", "denied"} {
			ask(h, target, query("module=a"))
			synctest.Wait()
		}
		ask(h, "x", query("module=unknown"))
		go ask(h, "runs", query("module=a"))
		synctest.Wait()
		want := `
# HELP x_probes_in_flight Number of probes in flight.
# TYPE x_probes_in_flight gauge
x_probes_in_flight 1
# HELP x_probes_left_behind Number of probes whose time is over but whose prober has not returned.
# TYPE x_probes_left_behind gauge
x_probes_left_behind 1
# HELP x_probes_total Total number of probes by module and result: success, failure, timeout, canceled by the client, or refused because of the target or a limit.
# TYPE x_probes_total counter
x_probes_total{module="a",result="canceled"} 0
x_probes_total{module="a",result="failure"} 1
x_probes_total{module="a",result="refused"} 2
x_probes_total{module="a",result="success"} 2
x_probes_total{module="a",result="timeout"} 2
x_probes_total{module="b",result="canceled"} 0
x_probes_total{module="b",result="failure"} 0
x_probes_total{module="b",result="refused"} 0
x_probes_total{module="b",result="success"} 0
x_probes_total{module="b",result="timeout"} 0
`
		families, err := reg.Gather()
		if err != nil {
			t.Fatal(err)
		}
		var got bytes.Buffer
		for _, f := range families {
			if _, err := expfmt.MetricFamilyToText(&got, f); err != nil {
				t.Fatal(err)
			}
		}
		if got.String() != want[1:] {
			t.Errorf("got:\n%s\nwant:%s", got.String(), want)
		}
		close(end)
		time.Sleep(time.Second)
	})
}
