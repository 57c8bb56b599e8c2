package relabel_test

import (
	"context"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric"
)

// collectorFunc is a collector that announces no descriptors.
type collectorFunc func(ch chan<- prometheus.Metric)

func (collectorFunc) Describe(chan<- *prometheus.Desc)      {}
func (f collectorFunc) Collect(ch chan<- prometheus.Metric) { f(ch) }

// streamFake is a stream collector that calls send.
type streamFake struct {
	descs []*metric.Desc
	send  func(ctx context.Context, sink *metric.Sink) error
}

func (s *streamFake) Describe(ch chan<- *metric.Desc) {
	for _, d := range s.descs {
		ch <- d
	}
}

func (s *streamFake) Collect(ch chan<- metric.Metric) {
	metric.CollectStream(context.Background(), s, ch)
}

func (s *streamFake) CollectTo(ctx context.Context, sink *metric.Sink) error {
	return s.send(ctx, sink)
}

// manySeries returns a stream collector that sends n series without keeping them in memory.
func manySeries(n int) *streamFake {
	desc := metric.NewDesc("requests_total", "h", []string{"code", "path"}, nil)
	return &streamFake{[]*metric.Desc{desc}, func(_ context.Context, sink *metric.Sink) error {
		path := []byte("/")
		for i := range n {
			path = strconv.AppendInt(path[:1], int64(i), 10)
			if err := sink.Counter(desc, 1, "200", string(path)); err != nil {
				return err
			}
		}
		return nil
	}}
}

// instruments holds instruments of each kind. The vectors have the labels a and b.
type instruments struct {
	counter               *metric.CounterVec
	gauge                 *metric.GaugeVec
	single                metric.Gauge
	classic, both, native *metric.HistogramVec
	summary               *metric.SummaryVec
}

// addInstruments registers instruments whose names begin with prefix.
func addInstruments(reg metric.Registerer, prefix string) *instruments {
	labels := []string{"a", "b"}
	histogram := func(name string, factor float64, buckets ...float64) *metric.HistogramVec {
		return metric.NewHistogramVec(metric.HistogramOpts{
			Name: prefix + name, Help: "h", Buckets: buckets, NativeHistogramBucketFactor: factor,
		}, labels)
	}
	i := &instruments{
		counter: metric.NewCounterVec(metric.CounterOpts{Name: prefix + "requests_total", Help: "h"}, labels),
		gauge:   metric.NewGaugeVec(metric.GaugeOpts{Name: prefix + "size", Help: "h", Unit: "size"}, labels),
		single:  metric.NewGauge(metric.GaugeOpts{Name: prefix + "ratio", Help: "h"}),
		classic: histogram("classic_hist", 0, 0.5, 1, 2.5),
		both:    histogram("both_hist", 1.2, 1, 2),
		native:  histogram("native_hist", 1.5),
		summary: metric.NewSummaryVec(metric.SummaryOpts{
			Name: prefix + "summary", Help: "h", Objectives: map[float64]float64{0.5: 0.05, 0.9: 0.01}, MaxAge: time.Hour,
		}, labels),
	}
	reg.MustRegister(i.counter, i.gauge, i.single, i.classic, i.both, i.native, i.summary)
	return i
}

// fill sets the series a="0",b="x" and a="1",b="x" of each vector to the values 1 and 2.
func (i *instruments) fill() {
	for n, a := range []string{"0", "1"} {
		v := float64(n + 1)
		i.counter.WithLabelValues(a, "x").Add(v)
		i.gauge.WithLabelValues(a, "x").Set(v)
		for _, h := range []*metric.HistogramVec{i.classic, i.both, i.native} {
			h.WithLabelValues(a, "x").Observe(v)
		}
		i.summary.WithLabelValues(a, "x").Observe(v)
	}
}
