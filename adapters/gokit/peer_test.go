package gokit_test

import (
	"testing"
	"time"

	"github.com/go-kit/kit/metrics"
	peer "github.com/go-kit/kit/metrics/prometheus"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/adapters/gokit"
)

// instruments are the instruments of the program below.
type instruments struct {
	requests         metrics.Counter
	depth            metrics.Gauge
	latency, payload metrics.Histogram
	plain            metrics.Counter
	unused           metrics.Counter
}

var (
	requestsOpts = metric.CounterOpts{Namespace: "shop", Subsystem: "orders", Name: "requests_total", Help: "Requests.", ConstLabels: metric.Labels{"zone": "a"}}
	depthOpts    = metric.GaugeOpts{Name: "queue_depth", Help: "Jobs that wait."}
	latencyOpts  = metric.HistogramOpts{Name: "latency_seconds", Help: "Latency.", Buckets: []float64{0.1, 1, 10}}
	payloadOpts  = metric.SummaryOpts{Name: "payload_bytes", Help: "Sizes.", Objectives: map[float64]float64{0.5: 0.05, 0.99: 0.001}, MaxAge: time.Hour}
	plainOpts    = metric.CounterOpts{Name: "plain_total", Help: "Without labels."}
	unusedOpts   = metric.CounterOpts{Name: "unused_total", Help: "Never updated."}

	requestsLabels = []string{"method", "code", "shard"}
)

// program uses go-kit's interfaces in all permitted ways.
func program(i instruments) {
	get := i.requests.With("method", "GET")
	get.With("code", "200").With("shard", "1").Add(1)
	get.With("shard", "2", "code", "500").Add(2.5)
	get.With("code", "404", "shard", "1", "code", "405").Add(1) // The last code counts.
	i.requests.With("shard", "3", "code", "200", "method").Add(4)
	kept := get.With("code", "200", "shard", "1")
	for range 10 {
		kept.Add(1)
	}
	kept.Add(0)
	i.unused.With("never", "updated")

	i.depth.With("queue", "mail").Set(17)
	i.depth.With("queue", "mail").Add(-3)
	i.depth.With("queue", "ümläut\n\"").Set(0.25)

	for n := range 100 {
		i.latency.With("route", "/").Observe(float64(n) / 10)
		i.payload.With("route", "/").Observe(float64(n))
	}
	i.plain.Add(3)
	i.plain.With().Add(1)
	timer := metrics.NewTimer(i.latency.With("route", "/timed"))
	timer.Unit(time.Hour * 1000000) // With this unit, the value does not depend on the clock.
	timer.ObserveDuration()
}

// TestSameAsPeer compares the metrics of a program that uses this package and go-kit's package prometheus.
func TestSameAsPeer(t *testing.T) {
	theirs := prometheus.NewRegistry()
	cv, gv := prometheus.NewCounterVec(requestsOpts, requestsLabels), prometheus.NewGaugeVec(depthOpts, []string{"queue"})
	hv, sv := prometheus.NewHistogramVec(latencyOpts, []string{"route"}), prometheus.NewSummaryVec(payloadOpts, []string{"route"})
	plain, unused := prometheus.NewCounterVec(plainOpts, nil), prometheus.NewCounterVec(unusedOpts, []string{"never"})
	theirs.MustRegister(cv, gv, hv, sv, plain, unused)
	program(instruments{
		peer.NewCounter(cv), peer.NewGauge(gv), peer.NewHistogram(hv), peer.NewSummary(sv), peer.NewCounter(plain), peer.NewCounter(unused),
	})
	want := withoutTimedSum(t, theirs)

	for name, build := range map[string]func(*testing.T, *metric.Registry) instruments{
		"Register": registered,
		"New":      wrapped,
		"From": func(t *testing.T, r *metric.Registry) instruments {
			before := metric.DefaultRegisterer
			metric.DefaultRegisterer = r
			t.Cleanup(func() { metric.DefaultRegisterer = before })
			return instruments{
				gokit.NewCounterFrom(requestsOpts, requestsLabels), gokit.NewGaugeFrom(depthOpts, []string{"queue"}),
				gokit.NewHistogramFrom(latencyOpts, []string{"route"}), gokit.NewSummaryFrom(payloadOpts, []string{"route"}),
				gokit.NewCounterFrom(plainOpts, nil), gokit.NewCounterFrom(unusedOpts, []string{"never"}),
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			ours := metric.NewRegistry()
			program(build(t, ours))
			got := withoutTimedSum(t, ours)
			wantText(t, got, want)
			golden(t, "testdata/program.txt", got)
		})
	}
}

func registered(t *testing.T, r *metric.Registry) instruments {
	return instruments{
		must[*gokit.Counter](t)(gokit.RegisterCounter(r, requestsOpts, requestsLabels)),
		must[*gokit.Gauge](t)(gokit.RegisterGauge(r, depthOpts, []string{"queue"})),
		must[*gokit.Histogram](t)(gokit.RegisterHistogram(r, latencyOpts, []string{"route"})),
		must[*gokit.Summary](t)(gokit.RegisterSummary(r, payloadOpts, []string{"route"})),
		must[*gokit.Counter](t)(gokit.RegisterCounter(r, plainOpts, nil)),
		must[*gokit.Counter](t)(gokit.RegisterCounter(r, unusedOpts, []string{"never"})),
	}
}

func wrapped(_ *testing.T, r *metric.Registry) instruments {
	cv, gv := metric.NewCounterVec(requestsOpts, requestsLabels), metric.NewGaugeVec(depthOpts, []string{"queue"})
	hv, sv := metric.NewHistogramVec(latencyOpts, []string{"route"}), metric.NewSummaryVec(payloadOpts, []string{"route"})
	plain, unused := metric.NewCounterVec(plainOpts, nil), metric.NewCounterVec(unusedOpts, []string{"never"})
	r.MustRegister(cv, gv, hv, sv, plain, unused)
	return instruments{
		gokit.NewCounter(cv), gokit.NewGauge(gv), gokit.NewHistogram(hv), gokit.NewSummary(sv), gokit.NewCounter(plain), gokit.NewCounter(unused),
	}
}
