package relabel

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/luxfi/metric"
)

// BenchmarkRemembered reports the bytes that a gatherer remembers per series, for a vector and for a
// collector.
func BenchmarkRemembered(b *testing.B) {
	const n = 100_000
	v := metric.NewCounterVec(metric.CounterOpts{Name: "requests_total"}, []string{"code", "path"})
	for i := range n {
		v.WithLabelValues("200", fmt.Sprintf("/users/%d/orders", i)).Inc()
	}
	for name, c := range map[string]metric.Collector{"vector": v, "collector": collectOnly{v}} {
		for kind, step := range map[string]Step{
			"relabeled": Rule{SourceLabels: []string{"path"}, Regex: new("/(.).*"), TargetLabel: "first"},
			"unchanged": Rule{Action: Drop, SourceLabels: []string{"code"}, Regex: new("5..")},
			"shortened": Rule{Action: LabelDrop, Regex: new("code")},
		} {
			b.Run(name+"/"+kind, func(b *testing.B) {
				reg := metric.NewContextRegistry()
				reg.MustRegister(c)
				p, err := New(step)
				if err != nil {
					b.Fatal(err)
				}
				for b.Loop() {
					g := p.Gatherer(reg)
					before := heap()
					if _, err := g.Gather(); err != nil {
						b.Fatal(err)
					}
					b.ReportMetric(float64(int64(heap()-before))/n, "B/series")
					runtime.KeepAlive(g)
				}
			})
		}
	}
}

// collectOnly hides the type of a vector, so that it looks like a collector of another package.
type collectOnly struct{ v *metric.CounterVec }

func (c collectOnly) Describe(ch chan<- *metric.Desc) { c.v.Describe(ch) }
func (c collectOnly) Collect(ch chan<- metric.Metric) { c.v.Collect(ch) }
