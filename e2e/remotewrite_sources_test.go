//go:build e2e

package e2e

import (
	"strconv"

	"github.com/luxfi/metric"
)

// ticks is a source with many counters and a gauge that counts how often they were incremented.
type ticks struct {
	registry *metric.ContextRegistry
	counters *metric.CounterVec
	round    metric.Gauge
	rounds   int
	clocks   map[int]float64 // value of each counter
}

func newTicks(series int) *ticks {
	s := &ticks{registry: metric.NewContextRegistry(), clocks: make(map[int]float64)}
	s.counters = metric.NewCounterVec(metric.CounterOpts{Name: "ticks_total", Help: "Ticks."}, []string{"clock"})
	s.round = metric.NewGauge(metric.GaugeOpts{Name: "ticks_round", Help: "The round."})
	s.registry.MustRegister(s.counters, s.round)
	for i := range series {
		s.clocks[i] = 0
	}
	s.observe()
	return s
}

// observe increments all counters.
func (s *ticks) observe() {
	s.rounds++
	s.round.Set(float64(s.rounds))
	for i := range s.clocks {
		s.clocks[i] += float64(i)
		s.counters.WithLabelValues(strconv.Itoa(i)).Add(float64(i))
	}
}

// remove ends a series.
func (s *ticks) remove(i int) {
	delete(s.clocks, i)
	s.counters.DeleteLabelValues(strconv.Itoa(i))
}

func (s *ticks) gatherer() metric.GathererWithContext { return s.registry }

func (s *ticks) held() map[string]float64 {
	held := map[string]float64{series("ticks_round"): float64(s.rounds)}
	for i, v := range s.clocks {
		held[series("ticks_total", "clock", strconv.Itoa(i))] = v
	}
	return held
}

func (p *program) gatherer() metric.GathererWithContext { return p.registry }

func (p *program) held() map[string]float64 { return p.floats(true) }
