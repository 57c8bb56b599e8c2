package metrictest_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/metrictest"
)

// scrape gathers with a timeout and returns the values of all series by their label.
func scrape(t *testing.T, r *metric.ContextRegistry, timeout time.Duration) (map[string]float64, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), timeout)
	defer cancel()
	families, err := r.GatherWithContext(ctx)
	values := make(map[string]float64)
	for _, f := range families {
		for _, m := range f.GetMetric() {
			values[m.GetLabel()[0].GetValue()] = m.GetGauge().GetValue()
		}
	}
	return values, err
}

// TestControls checks the controls of a collector of each kind: stuck, released, healthy and stuck again.
func TestControls(t *testing.T) {
	for kind := range roads(metrictest.Healthy()) {
		t.Run(kind, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := roads(metrictest.Healthy())[kind]
				r := metric.NewContextRegistry()
				r.MustRegister(c.collector)
				if values, err := scrape(t, r, time.Second); values["healthy"] != 1 || err != nil {
					t.Errorf("got %v and error %v", values, err)
				}
				c.controls.Become(metrictest.Stuck())
				start := time.Now()
				for _, want := range []error{context.DeadlineExceeded, metric.ErrStillRunning} {
					if values, err := scrape(t, r, time.Second); len(values) != 0 || !errors.Is(err, want) {
						t.Errorf("got %v and error %v, want %v", values, err, want)
					}
				}
				// The second scrape waits a moment for the run to return.
				if took := time.Since(start); took != 1100*time.Millisecond {
					t.Errorf("the scrapes took %v", took)
				}
				if n, m := c.controls.Started(), c.controls.Running(); n != 2 || m != 1 {
					t.Errorf("%d runs were started and %d are under way, want 2 and 1", n, m)
				}
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				if err := c.controls.Wait(ctx); !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("waiting for a run that is stuck: %v", err)
				}
				c.controls.Release()
				if err := c.controls.Wait(t.Context()); err != nil {
					t.Error(err)
				}
				synctest.Wait()
				if values, err := scrape(t, r, time.Second); values["healthy"] != 3 || err != nil {
					t.Errorf("after the release: got %v and error %v", values, err)
				}
				if n := c.controls.MostAtOnce(); n != 1 {
					t.Errorf("%d runs at once", n)
				}
				c.controls.Become(metrictest.Stuck())
				if _, err := scrape(t, r, time.Second); !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("stuck again: got error %v", err)
				}
				c.controls.Release()
			})
		})
	}
}

// TestBehaviours checks the result of a scrape of each behaviour.
func TestBehaviours(t *testing.T) {
	errLuck := errors.New("no luck")
	for name, test := range map[string]struct {
		behaviour metrictest.Behaviour
		series    int // number of series besides the healthy one
		healthy   bool
		failed    func(error) bool
	}{
		"slow":           {metrictest.Slow(time.Minute), 0, false, is(context.DeadlineExceeded)},
		"patient":        {metrictest.Slow(time.Second / 2), 0, true, is(nil)},
		"ignoring":       {metrictest.IgnoringContext(metrictest.Slow(time.Minute)), 0, false, is(context.DeadlineExceeded)},
		"panicking":      {metrictest.Panicking(errLuck), 0, true, panicked},
		"exiting":        {metrictest.Exiting(), 0, false, func(err error) bool { return err != nil }},
		"failing":        {metrictest.Failing(errLuck), 0, false, is(errLuck)},
		"flooding":       {metrictest.Flooding(1000), 1000, false, is(nil)},
		"late":           {metrictest.LateSending(time.Minute), 0, true, is(nil)},
		"leaking":        {metrictest.Leaking(), 0, true, is(nil)},
		"closing":        {metrictest.ClosingChannel(), 0, true, func(error) bool { return true }},
		"duplicating":    {metrictest.Duplicating(), 0, true, func(err error) bool { return err != nil }},
		"inconsistent":   {metrictest.Inconsistent(), 1, true, failures(6)},
		"a broken cycle": {metrictest.Cycle(metrictest.Failing(errLuck), metrictest.Healthy()), 0, false, is(errLuck)},
	} {
		for kind := range roads(test.behaviour) {
			t.Run(name+"/"+kind, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					c := roads(test.behaviour)[kind]
					r := metric.NewContextRegistry()
					r.MustRegister(c.collector)
					values, err := scrape(t, r, time.Second)
					_, healthy := values["healthy"]
					delete(values, "healthy")
					if len(values) != test.series || healthy != test.healthy || !test.failed(err) {
						t.Errorf("got %d other series, healthy %v and error %v", len(values), healthy, err)
					}
					c.controls.Release()
					if err := c.controls.Wait(t.Context()); err != nil {
						t.Error(err)
					}
				})
			})
		}
	}
}

func is(want error) func(error) bool {
	return func(err error) bool { return errors.Is(err, want) && (err == nil) == (want == nil) }
}

func panicked(err error) bool {
	_, ok := errors.AsType[*metric.PanicError](err)
	return ok
}

func failures(n int) func(error) bool {
	return func(err error) bool {
		gathering, ok := errors.AsType[*metric.GatherError](err)
		return ok && len(gathering.Failures) == n
	}
}

// TestEndlessFlood checks that an endless flood ends when it is released or its context is canceled.
func TestEndlessFlood(t *testing.T) {
	c := metrictest.New("flood", metrictest.Flooding(-1))
	var flood sync.WaitGroup
	for _, end := range []func(cancel func()){func(cancel func()) { cancel() }, func(func()) { c.Release() }} {
		ctx, cancel := context.WithCancel(t.Context())
		ch := make(chan metric.Metric)
		flood.Go(func() { c.CollectWithContext(ctx, ch) })
		for range 100 {
			<-ch
		}
		end(cancel)
		done := make(chan struct{})
		go func() {
			defer close(done)
			flood.Wait()
		}()
		for ended := false; !ended; {
			select {
			case <-ch:
			case <-done:
				ended = true
			}
		}
		cancel()
	}
}

// TestLateSendingIsHarmless checks that late sending does not affect other scrapes, and that it counts as
// alive until it has ended.
func TestLateSendingIsHarmless(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		defer time.Sleep(2 * time.Hour) // until the registry has dropped its channels
		c := metrictest.New("late", metrictest.LateSending(time.Second))
		r := metric.NewContextRegistry()
		r.MustRegister(c)
		for i := range 5 {
			if values, err := scrape(t, r, time.Second); len(values) != 1 || values["healthy"] != float64(i+1) || err != nil {
				t.Errorf("got %v and error %v", values, err)
			}
			time.Sleep(300 * time.Millisecond)
		}
		if err := c.Wait(t.Context()); err != nil || c.Running() != 0 {
			t.Errorf("%d are running: %v", c.Running(), err)
		}
	})
}

// TestConcurrentSafe uses all controls while runs start and end.
func TestConcurrentSafe(t *testing.T) {
	c := metrictest.New("busy", metrictest.Healthy())
	r := metric.NewContextRegistry()
	r.MustRegister(c)
	var all sync.WaitGroup
	for i := range 4 {
		all.Go(func() {
			for range 100 {
				if _, err := scrape(t, r, time.Minute); err != nil {
					t.Error(err)
				}
			}
		})
		all.Go(func() {
			for range 100 {
				c.Become([]metrictest.Behaviour{metrictest.Healthy(), metrictest.Flooding(3), metrictest.Stuck(), metrictest.Slow(time.Microsecond)}[i])
				_, _, _ = c.Started(), c.Running(), c.MostAtOnce()
				c.Release()
			}
		})
	}
	all.Wait()
	c.Release()
	if err := c.Wait(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestNewRefuses checks that New panics if the name is empty or the behaviour is nil.
func TestNewRefuses(t *testing.T) {
	for name, f := range map[string]func(){
		"name":      func() { metrictest.New("", metrictest.Healthy()) },
		"behaviour": func() { metrictest.New("good", nil) },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("it did not panic")
				}
			}()
			f()
		})
	}
}
