// Package demo is the common part of the push examples: a program that does jobs and counts them.
package demo

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/luxfi/metric"
)

// Program does jobs.
type Program struct {
	// Registry contains the program's metrics.
	Registry *metric.ContextRegistry

	jobs    metric.Counter
	seconds metric.Histogram
}

// New returns a program. If hang is true, one of its collectors never returns, even after its context is
// done.
func New(hang bool) *Program {
	p := &Program{
		Registry: metric.NewContextRegistry(),
		jobs:     metric.NewCounter(metric.CounterOpts{Name: "demo_jobs_total", Help: "Jobs done."}),
		seconds: metric.NewHistogram(metric.HistogramOpts{
			Name: "demo_job_duration_seconds", Help: "How long jobs took.", Buckets: []float64{0.01, 0.02, 0.05},
		}),
	}
	p.Registry.MustRegister(p.jobs, p.seconds)
	p.Registry.MustRegisterWith(collector("demo_time_left_seconds", "How long collectors may take.", timeLeft), metric.WithName("time left"))
	if hang {
		p.Registry.MustRegisterWith(collector("demo_hanging", "Never seen.", hanging), metric.WithName("hanging"))
	}
	return p
}

// Run does jobs until the process receives SIGINT or SIGTERM, and prints how many it did.
func (p *Program) Run() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	done := 0
	for ; ctx.Err() == nil; done++ {
		start := time.Now()
		time.Sleep(rand.N(60 * time.Millisecond))
		p.seconds.Observe(time.Since(start).Seconds())
		p.jobs.Inc()
	}
	fmt.Printf("did %d jobs\n", done)
}

// timeLeft sends the time that the context of a push allows for collecting.
func timeLeft(ctx context.Context, desc *metric.Desc, ch chan<- metric.Metric) {
	if deadline, ok := ctx.Deadline(); ok {
		ch <- metric.MustNewConstMetric(desc, metric.GaugeValue, time.Until(deadline).Seconds())
	}
}

func hanging(context.Context, *metric.Desc, chan<- metric.Metric) { select {} }

// collector returns a collector with a single family.
func collector(name, help string, collect func(context.Context, *metric.Desc, chan<- metric.Metric)) metric.CollectorWithContext {
	desc := metric.NewDesc(name, help, nil, nil)
	return metric.NewCollectorFunc(
		func(ch chan<- *metric.Desc) { ch <- desc },
		func(ctx context.Context, ch chan<- metric.Metric) { collect(ctx, desc, ch) },
	)
}
