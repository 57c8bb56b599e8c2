package bench_test

import (
	"fmt"
	"runtime"
	"strconv"
	"testing"

	"github.com/luxfi/metric"
)

// limitOf is the cap of the vectors that BenchmarkLimit measures.
const limitOf = 10_000

// BenchmarkLimit measures increments by label values in three cases: in a vector without a limit; in a vector
// that has reached its limit and has series for the label sets; and in such a vector without series for them.
// The parameter used is the number of label sets that take turns.
func BenchmarkLimit(b *testing.B) {
	for _, used := range []int{10, limitOf} {
		for _, of := range []struct {
			name    string
			limit   int
			without bool // whether the label sets share the overflow series
		}{{"uncapped", 0, false}, {"capped", limitOf, false}, {"overflow", limitOf, true}} {
			b.Run(fmt.Sprintf("used=%d/lookup=%s", used, of.name), func(b *testing.B) {
				values := labelValues(2*limitOf, 2)
				hot(b, entrant{ours, func() func(int, int) {
					vec := metric.NewCounterVec(metric.CounterOpts{Name: "c_total"}, labelNames[:2])
					vec.SetLimit(of.limit)
					for _, v := range values[:limitOf] {
						vec.WithLabelValues(v...)
					}
					asked := values[:used]
					if of.without {
						asked = values[limitOf:][:used]
					}
					return func(n, goroutine int) {
						for i := range n {
							v := asked[(i+3*goroutine)%used]
							vec.WithLabelValues(v[0], v[1]).Inc()
						}
					}
				}})
			})
		}
	}
}

// BenchmarkLimitHeap measures how much memory a vector with a limit of 10,000 keeps after ten
// million increments with as many label sets.
func BenchmarkLimitHeap(b *testing.B) {
	const increments = 10_000_000
	for _, sets := range []int{limitOf, 1_000_000} {
		b.Run(fmt.Sprintf("sets=%d/peer=%s", sets, ours), func(b *testing.B) {
			for b.Loop() {
				before := heap()
				vec := metric.NewCounterVec(metric.CounterOpts{Name: "c_total"}, labelNames[:1])
				vec.SetLimit(limitOf)
				for i := range increments {
					vec.WithLabelValues(strconv.Itoa(i % sets)).Inc()
				}
				after := heap()
				runtime.KeepAlive(vec)
				b.ReportMetric(float64(after-before)/limitOf, "B/series")
			}
		})
	}
}
