package labelmap_test

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync/atomic"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric/internal/labelmap"
	"github.com/luxfi/metric/internal/model"
)

// Each benchmark compares labelmap with client_golang's CounterVec, in the sub-benchmark "peer".
//
//	go test -run '^$' -bench . -cpu 1,2 -count 5 ./internal/labelmap

type benchChild struct{ _ atomic.Uint64 }

var labelNames = []string{"code", "method", "path", "instance"}

// valuesOf returns the label values of n series with the given number of labels.
func valuesOf(labels, n int) [][]string {
	methods := []string{"GET", "PUT", "POST", "HEAD"}
	all := make([][]string, n)
	for i := range all {
		values := []string{strconv.Itoa(200 + i), methods[i%4], "/api/v1/query", "10.0.0.1:9090"}
		all[i] = values[:labels]
	}
	return all
}

// order returns n indexes below series in random order; n must be a power of two.
func order(n, series int) []int32 {
	r := rand.New(rand.NewPCG(1, 2))
	indexes := make([]int32, n)
	for i := range indexes {
		indexes[i] = int32(r.IntN(series))
	}
	return indexes
}

func BenchmarkGet(b *testing.B) {
	for _, labels := range []int{1, 2, 4} {
		for _, series := range []int{1, 100, 100_000} {
			name := fmt.Sprintf("labels=%d/series=%d", labels, series)
			all := valuesOf(labels, series)
			next := order(1<<16, series)

			b.Run(name+"/labelmap", func(b *testing.B) {
				m := labelmap.New[benchChild](model.NewLayout(nil, labelNames[:labels]))
				for _, values := range all {
					m.GetOrCreate(values, nil)
				}
				b.ReportAllocs()
				b.ResetTimer()
				b.RunParallel(func(pb *testing.PB) {
					for i := 0; pb.Next(); i++ {
						if m.Get(all[next[i&(len(next)-1)]]) == nil {
							panic("series not found")
						}
					}
				})
			})
			b.Run(name+"/peer", func(b *testing.B) {
				v := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "c"}, labelNames[:labels])
				for _, values := range all {
					v.WithLabelValues(values...)
				}
				b.ReportAllocs()
				b.ResetTimer()
				b.RunParallel(func(pb *testing.PB) {
					for i := 0; pb.Next(); i++ {
						if v.WithLabelValues(all[next[i&(len(next)-1)]]...) == nil {
							panic("series not found")
						}
					}
				})
			})
		}
	}
}
