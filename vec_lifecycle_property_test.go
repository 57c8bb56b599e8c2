package metric_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/luxfi/metric"
)

// lifecycleLabels are the labels of the vectors of [TestLifecycleLosesNothing].
type lifecycleLabels struct{ Part, Key string }

// lifecycleVec is a vector of any kind with these labels.
type lifecycleVec struct {
	metric.Collector

	get     func(l lifecycleLabels) any // by the labels as a struct
	lookUp  func(l lifecycleLabels) any // by the labels as strings
	add     func(instrument any)
	vec     *metric.MetricVec
	replace func(part string, keys int) // replaces the series of a part by new ones
}

func lifecycleVecs(name string) map[string]lifecycleVec {
	counters := metric.NewCounterVecOf[lifecycleLabels](metric.CounterOpts{Name: name})
	histograms := metric.NewHistogramVecOf[lifecycleLabels](metric.HistogramOpts{Name: name})
	natives := metric.NewHistogramVecOf[lifecycleLabels](metric.HistogramOpts{
		Name: name, NativeHistogramBucketFactor: 1.1, NativeHistogramMaxBucketNumber: 20,
	})
	summaries := metric.NewSummaryVecOf[lifecycleLabels](metric.SummaryOpts{Name: name})
	histogramVec := func(v *metric.HistogramVecOf[lifecycleLabels]) lifecycleVec {
		return lifecycleVec{
			v, func(l lifecycleLabels) any { return v.With(l) },
			func(l lifecycleLabels) any { return v.Vec().WithLabelValues(l.Part, l.Key) },
			func(o any) { o.(metric.Observer).Observe(1) }, v.Vec().MetricVec,
			func(part string, keys int) {
				v.Vec().MustCurryWith(metric.Labels{"part": part}).(*metric.HistogramVec).Replace(func(aside *metric.HistogramVec) {
					fillKeys(keys, func(key string) { aside.WithLabelValues(key) })
				})
			},
		}
	}
	return map[string]lifecycleVec{
		"counters": {
			counters, func(l lifecycleLabels) any { return counters.With(l) },
			func(l lifecycleLabels) any { return counters.Vec().WithLabelValues(l.Part, l.Key) },
			func(c any) { c.(metric.Counter).Inc() }, counters.Vec().MetricVec,
			func(part string, keys int) {
				counters.Vec().MustCurryWith(metric.Labels{"part": part}).Replace(func(aside *metric.CounterVec) {
					fillKeys(keys, func(key string) { aside.WithLabelValues(key) })
				})
			},
		},
		"histograms":        histogramVec(histograms),
		"native histograms": histogramVec(natives),
		"summaries": {
			summaries, func(l lifecycleLabels) any { return summaries.With(l) },
			func(l lifecycleLabels) any { return summaries.Vec().WithLabelValues(l.Part, l.Key) },
			func(o any) { o.(metric.Observer).Observe(1) }, summaries.Vec().MetricVec,
			func(part string, keys int) {
				summaries.Vec().MustCurryWith(metric.Labels{"part": part}).(*metric.SummaryVec).Replace(func(aside *metric.SummaryVec) {
					fillKeys(keys, func(key string) { aside.WithLabelValues(key) })
				})
			},
		},
	}
}

func fillKeys(n int, create func(key string)) {
	for i := range n {
		create(fmt.Sprint("new", i))
	}
}

// TestLifecycleLosesNothing uses everything at once that may affect the series of a vector: expiry,
// limits of the vector and of a registry, lookups by structs, strings and kept instruments, deletion
// and replacement. It compares the increases that Prometheus would see in the scrapes with the true
// ones. The series that are deleted and replaced count nothing, but take the room of others.
func TestLifecycleLosesNothing(t *testing.T) {
	for kind := range lifecycleVecs("x_total") {
		for _, replaces := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/replace=%v", kind, replaces), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					newLifecycle(t, lifecycleVecs("x_total")[kind], replaces).run()
				})
			})
		}
	}
}

const (
	lifecycleShared = 8 // limit of the registry
	lifecycleKeys   = 6
	lifecycleExpiry = 8 * time.Second
)

type lifecycle struct {
	*testing.T
	lifecycleVec

	registry *metric.ContextRegistry
	other    *metric.CounterVec // takes room of the registry, too
	replaces bool

	mu    sync.Mutex
	added map[string]float64 // by key, in the part that is kept

	increased     map[string]float64 // increases in scrapes, by key or overflow value
	last          map[string]exposed
	begun, capped int
}

func newLifecycle(t *testing.T, v lifecycleVec, replaces bool) *lifecycle {
	l := &lifecycle{
		T: t, lifecycleVec: v, replaces: replaces,
		registry:  metric.NewContextRegistry(metric.WithSeriesLimit(lifecycleShared), metric.WithSeriesExpiry(lifecycleExpiry)),
		other:     metric.NewCounterVec(metric.CounterOpts{Name: "other_total"}, []string{"k"}),
		added:     make(map[string]float64),
		increased: make(map[string]float64), last: make(map[string]exposed),
	}
	l.registry.MustRegister(v.Collector, l.other)
	return l
}

func (l *lifecycle) run() {
	until := time.Now().Add(15 * time.Minute)
	var workers sync.WaitGroup
	for worker := range 4 {
		workers.Go(func() {
			r := rand.New(rand.NewPCG(uint64(worker), 16))
			kept := make(map[string]any)
			for time.Now().Before(until) {
				time.Sleep(time.Duration(r.IntN(3000)) * time.Millisecond)
				l.step(r, kept)
				if r.IntN(40) == 0 {
					clear(kept)
				}
				if r.IntN(20) == 0 {
					time.Sleep(time.Duration(r.IntN(4)) * lifecycleExpiry)
				}
			}
		})
	}
	for time.Now().Before(until.Add(5 * lifecycleExpiry)) {
		time.Sleep(time.Second)
		l.observe()
	}
	workers.Wait()
	sum := 0.0
	for _, n := range l.added {
		sum += n
	}
	for i := 0; i < 1000 && l.sum() != sum; i++ {
		runtime.GC() // Dropped instruments may have updates that are not in a scrape yet.
		runtime.Gosched()
		l.observe()
	}
	if got := l.sum(); got != sum {
		l.Errorf("scrapes have seen %v of %v: %v", got, sum, l.increased)
	}
	for key, n := range l.increased {
		if key != metric.OverflowValue && n > l.added[key] {
			l.Errorf("series %q was increased by %v, want at most %v", key, n, l.added[key])
		}
	}
	if l.begun < 3*lifecycleKeys || l.capped == 0 {
		l.Errorf("%d series have begun, and the limit was reached in %d scrapes: the test does not test much", l.begun, l.capped)
	}
	l.checkRoom()
}

// step makes a random change to the vector.
func (l *lifecycle) step(r *rand.Rand, kept map[string]any) {
	key := strconv.Itoa(r.IntN(lifecycleKeys))
	churn := lifecycleLabels{"churn", strconv.Itoa(r.IntN(lifecycleKeys))}
	switch n := r.IntN(100); {
	case n < 50:
		l.increment(r, key, kept)
	case n < 65:
		l.get(churn)
	case n < 75:
		l.vec.DeleteLabelValues(churn.Part, churn.Key)
	case n < 79:
		l.vec.DeletePartialMatch(metric.Labels{"part": "churn"})
	case n < 84:
		l.other.WithLabelValues(key)
	case n < 89:
		l.other.DeleteLabelValues(key)
	case n < 90:
		l.other.Reset()
	case n < 93:
		l.vec.SetLimit([]int{0, 1, 3, 5}[r.IntN(4)])
	case n < 96:
		l.vec.SetExpiry([]time.Duration{0, lifecycleExpiry, lifecycleExpiry, 2 * lifecycleExpiry}[r.IntN(4)])
	case n < 97:
		runtime.GC()
	case l.replaces:
		l.replace("churn", r.IntN(lifecycleKeys))
	}
}

// increment increments a series that is not deleted, or the overflow series that counts for it, and
// may keep the instrument.
func (l *lifecycle) increment(r *rand.Rand, key string, kept map[string]any) {
	labels := lifecycleLabels{"keep", key}
	c := kept[key]
	switch r.IntN(3) {
	case 0:
		c = l.get(labels)
	case 1:
		c = l.lookUp(labels)
	default:
		if c == nil {
			return
		}
	}
	n := 1 + r.IntN(3)
	for range n {
		l.add(c)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.added[key] += float64(n)
	if kept[key] = c; r.IntN(3) == 0 {
		delete(kept, key)
	}
}

// observe scrapes and adds up the increases that Prometheus would see.
func (l *lifecycle) observe() {
	l.Helper()
	now := make(map[string]exposed)
	all := 0
	families, err := l.registry.Gather()
	if err != nil {
		l.Error(err)
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			labels := m.GetLabel()
			if labels[0].GetName() == "k" {
				all++
				continue
			}
			key := labels[0].GetValue()
			if key != metric.OverflowValue {
				all++
			} else {
				l.capped++
			}
			if labels[1].GetValue() == "churn" {
				continue
			}
			now[key] = exposedOf(m)
		}
	}
	if all > lifecycleShared+1 && !l.replaces { // plus the overflow series of other
		l.Errorf("there are %d series, want at most %d", all, lifecycleShared)
	}
	for key, s := range now {
		before, ok := l.last[key]
		switch {
		case ok && s.created.Equal(before.created):
			if s.count < before.count {
				l.Errorf("series %q went from %v to %v", key, before.count, s.count)
			}
			l.increased[key] += s.count - before.count
		default:
			if ok && s.created.Before(before.created) {
				l.Errorf("the start of series %q went from %v to %v", key, before.created, s.created)
			}
			l.increased[key] += s.count
			l.begun++
		}
		l.last[key] = s
	}
}

func (l *lifecycle) sum() (sum float64) {
	for _, n := range l.increased {
		sum += n
	}
	return sum
}

// checkRoom checks that all room is free again when no series is left.
func (l *lifecycle) checkRoom() {
	l.Helper()
	l.vec.Reset()
	l.other.Reset()
	l.other.SetExpiry(0)
	for i := range lifecycleShared {
		l.other.WithLabelValues(fmt.Sprint("own", i)).Inc()
	}
	if got := valuesOf(l.T, l.other); len(got) != lifecycleShared || got[metric.OverflowValue] > 0 {
		l.Errorf("a limit of %d leaves room for %v when all series are gone", lifecycleShared, got)
	}
	l.other.WithLabelValues("more").Inc()
	if got := valuesOf(l.T, l.other); got[metric.OverflowValue] != 1 {
		l.Errorf("a limit of %d has led to %v", lifecycleShared, got)
	}
}
