package remotewrite_test

import (
	"context"
	"io"
	"net/http"
	"strconv"
	"testing"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/push/remotewrite"
)

// discard is a transport that reads requests and counts them.
type discard struct{ bytes, requests int }

func (d *discard) RoundTrip(r *http.Request) (*http.Response, error) {
	n, err := io.Copy(io.Discard, r.Body)
	d.bytes += int(n)
	d.requests++
	return written(http.StatusNoContent, 1<<30, 1<<30, 1<<30), err
}

// manyCounters returns a registry with n counters in a vector.
func manyCounters(n int) *metric.ContextRegistry {
	v := metric.NewCounterVec(metric.CounterOpts{Name: "http_requests_total", Help: "Of a test."}, []string{"code", "method", "path"})
	for i := range n {
		v.WithLabelValues(strconv.Itoa(200+i%5), "GET", "/path/"+strconv.Itoa(i)).Inc()
	}
	return registryOf(v)
}

// manyHistograms returns a registry with n histograms of both kinds.
func manyHistograms(n int) *metric.ContextRegistry {
	v := metric.NewHistogramVec(metric.HistogramOpts{
		Name: "latency_seconds", Buckets: []float64{0.1, 1, 10}, NativeHistogramBucketFactor: 1.1,
	}, []string{"path"})
	for i := range n {
		v.WithLabelValues("/path/" + strconv.Itoa(i)).Observe(float64(i))
	}
	return registryOf(v)
}

// manyStreamed returns a registry with a stream collector of n gauges.
func manyStreamed(n int) *metric.ContextRegistry {
	s := &streamed{desc: metric.NewDesc("streamed", "Of a test.", []string{"n"}, nil)}
	for i := range n {
		s.values = append(s.values, strconv.Itoa(i))
	}
	return registryOf(s)
}

// streamed is a stream collector that sends a gauge for each label value.
type streamed struct {
	desc   *metric.Desc
	values []string
}

func (s *streamed) Describe(ch chan<- *metric.Desc) { ch <- s.desc }
func (s *streamed) Collect(chan<- metric.Metric)    {}

func (s *streamed) CollectTo(_ context.Context, out *metric.Sink) error {
	for i, value := range s.values {
		if err := out.Gauge(s.desc, float64(i), value); err != nil {
			return err
		}
	}
	return nil
}

// TestNoAllocationPerSeries checks that the number of allocations of a push does not depend on the number of
// series if the series are the same as in the previous push.
func TestNoAllocationPerSeries(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	for name, registry := range map[string]func(int) *metric.ContextRegistry{
		"counters": manyCounters, "histograms": manyHistograms, "streamed": manyStreamed,
	} {
		for _, protocol := range []remotewrite.Protocol{remotewrite.V1, remotewrite.V2} {
			t.Run(name+"/"+protocol.String(), func(t *testing.T) {
				allocations := func(n int) float64 {
					p, err := remotewrite.New("http://x", registry(n), remotewrite.Opts{
						Target:     remotewrite.Target{Client: &http.Client{Transport: new(discard)}, Protocol: protocol},
						MaxSamples: 1 << 30, MaxBytes: 64 << 20,
					})
					if err != nil {
						t.Fatal(err)
					}
					defer func() { _ = p.Close(context.Background()) }()
					push(t, p)
					return testing.AllocsPerRun(5, func() { push(t, p) })
				}
				few, many := allocations(100), allocations(5000)
				if many > few+50 {
					t.Errorf("a push of 100 series has %v allocations, one of 5,000 has %v", few, many)
				}
			})
		}
	}
}
