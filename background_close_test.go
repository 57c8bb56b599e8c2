package metric_test

import (
	"errors"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/metrictest"
)

// TestBackgroundClose checks that Close ends all runs, names the collectors that do not return, and can be
// called again, and that the registry then continues to serve.
func TestBackgroundClose(t *testing.T) {
	forAllKinds(t, func(t *testing.T, c *metrictest.Collector, as metric.Collector) {
		r := inBackgroundOf(t, as)
		r.MustRegister(metric.NewGauge(metric.GaugeOpts{Name: "served"}))
		synctest.Wait()
		c.Become(metrictest.Stuck())
		time.Sleep(backgroundEvery)
		for range 2 {
			start := time.Now()
			if err := r.Close(); !errors.Is(err, metric.ErrStillRunning) || !strings.Contains(err.Error(), "background runs of c have") || time.Since(start) != time.Second {
				t.Errorf("Close: %v after %v", err, time.Since(start))
			}
		}
		c.Release()
		synctest.Wait()
		if err := r.Close(); err != nil {
			t.Errorf("Close again: %v", err)
		}
		time.Sleep(time.Hour)
		if run, _, err := scrapeC(t, r, time.Second); run == 0 || !errors.Is(err, metric.ErrClosed) {
			t.Errorf("after Close: run %d, error %v", run, err)
		}
		families, _ := r.Gather()
		if _, ok := seriesOfFamilies(families)["served"]; !ok {
			t.Error("it does not serve the rest any more")
		}
		if n := c.Started(); n != 2 {
			t.Errorf("%d runs were started", n)
		}
		for name, register := range map[string]func() error{
			"RegisterWith": func() error {
				return r.RegisterWith(plain{"late", func(chan<- metric.Metric) {}}, metric.WithBackground(time.Second))
			},
			"ReplaceNamed": func() error {
				return r.ReplaceNamed("c", plain{"late", func(chan<- metric.Metric) {}}, metric.WithBackground(time.Second))
			},
		} {
			if err := register(); !errors.Is(err, metric.ErrClosed) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if err := r.RegisterWith(plain{"late", func(ch chan<- metric.Metric) { ch <- one("late") }}); err != nil {
			t.Errorf("registering something else: %v", err)
		}
	})
}

// TestBackgroundClosedWhileWaiting checks that Close ends the wait for a first result.
func TestBackgroundClosedWhileWaiting(t *testing.T) {
	for name, end := range map[string]func(*metric.ContextRegistry){
		"Close":   func(r *metric.ContextRegistry) { _ = r.Close() },
		"removed": func(r *metric.ContextRegistry) { r.UnregisterNamed("c") },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := metrictest.New("scripted", metrictest.Stuck())
				defer c.Release()
				r := inBackgroundOf(t, c)
				failed := make(chan error)
				go func() {
					_, _, err := scrapeC(t, r, time.Hour)
					failed <- err
				}()
				synctest.Wait()
				start := time.Now()
				end(r)
				if err := <-failed; err == nil || time.Since(start) > time.Second {
					t.Errorf("after %v: %v", time.Since(start), err)
				}
			})
		})
	}
}

// TestBackgroundOfLostRegistry checks that background runs end when their registry is garbage-collected.
func TestBackgroundOfLostRegistry(t *testing.T) {
	r := metric.NewContextRegistry()
	var runs atomic.Int64
	if err := r.RegisterWith(plain{"c", func(chan<- metric.Metric) { runs.Add(1) }}, metric.WithBackground(5*time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	runtime.KeepAlive(r)
	r = nil //nolint:wastedassign // The registry is unreachable now.
	for end := time.Now().Add(time.Minute); ; {
		runtime.GC() // A run in progress keeps the registry, so one collection may not be enough.
		n := runs.Load()
		if time.Sleep(200 * time.Millisecond); runs.Load() == n {
			return
		}
		if time.Now().After(end) {
			t.Fatal("it still runs")
		}
	}
}
