package exporter

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/luxfi/metric"
)

// upGrace is how long later scrapes wait for a ping whose scrape has ended.
const upGrace = time.Second

// NewUp returns a collector for a gauge called name, such as "sql_up". The collector calls ping with the
// scrape's context. The gauge is 1 if ping returns nil. Otherwise it is 0, and the collector fails with the
// error that ping returns. Every scrape has the gauge: if ping does not return in time, the gauge is 0, and
// the collector does not call ping again before it has returned.
//
// At most one ping is in flight. Overlapping scrapes share it. If it fails because the scrape that started it
// has ended, the other scrapes call ping again. If a ping is still in flight a second after its scrape has
// ended, further scrapes fail immediately, with an error that wraps [metric.ErrStillRunning].
//
// Several collectors, one for each backend, may share a name if their labels have the same names and
// different values. A registry names each collector after the gauge, unless [metric.WithName] gives it
// another name. NewUp panics if ping is nil. An invalid name or label is reported when the collector is
// registered.
func NewUp(name string, labels metric.Labels, ping func(ctx context.Context) error) metric.Collector {
	if ping == nil {
		panic(fmt.Errorf("the ping of %s is nil", name))
	}
	return &up{
		desc: metric.NewDesc(name, "Whether the backend has answered during the scrape.", nil, labels),
		ping: ping,
	}
}

// up is the collector that NewUp returns.
type up struct {
	desc *metric.Desc
	ping func(ctx context.Context) error

	mu     sync.Mutex
	flight *flight // the ping in flight, or nil
}

// flight is one call of ping.
type flight struct {
	ctx  context.Context // context of the scrape that started the call
	done chan struct{}   // closed when the call has returned
	err  error           // the call's result; set before done is closed

	// late is the time when a later scrape first found that the call was still running although ctx had
	// ended. Before that, it is zero. up.mu guards it.
	late time.Time
}

// Describe sends the descriptor of the gauge.
func (u *up) Describe(ch chan<- *metric.Desc) { ch <- u.desc }

// Collect calls CollectWithContext with a background context.
func (u *up) Collect(ch chan<- metric.Metric) { u.CollectWithContext(context.Background(), ch) }

// CollectWithContext sends the gauge, and the error of ping if there is one.
func (u *up) CollectWithContext(ctx context.Context, ch chan<- metric.Metric) {
	err := u.result(ctx)
	value := 1.0
	if err != nil {
		value = 0
	}
	m, invalid := metric.NewConstMetric(u.desc, metric.GaugeValue, value)
	if invalid != nil {
		m = metric.NewInvalidMetric(u.desc, invalid)
	}
	ch <- m
	if err != nil {
		ch <- metric.NewInvalidMetric(u.desc, err)
	}
}

// result returns the error of the ping that decides the gauge of this scrape.
func (u *up) result(ctx context.Context) error {
	for ctx.Err() == nil {
		f, started := u.join(ctx)
		if !started && f.ctx.Err() != nil {
			// This ping belongs to a scrape that has ended.
			if err := u.waitLate(ctx, f); err != nil {
				return err
			}
			continue
		}
		select {
		case <-f.done:
		case <-ctx.Done():
			select {
			case <-f.done:
			default:
				return fmt.Errorf("ping has not returned in time: %w", context.Cause(ctx))
			}
		}
		if f.err == nil || started || f.ctx.Err() == nil {
			return f.err
		}
	}
	return fmt.Errorf("the scrape has ended before a ping: %w", context.Cause(ctx))
}

// join returns the ping in flight. It starts one if necessary.
func (u *up) join(ctx context.Context) (f *flight, started bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.flight != nil {
		return u.flight, false
	}
	u.flight = &flight{ctx: ctx, done: make(chan struct{})}
	go u.run(u.flight)
	return u.flight, true
}

// run calls ping and records the result.
func (u *up) run(f *flight) {
	f.err = errors.New("ping has ended its goroutine")
	defer func() {
		if r := recover(); r != nil {
			f.err = fmt.Errorf("ping panics: %v", r)
		}
		u.mu.Lock()
		u.flight = nil
		u.mu.Unlock()
		close(f.done)
	}()
	f.err = u.ping(f.ctx)
}

// waitLate waits for a ping whose scrape has ended, for at most upGrace after that was first noticed. It
// returns nil if the ping has returned.
func (u *up) waitLate(ctx context.Context, f *flight) error {
	u.mu.Lock()
	if f.late.IsZero() {
		f.late = time.Now()
	}
	timeAllowed := upGrace - time.Since(f.late)
	u.mu.Unlock()
	timer := time.NewTimer(timeAllowed)
	defer timer.Stop()
	select {
	case <-f.done:
		return nil
	case <-timer.C:
	case <-ctx.Done():
	}
	return fmt.Errorf("the ping of an earlier scrape has not returned: %w", metric.ErrStillRunning)
}
