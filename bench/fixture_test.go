package bench_test

import (
	"context"
	"fmt"
	"io"
	"math"
	"net/http"
	"slices"

	victoriametrics "github.com/VictoriaMetrics/metrics"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	_ "github.com/prometheus/client_golang/prometheus/promhttp/zstd" // makes client_golang offer zstd
	otelmetric "go.opentelemetry.io/otel/metric"

	"github.com/luxfi/metric"
	_ "github.com/luxfi/metric/promhttp/zstd"
)

// exposition is a peer's set of series that can be scraped.
type exposition struct {
	handler  http.Handler
	gatherer prometheus.Gatherer // nil if the peer has no gatherer
	series   int                 // number of series; a histogram counts as one
}

// The kinds of series.
const (
	counters   = "counters"   // with whole numbers
	gauges     = "gauges"     // with floats of full precision
	histograms = "histograms" // with 11 buckets and some observations in each
	mixed      = "mixed"      // half counters, a third gauges, the rest histograms
)

// parts returns how many of n series of a kind are counters, gauges and histograms.
func parts(kind string, n int) (nCounters, nGauges, nHistograms int) {
	switch kind {
	case counters:
		return n, 0, 0
	case gauges:
		return 0, n, 0
	case histograms:
		return 0, 0, n
	default:
		return n / 2, n / 3, n - n/2 - n/3
	}
}

func counterValue(i int) float64 { return float64(17*i + 3) }
func gaugeValue(i int) float64   { return math.Sqrt(float64(i) + 2) }

// observed returns the observations of the i-th histogram.
func observed(i int) []float64 { return durations[i%4000:][:16] }

// vecs has the methods that our vectors and client_golang's have in common.
type vecs struct {
	counter   func(values ...string) prometheus.Counter
	gauge     func(values ...string) prometheus.Gauge
	histogram func(values ...string) prometheus.Observer
}

func (v vecs) fill(kind string, n int) {
	values := labelValues(n, 3)
	nCounters, nGauges, nHistograms := parts(kind, n)
	for i, l := range values[:nCounters] {
		v.counter(l...).Add(counterValue(i))
	}
	for i, l := range values[:nGauges] {
		v.gauge(l...).Set(gaugeValue(i))
	}
	for i, l := range values[:nHistograms] {
		h := v.histogram(l...)
		for _, d := range observed(i) {
			h.Observe(d)
		}
	}
}

var (
	counterOpts   = prometheus.CounterOpts{Name: "http_requests_total", Help: "Requests that were served."}
	gaugeOpts     = prometheus.GaugeOpts{Name: "queue_fill_ratio", Help: "How full a queue is."}
	histogramOpts = prometheus.HistogramOpts{
		Name: "http_request_duration_seconds", Help: "How long requests took.", Buckets: prometheus.DefBuckets,
	}
)

func exposeOurs(kind string, n int) exposition {
	registry := metric.NewRegistry()
	c, g := metric.NewCounterVec(counterOpts, labelNames[:3]), metric.NewGaugeVec(gaugeOpts, labelNames[:3])
	h := metric.NewHistogramVec(histogramOpts, labelNames[:3])
	registry.MustRegister(c, g, h)
	vecs{
		func(v ...string) prometheus.Counter { return c.WithLabelValues(v...) },
		func(v ...string) prometheus.Gauge { return g.WithLabelValues(v...) },
		h.WithLabelValues,
	}.fill(kind, n)
	return exposition{metric.HandlerFor(registry), registry, n}
}

func exposeGolang(kind string, n int) exposition {
	registry := prometheus.NewRegistry()
	c, g := prometheus.NewCounterVec(counterOpts, labelNames[:3]), prometheus.NewGaugeVec(gaugeOpts, labelNames[:3])
	h := prometheus.NewHistogramVec(histogramOpts, labelNames[:3])
	registry.MustRegister(c, g, h)
	vecs{c.WithLabelValues, g.WithLabelValues, h.WithLabelValues}.fill(kind, n)
	return exposition{promhttp.HandlerFor(registry, promhttp.HandlerOpts{EnableOpenMetrics: true}), registry, n}
}

func exposeVictoria(kind string, n int) exposition {
	set := victoriaSet(kind, n)
	return exposition{handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { set.WritePrometheus(w) }), series: n}
}

func victoriaSet(kind string, n int) *victoriametrics.Set {
	set := victoriametrics.NewSet()
	values := labelValues(n, 3)
	nCounters, nGauges, nHistograms := parts(kind, n)
	for i, l := range values[:nCounters] {
		set.NewCounter(seriesName(counterOpts.Name, l)).Set(uint64(counterValue(i)))
	}
	for i, l := range values[:nGauges] {
		set.NewGauge(seriesName(gaugeOpts.Name, l), nil).Set(gaugeValue(i))
	}
	for i, l := range values[:nHistograms] {
		h := set.NewPrometheusHistogramExt(seriesName(histogramOpts.Name, l), prometheus.DefBuckets)
		for _, d := range observed(i) {
			h.Update(d)
		}
	}
	return set
}

func exposeOtel(kind string, n int) exposition {
	m := newMeter()
	ctx := context.Background()
	c, g := must(m.meter.Float64Counter("http_requests")), must(m.meter.Float64Gauge("queue_fill_ratio"))
	h := must(m.meter.Float64Histogram("http_request_duration_seconds",
		otelmetric.WithExplicitBucketBoundaries(prometheus.DefBuckets...)))
	values := labelValues(n, 3)
	nCounters, nGauges, nHistograms := parts(kind, n)
	for i, l := range values[:nCounters] {
		c.Add(ctx, counterValue(i), otelmetric.WithAttributes(keyValues(l)...))
	}
	for i, l := range values[:nGauges] {
		g.Record(ctx, gaugeValue(i), otelmetric.WithAttributes(keyValues(l)...))
	}
	for i, l := range values[:nHistograms] {
		for _, d := range observed(i) {
			h.Record(ctx, d, otelmetric.WithAttributes(keyValues(l)...))
		}
	}
	return exposition{promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{EnableOpenMetrics: true}), m.registry, n}
}

// exposers make each peer's exposition, in the order of the benchmarks.
var exposers = []struct {
	peer   string
	expose func(kind string, n int) exposition
}{
	{ours, exposeOurs}, {golang, exposeGolang}, {victoria, exposeVictoria}, {otel, exposeOtel},
}

// request asks for a format and a compression.
type request struct{ format, accept, compression string }

func (r request) header() http.Header {
	return http.Header{"Accept": {r.accept}, "Accept-Encoding": {r.compression}}
}

var (
	text        = request{format: "text", accept: "text/plain;version=0.0.4", compression: "identity"}
	openMetrics = request{format: "openmetrics", accept: "application/openmetrics-text;version=1.0.0", compression: "identity"}
	protobuf    = request{
		format: "protobuf", compression: "identity",
		accept: "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited",
	}
)

func (r request) compressed(how string) request {
	r.compression = how
	return r
}

// speaks reports whether a peer can answer a request.
func (r request) speaks(peer string) bool { return peer != victoria || r == text }

// discarding is a response that counts its bytes.
type discarding struct {
	header http.Header
	bytes  int
	status int
}

func (d *discarding) Header() http.Header         { return d.header }
func (d *discarding) WriteHeader(status int)      { d.status = status }
func (d *discarding) Write(p []byte) (int, error) { d.bytes += len(p); return len(p), nil }

// scrape has the handler serve one scrape and returns the size of the response in bytes.
func (e *exposition) scrape(r request) int {
	w := &discarding{header: make(http.Header), status: http.StatusOK}
	e.handler.ServeHTTP(w, must(newRequest(r, "http://localhost/metrics")))
	if w.status != http.StatusOK || w.bytes == 0 {
		panic(fmt.Sprintf("status %d, %d bytes", w.status, w.bytes))
	}
	return w.bytes
}

func newRequest(r request, url string) (*http.Request, error) {
	request, err := http.NewRequestWithContext(context.Background(), http.MethodGet, url, http.NoBody)
	if err == nil {
		request.Header = r.header()
	}
	return request, err
}

// fetch scrapes over a connection and returns the size of the response in bytes.
func fetch(client *http.Client, url string, r request) int {
	response := must(client.Do(must(newRequest(r, url)))) //nolint:bodyclose // It is closed below; must hides that from the linter.
	defer response.Body.Close()
	n := must(io.Copy(io.Discard, response.Body))
	if response.StatusCode != http.StatusOK || !slices.Contains([]string{"", r.compression}, response.Header.Get("Content-Encoding")) {
		panic(response.Status)
	}
	return int(n)
}
