package bench_test

import (
	"strconv"
	"testing"

	"github.com/luxfi/metric"
)

// typed is the name of the entrants that find counters by structs, in the results.
const typed = ours + "-typed"

// The labels of BenchmarkTyped. Half of the mixed ones are integers.
type (
	twoStrings struct{ A, B string }
	twoMixed   struct {
		A string
		B int
	}
	fourStrings struct{ A, B, C, D string }
	fourMixed   struct {
		A string
		B int
		C string
		D uint16
	}
)

// BenchmarkTyped increments ten counters of a vector in turn. It compares finding each counter by a struct
// that has the label values with finding it by the label values as strings.
func BenchmarkTyped(b *testing.B) {
	var (
		codes         = []int{200, 201, 204, 301, 302, 400, 401, 404, 500, 503}
		strings       = labelValues(len(codes), 4)
		mixed         [][]string
		ofTwoStrings  []twoStrings
		ofTwoMixed    []twoMixed
		ofFourStrings []fourStrings
		ofFourMixed   []fourMixed
	)
	for i, v := range strings {
		code, other := codes[i], codes[len(codes)-1-i]
		mixed = append(mixed, []string{v[0], strconv.Itoa(code), v[2], strconv.Itoa(other)})
		ofTwoStrings = append(ofTwoStrings, twoStrings{v[0], v[1]})
		ofTwoMixed = append(ofTwoMixed, twoMixed{v[0], code})
		ofFourStrings = append(ofFourStrings, fourStrings{v[0], v[1], v[2], v[3]})
		ofFourMixed = append(ofFourMixed, fourMixed{v[0], code, v[2], uint16(other)})
	}
	b.Run("labels=2/of=strings", func(b *testing.B) { hot(b, byStruct(ofTwoStrings), byTwoValues(strings)) })
	b.Run("labels=2/of=mixed", func(b *testing.B) { hot(b, byStruct(ofTwoMixed), byTwoValues(mixed)) })
	b.Run("labels=4/of=strings", func(b *testing.B) { hot(b, byStruct(ofFourStrings), byFourValues(strings)) })
	b.Run("labels=4/of=mixed", func(b *testing.B) { hot(b, byStruct(ofFourMixed), byFourValues(mixed)) })
}

func byStruct[L any](labels []L) entrant {
	return entrant{typed, func() func(int, int) {
		vec := metric.NewCounterVecOf[L](metric.CounterOpts{Name: "c_total"})
		for range 2 { // The vector remembers a struct when it sees it the second time.
			for _, l := range labels {
				vec.With(l)
			}
		}
		return func(n, goroutine int) {
			for i := range n {
				vec.With(labels[(i+3*goroutine)%len(labels)]).Inc()
			}
		}
	}}
}

func byTwoValues(values [][]string) entrant {
	return entrant{ours, func() func(int, int) {
		vec := metric.NewCounterVec(metric.CounterOpts{Name: "c_total"}, labelNames[:2])
		for _, v := range values {
			vec.WithLabelValues(v[:2]...)
		}
		return func(n, goroutine int) {
			for i := range n {
				v := values[(i+3*goroutine)%len(values)]
				vec.WithLabelValues(v[0], v[1]).Inc()
			}
		}
	}}
}

func byFourValues(values [][]string) entrant {
	return entrant{ours, func() func(int, int) {
		vec := metric.NewCounterVec(metric.CounterOpts{Name: "c_total"}, labelNames[:4])
		for _, v := range values {
			vec.WithLabelValues(v...)
		}
		return func(n, goroutine int) {
			for i := range n {
				v := values[(i+3*goroutine)%len(values)]
				vec.WithLabelValues(v[0], v[1], v[2], v[3]).Inc()
			}
		}
	}}
}
