package native_test

import (
	"fmt"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/luxfi/metric/internal/model"
	"github.com/luxfi/metric/internal/native"
)

var factors = map[string]float64{"schema=3": 1.1, "schema=8": 1.003}

func BenchmarkObserve(b *testing.B) {
	latencies := latencies()
	mask := len(latencies) - 1
	for name, factor := range factors {
		o := native.Options{BucketFactor: factor}
		b.Run(name+"/this", func(b *testing.B) {
			buckets := bucketsOf(*native.NewConfig(o), latencies...)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				buckets.Observe(latencies[i&mask])
			}
		})
		b.Run(name+"/client_golang", func(b *testing.B) {
			h := clientHistogram(o)
			for _, v := range latencies {
				h.Observe(v)
			}
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				h.Observe(latencies[i&mask])
			}
		})
	}
}

func BenchmarkWrite(b *testing.B) {
	latencies := latencies()
	for name, factor := range factors {
		o := native.Options{BucketFactor: factor}
		for _, stripes := range []int{1, 8} {
			b.Run(fmt.Sprintf("%s/this/stripes=%d", name, stripes), func(b *testing.B) {
				h := newHistogram(o, stripes)
				for i, v := range latencies {
					h.observe(v, i%stripes)
				}
				var m native.Merger
				var out model.NativeHistogram
				b.ReportAllocs()
				for b.Loop() {
					m.Reset()
					for _, s := range h.stripes {
						m.Add(s)
					}
					m.Write(&out)
				}
			})
		}
		b.Run(name+"/client_golang", func(b *testing.B) {
			h := clientHistogram(o)
			for _, v := range latencies {
				h.Observe(v)
			}
			b.ReportAllocs()
			for b.Loop() {
				var m dto.Metric
				if err := h.Write(&m); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkExemplarsAdd(b *testing.B) {
	latencies := latencies()
	mask := len(latencies) - 1
	b.Run("this", func(b *testing.B) {
		e := newExemplars(native.Options{})
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			e.Add(exemplarNow(latencies[i&mask]))
		}
	})
	b.Run("client_golang", func(b *testing.B) {
		h, ok := clientHistogram(native.Options{BucketFactor: 1.1}).(prometheus.ExemplarObserver)
		if !ok {
			b.Fatal("client_golang's histogram takes no exemplars")
		}
		labels := prometheus.Labels{}
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			h.ObserveWithExemplar(latencies[i&mask], labels)
		}
	})
}
