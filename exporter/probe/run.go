package probe

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"runtime/debug"
	"strings"
	"time"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/internal/redact"
)

const (
	// defaultTimeout is the timeout of a module that sets none, as in blackbox_exporter.
	defaultTimeout = 2 * time.Minute
	// maxGrace and a fraction of the probe's time limit how long the handler waits after the deadline
	// for a Func, and then for its collectors. Most return at once when their context is done. Both
	// waits together are shorter than the time between the deadline and the scraper's deadline.
	maxGrace      = 50 * time.Millisecond
	graceFraction = 25
)

// result is how a probe ended.
type result string

const (
	success  result = "success"
	failure  result = "failure"
	timeout  result = "timeout"
	canceled result = "canceled" // The client has gone away.
	refused  result = "refused"  // The target is not allowed, or a limit is reached.
)

var results = []result{success, failure, timeout, canceled, refused}

// outcome is the outcome of a probe.
type outcome struct {
	result   result
	err      error // nil if the probe succeeded
	duration time.Duration
	families []*metric.MetricFamily // families of Probe.Registry, or nil
}

// ended is how a Func ended.
type ended struct {
	err error
	at  time.Time
}

// flight is a probe in progress.
type flight struct {
	handler *Handler
	set     *Set
	module  *module
	probe   *Probe
	log     *slog.Logger
	start   time.Time
	ctx     context.Context
	runs    runs
}

// run runs a probe under the limits. It returns soon after the context is done. The set must be
// retained; run releases it when the probe no longer uses it.
func (f *flight) run() outcome {
	h := f.handler
	key := slotKey{f.module.Name, f.probe.Target}
	waited := time.Now()
	if err := h.limiter.acquire(f.ctx, key); err != nil {
		h.release(f.set)
		how := refused
		if errors.Is(err, context.Canceled) {
			how = canceled
		}
		return outcome{result: how, err: err, duration: time.Since(waited)}
	}
	f.start = time.Now()
	f.equip()
	done := make(chan ended, 1)
	over := make(chan bool, 1) // gets true if the probe was abandoned
	go func() {
		defer func() {
			wasAbandoned := <-over
			f.dispose()
			f.runs.wait()
			if wasAbandoned {
				f.log.Warn("The probe has returned after it was left behind", "after", time.Since(f.start))
			}
			h.limiter.release(key, wasAbandoned)
			h.release(f.set)
		}()
		f.call(done)
	}()
	end, returned := f.await(done)
	abandoned := !returned
	if abandoned {
		h.limiter.abandon(key)
	}
	defer func() { over <- abandoned }()
	out := f.judge(end, returned)
	out.families = f.gather()
	if !abandoned && f.runs.any() { // Collectors that hang count like a Func that hangs.
		abandoned = true
		h.limiter.abandon(key)
	}
	return out
}

// equip makes the Probe that the Func gets.
func (f *flight) equip() {
	p := f.probe
	p.Registry = metric.NewContextRegistry(metric.WithHooks(f.runs.hooks()))
	p.Metrics = metric.NewWithRegistry("", p.Registry)
	p.Logger = f.log
	deadline, _ := f.ctx.Deadline()
	pool := f.module.pool
	p.Client = pool.client(f.ctx)
	p.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := pool.dialer.dial(ctx, network, address, deadline)
		if err == nil && !deadline.IsZero() {
			err = conn.SetDeadline(deadline)
		}
		if err != nil && conn != nil {
			return nil, errors.Join(err, conn.Close())
		}
		return conn, err
	}
}

// call calls the module's Func and sends how it ended, even if it panics or exits its goroutine.
func (f *flight) call(done chan<- ended) {
	err := errors.New("the prober called runtime.Goexit")
	defer func() {
		if reason := recover(); reason != nil {
			err = textError(fmt.Sprintf("the prober panicked: %v", reason))
			f.log.Error("The prober panicked", "panic", reason, "stack", string(debug.Stack()))
		}
		done <- ended{err, time.Now()}
	}()
	if failed := f.module.run(f.ctx, f.probe); failed != nil {
		err = textError(failed.Error()) // Error may panic or hang, like all code of the prober.
	} else {
		err = nil
	}
}

// maxErrorText is how much of a prober's error is kept, in bytes.
const maxErrorText = 4 << 10

// textError returns an error that holds nothing but a text.
func textError(text string) error {
	text = redact.Text(text) // This comes first, because half a credential may not look like one.
	if len(text) > maxErrorText {
		text = text[:maxErrorText] + "…"
	}
	return errors.New(strings.ToValidUTF8(text, "\ufffd"))
}

// await waits until a Func returns or is abandoned.
func (f *flight) await(done <-chan ended) (end ended, returned bool) {
	select {
	case end = <-done:
		return end, true
	case <-f.ctx.Done():
	}
	grace := time.NewTimer(f.grace())
	defer grace.Stop()
	select {
	case end = <-done:
		return end, true
	case <-grace.C:
		return ended{at: time.Now()}, false
	}
}

func (f *flight) grace() time.Duration {
	if deadline, ok := f.ctx.Deadline(); ok {
		return max(0, min(maxGrace, deadline.Sub(f.start)/graceFraction))
	}
	return maxGrace
}

// judge returns the outcome of a probe.
func (f *flight) judge(end ended, returned bool) outcome {
	out := outcome{err: end.err, duration: end.at.Sub(f.start)}
	deadline, hasDeadline := f.ctx.Deadline()
	late := hasDeadline && end.at.After(deadline)
	switch {
	case returned && end.err == nil && !late:
		out.result = success
		return out
	case late, hasDeadline && !time.Now().Before(deadline):
		out.result = timeout
	case f.ctx.Err() != nil:
		out.result = canceled
	default:
		out.result = failure
	}
	switch {
	case !returned && out.result == canceled:
		out.err = errors.New("the client has gone away, and the prober has not returned; it is left behind")
	case !returned:
		out.err = fmt.Errorf("the prober has not returned within %v; it is left behind", deadline.Sub(f.start))
	case out.err == nil:
		out.err = fmt.Errorf("the prober has returned too late, after %v", out.duration)
	}
	return out
}

// gather returns the metrics that the Func has set.
func (f *flight) gather() []*metric.MetricFamily {
	ctx := f.ctx
	if ctx.Err() != nil { // Instruments can still be read.
		late, cancel := context.WithTimeout(context.WithoutCancel(ctx), max(f.grace(), time.Millisecond))
		defer cancel()
		ctx = late
	}
	families, err := f.probe.Registry.GatherWithContext(ctx)
	if err != nil {
		f.log.Error("Some metrics of the probe are missing", "err", err)
	}
	return families
}

// dispose closes the collectors that the Func may have left in its registry.
func (f *flight) dispose() {
	if err := f.probe.Registry.Close(); err != nil {
		f.log.Warn("A collector of the probe does not return", "err", err)
	}
}
