package instrument

import (
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric/internal/clientmodel"
	"github.com/luxfi/metric/internal/labelmap"
	"github.com/luxfi/metric/internal/model"
	"github.com/luxfi/metric/internal/stripe"
)

// checkExpirable tests the methods of expirable with two instruments of one vector.
func checkExpirable[C any, P Child[C]](t *testing.T, v *Vec[C, P], update func(P), count func(*clientmodel.Metric) uint64) {
	get := func(value string) P {
		p, err := v.Get([]string{value})
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	counted := func(p P) uint64 {
		var m clientmodel.Metric
		if err := p.Write(&m); err != nil {
			t.Fatal(err)
		}
		return count(&m)
	}
	a, b := get("a"), get("b")
	first := a.pulse(0)
	update(a)
	second := a.pulse(first)
	if second == first || a.pulse(second) != second {
		t.Errorf("the pulse went from %d to %d with an update, and to %d without one", first, second, a.pulse(second))
	}
	update(a)
	if _, ok := a.restart(second, time.Now()); ok || count != nil && counted(a) != 2 {
		t.Error("it restarts though it was updated")
	}
	third := a.pulse(second)
	fourth, ok := a.restart(third, time.Now())
	if !ok || count != nil && counted(a) != 0 {
		t.Error("it does not restart")
	}
	if a.pulse(fourth) != fourth {
		t.Error("restarting is no update, but counts as one")
	}
	for range 3 {
		update(a)
	}
	update(b)
	fifth := a.pulse(fourth)
	sixth := a.moveTo(b, fifth)
	if a.pulse(sixth) != sixth {
		t.Error("moving what was counted is no update, but counts as one")
	}
	if count != nil && (counted(a) != 0 || counted(b) != 4) {
		t.Errorf("after moving 3 to 1, there are %d and %d", counted(a), counted(b))
	}
}

// TestMortal checks for each kind of instrument that its series can expire and return.
func TestMortal(t *testing.T) {
	labels := prometheus.UnconstrainedLabels{"a"}
	counter := func(m *clientmodel.Metric) uint64 { return uint64(m.GetCounter().GetValue()) }
	samples := func(m *clientmodel.Metric) uint64 { return m.GetHistogram().GetSampleCount() }
	buckets := func(m *clientmodel.Metric) (n uint64) {
		value := int64(0)
		for _, delta := range m.GetHistogram().GetPositiveDelta() {
			value += delta
			n += uint64(value)
		}
		return n
	}
	summary := func(m *clientmodel.Metric) uint64 { return m.GetSummary().GetSampleCount() }
	t.Run("counter", func(t *testing.T) {
		checkExpirable(t, NewCounters(prometheus.CounterVecOpts{CounterOpts: prometheus.CounterOpts{Name: "x"}, VariableLabels: labels}), (*Counter).Inc, counter)
	})
	t.Run("gauge that is set", func(t *testing.T) {
		checkExpirable(t, NewGauges(prometheus.GaugeVecOpts{GaugeOpts: prometheus.GaugeOpts{Name: "x"}, VariableLabels: labels}), func(g *Gauge) { g.Set(1) }, nil)
	})
	t.Run("gauge that returns to 0", func(t *testing.T) {
		checkExpirable(t, NewGauges(prometheus.GaugeVecOpts{GaugeOpts: prometheus.GaugeOpts{Name: "x"}, VariableLabels: labels}), func(g *Gauge) { g.Inc(); g.Dec() }, nil)
	})
	for name, opts := range map[string]prometheus.HistogramOpts{
		"histogram":         {Name: "x"},
		"native histogram":  {Name: "x", NativeHistogramBucketFactor: 1.1},
		"limited histogram": {Name: "x", NativeHistogramBucketFactor: 1.1, NativeHistogramMaxBucketNumber: 5},
	} {
		vec := func() *Histograms {
			return NewHistograms(prometheus.HistogramVecOpts{HistogramOpts: opts, VariableLabels: labels})
		}
		t.Run(name, func(t *testing.T) { checkExpirable(t, vec(), func(h *Histogram) { h.Observe(3) }, samples) })
		if opts.NativeHistogramBucketFactor > 0 {
			t.Run("buckets of a "+name, func(t *testing.T) { checkExpirable(t, vec(), func(h *Histogram) { h.Observe(3) }, buckets) })
		}
		t.Run("stripes of a "+name, func(t *testing.T) {
			v := vec()
			for _, value := range []string{"a", "b"} {
				h, _ := v.Get([]string{value})
				h.counts.first.mu.Lock()
				h.counts.spread()
				h.counts.first.mu.Unlock()
			}
			checkExpirable(t, v, func(h *Histogram) { h.Observe(3) }, samples)
		})
	}
	for name, opts := range map[string]prometheus.SummaryOpts{
		"summary":   {Name: "x"},
		"quantiles": {Name: "x", Objectives: map[float64]float64{0.5: 0.1}},
		"flushes":   {Name: "x", Objectives: map[float64]float64{0.5: 0.1}, BufCap: 2},
	} {
		t.Run(name, func(t *testing.T) {
			checkExpirable(t, NewSummaries(prometheus.SummaryVecOpts{SummaryOpts: opts, VariableLabels: labels}), func(s *Summary) { s.Observe(3) }, summary)
		})
	}
	t.Run("info", func(t *testing.T) {
		checkExpirable(t, NewInfos(prometheus.Opts{Name: "x"}, labels, []string{"b"}), func(i *Info) { i.Set(prometheus.Labels{"b": "1"}) }, nil)
	})
	for name, update := range map[string]func(*StateSet){
		"Set":     func(s *StateSet) { s.Set("on") },
		"TrySet":  func(s *StateSet) { _ = s.TrySet("on") },
		"Enable":  func(s *StateSet) { s.Enable("on") },
		"Disable": func(s *StateSet) { s.Disable("on") },
	} {
		t.Run("state set by "+name, func(t *testing.T) {
			checkExpirable(t, NewStateSets(prometheus.Opts{Name: "x"}, labels, []string{"on"}, ""), update, nil)
		})
	}
}

// TestGaugeThatOthersRelyOn checks that gauges whose value will be subtracted later do not expire.
func TestGaugeThatOthersRelyOn(t *testing.T) {
	v := NewGauges(prometheus.GaugeVecOpts{GaugeOpts: prometheus.GaugeOpts{Name: "x"}, VariableLabels: prometheus.UnconstrainedLabels{"a"}})
	g, _ := v.Get([]string{"a"})
	g.Inc()
	pulse := g.pulse(0)
	if g.pulse(pulse) == pulse {
		t.Error("a gauge that is not 0 after Inc looks idle")
	}
	if _, ok := g.restart(g.pulse(pulse), time.Now()); ok {
		t.Error("a gauge that is not 0 after Inc expires")
	}
	g.Set(1)
	pulse = g.pulse(pulse)
	if g.pulse(pulse) != pulse {
		t.Error("a gauge that was set does not look idle")
	}
	other, _ := v.Get([]string{"b"})
	other.Add(2)
	g.Set(0)
	g.Add(3)
	g.moveTo(other, 0)
	if g.Get() != 0 || other.Get() != 5 {
		t.Errorf("what was added is moved: %v and %v, want 0 and 5", g.Get(), other.Get())
	}
	if labelmap.Of(g).Mark.Load() < wasAdded {
		t.Error("moving has changed the mark")
	}
}

// TestScrapesSeeNoHalfRestart checks that a scrape that reads a striped instrument while it restarts gets
// either all counts, or none and a later start timestamp.
func TestScrapesSeeNoHalfRestart(t *testing.T) {
	labels := prometheus.UnconstrainedLabels{"a"}
	t.Run("counter", func(t *testing.T) {
		v := NewCounters(prometheus.CounterVecOpts{CounterOpts: prometheus.CounterOpts{Name: "x"}, VariableLabels: labels})
		c, _ := v.Get([]string{"a"})
		c.Use(new(stripe.Inline))
		checkNoHalfRestart(t, c, c.Inc, func(p *model.Point) float64 { return p.Value })
	})
	t.Run("histogram", func(t *testing.T) {
		v := NewHistograms(prometheus.HistogramVecOpts{HistogramOpts: prometheus.HistogramOpts{Name: "x"}, VariableLabels: labels})
		h, _ := v.Get([]string{"a"})
		h.counts.spread()
		checkNoHalfRestart(t, h, func() { h.Observe(1) }, func(p *model.Point) float64 { return float64(p.Histogram.Count) })
	})
	t.Run("summary", func(t *testing.T) {
		v := NewSummaries(prometheus.SummaryVecOpts{SummaryOpts: prometheus.SummaryOpts{Name: "x"}, VariableLabels: labels})
		s, _ := v.Get([]string{"a"})
		s.plain.spread()
		checkNoHalfRestart(t, s, func() { s.Observe(1) }, func(p *model.Point) float64 { return float64(p.Summary.Count) })
	})
}

func checkNoHalfRestart[P interface {
	Instrument
	pulse(uint64) uint64
	restart(last uint64, now time.Time) (uint64, bool)
}](t *testing.T, instrument P, update func(), count func(*model.Point) float64,
) {
	const rounds, updates = 300, 64
	for range rounds {
		var wg sync.WaitGroup
		for range updates { // Many goroutines use all stripes.
			wg.Go(update)
		}
		wg.Wait()
		restarted := make(chan struct{})
		go func() {
			defer close(restarted)
			if _, ok := instrument.restart(instrument.pulse(0), time.Now()); !ok {
				t.Error("it does not restart")
			}
		}()
		for reading := true; reading; {
			select {
			case <-restarted:
				reading = false
			default:
			}
			var (
				p       model.Point
				scratch model.Scratch
			)
			instrument.Point(&p, &scratch)
			if got := count(&p); got != 0 && got != updates {
				t.Fatalf("a scrape sees %v of %d updates", got, updates)
			}
		}
	}
}
