package exporter

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/luxfi/metric/exporter/probe"
)

// errIsClosed is the error of methods that need an exporter that is not closed.
var errIsClosed = errors.New("exporter: the exporter is closed")

// loadTime limits how long a load may take. The program's functions must not wait for anything, so one
// that takes longer is considered hung.
const loadTime = time.Minute

// change loads a configuration. When ctx ends, it abandons the program's code that is still running.
func (e *Exporter) change(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, loadTime)
	defer cancel()
	return e.load(ctx, e.build, func(next, previous *configuration) error {
		err := e.exchange(next, previous)
		if err != nil {
			next.abandon(previous)
		}
		return err
	})
}

// exchange makes next the current configuration in place of previous. It runs no code of the program:
// the collectors have been described before.
func (e *Exporter) exchange(next, previous *configuration) error {
	e.using.Lock()
	defer e.using.Unlock()
	if e.closed {
		return errIsClosed
	}
	if err := e.install(next, previous); err != nil {
		return err
	}
	e.current.Store(next)
	previous.retire(next)
	return nil
}

// Check reads the configuration and everything that it refers to, but makes no collectors and changes
// nothing. Its error lists everything that is wrong.
func (e *Exporter) Check(ctx context.Context) error {
	if err := e.web.checkRegistered(); err != nil {
		return err
	}
	probes := e.probes
	if probes == nil && len(e.config.Probers) > 0 {
		var err error
		if probes, err = probe.NewHandler(probe.Opts{Probers: e.config.Probers, Logger: e.logger()}); err != nil {
			return err
		}
	}
	return errors.Join(e.web.check(e.config.Pages), e.load(ctx, func(ctx context.Context, _ *configuration) (*configuration, error) {
		return e.read(ctx, nil, probes)
	}, func(c, _ *configuration) error {
		c.abandon(nil)
		return nil
	}))
}

// load calls build. If ctx has not ended after that, it calls use. No other load runs at the same time.
// Both functions get the configuration that was current before build. They may block, so they run in a
// goroutine that load abandons when ctx ends.
func (e *Exporter) load(ctx context.Context, build func(ctx context.Context, previous *configuration) (*configuration, error),
	use func(next, previous *configuration) error,
) error {
	select {
	case e.loading <- struct{}{}:
	case <-ctx.Done():
		return fmt.Errorf("exporter: another load of the configuration is in progress: %w", context.Cause(ctx))
	}
	var decided atomic.Bool // true once it is certain whether the result will be used
	result := make(chan error, 1)
	go func() {
		defer func() { <-e.loading }()
		err := errors.New("exporter: the program has ended the goroutine that loads the configuration")
		defer func() { result <- err }()
		previous := e.current.Load()
		var c *configuration
		built := guarded("reading the configuration", func() (err error) { c, err = build(ctx, previous); return err })
		switch {
		case built != nil:
			err = built
		case decided.CompareAndSwap(false, true):
			err = use(c, previous)
		default:
			c.abandon(previous)
		}
	}()
	select {
	case err := <-result:
		return err
	case <-ctx.Done():
		if !decided.CompareAndSwap(false, true) {
			return <-result // The result is already being used.
		}
		return fmt.Errorf("exporter: loading the configuration: %w", context.Cause(ctx))
	}
}

// Close unregisters the collectors and closes them and their shared resources. It waits for their runs
// until ctx is done, and closes the collectors even if ctx ends before. It does not wait for a load in
// progress; that load fails. A closed exporter cannot be loaded again. Further calls wait for the first
// one to finish.
func (e *Exporter) Close(ctx context.Context) error {
	result := make(chan error, 1)
	go func() {
		last, err := e.shut()
		if last != nil {
			<-last.retired
		}
		result <- err
	}()
	select {
	case err := <-result:
		return err
	case <-ctx.Done():
		return fmt.Errorf("exporter: collectors are still running: %w", context.Cause(ctx))
	}
}

// shut marks the exporter as closed and returns the configuration to wait for, or nil.
func (e *Exporter) shut() (last *configuration, err error) {
	e.using.Lock()
	defer e.using.Unlock()
	if e.closed {
		return e.last, nil
	}
	e.closed = true
	if e.last = e.current.Swap(nil); e.last != nil {
		err = e.registry.Exchange(e.last.names())
		if e.probes != nil {
			e.probes.Use(nil)
		}
		e.last.retire(new(configuration))
	}
	return e.last, errors.Join(err, e.registry.Close())
}
