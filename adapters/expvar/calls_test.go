package expvar_test

import (
	"context"
	"errors"
	"expvar"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/luxfi/metric"
	adapter "github.com/luxfi/metric/adapters/expvar"
)

// TestSlowFunc checks that a function that hangs affects only its own value, delays only the first scrape,
// up to the deadline, and is not called again before it has returned.
func TestSlowFunc(t *testing.T) {
	for name, tc := range map[string]struct {
		scrape time.Duration // timeout of the scrape; 0 means none
		opts   []adapter.Option
		took   time.Duration // time that the first scrape may take
	}{
		"deadline of the scrape": {time.Second, nil, time.Second},
		"own timeout":            {time.Hour, []adapter.Option{adapter.WithFuncTimeout(2 * time.Second)}, 2 * time.Second},
		"no deadline":            {0, nil, 10 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var started atomic.Int32
				release := make(chan struct{})
				var over atomic.Bool // true after the test; the variable stays published, and other tests read it
				defer over.Store(true)
				prefix, selects := publish(t, vars{
					"a_slow": testFunc(func() any {
						if started.Add(1); !over.Load() {
							<-release
						}
						return 1
					}),
					"quick":  returns(2),
					"number": intOf(3),
				})
				r := metric.NewRegistry()
				r.MustRegister(adapter.NewCollector(append(tc.opts, selects)...))
				scrape := func() (string, time.Duration, error) {
					ctx, cancel := context.WithCancel(context.Background())
					if tc.scrape > 0 {
						ctx, cancel = context.WithTimeout(context.Background(), tc.scrape)
					}
					defer cancel()
					begin := time.Now()
					got, failures := gather(ctx, r, prefix)
					return got, time.Since(begin), errors.Join(failures...)
				}

				got, took, err := scrape()
				wantText(t, got, "number 3\nquick 2\n")
				if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), `a_slow"`) || took > tc.took {
					t.Errorf("first scrape: error %v after %v", err, took)
				}
				got, took, err = scrape()
				wantText(t, got, "number 3\nquick 2\n")
				if !errors.Is(err, metric.ErrStillRunning) || took != 0 || started.Load() != 1 {
					t.Errorf("second scrape: error %v after %v, %d started", err, took, started.Load())
				}
				close(release)
				synctest.Wait()
				got, _, err = scrape()
				wantText(t, got, "a_slow 1\nnumber 3\nquick 2\n")
				if err != nil || started.Load() != 2 {
					t.Errorf("third scrape: error %v, %d started", err, started.Load())
				}
			})
		})
	}
}

// TestClientGoesAway checks that the next scrape joins the function's call after a scrape has been
// canceled.
func TestClientGoesAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var started atomic.Int32
		prefix, selects := publish(t, vars{"f": testFunc(func() any {
			if started.Add(1) == 1 {
				time.Sleep(3 * time.Second)
			}
			return 1
		})})
		r := metric.NewRegistry()
		r.MustRegister(adapter.NewCollector(selects))
		ctx, cancel := context.WithCancel(context.Background())
		time.AfterFunc(time.Second, cancel)
		if _, failures := gather(ctx, r, prefix); !errors.Is(errors.Join(failures...), context.Canceled) {
			t.Errorf("failures %v", failures)
		}
		time.Sleep(time.Second)
		got, failures := gather(context.Background(), r, prefix)
		wantText(t, got, "f 1\n")
		if len(failures) > 0 || started.Load() != 1 {
			t.Errorf("failures %v, %d started", failures, started.Load())
		}
	})
}

// TestGoexit checks a function that ends its goroutine.
func TestGoexit(t *testing.T) {
	prefix, selects := publish(t, vars{"f": testFunc(func() any { runtime.Goexit(); return 1 }), "g": intOf(1)})
	got, failures := samplesOf(t, prefix, selects)
	wantText(t, got, "g 1\n")
	if len(failures) != 1 || !strings.Contains(failures[0].Error(), `f": panic`) {
		t.Errorf("failures %v", failures)
	}
}

// TestConcurrent scrapes while variables change and new ones are published.
func TestConcurrent(t *testing.T) {
	m, counted := new(expvar.Map).Init(), new(expvar.Int)
	prefix, selects := publish(t, vars{"m": m, "n": counted, "f": testFunc(func() any { return counted.Value() })})
	r := metric.NewRegistry()
	r.MustRegister(adapter.NewCollector(selects))
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for i := range 100 {
				counted.Add(1)
				m.Add(strings.Repeat("k", i%10+1), 1)
				if i%10 == 0 {
					if _, failures := gather(t.Context(), r, prefix); len(failures) > 0 {
						t.Error(failures)
					}
				}
			}
		})
	}
	for _, name := range []string{"x", "y", "z"} {
		expvar.Publish(prefix+name, intOf(1))
	}
	all.Wait()
	got, _ := gather(t.Context(), r, prefix)
	if !strings.Contains(got, "\nn 400\n") || !strings.Contains(got, "m{key=\"kkkkkkkkkk\"} 40\n") || !strings.HasPrefix(got, "f 400\n") || !strings.HasSuffix(got, "x 1\ny 1\nz 1\n") {
		t.Error(got)
	}
}
