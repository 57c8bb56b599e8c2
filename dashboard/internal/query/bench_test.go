package query_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/luxfi/metric/dashboard/internal/api"
	"github.com/luxfi/metric/dashboard/internal/query"
	"github.com/luxfi/metric/internal/model"
)

// large returns a program with 50,000 series: one family has a tenth of them, and many small families the
// others.
func large() *world {
	w := newWorld(0)
	f := w.family("http_requests_total", model.Counter)
	for i := range 5000 {
		w.series(f, fmt.Sprintf("code=%d,handler=/api/v1/resource/%d,method=GET", 200+i%5, i/5), nil, []float64{1})
	}
	for i := range 4500 {
		f := w.family(fmt.Sprintf("component_%d_operations_total", i), model.Counter)
		for j := range 10 {
			w.series(f, fmt.Sprintf("instance_name=worker-%d,operation=operation_%d,region=eu-central-1", i%7, j), nil, []float64{1})
		}
	}
	return w
}

func BenchmarkSearch(b *testing.B) {
	s := large().last()
	for _, words := range []string{
		"", "http", "operation_7", "/api/v1/resource/77", "nothing at all", "region=eu code=200 -method=post", "worker-3 operations", "küche",
	} {
		b.Run(words, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				query.Search(s, words, 100)
			}
		})
	}
}

func BenchmarkCardinality(b *testing.B) {
	s, start := large().last(), large().last()
	b.ReportAllocs()
	for b.Loop() {
		query.Cardinality(s, start, 100)
	}
}

func BenchmarkChanges(b *testing.B) {
	s, start := large().last(), large().last()
	b.ReportAllocs()
	for b.Loop() {
		query.Changes(start, s, "", 100)
	}
}

func BenchmarkDetail(b *testing.B) {
	s, start := large().last(), large().last()
	b.ReportAllocs()
	for b.Loop() {
		query.Detail(s, start, query.DetailOptions{Family: "http_requests_total"})
	}
}

// shared is a past that does not copy its data, so that benchmarks measure only the queries.
type shared struct{ *world }

func (s shared) Range(_ time.Time, cols []int32) ([]time.Time, [][]float64) {
	numbers := make([][]float64, len(cols))
	for i, c := range cols {
		numbers[i] = s.numbers[c]
	}
	return s.times, numbers
}

// BenchmarkPlot plots families of 5,000 series over 450 samples.
func BenchmarkPlot(b *testing.B) {
	const series, samples = 5000, 450
	w := newWorld(every(2, samples)...)
	v := make([]float64, samples)
	for i := range v {
		v[i] = float64(i)
	}
	counters, histograms := w.family("c_total", model.Counter), w.family("h_seconds", model.Histogram)
	for i := range series {
		labels := fmt.Sprintf("code=%d,handler=%d", i%5, i/5)
		w.series(counters, labels, nil, v)
		w.series(histograms, labels, classicShape, v, v, v, v)
	}
	s := w.last()
	for _, bench := range []struct {
		name string
		spec api.Spec
	}{
		{"counters", api.Spec{Family: "c_total"}},
		{"counters by label", api.Spec{Family: "c_total", By: []string{"handler"}}},
		{"each counter", api.Spec{Family: "c_total", Each: true}},
		{"histograms", api.Spec{Family: "h_seconds", By: []string{"code"}}},
	} {
		bench.spec.Seconds = 2 * samples
		b.Run(bench.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				query.Plot(s, shared{w}, bench.spec, time.Time{})
			}
		})
		b.Run(bench.name+" goes on", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				query.Plot(s, w, bench.spec, w.times[samples-2])
			}
		})
	}
}
