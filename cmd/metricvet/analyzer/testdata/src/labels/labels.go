package labels

import (
	"net/http"

	"github.com/luxfi/metric"
	luxauto "github.com/luxfi/metric/promauto"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

const subsystem = "http"

var names = []string{"method", "code"}

var requests = prometheus.NewCounterVec(prometheus.CounterOpts{
	Namespace: "app", Subsystem: subsystem, Name: "requests_total", Help: "Requests.",
}, names)

func count(method, code string, values []string) {
	requests.WithLabelValues(method, code).Inc()
	requests.WithLabelValues(values...).Inc()
	requests.WithLabelValues(pair()).Inc()
	requests.WithLabelValues(method).Inc()                     // want `app_http_requests_total has 2 labels \(method, code\), but WithLabelValues gets 1 value: it panics`
	requests.WithLabelValues([]string{method, code, ""}...)    // want `gets 3 values: it panics`
	_, _ = requests.GetMetricWithLabelValues(method, code, "") // want `gets 3 values: it returns an error`
	requests.DeleteLabelValues(code)                           // want `DeleteLabelValues gets 1 value: it deletes nothing`
}

func pair() (string, string) { return "", "" }

func named(method, code string, labels prometheus.Labels) {
	requests.With(prometheus.Labels{"method": method, "code": code}).Inc()
	requests.With(labels).Inc()
	requests.With(prometheus.Labels{"method": method}).Inc()                 // want `but With gets no code: it panics`
	requests.With(prometheus.Labels{"method": method, "status": code}).Inc() // want `and none is "status": With panics`
	_, _ = requests.GetMetricWith(map[string]string{"code": code})           // want `GetMetricWith gets no method: it returns an error`
	requests.Delete(prometheus.Labels{"code": code})                         // want `Delete gets no method: it deletes nothing`
	requests.DeletePartialMatch(prometheus.Labels{"code": code})
	requests.DeletePartialMatch(prometheus.Labels{"path": code}) // want `none is "path": DeletePartialMatch deletes nothing`
}

func curried(code string) error {
	gets := requests.MustCurryWith(prometheus.Labels{"method": "GET"})
	gets.WithLabelValues(code).Inc()
	gets.WithLabelValues("GET", code).Inc()                // want `has 1 label \(code\), but WithLabelValues gets 2 values`
	gets.MustCurryWith(prometheus.Labels{"method": "PUT"}) // want `label method of app_http_requests_total is curried already: MustCurryWith panics`
	posts, err := requests.CurryWith(prometheus.Labels{"method": "POST"})
	if err != nil {
		return err
	}
	posts.WithLabelValues().Inc() // want `gets 0 values`
	unknown := requests.MustCurryWith(some())
	unknown.WithLabelValues(code, code, code).Inc()
	return nil
}

func some() prometheus.Labels { return nil }

type server struct {
	durations *prometheus.HistogramVec
	either    *prometheus.CounterVec
	*embedded
}

type embedded struct{ *prometheus.GaugeVec }

func newServer(reg prometheus.Registerer, long bool) *server {
	s := &server{
		durations: register(reg, newDurations()),
		embedded:  &embedded{prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "queue_items", Help: "Items."}, []string{"queue"})},
	}
	if long {
		s.either = promauto.NewCounterVec(prometheus.CounterOpts{Name: "a_total"}, []string{"a", "b"})
	} else {
		s.either = promauto.NewCounterVec(prometheus.CounterOpts{Name: "a_total"}, []string{"a"})
	}
	return s
}

func newDurations() *prometheus.HistogramVec {
	opts := prometheus.HistogramOpts{Name: "duration_seconds", Help: "Durations."}
	return prometheus.NewHistogramVec(opts, append([]string{"handler"}, names...))
}

func register[C prometheus.Collector](reg prometheus.Registerer, c C) C {
	reg.MustRegister(c)
	return c
}

func (s *server) serve(code string) {
	s.durations.WithLabelValues("h", "GET", code).Observe(1)
	s.durations.WithLabelValues("GET", code).Observe(1) // want `duration_seconds has 3 labels \(handler, method, code\), but WithLabelValues gets 2 values`
	s.either.WithLabelValues(code).Inc()
	s.WithLabelValues("mail").Set(1)
	s.WithLabelValues("mail", code).Set(1) // want `queue_items has 1 label \(queue\)`
}

func local(m metric.Metrics, reg prometheus.Registerer) {
	a := promauto.With(reg).NewCounterVec(prometheus.CounterOpts{Name: "a_total", Help: "A."}, []string{"x"})
	a.WithLabelValues("1", "2") // want `a_total has 1 label`
	b := prometheus.V2.NewCounterVec(prometheus.CounterVecOpts{
		CounterOpts:    prometheus.CounterOpts{Name: "b_total", Help: "B."},
		VariableLabels: prometheus.ConstrainedLabels{{Name: "x"}, {Name: "y", Constraint: nil}},
	})
	b.WithLabelValues("1", "2")
	b.WithLabelValues("1") // want `b_total has 2 labels \(x, y\)`
	c := m.NewCounterVec("c_total", "C.", []string{"x"})
	c.MustCurryWith(metric.Labels{"x": "1"}).WithLabelValues("1") // want `c_total has no labels, but WithLabelValues gets 1 value`
	d := luxauto.NewCounterVec(metric.CounterOpts{Name: "d_total"}, nil)
	d.WithLabelValues("1") // want `d_total has no labels`
	e := metric.NewCounterVecOf[struct{ Code int }](metric.CounterOpts{Name: "e_total"})
	e.With(struct{ Code int }{200}).Inc()
}

// A vector that comes from elsewhere, or is replaced, is not known.
func parameter(v *prometheus.CounterVec, list []*prometheus.CounterVec) {
	v.WithLabelValues("a")
	for _, v := range list {
		v.WithLabelValues("a")
	}
	list[0].WithLabelValues("a")
	replaced := requests
	replaced = v
	replaced.WithLabelValues("a")
}

func dynamic(labels []string, more string) {
	prometheus.NewCounterVec(prometheus.CounterOpts{Name: "x_total"}, labels).WithLabelValues("a")
	prometheus.NewCounterVec(prometheus.CounterOpts{Name: "x_total"}, []string{"a", more}).WithLabelValues("a")
	changed := []string{"a"}
	changed = append(changed, more)
	prometheus.NewCounterVec(prometheus.CounterOpts{Name: "x_total"}, changed).WithLabelValues("a", "b")
}

var desc = prometheus.NewDesc(prometheus.BuildFQName("app", "", "disk_bytes"), "Disks.", []string{"device"}, nil)

func collect(ch chan<- prometheus.Metric, sink *metric.Sink) error {
	ch <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, 1, "sda")
	ch <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, 1) // want `app_disk_bytes has 1 label \(device\), but MustNewConstMetric gets 0 values: it panics`
	return sink.Gauge(desc, 1, "sda", "/")                              // want `Gauge gets 2 values: it returns an error`
}

func lists() {
	prometheus.NewCounterVec(prometheus.CounterOpts{Name: "x_total"}, []string{"a", "b", "a"})                                 // want `x_total has the label a twice`
	prometheus.NewCounterVec(prometheus.CounterOpts{Name: "x_total", ConstLabels: prometheus.Labels{"a": "1"}}, []string{"a"}) // want `x_total has the label a twice`
	prometheus.NewCounterVec(prometheus.CounterOpts{Name: "x_total"}, []string{"__a"})                                         // want `reserved for Prometheus`
	prometheus.NewCounterVec(prometheus.CounterOpts{Name: "x_total"}, []string{""})                                            // want `label without a name`
	prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "x"}, []string{"le"})                                            // want `which histograms need`
	prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "x"}, []string{"le"})
}

func middleware(next http.Handler, opt promhttp.Option) {
	promhttp.InstrumentHandlerCounter(requests, next)
	v := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "v_total"}, []string{"code", "handler"})
	promhttp.InstrumentHandlerCounter(v.MustCurryWith(prometheus.Labels{"handler": "a"}), next)
	promhttp.InstrumentHandlerCounter(v, next, opt)
	promhttp.InstrumentHandlerCounter(v, next) // want `v_total has the label handler, but InstrumentHandlerCounter sets only code and method`
}

func silenced() {
	requests.WithLabelValues("a") //metricvet:ignore It is to panic.
	//metricvet:ignore It is to panic.
	requests.WithLabelValues("a")
	requests.WithLabelValues("a") // want `gets 1 value`
	//metricvet:ignore
	requests.WithLabelValues("a") // want `gets 1 value`
}
