//go:build e2e

package e2e

import (
	"fmt"
	"net/http/httptest"
	"testing"
	"time"

	promv1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"

	"github.com/luxfi/metric"
)

// TestSeriesEndAndReturn checks that Prometheus computes the true increases of series that expire and
// return.
func TestSeriesEndAndReturn(t *testing.T) {
	t.Parallel() // The test mostly waits.
	const (
		interval = time.Second
		expiry   = 4 * time.Second
		rounds   = 3
	)
	r := metric.NewContextRegistry(metric.WithSeriesExpiry(expiry))
	counters := metric.NewCounterVec(metric.CounterOpts{Name: "ended_total"}, []string{"by"})
	histograms := metric.NewHistogramVec(metric.HistogramOpts{Name: "ended_seconds"}, []string{"by"})
	r.MustRegister(counters, histograms)
	server := httptest.NewServer(metric.HandlerFor(r))
	defer server.Close()

	var jobs []job
	for _, j := range requests {
		switch j.name {
		case "text004", "openmetrics100", "protobuf":
			j.target, j.path = server.URL, "/"
			jobs = append(jobs, j)
		}
	}
	prom := startPrometheus(t, config(jobs, interval, interval))
	for _, j := range jobs {
		waitForScrapes(t, prom, j.name, 1)
	}

	kept, observer := counters.WithLabelValues("instrument"), histograms.WithLabelValues("instrument")
	update := func() {
		kept.Inc()
		observer.Observe(1)
		counters.WithLabelValues("look-up").Inc()
		histograms.WithLabelValues("look-up").Observe(1)
	}
	updates := 0
	for round := range rounds {
		// Each round counts less than the one before, so that no round looks like the continuation of another.
		for range 6 - round {
			update()
			updates++
			time.Sleep(interval)
		}
		eventually(t, func() error {
			families, err := r.Gather()
			if err == nil && len(families) > 0 {
				err = fmt.Errorf("%d families have series", len(families))
			}
			return err
		})
		time.Sleep(3 * interval)
	}

	for _, j := range jobs {
		for _, name := range []string{"ended_total", "ended_seconds_count"} {
			for _, by := range []string{"instrument", "look-up"} {
				selector := fmt.Sprintf("%s{job=%q, by=%q}", name, j.name, by)
				t.Run(selector, func(t *testing.T) { checkEnded(t, prom, selector, updates, rounds) })
			}
		}
	}
}

// checkEnded checks a counter that has ended and returned several times, and was incremented at most
// once per second.
func checkEnded(t *testing.T, prom promv1.API, selector string, increments, rounds int) {
	t.Helper()
	values := func(expr string, end time.Time, since time.Duration) (v []model.SamplePair) {
		got, _, _, err := prom.QueryRange(t.Context(), expr, promv1.Range{Start: end.Add(-since), End: end, Step: 500 * time.Millisecond})
		if err != nil {
			t.Fatal(err)
		}
		for _, stream := range got.(model.Matrix) {
			v = append(v, stream.Values...)
		}
		return v
	}
	now := time.Now()
	if left := values(selector, now, 0); len(left) > 0 {
		t.Errorf("the series has the value %v after its end", left)
	}

	// The series is absent between the rounds and begins anew in each of them.
	begun, counted := 0, 0.0
	var last model.SamplePair
	for _, v := range values(selector, now, 10*time.Minute) {
		gap := v.Timestamp.Sub(last.Timestamp) > 500*time.Millisecond
		switch {
		case gap, v.Value < last.Value:
			if gap {
				begun++
			}
			counted += float64(v.Value)
		default:
			counted += float64(v.Value - last.Value)
		}
		last = v
	}
	if begun != rounds || counted != float64(increments) {
		t.Errorf("the series has begun %d times and counted %v, want %d and %d", begun, counted, rounds, increments)
	}

	// Extrapolation adds less than two intervals to each end of each window.
	for _, v := range values("rate("+selector+"[5s])", now, 10*time.Minute) {
		if v.Value < 0 || v.Value > 2 {
			t.Errorf("rate is %v at %v, but there was one increment each second", v.Value, v.Timestamp.Time())
		}
	}
	if v := values("increase("+selector+"[10m])", now, 0); len(v) != 1 || float64(v[0].Value) > 1.5*float64(increments) {
		t.Errorf("increase is %v, but there were %d increments", v, increments)
	}
}
