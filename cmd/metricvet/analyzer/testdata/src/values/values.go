package values

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

var (
	duration  = prometheus.NewHistogram(prometheus.HistogramOpts{Name: "duration_seconds", Help: "Durations."})
	durations = prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "durations_seconds", Help: "Durations."}, []string{"code"})
	wait      = prometheus.NewHistogram(prometheus.HistogramOpts{Name: "wait_milliseconds", Help: "Waits."})
	requests  = prometheus.NewCounter(prometheus.CounterOpts{Name: "requests_total", Help: "Requests."})
	items     = prometheus.NewGauge(prometheus.GaugeOpts{Name: "items", Help: "Items."})
)

func late(start time.Time, code string) {
	defer duration.Observe(time.Since(start).Seconds())                        // want `the time is measured by the defer statement`
	defer durations.WithLabelValues(code).Observe(time.Since(start).Seconds()) // want `the time is measured by the defer statement`
	defer func() { duration.Observe(time.Since(start).Seconds()) }()
	defer items.Set(0)
}

func timers() {
	defer prometheus.NewTimer(duration).ObserveDuration()
	defer prometheus.NewTimer(duration)             // want `the timer starts when the function returns`
	prometheus.NewTimer(duration).ObserveDuration() // want `the timer stops as soon as it has started`
	timer := prometheus.NewTimer(duration)
	timer.ObserveDuration()
}

func units(start time.Time, d time.Duration) {
	duration.Observe(time.Since(start).Seconds())
	duration.Observe(float64(time.Since(start).Milliseconds()))        // want `duration_seconds gets milliseconds`
	durations.WithLabelValues("200").Observe(float64(d.Nanoseconds())) // want `durations_seconds gets nanoseconds`
	duration.Observe(float64(time.Since(start)))                       // want `duration_seconds gets nanoseconds`
	duration.Observe(float64(d.Milliseconds()) / 1000)
	duration.Observe(float64(d / time.Second))
	wait.Observe(d.Seconds()) // want `wait_milliseconds gets seconds`
	wait.Observe(float64(d.Milliseconds()))
	items.Set(float64(d.Milliseconds()))
}

func decrease(n float64) {
	requests.Add(-1) // want `a counter cannot be decreased: Add panics`
	requests.Add(n)
	requests.Add(1)
	items.Add(-1)
}
