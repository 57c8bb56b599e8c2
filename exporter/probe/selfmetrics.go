package probe

import (
	"fmt"

	"github.com/luxfi/metric"
)

// selfMetrics are the metrics about probes. A nil *selfMetrics counts nothing.
type selfMetrics struct {
	probes *metric.CounterVec
}

// newSelfMetrics registers the metrics, unless reg is nil.
func newSelfMetrics(reg metric.Registerer, namespace string, l *limiter) (*selfMetrics, error) {
	if reg == nil {
		return nil, nil //nolint:nilnil // nil is usable
	}
	s := &selfMetrics{probes: metric.NewCounterVec(metric.CounterOpts{
		Namespace: namespace, Name: "probes_total",
		Help: "Total number of probes by module and result: success, failure, timeout, canceled by the client, or refused because of the target or a limit.",
	}, []string{"module", "result"})}
	inFlight := metric.NewGaugeFunc(metric.GaugeOpts{
		Namespace: namespace, Name: "probes_in_flight", Help: "Number of probes in flight.",
	}, func() float64 { running, _ := l.counts(); return float64(running) })
	leftBehind := metric.NewGaugeFunc(metric.GaugeOpts{
		Namespace: namespace, Name: "probes_left_behind", Help: "Number of probes whose time is over but whose prober has not returned.",
	}, func() float64 { _, abandoned := l.counts(); return float64(abandoned) })
	for i, c := range []metric.Collector{s.probes, inFlight, leftBehind} {
		if err := reg.Register(c); err != nil {
			for _, before := range []metric.Collector{s.probes, inFlight}[:i] {
				reg.Unregister(before)
			}
			return nil, fmt.Errorf("cannot register the metrics about probes: %w", err)
		}
	}
	return s, nil
}

// know creates the series of modules, so that they begin at 0.
func (s *selfMetrics) know(modules []string) {
	if s == nil {
		return
	}
	for _, module := range modules {
		for _, r := range results {
			s.probes.WithLabelValues(module, string(r))
		}
	}
}

// count counts a probe by a module in the configuration.
func (s *selfMetrics) count(module string, r result) {
	if s != nil {
		s.probes.WithLabelValues(module, string(r)).Inc()
	}
}
