package metric_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/luxfi/metric"
)

// TestLimitsLikeModel applies the same random steps to vectors in registries with limits and to a
// model of them, and compares all values after each step.
func TestLimitsLikeModel(t *testing.T) {
	for seed := range uint64(8) {
		t.Run(fmt.Sprint("seed=", seed), func(t *testing.T) {
			t.Parallel()
			m := newLimitModel(t, rand.New(rand.NewPCG(seed, 16)))
			for range 600 {
				m.step()
				m.compare()
				if t.Failed() {
					return
				}
			}
		})
	}
}

// limitModel has vectors in registries, and the values that they should have.
type limitModel struct {
	*testing.T
	*rand.Rand

	vectors    []*modelVector
	registries []metric.Registerer // the last one wraps the second
	limits     []int               // by registry; the last two share one limit
}

type modelVector struct {
	*metric.CounterVec

	limit      int
	values     map[string]float64 // by label value, without the overflow series
	overflow   float64            // value of the overflow series; negative if it does not exist
	registered [3]bool            // by registry
}

func newLimitModel(t *testing.T, r *rand.Rand) *limitModel {
	m := &limitModel{T: t, Rand: r, limits: []int{12, 7}}
	inner := metric.NewContextRegistry(metric.WithSeriesLimit(m.limits[1]))
	m.registries = []metric.Registerer{
		metric.NewContextRegistry(metric.WithSeriesLimit(m.limits[0])), inner, metric.WrapRegistererWithPrefix("wrapped_", inner),
	}
	for i := range 3 {
		vec := metric.NewCounterVec(metric.CounterOpts{Name: fmt.Sprintf("v%d_total", i)}, []string{"k"})
		m.vectors = append(m.vectors, &modelVector{CounterVec: vec, values: make(map[string]float64), overflow: -1})
	}
	return m
}

// isFull reports whether a new label set of v has no room.
func (m *limitModel) isFull(v *modelVector) bool {
	if v.limit > 0 && len(v.values) >= v.limit {
		return true
	}
	for registry, limit := range m.limits {
		sum, member := 0, false
		for _, other := range m.vectors {
			in := other.registered[registry] || registry == 1 && other.registered[2]
			if in {
				sum += len(other.values)
			}
			member = member || in && other == v
		}
		if member && sum >= limit {
			return true
		}
	}
	return false
}

func (m *limitModel) step() {
	v := m.vectors[m.IntN(len(m.vectors))]
	key := strconv.Itoa(m.IntN(20))
	switch n := m.IntN(100); {
	case n < 60:
		v.WithLabelValues(key).Inc()
		if _, exists := v.values[key]; exists || !m.isFull(v) {
			v.values[key]++
		} else {
			v.overflow = max(0, v.overflow) + 1
		}
	case n < 78:
		_, exists := v.values[key]
		delete(v.values, key)
		if got := v.DeleteLabelValues(key); got != exists {
			m.Errorf("deleting %s of %v: got %v", key, v.values, got)
		}
	case n < 80:
		if got := v.Delete(metric.Labels{"k": metric.OverflowValue}); got != (v.overflow >= 0) {
			m.Errorf("deleting the overflow series: got %v, want %v", got, v.overflow)
		}
		v.overflow = -1
	case n < 82:
		v.Reset()
		clear(v.values)
		v.overflow = -1
	case n < 90:
		v.limit = []int{0, 1, 3, 9}[m.IntN(4)]
		v.SetLimit(v.limit)
	default:
		i := m.IntN(len(m.registries))
		v.registered[i] = !v.registered[i]
		if v.registered[i] {
			m.registries[i].MustRegister(v.CounterVec)
		} else if !m.registries[i].Unregister(v.CounterVec) {
			m.Error("it was not registered")
		}
	}
}

func (m *limitModel) compare() {
	for i, v := range m.vectors {
		want := maps.Clone(v.values)
		if v.overflow >= 0 {
			want[metric.OverflowValue] = v.overflow
		}
		if got := valuesOf(m.T, v); !maps.Equal(got, want) {
			m.Errorf("vector %d, limit %d, in %v: got %v, want %v", i, v.limit, v.registered, got, want)
		}
	}
}

// valuesOf returns the values of the series of counters with one label, by its value.
func valuesOf(t *testing.T, c metric.Collector) map[string]float64 {
	t.Helper()
	all := make(map[string]float64)
	for _, m := range collected(t, c) {
		all[m.GetLabel()[0].GetValue()] = m.GetCounter().GetValue()
	}
	return all
}

// TestLimitsConcurrently increments and deletes counters and changes the limit from several
// goroutines. It checks that no increment is lost, that no series except the overflow series has the
// increments of another one, and that there are never too many series.
func TestLimitsConcurrently(t *testing.T) {
	const (
		workers, rounds  = 6, 3000
		limit, protected = 20, 5
	)
	for name, setup := range map[string]func(*metric.CounterVec) (change func()){
		"of the vector": func(v *metric.CounterVec) func() {
			v.SetLimit(limit)
			return func() {}
		},
		"of the vector, changing": func(v *metric.CounterVec) func() {
			v.SetLimit(limit)
			var n atomic.Int32
			return func() { v.SetLimit(limit - int(n.Add(1)%5)) }
		},
		"of a registry": func(v *metric.CounterVec) func() {
			r := metric.NewContextRegistry(metric.WithSeriesLimit(limit))
			r.MustRegister(v)
			return func() { runtime.KeepAlive(r) }
		},
		"of two registries": func(v *metric.CounterVec) func() {
			r := metric.NewContextRegistry(metric.WithSeriesLimit(limit))
			r.MustRegister(v)
			other := metric.NewContextRegistry(metric.WithSeriesLimit(limit - 5))
			var mu sync.Mutex
			in := false
			return func() {
				runtime.KeepAlive(r)
				mu.Lock()
				defer mu.Unlock()
				if in = !in; in {
					other.MustRegister(v)
				} else {
					other.Unregister(v)
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			v := metric.NewCounterVec(metric.CounterOpts{Name: "c_total"}, []string{"k"})
			change := setup(v)
			for i := range protected {
				v.WithLabelValues(fmt.Sprint("protected", i))
			}
			var wg sync.WaitGroup
			var handles sync.Map // counters by key, as lookups returned them
			var increments atomic.Int64
			protectedSum := make([]atomic.Int64, protected)
			for worker := range workers {
				wg.Go(func() {
					r := rand.New(rand.NewPCG(uint64(worker), 1))
					for range rounds {
						switch n := r.IntN(100); {
						case n < 10:
							i := r.IntN(protected)
							v.WithLabelValues(fmt.Sprint("protected", i)).Inc()
							protectedSum[i].Add(1)
						case n < 88:
							key := strconv.Itoa(r.IntN(60))
							c := v.WithLabelValues(key)
							c.Inc()
							increments.Add(1)
							handles.Store(c, key)
						case n < 97:
							v.DeleteLabelValues(strconv.Itoa(r.IntN(60)))
						case n < 98:
							change()
						default:
							// The overflow series does not count.
							if got := len(valuesOf(t, v)); got > limit+1 {
								t.Errorf("there are %d series", got)
							}
						}
					}
				})
			}
			wg.Wait()

			sum := 0.0
			handles.Range(func(c, key any) bool {
				label := written(t, c).GetLabel()[0].GetValue()
				if label != key && label != metric.OverflowValue {
					t.Errorf("label set %q was counted in %q", key, label)
				}
				sum += c.(metric.ReadableCounter).Get()
				return true
			})
			if sum != float64(increments.Load()) {
				t.Errorf("the sum is %v after %d increments", sum, increments.Load())
			}
			values := valuesOf(t, v)
			for i := range protected {
				if got, want := values[fmt.Sprint("protected", i)], float64(protectedSum[i].Load()); got != want {
					t.Errorf("a series from before has %v, want %v", got, want)
				}
			}
			change()
		})
	}
}
