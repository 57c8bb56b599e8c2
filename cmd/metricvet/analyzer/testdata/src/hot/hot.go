package hot

import (
	"context"
	"net/http"
	"sync"

	"github.com/luxfi/metric"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
	"google.golang.org/grpc"
)

var requests = promauto.NewCounter(prometheus.CounterOpts{Name: "requests_total", Help: "Requests."})

func init() {
	prometheus.MustRegister(prometheus.NewGauge(prometheus.GaugeOpts{Name: "items", Help: "Items."}))
}

func handle(w http.ResponseWriter, r *http.Request) {
	promauto.NewCounter(prometheus.CounterOpts{Name: "a_total", Help: "A."}).Inc()  // want `a_total is made for each request, and the second one panics`
	c := prometheus.NewCounter(prometheus.CounterOpts{Name: "b_total", Help: "B."}) // want `b_total is made for each request; make it once`
	c.Inc()
	helper()
	lazily()
	requests.Inc()
}

func helper() {
	deeper()
}

func deeper() {
	promauto.NewGauge(prometheus.GaugeOpts{Name: "c", Help: "C."}).Set(1) // want `c is made for each request, since handle leads here, and the second one panics`
}

var (
	once sync.Once
	lazy prometheus.Gauge
)

func lazily() {
	once.Do(func() { promauto.NewGauge(prometheus.GaugeOpts{Name: "d", Help: "D."}) })
	if lazy == nil {
		lazy = promauto.NewGauge(prometheus.GaugeOpts{Name: "e", Help: "E."})
	}
}

// An exporter with targets makes a registry for each request.
func probe(w http.ResponseWriter, r *http.Request) {
	reg := prometheus.NewRegistry()
	up := prometheus.NewGauge(prometheus.GaugeOpts{Name: "up", Help: "Up."})
	reg.MustRegister(up)
	promauto.With(reg).NewCounterVec(prometheus.CounterOpts{Name: "f_total", Help: "F."}, nil)
}

func middleware(next http.Handler, m metric.Metrics) http.Handler {
	c := promauto.NewCounter(prometheus.CounterOpts{Name: "g_total", Help: "G."})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c.Inc()
		m.NewCounter("h_total", "H.").Inc() // want `h_total is made for each request; make it once`
		next.ServeHTTP(w, r)
	})
}

type message struct{}

func (*message) ProtoReflect() int { return 0 }

type service struct{}

func (service) Call(ctx context.Context, in *message) (*message, error) {
	promauto.NewCounter(prometheus.CounterOpts{Name: "i_total", Help: "I."}) // want `i_total is made for each request`
	return in, nil
}

func (service) Watch(in *message, stream grpc.ServerStream) error {
	promauto.NewCounter(prometheus.CounterOpts{Name: "j_total", Help: "J."}) // want `j_total is made for each request`
	return nil
}

func (service) Setup(ctx context.Context, n int) (int, error) {
	promauto.NewCounter(prometheus.CounterOpts{Name: "k_total", Help: "K."})
	return n, nil
}

func intercept(ctx context.Context, req any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
	promauto.NewCounter(prometheus.CounterOpts{Name: "l_total", Help: "L."}) // want `l_total is made for each request`
	return next(ctx, req)
}

type collector struct{ desc *prometheus.Desc }

func (c collector) Collect(ch chan<- prometheus.Metric) {
	g := prometheus.NewGauge(prometheus.GaugeOpts{Name: "m", Help: "M."}) // want `m is made for each scrape, and forgets its value`
	ch <- g
	ch <- prometheus.MustNewConstMetric(prometheus.NewDesc("n", "N.", nil, nil), prometheus.GaugeValue, 1)
}

func loops(reg prometheus.Registerer, names []string, regs []prometheus.Registerer) {
	for range names {
		promauto.NewCounter(prometheus.CounterOpts{Name: "o_total", Help: "O."}) // want `o_total is made in a loop under the same name each time`
	}
	for i := 0; i < 3; i++ {
		c := prometheus.NewCounter(prometheus.CounterOpts{Name: "p_total", Help: "P."}) // want `p_total is made in a loop`
		reg.MustRegister(c)
	}
	for _, name := range names {
		promauto.NewCounter(prometheus.CounterOpts{Name: name, Help: "Q."})
		promauto.NewCounter(prometheus.CounterOpts{Name: "q_total", Help: "Q.", ConstLabels: prometheus.Labels{"q": name}})
	}
	for _, r := range regs {
		promauto.With(r).NewCounterVec(prometheus.CounterOpts{Name: "r_total", Help: "R."}, nil)
		c := prometheus.NewCounter(prometheus.CounterOpts{Name: "s_total", Help: "S."})
		r.MustRegister(c)
	}
	for range names {
		promauto.NewCounter(prometheus.CounterOpts{Name: "t_total", Help: "T."})
		break
	}
	var list []prometheus.Counter
	for range names {
		list = append(list, prometheus.NewCounter(prometheus.CounterOpts{Name: "u_total", Help: "U."}))
	}
}

func wrapped(reg prometheus.Registerer, names []string) {
	for _, name := range names {
		c := prometheus.NewCounter(prometheus.CounterOpts{Name: "v_total", Help: "V."})
		prometheus.WrapRegistererWith(prometheus.Labels{"name": name}, reg).MustRegister(c)
	}
}
