package exporter

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"reflect"
	"sync"
	"sync/atomic"
	"time"

	"github.com/luxfi/metric"
)

// unit is a collector of the program, from before it is made until after it is closed.
type unit struct {
	name     string
	settings any
	make     func(ctx context.Context, logger *slog.Logger) (metric.Collector, error)
	logger   *slog.Logger
	shared   map[string]*resource // resources that the collector may use

	installed atomic.Bool     // whether the unit has been registered at least once
	runs      usage           // runs in flight; retired when the unit is closed
	ctx       context.Context // passed to New; ends when the unit is closed
	cancel    context.CancelFunc

	register sync.Once
	adapter  metric.Collector // set by register

	mu      sync.Mutex
	attempt *attempt // the last attempt; it may be in progress; nil before the first
}

// attempt is one attempt to make the collector.
type attempt struct {
	done chan struct{} // closed when the fields below are set

	collector metric.Collector                   // nil after an error
	adapt     func() metric.CollectorWithContext // returns collector as a CollectorWithContext
	err       error
	ended     time.Time
}

// retryPause is the pause after a failed attempt before the next one may start.
const retryPause = time.Second

func newUnit(c *Collector, shared map[string]*resource, logger *slog.Logger) *unit {
	u := &unit{name: c.Name, settings: c.Settings, make: c.New, shared: shared, logger: logger.With("collector", c.Name)}
	u.ctx, u.cancel = context.WithCancel(context.Background())
	return u
}

// sameSettings reports whether a collector with these settings would be the same.
func (u *unit) sameSettings(settings any) bool {
	return settings != nil && reflect.DeepEqual(u.settings, settings)
}

// start begins to make the collector unless the collector exists, an attempt is in progress, or the last
// attempt has just failed. It returns the attempt to wait for.
func (u *unit) start() *attempt {
	u.mu.Lock()
	defer u.mu.Unlock()
	if a := u.attempt; a != nil {
		select {
		case <-a.done:
			if a.err == nil || time.Since(a.ended) < retryPause {
				return a
			}
		default:
			return a
		}
	}
	a := &attempt{done: make(chan struct{})}
	u.attempt = a
	go func() {
		a.err = fmt.Errorf("%w: New has ended its goroutine", ErrInvalid)
		defer func() {
			a.adapt = sync.OnceValue(func() metric.CollectorWithContext { return metric.NewCollectorAdapter(a.collector) })
			a.ended = time.Now()
			close(a.done)
		}()
		a.collector, a.err = u.try()
	}()
	return a
}

// try makes the collector.
func (u *unit) try() (c metric.Collector, err error) {
	defer func() {
		if r := recover(); r != nil {
			c, err = nil, fmt.Errorf("%w: New panicked: %v", ErrInvalid, r)
		}
	}()
	if u.ctx.Err() != nil {
		return nil, errClosed // Otherwise the collector would never be closed.
	}
	if c, err = u.make(u.ctx, u.logger); err != nil {
		return nil, err
	}
	if v := reflect.ValueOf(c); !v.IsValid() || v.Kind() == reflect.Pointer && v.IsNil() {
		return nil, fmt.Errorf("%w: New returned neither a collector nor an error", ErrInvalid)
	}
	return c, nil
}

// await waits for the attempt in progress and returns it if it made the collector.
func (u *unit) await(ctx context.Context) (*attempt, error) {
	a := u.start()
	select {
	case <-a.done:
		return a, a.err
	default:
	}
	select {
	case <-a.done:
		return a, a.err
	case <-ctx.Done():
		return nil, fmt.Errorf("the collector is still being made: %w", context.Cause(ctx))
	}
}

// made returns the collector, or nil if it has not been made.
func (u *unit) made() metric.Collector {
	u.mu.Lock()
	a := u.attempt
	u.mu.Unlock()
	if a == nil {
		return nil
	}
	select {
	case <-a.done:
		return a.collector
	default:
		return nil
	}
}

// close closes the collector after its last run. It does not wait for an attempt to make the collector. If
// that attempt succeeds later, the new collector is closed immediately.
func (u *unit) close(limit <-chan struct{}) {
	u.cancel()
	u.runs.retire(limit)
	u.mu.Lock()
	a := u.attempt
	u.mu.Unlock()
	if a == nil {
		return
	}
	select {
	case <-a.done:
		u.closeCollector(a)
	default:
		go func() {
			<-a.done
			u.closeCollector(a)
		}()
	}
}

func (u *unit) closeCollector(a *attempt) {
	closer, ok := a.collector.(io.Closer)
	if !ok {
		return
	}
	if err := guarded("Close", closer.Close); err != nil {
		u.logger.Warn("Closing a collector failed", "err", err)
	}
}
