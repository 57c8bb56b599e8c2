package clientmodel_test

import (
	"math"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	dto "github.com/prometheus/client_model/go"

	"github.com/luxfi/metric/internal/clientmodel"
	"github.com/luxfi/metric/internal/model"
)

// instruments returns a registry with instruments of client_golang that all have data.
func instruments(t *testing.T) *prometheus.Registry {
	t.Helper()
	reg := prometheus.NewPedanticRegistry()
	exemplar := prometheus.Labels{"trace.id": "\"1\""} // With several labels, the order is random.
	at := time.Unix(1_700_000_000, 5)

	counter := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "c_total", ConstLabels: prometheus.Labels{"z": "1"}}, []string{"a.b", "c"})
	counter.WithLabelValues("x", "y\n").Add(2.5)
	counter.WithLabelValues("", "").(prometheus.ExemplarAdder).AddWithExemplar(1, exemplar)
	gauge := prometheus.NewGauge(prometheus.GaugeOpts{Name: "g", Help: "Gauge."})
	gauge.Set(math.Inf(-1))
	untyped := prometheus.NewUntypedFunc(prometheus.UntypedOpts{Name: "u"}, func() float64 { return 3 })
	summary := prometheus.NewSummary(prometheus.SummaryOpts{Name: "s", Objectives: map[float64]float64{0.5: 0.1, 0.99: 0.01}})
	empty := prometheus.NewSummary(prometheus.SummaryOpts{Name: "s_empty", Objectives: map[float64]float64{0.5: 0.1}})
	classic := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "h", Buckets: []float64{1, 2}}, []string{"l"})
	sparse := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "n", NativeHistogramBucketFactor: 1.1})
	both := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "b", Buckets: []float64{1}, NativeHistogramBucketFactor: 1.1})
	fresh := prometheus.NewHistogram(prometheus.HistogramOpts{
		Name: "n_fresh", NativeHistogramBucketFactor: 2, NativeHistogramZeroThreshold: prometheus.NativeHistogramZeroThresholdZero,
	})
	for _, v := range []float64{-3, 0, 0.5, 1.5, 100, 1e9} {
		summary.Observe(v)
		for _, h := range []prometheus.Observer{classic.WithLabelValues("v"), sparse, both} {
			h.Observe(v)
			h.(prometheus.ExemplarObserver).ObserveWithExemplar(v, exemplar)
		}
	}
	reg.MustRegister(counter, gauge, untyped, summary, empty, classic, sparse, both, fresh,
		constant{prometheus.NewMetricWithTimestamp(at, prometheus.MustNewConstMetric(desc("k"), prometheus.GaugeValue, 1, "v"))},
		constant{prometheus.MustNewConstHistogramWithCreatedTimestamp(desc("kh"), 3, 1, map[float64]uint64{1: 1, 2: 3}, at, "v")},
		constant{prometheus.MustNewConstSummary(desc("ks"), 3, 1, map[float64]float64{0.5: 1}, "v")},
		constant{prometheus.MustNewConstNativeHistogram(desc("kn"), 6, 1, map[int]int64{1: 2, 5: 3}, nil, 1, 0, 0.1, at, "v")},
		collectors.NewGoCollector(collectors.WithGoCollectorRuntimeMetrics(collectors.MetricsAll)),
		collectors.NewBuildInfoCollector(),
	)
	return reg
}

func desc(name string) *prometheus.Desc {
	return prometheus.NewDesc(name, "Constant.", []string{"l"}, prometheus.Labels{"const": "1"})
}

type constant struct{ metric prometheus.Metric }

func (c constant) Describe(ch chan<- *prometheus.Desc) { ch <- c.metric.Desc() }
func (c constant) Collect(ch chan<- prometheus.Metric) { ch <- c.metric }

func TestClientInstruments(t *testing.T) {
	families, err := instruments(t).Gather()
	if err != nil {
		t.Fatal(err)
	}
	if len(families) < 20 {
		t.Fatalf("only %d families", len(families))
	}
	same(t, roundTrip(t, families), families)
}

// TestClientMetrics checks the conversion of single metrics: it determines the type from the metric's
// value, decodes the point, and encodes it again into the struct that Write would fill.
func TestClientMetrics(t *testing.T) {
	families, err := instruments(t).Gather()
	if err != nil {
		t.Fatal(err)
	}
	var (
		d clientmodel.Decoder
		p model.Point
	)
	for _, mf := range families {
		for _, m := range mf.Metric {
			typ, err := clientmodel.TypeOf(m)
			if err == nil {
				err = d.Point(m, typ, &p)
			}
			if err != nil {
				t.Fatalf("%s: %v", mf.GetName(), err)
			}
			var got dto.Metric
			clientmodel.EncodePoint(&got, typ, &p)
			same(t, []*dto.MetricFamily{{Metric: []*dto.Metric{&got}}}, []*dto.MetricFamily{{Metric: []*dto.Metric{m}}})
		}
	}
}
