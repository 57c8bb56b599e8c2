package relabel_test

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric"
)

// collectorFunc is a collector that announces nothing.
type collectorFunc func(ch chan<- prometheus.Metric)

func (collectorFunc) Describe(chan<- *prometheus.Desc)      {}
func (f collectorFunc) Collect(ch chan<- prometheus.Metric) { f(ch) }

// streamFake is a stream collector.
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
