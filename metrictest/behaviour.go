package metrictest

import (
	"context"
	"errors"
	"runtime"
	"strconv"
	"time"

	"github.com/luxfi/metric"
)

// Behaviour is what a run of a [Collector] does. Tests may define their own behaviours in addition to those
// of this package. A behaviour must be safe for concurrent use.
type Behaviour func(ctx context.Context, r *Run) error

var errInvalid = errors.New("an error of package metrictest")

// healthySeries is the label value of the sample that a healthy run sends.
const healthySeries = "healthy"

// Healthy sends one sample. Its label is "healthy" and its value is the number of the run.
func Healthy() Behaviour {
	return func(ctx context.Context, r *Run) error {
		return r.Send(ctx, healthySeries, float64(r.Number()))
	}
}

// Slow waits for d, or until its context ends or it is released, and then behaves like [Healthy].
func Slow(d time.Duration) Behaviour {
	return func(ctx context.Context, r *Run) error {
		timer := time.NewTimer(d)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-r.Released():
		case <-ctx.Done():
			return ctx.Err()
		}
		return Healthy()(ctx, r)
	}
}

// Stuck hangs until it is released and ignores its context, like a deadlock or a lost connection. It then
// behaves like [Healthy].
func Stuck() Behaviour {
	return func(ctx context.Context, r *Run) error {
		<-r.Released()
		return Healthy()(ctx, r)
	}
}

// IgnoringContext returns a behaviour like b, but its context never ends.
func IgnoringContext(b Behaviour) Behaviour {
	return func(ctx context.Context, r *Run) error { return b(context.WithoutCancel(ctx), r) }
}

// Panicking behaves like [Healthy] and then panics with value.
func Panicking(value any) Behaviour {
	return func(ctx context.Context, r *Run) error {
		_ = Healthy()(ctx, r)
		panic(value)
	}
}

// Exiting ends its goroutine with [runtime.Goexit], as a collector does that calls t.FailNow.
func Exiting() Behaviour {
	return func(context.Context, *Run) error {
		runtime.Goexit()
		return nil
	}
}

// Failing returns err and sends nothing. A collector that is not a stream sends err as an invalid metric.
func Failing(err error) Behaviour {
	return func(context.Context, *Run) error { return err }
}

// Cycle behaves like the given behaviours in turn, one per run, and starts over after the last. A flaky
// collector that fails twice and then succeeds once is
//
//	Cycle(Failing(err), Failing(err), Healthy())
func Cycle(behaviours ...Behaviour) Behaviour {
	return func(ctx context.Context, r *Run) error {
		return behaviours[(r.Number()-1)%len(behaviours)](ctx, r)
	}
}

// Flooding sends n samples, each of a different series. The value of the label is the number of the sample.
// If n is negative, it sends samples until its context ends or it is released.
func Flooding(n int) Behaviour {
	return func(ctx context.Context, r *Run) error {
		for i := 0; i != n; i++ {
			if isClosed(r.Released()) {
				return nil
			}
			if err := r.Send(ctx, strconv.Itoa(i), float64(i)); err != nil {
				return err
			}
		}
		return nil
	}
}

// LateSending behaves like [Healthy], but leaves a goroutine behind that sends a hundred more samples,
// labeled "late", after d, when the scrape is long over. After it is released, it sends nothing more.
func LateSending(d time.Duration) Behaviour {
	return func(ctx context.Context, r *Run) error {
		returned := make(chan struct{})
		defer close(returned)
		r.Go(func() {
			<-returned
			timer := time.NewTimer(d)
			defer timer.Stop()
			select {
			case <-timer.C:
			case <-r.Released():
				return
			}
			for range 100 {
				_ = r.Send(untilReleased{ctx, r}, "late", float64(r.Number()))
			}
		})
		return Healthy()(ctx, r)
	}
}

// untilReleased is a context that ends only when a run is released.
type untilReleased struct {
	context.Context //nolint:containedctx // It is a context.

	run *Run
}

func (c untilReleased) Done() <-chan struct{} { return c.run.Released() }
func (c untilReleased) Err() error {
	if isClosed(c.run.Released()) {
		return context.Canceled
	}
	return nil
}

// Leaking behaves like [Healthy], but leaves a goroutine behind that stays until it is released.
func Leaking() Behaviour {
	return func(ctx context.Context, r *Run) error {
		r.Go(func() { <-r.Released() })
		return Healthy()(ctx, r)
	}
}

// ClosingChannel behaves like [Healthy] and then closes the channel, although a collector must not. A stream
// has no channel, so it is only healthy.
func ClosingChannel() Behaviour {
	return func(ctx context.Context, r *Run) error {
		err := Healthy()(ctx, r)
		r.close()
		return err
	}
}

// Duplicating behaves like [Healthy], but sends its sample twice.
func Duplicating() Behaviour {
	return func(ctx context.Context, r *Run) error {
		_ = Healthy()(ctx, r)
		return Healthy()(ctx, r)
	}
}

// Inconsistent behaves like [Healthy], and also sends samples that cannot be used: one of another type, one
// with another help, one with a label that is not valid UTF-8, one that is nil, one that is invalid, and
// one that cannot be written because its Write method panics.
func Inconsistent() Behaviour {
	return func(ctx context.Context, r *Run) error {
		err := Healthy()(ctx, r)
		desc := r.collector.desc
		other := metric.NewDesc(r.collector.name, "Another help.", []string{"series"}, nil)
		for _, m := range []metric.Metric{
			metric.MustNewConstMetric(desc, metric.CounterValue, 1, "type"),
			metric.MustNewConstMetric(other, metric.GaugeValue, 1, "help"),
			broken{desc, func(out *metric.MetricData) error {
				_ = metric.MustNewConstMetric(desc, metric.GaugeValue, 1, "text").Write(out)
				text := "\xff"
				out.Label[0].Value = &text
				return nil
			}},
			nil,
			metric.NewInvalidMetric(desc, errInvalid),
			broken{desc, func(*metric.MetricData) error { panic(errInvalid) }},
		} {
			_ = r.SendMetric(ctx, m)
		}
		return err
	}
}

// broken is a metric with a custom Write method.
type broken struct {
	desc  *metric.Desc
	write func(*metric.MetricData) error
}

func (b broken) Desc() *metric.Desc                 { return b.desc }
func (b broken) Write(out *metric.MetricData) error { return b.write(out) }
