package engine_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/luxfi/metric/internal/engine"
	"github.com/luxfi/metric/internal/model"
)

// withOrigin returns a collector whose samples have an origin. It pauses for a minute between them.
func withOrigin(isShared bool) *engine.Collector {
	return &engine.Collector{Shared: isShared, Run: func(_ context.Context, r engine.Running, sink engine.Sink) error {
		for i := range 2 {
			p := model.Point{Value: float64(i)}
			if b, expected := r.Origins(); expected > 0 {
				_ = b.SampleOf(family, &p, new(int))
			} else {
				_ = sink.Sample(family, &p)
			}
			time.Sleep(time.Minute)
		}
		return nil
	}}
}

// originsOf returns the origins of the samples.
func originsOf(o engine.Outcome) (origins []any) {
	for _, s := range o.Samples {
		if s.Origin != nil {
			origins = append(origins, s.Origin)
		}
	}
	return origins
}

func asking(c *engine.Collector) []engine.Job { return []engine.Job{{Collector: c, Origins: true}} }

// TestOriginsOfOwnRun checks that a scrape that has a run for itself gets the origins if it has asked for
// them, and that no other scrape does.
func TestOriginsOfOwnRun(t *testing.T) {
	for kind, isShared := range kinds {
		t.Run(kind, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var e engine.Engine
				c := withOrigin(isShared)
				first := e.Collect(t.Context(), asking(c))[0]
				second := e.Collect(t.Context(), asking(c))[0]
				if got := len(originsOf(first)) + len(originsOf(second)); got != 4 {
					t.Errorf("%d origins came, want 4", got)
				}
				for _, a := range originsOf(first) {
					for _, b := range originsOf(second) {
						if a == b {
							t.Error("two scrapes have the same origin")
						}
					}
				}
				if o := e.Collect(t.Context(), jobs(c))[0]; len(originsOf(o)) > 0 {
					t.Error("there are origins that the job has not asked for")
				}
			})
		})
	}
}

// TestNoOriginsForSeveral checks that samples that several scrapes get, or might get, have no origins: the
// samples of a shared run, of a run that goes on, and of kept results.
func TestNoOriginsForSeveral(t *testing.T) {
	t.Run("shared", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var e engine.Engine
			c := withOrigin(true)
			outcomes := make(chan engine.Outcome, 3)
			for i := range 3 {
				go func() {
					time.Sleep(time.Duration(i) * time.Second)
					outcomes <- e.Collect(t.Context(), []engine.Job{{Collector: c, Origins: i != 1}})[0]
				}()
			}
			for range 3 {
				if o := <-outcomes; len(o.Samples) != 2 || len(originsOf(o)) > 0 {
					t.Errorf("of %d samples, %d have an origin", len(o.Samples), len(originsOf(o)))
				}
			}
		})
	})
	t.Run("left behind", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			o := new(engine.Engine).Collect(ctx, asking(withOrigin(true)))[0]
			if len(o.Samples) != 1 || len(originsOf(o)) > 0 {
				t.Errorf("of %d samples, %d have an origin", len(o.Samples), len(originsOf(o)))
			}
			time.Sleep(time.Hour)
		})
	})
	t.Run("left by one", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var e engine.Engine
			c := withOrigin(true)
			ctx, cancel := context.WithCancel(t.Context())
			first, second := make(chan engine.Outcome, 1), make(chan engine.Outcome, 1)
			go func() { first <- e.Collect(ctx, asking(c))[0] }()
			synctest.Wait()
			go func() { second <- e.Collect(t.Context(), asking(c))[0] }()
			synctest.Wait()
			cancel()
			if o := <-first; len(o.Samples) != 1 || len(originsOf(o)) > 0 {
				t.Errorf("of %d samples, %d have an origin", len(o.Samples), len(originsOf(o)))
			}
			if o := <-second; len(o.Samples) != 2 || len(originsOf(o)) > 0 {
				t.Errorf("of %d samples, %d have an origin", len(o.Samples), len(originsOf(o)))
			}
		})
	})
	for name, policy := range map[string]engine.Policy{"cached": {Cache: time.Hour}, "stale": {Stale: time.Hour}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var e engine.Engine
				c := withOrigin(true)
				c.Gate = engine.NewGate(&policy)
				for range 2 {
					if o := e.Collect(t.Context(), asking(c))[0]; len(o.Samples) != 2 || len(originsOf(o)) > 0 {
						t.Errorf("of %d samples, %d have an origin", len(o.Samples), len(originsOf(o)))
					}
				}
			})
		})
	}
}
