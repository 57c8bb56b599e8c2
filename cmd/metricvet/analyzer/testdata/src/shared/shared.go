package shared

import "github.com/prometheus/client_golang/prometheus"

var Requests = prometheus.NewCounterVec(
	prometheus.CounterOpts{Name: "requests_total", Help: "Requests."}, []string{"method", "code"})

type Metrics struct {
	Errors *prometheus.CounterVec
}

func New() *Metrics { return &Metrics{Errors: errors()} }

func errors() *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Name: "errors_total", Help: "Errors."}, []string{"class"})
}

func Gauge() (*prometheus.GaugeVec, error) {
	if failed() {
		return nil, nil
	}
	return prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "items", Help: "Items."}, []string{"queue"}), nil
}

func failed() bool { return false }

func Must[C prometheus.Collector](c C, err error) C {
	if err != nil {
		panic(err)
	}
	return c
}
