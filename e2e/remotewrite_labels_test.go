//go:build e2e

package e2e

import (
	"testing"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/push/remotewrite"
	"github.com/luxfi/metric/relabel"
)

// labeled is a source whose series are relabeled on their way.
type labeled struct {
	*ticks
	labels map[string]string // new values of the label clock; series with other values are dropped
}

func (l *labeled) held() map[string]float64 {
	held := map[string]float64{series("ticks_round", "clock", "none", "zone", "a"): float64(l.rounds)}
	for from, to := range l.labels {
		for key, v := range l.ticks.held() {
			if key == series("ticks_total", "clock", from) {
				held[series("ticks_total", "clock", to, "zone", "a")] = v
			}
		}
	}
	return held
}

// testLabels checks that a Pusher adds external labels and then relabels.
func testLabels(t *testing.T, r *receiver) {
	rules, err := relabel.Parse([]byte(`
- {source_labels: [clock], regex: "[5-9]", action: drop}
- {source_labels: [clock, zone], regex: "(\\d);a", target_label: clock, replacement: "c$1"}
`))
	if err != nil {
		t.Fatal(err)
	}
	source := &labeled{newTicks(10), map[string]string{"0": "c0", "1": "c1", "2": "c2", "3": "c3", "4": "c4"}}
	s := newSender(t, "labels", r.url(), source, remotewrite.Opts{
		ExternalLabels: metric.Labels{"clock": "none", "zone": "a"}, Relabel: rules,
	})
	s.push(t)
	source.observe()
	s.push(t)
	s.compare(t, r)
}
