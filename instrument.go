package metric

import (
	"net/http"

	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// InstrumentMetricHandler returns h with two metrics, which it registers with reg:
// promhttp_metric_handler_requests_total by status code, and
// promhttp_metric_handler_requests_in_flight. Several handlers may share them. It
// panics if they cannot be registered.
func InstrumentMetricHandler(reg Registerer, h http.Handler) http.Handler {
	requests := registerOrShare(reg, NewCounterVec(CounterOpts{
		Name: "promhttp_metric_handler_requests_total",
		Help: "Total number of scrapes by HTTP status code.",
	}, []string{"code"}))
	for _, code := range []string{"200", "500", "503"} {
		requests.WithLabelValues(code)
	}
	inFlight := registerOrShare(reg, NewGauge(GaugeOpts{
		Name: "promhttp_metric_handler_requests_in_flight",
		Help: "Current number of scrapes being served.",
	}))
	return promhttp.InstrumentHandlerDuration(countingVec{requests}, promhttp.InstrumentHandlerInFlight(inFlight, h))
}

// countingVec is a CounterVec as an ObserverVec that counts the observations. So
// client_golang's instrumentation, which takes its own CounterVec only, works for ours.
type countingVec struct{ *CounterVec }

func (v countingVec) GetMetricWith(labels Labels) (Observer, error) {
	c, err := v.CounterVec.GetMetricWith(labels)
	return counting{c}, err
}

func (v countingVec) GetMetricWithLabelValues(values ...string) (Observer, error) {
	c, err := v.CounterVec.GetMetricWithLabelValues(values...)
	return counting{c}, err
}

func (v countingVec) With(labels Labels) Observer { return counting{v.CounterVec.With(labels)} }

func (v countingVec) WithLabelValues(values ...string) Observer {
	return counting{v.CounterVec.WithLabelValues(values...)}
}

func (v countingVec) CurryWith(labels Labels) (ObserverVec, error) {
	c, err := v.CounterVec.CurryWith(labels)
	return countingVec{c}, err
}

func (v countingVec) MustCurryWith(labels Labels) ObserverVec {
	return countingVec{v.CounterVec.MustCurryWith(labels)}
}

// counting counts observations.
type counting struct{ Counter }

func (c counting) Observe(float64) { c.Inc() }

func (c counting) ObserveWithExemplar(_ float64, labels Labels) {
	if adder, ok := c.Counter.(ExemplarAdder); ok {
		adder.AddWithExemplar(1, labels)
		return
	}
	c.Inc()
}
