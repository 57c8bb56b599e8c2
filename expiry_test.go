package metric_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	dto "github.com/prometheus/client_model/go"

	"github.com/luxfi/metric"
)

// expiring is a vector of any kind with one label.
type expiring struct {
	vec interface {
		metric.Collector
		SetExpiry(after time.Duration)
		Delete(labels metric.Labels) bool
		Reset()
	}
	get func(value string) any // returns the instrument
	add func(instrument any)   // updates the instrument
}

func vectorsOf(name string) map[string]expiring {
	counters := metric.NewCounterVec(metric.CounterOpts{Name: name}, []string{"a"})
	gauges := metric.NewGaugeVec(metric.GaugeOpts{Name: name}, []string{"a"})
	histograms := metric.NewHistogramVec(metric.HistogramOpts{Name: name}, []string{"a"})
	natives := metric.NewHistogramVec(metric.HistogramOpts{Name: name, NativeHistogramBucketFactor: 1.1}, []string{"a"})
	limited := metric.NewHistogramVec(metric.HistogramOpts{
		Name: name, NativeHistogramBucketFactor: 1.1, NativeHistogramMaxBucketNumber: 10,
	}, []string{"a"})
	summaries := metric.NewSummaryVec(metric.SummaryOpts{Name: name}, []string{"a"})
	quantiles := metric.NewSummaryVec(metric.SummaryOpts{Name: name, Objectives: map[float64]float64{0.5: 0.1}}, []string{"a"})
	infos := metric.NewInfoVec(metric.InfoOpts{Name: name}, []string{"a"}, []string{"b"})
	states := metric.NewStateSetVec(metric.StateSetOpts{Name: name, States: []string{"on", "off"}}, []string{"a"})
	observe := func(o any) { o.(metric.Observer).Observe(1) }
	return map[string]expiring{
		"counter":           {counters, func(v string) any { return counters.WithLabelValues(v) }, func(c any) { c.(metric.Counter).Inc() }},
		"fractions":         {counters, func(v string) any { return counters.WithLabelValues(v) }, func(c any) { c.(metric.Counter).Add(0.5) }},
		"gauge":             {gauges, func(v string) any { return gauges.WithLabelValues(v) }, func(g any) { g.(metric.Gauge).Set(7) }},
		"histogram":         {histograms, func(v string) any { return histograms.WithLabelValues(v) }, observe},
		"native histogram":  {natives, func(v string) any { return natives.WithLabelValues(v) }, observe},
		"limited histogram": {limited, func(v string) any { return limited.WithLabelValues(v) }, observe},
		"summary":           {summaries, func(v string) any { return summaries.WithLabelValues(v) }, observe},
		"quantiles":         {quantiles, func(v string) any { return quantiles.WithLabelValues(v) }, observe},
		"info":              {infos, func(v string) any { return infos.WithLabelValues(v) }, func(i any) { i.(metric.Info).Set(metric.Labels{"b": "1"}) }},
		"state set":         {states, func(v string) any { return states.WithLabelValues(v) }, func(s any) { s.(metric.StateSet).Set("on") }},
	}
}

// forEachExpiring runs a test for a vector of each kind in a registry, with a fake clock.
func forEachExpiring(t *testing.T, test func(t *testing.T, v expiring, r *metric.ContextRegistry)) {
	for kind := range vectorsOf("x") {
		t.Run(kind, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				// Timers belong to the clock under which they are created.
				v := vectorsOf("x")[kind]
				r := metric.NewContextRegistry()
				r.MustRegister(v.vec)
				test(t, v, r)
			})
		})
	}
}

// exposed is a series as a scrape shows it.
type exposed struct {
	count   float64
	created time.Time
}

// scrapeSeries returns the series of a scrape by the value of their label.
func scrapeSeries(t *testing.T, g metric.Gatherer) map[string]exposed {
	t.Helper()
	families, err := g.Gather()
	if err != nil {
		t.Fatal(err)
	}
	series := make(map[string]exposed)
	for _, f := range families {
		for _, m := range f.GetMetric() {
			s := exposedOf(m)
			for _, l := range m.GetLabel() {
				if l.GetName() == "a" {
					series[l.GetValue()] = s
				}
			}
		}
	}
	return series
}

// exposedOf returns m as a scrape shows it.
func exposedOf(m *dto.Metric) (s exposed) {
	switch {
	case m.Counter != nil:
		s = exposed{m.Counter.GetValue(), m.Counter.GetCreatedTimestamp().AsTime()}
	case m.Gauge != nil:
		s.count = m.Gauge.GetValue()
	case m.Histogram != nil:
		s = exposed{float64(m.Histogram.GetSampleCount()), m.Histogram.GetCreatedTimestamp().AsTime()}
	case m.Summary != nil:
		s = exposed{float64(m.Summary.GetSampleCount()), m.Summary.GetCreatedTimestamp().AsTime()}
	}
	return s
}

func wantExposed(t *testing.T, g metric.Gatherer, want ...string) {
	t.Helper()
	var names []string
	for name := range scrapeSeries(t, g) {
		names = append(names, name)
	}
	slices.Sort(names)
	if !slices.Equal(names, want) {
		t.Errorf("%v: a scrape shows the series %q, want %q", time.Now().Format(time.TimeOnly), names, want)
	}
}

func TestSeriesExpire(t *testing.T) {
	forEachExpiring(t, func(t *testing.T, v expiring, r *metric.ContextRegistry) {
		v.vec.SetExpiry(time.Minute)
		busy, idle := v.get("busy"), v.get("idle")
		v.add(busy)
		v.add(idle)
		for range 5 {
			time.Sleep(11 * time.Second)
			v.add(busy)
		}
		wantExposed(t, r, "busy", "idle") // after 55 seconds
		for range 2 {
			time.Sleep(11 * time.Second)
			v.add(busy)
		}
		wantExposed(t, r, "busy")

		v.vec.SetExpiry(0)
		time.Sleep(time.Hour)
		wantExposed(t, r, "busy")
		v.vec.SetExpiry(time.Minute)
		wantExposed(t, r, "busy")
		time.Sleep(75 * time.Second)
		wantExposed(t, r)
		runtime.KeepAlive(idle)
	})
}

func TestExpiredSeriesReturn(t *testing.T) {
	for _, by := range []string{"the instrument", "a look-up"} {
		t.Run(by, func(t *testing.T) {
			forEachExpiring(t, func(t *testing.T, v expiring, r *metric.ContextRegistry) {
				v.vec.SetExpiry(time.Minute)
				kept := v.get("x")
				v.add(kept)
				v.add(kept)
				v.add(kept)
				first := scrapeSeries(t, r)["x"]
				for range 3 {
					time.Sleep(10 * time.Minute)
					wantExposed(t, r)
					time.Sleep(time.Second)
					if by == "a look-up" {
						if again := v.get("x"); again != kept {
							t.Fatal("there are two instruments of one series")
						}
					}
					v.add(kept)
					v.add(kept)
					now := time.Now()
					time.Sleep(time.Second)
					again, ok := scrapeSeries(t, r)["x"]
					if !ok {
						t.Fatal("an update did not bring the series back")
					}
					if first.created.IsZero() || first.created.Unix() == 0 {
						if again.count != first.count {
							t.Errorf("the series came back with the value %v, want %v", again.count, first.count)
						}
						continue
					}
					if want := first.count / 3 * 2; again.count != want {
						t.Errorf("the series came back with %v, want %v", again.count, want)
					}
					if since := now.Sub(again.created); since < 0 || since > time.Second {
						t.Errorf("the series came back with a start timestamp %v before its first update, want one between the last scrape and that", since)
					}
				}
			})
		})
	}
}

// TestDroppedInstrumentIsHeardOf checks that no update is lost if it is made between two scrapes and the
// program then drops the instrument.
func TestDroppedInstrumentIsHeardOf(t *testing.T) {
	forEachExpiring(t, func(t *testing.T, v expiring, r *metric.ContextRegistry) {
		v.vec.SetExpiry(time.Minute)
		func() {
			kept := v.get("x")
			v.add(kept)
			time.Sleep(10 * time.Minute)
			wantExposed(t, r)
			v.add(kept)
		}()
		for range 1000 {
			runtime.GC()
			runtime.Gosched()
			if len(scrapeSeries(t, r)) == 1 {
				return
			}
		}
		t.Error("the update was lost")
	})
}

func TestExpiredSeriesAreFreed(t *testing.T) {
	if testing.Short() {
		t.Skip("it collects garbage often, which takes long under emulation")
	}
	forEachExpiring(t, func(t *testing.T, v expiring, r *metric.ContextRegistry) {
		v.vec.SetExpiry(time.Minute)
		const series = 2000
		before := heap()
		for i := range series {
			v.add(v.get(fmt.Sprint(i)))
		}
		if n := len(scrapeSeries(t, r)); n != series {
			t.Errorf("%d series", n)
		}
		full := heap()
		time.Sleep(10 * time.Minute)
		wantExposed(t, r)
		kept := full - before
		for range 100 { // Finalizers run asynchronously, and the memory that they release is freed only afterward.
			runtime.Gosched()
			time.Sleep(time.Minute)
			if kept = heap() - before; kept <= (full-before)/10 {
				break
			}
		}
		if kept > (full-before)/10 {
			t.Errorf("expired series keep %d of %d bytes", kept, full-before)
		}
		runtime.KeepAlive(v)
	})
}

// heap returns the size of the reachable memory.
func heap() int {
	for range 5 {
		runtime.GC()
	}
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int(stats.HeapAlloc)
}

func TestDeletedSeriesDoNotReturn(t *testing.T) {
	for name, remove := range map[string]func(v expiring){
		"Delete": func(v expiring) {
			if v.vec.Delete(metric.Labels{"a": "x"}) {
				panic("Delete has found a series that had expired")
			}
		},
		"Reset": func(v expiring) { v.vec.Reset() },
	} {
		t.Run(name, func(t *testing.T) {
			forEachExpiring(t, func(t *testing.T, v expiring, r *metric.ContextRegistry) {
				v.vec.SetExpiry(time.Minute)
				kept := v.get("x")
				v.add(kept)
				time.Sleep(10 * time.Minute)
				remove(v)
				v.add(kept)
				wantExposed(t, r)
				v.add(v.get("x"))
				if v.get("x") == kept {
					t.Error("a deleted series was revived")
				}
				wantExposed(t, r, "x")
				time.Sleep(10 * time.Minute)
				wantExposed(t, r)
				runtime.KeepAlive(kept)
			})
		})
	}
}

// TestConnectionsDoNotExpire checks that a gauge that has been incremented and will be decremented again
// does not expire.
func TestConnectionsDoNotExpire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := metric.NewContextRegistry(metric.WithSeriesExpiry(time.Minute))
		connections := metric.NewGaugeVec(metric.GaugeOpts{Name: "x"}, []string{"a"})
		r.MustRegister(connections)
		connections.WithLabelValues("open").Inc()
		connections.WithLabelValues("closed").Inc()
		connections.WithLabelValues("closed").Dec()
		time.Sleep(10 * time.Minute)
		wantExposed(t, r, "open")
		connections.WithLabelValues("open").Dec()
		wantExposed(t, r, "open")
		time.Sleep(10 * time.Minute)
		wantExposed(t, r)
	})
}

// TestExpiryOfRegistries checks which expiry applies to vectors in several registries, and to vectors with an
// expiry of their own.
func TestExpiryOfRegistries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hour := metric.NewContextRegistry(metric.WithSeriesExpiry(time.Hour))
		minute := metric.NewContextRegistry(metric.WithSeriesExpiry(time.Minute))
		vec := func(name string) *metric.GaugeVec {
			v := metric.NewGaugeVec(metric.GaugeOpts{Name: name}, []string{"a"})
			v.WithLabelValues(name).Set(1)
			return v
		}
		both, own, never, wrapped, custom := vec("both"), vec("own"), vec("never"), vec("wrapped"), vec("custom")
		hour.MustRegister(both)
		own.SetExpiry(3 * time.Hour)
		never.SetExpiry(0)
		for _, v := range []*metric.GaugeVec{both, own, never} {
			minute.MustRegister(v)
		}
		metric.WrapRegistererWithPrefix("p_", metric.RegistererWith(minute)).MustRegister(wrapped)
		minute.MustRegister(struct{ *metric.GaugeVec }{custom})
		wantExposed(t, minute, "both", "custom", "never", "own", "wrapped")
		time.Sleep(2 * time.Minute)
		wantExposed(t, minute, "never", "own")
		time.Sleep(5 * time.Hour)
		wantExposed(t, minute, "never")
	})
}

func TestExpiryOfMetricVec(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := metric.NewContextRegistry()
		desc := metric.NewDesc("x", "", []string{"a"}, nil)
		v := metric.NewMetricVec(desc, func(values ...string) metric.Metric {
			return metric.MustNewConstMetric(desc, metric.GaugeValue, 1, values...)
		})
		v.SetExpiry(time.Minute)
		r.MustRegister(v)
		for range 20 {
			if _, err := v.GetMetricWithLabelValues("busy"); err != nil {
				t.Fatal(err)
			}
			time.Sleep(5 * time.Second)
		}
		if _, err := v.GetMetricWithLabelValues("new"); err != nil {
			t.Fatal(err)
		}
		wantExposed(t, r, "busy", "new")
		time.Sleep(10 * time.Minute)
		wantExposed(t, r)
	})
}

func TestNegativeExpiry(t *testing.T) {
	for name, set := range map[string]func(){
		"vector":   func() { metric.NewGaugeVec(metric.GaugeOpts{Name: "x"}, nil).SetExpiry(-1) },
		"registry": func() { metric.WithSeriesExpiry(-1) },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if err, ok := recover().(error); !ok || !strings.Contains(err.Error(), "must be positive") {
					t.Errorf("it panicked with %v", err)
				}
			}()
			set()
		})
	}
}

// TestExpiryLosesNothing compares the increases that Prometheus would see with the increases that were
// counted. Goroutines look up series or keep their instruments while others scrape and the garbage
// collector runs.
func TestExpiryLosesNothing(t *testing.T) {
	kinds := []string{"counter", "fractions", "histogram", "native histogram", "summary", "quantiles"}
	for _, kind := range kinds {
		t.Run(kind, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { testExpiryLosesNothing(t, vectorsOf("x")[kind], kind == "fractions") })
		})
	}
}

func testExpiryLosesNothing(t *testing.T, v expiring, halves bool) {
	const (
		workers, names = 4, 6
		expiry         = 8 * time.Second // The timer visits the series every second.
	)
	r := metric.NewContextRegistry()
	r.MustRegister(v.vec)
	v.vec.SetExpiry(expiry)

	var (
		mu    sync.Mutex
		added [names]int
		wg    sync.WaitGroup
	)
	until := time.Now().Add(10 * time.Minute)
	for worker := range workers {
		wg.Go(func() {
			rng := rand.New(rand.NewPCG(1, uint64(worker)))
			var kept [names]any
			for time.Now().Before(until) {
				time.Sleep(time.Duration(rng.IntN(int(expiry/time.Second))) * time.Second)
				name := rng.IntN(names)
				instrument := kept[name]
				if instrument == nil || rng.IntN(3) == 0 {
					instrument = v.get(fmt.Sprint(name))
				}
				n := rng.IntN(3)
				for range n {
					v.add(instrument)
				}
				mu.Lock()
				added[name] += n
				mu.Unlock()
				if kept[name] = instrument; rng.IntN(3) == 0 {
					kept[name] = nil
				}
				if rng.IntN(50) == 0 {
					runtime.GC()
				}
				if rng.IntN(10) == 0 {
					time.Sleep(time.Duration(rng.IntN(4)) * expiry)
				}
			}
		})
	}

	increased := make(map[string]float64)
	last := make(map[string]exposed)
	returns := 0
	observe := func() {
		now := scrapeSeries(t, r)
		for name, s := range now {
			before, ok := last[name]
			switch {
			case ok && s.created.Equal(before.created):
				if s.count < before.count {
					t.Errorf("series %s went from %v to %v", name, before.count, s.count)
				}
				increased[name] += s.count - before.count
			default:
				if ok && s.created.Before(before.created) {
					t.Errorf("the start of series %s went from %v to %v", name, before.created, s.created)
				}
				increased[name] += s.count
				returns++
			}
			last[name] = s
		}
	}
	missing := func() (all []string) {
		for i, n := range added {
			want := float64(n)
			if halves {
				want /= 2
			}
			if name := fmt.Sprint(i); increased[name] != want {
				all = append(all, fmt.Sprintf("%s: %v of %v", name, increased[name], want))
			}
		}
		return all
	}
	for time.Now().Before(until.Add(5 * expiry)) {
		time.Sleep(time.Second)
		observe()
	}
	wg.Wait()
	for i := 0; i < 1000 && len(missing()) > 0; i++ {
		runtime.GC() // Dropped instruments may still have updates.
		runtime.Gosched()
		observe()
	}
	if m := missing(); len(m) > 0 {
		t.Errorf("scrapes have seen %v", m)
	}
	if returns < 3*names {
		t.Errorf("only %d series have begun: the test does not test much", returns)
	}
}
