package push_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/push"
)

var errTest = errors.New("no luck")

// quiet returns options without jitter and logs.
func quiet() push.LoopOpts {
	return push.LoopOpts{Name: "test", Interval: time.Second, Jitter: -1, Logger: slog.New(slog.DiscardHandler)}
}

// callTimes starts a loop whose calls take durations, one after the other, and whose context ends after
// life. It returns the times of the calls since the start of the loop, and the loop's last status.
func callTimes(t *testing.T, opts push.LoopOpts, life time.Duration, durations ...time.Duration) (times []time.Duration, status push.LoopStatus) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	start := time.Now()
	loop := push.Every(ctx, func(context.Context) error {
		times = append(times, time.Since(start))
		if n := len(times); n <= len(durations) {
			time.Sleep(durations[n-1])
		}
		return nil
	}, opts)
	time.Sleep(life)
	cancel()
	if err := loop.Wait(); err != nil {
		t.Error(err)
	}
	return times, loop.Status()
}

func TestEverySchedule(t *testing.T) {
	const second = time.Second
	for name, tc := range map[string]struct {
		durations []time.Duration
		life      time.Duration
		want      []time.Duration // including the last call
		skipped   uint64
	}{
		"quick":              {nil, 2500 * time.Millisecond, []time.Duration{0, second, 2 * second, 2500 * time.Millisecond}, 0},
		"exactly in time":    {[]time.Duration{second, second}, 3500 * time.Millisecond, []time.Duration{0, second, 2 * second, 3 * second, 3500 * time.Millisecond}, 0},
		"one tick too late":  {[]time.Duration{1500 * time.Millisecond}, 2250 * time.Millisecond, []time.Duration{0, 1500 * time.Millisecond, 2 * second, 2250 * time.Millisecond}, 0},
		"some ticks missed":  {[]time.Duration{3500 * time.Millisecond}, 4250 * time.Millisecond, []time.Duration{0, 3500 * time.Millisecond, 4 * second, 4250 * time.Millisecond}, 2},
		"no call at the end": {[]time.Duration{0, 750 * time.Millisecond}, 1500 * time.Millisecond, []time.Duration{0, second, 1750 * time.Millisecond}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				got, status := callTimes(t, quiet(), tc.life, tc.durations...)
				if !slices.Equal(got, tc.want) {
					t.Errorf("calls were made after %v, want %v", got, tc.want)
				}
				if status.Skipped != tc.skipped || status.Runs != uint64(len(tc.want)) {
					t.Errorf("got the status %+v", status)
				}
			})
		})
	}
}

// TestEveryJitter checks that each call is shifted within the jitter, and that shifts do not add up.
func TestEveryJitter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		opts := quiet()
		opts.Interval, opts.Jitter = time.Minute, 0.5
		got, _ := callTimes(t, opts, 100*time.Minute-time.Second)
		if len(got) != 101 {
			t.Fatalf("got %d calls, want 101", len(got))
		}
		shifts := make(map[time.Duration]bool)
		for i, at := range got[:100] {
			shift := at - time.Duration(i)*time.Minute
			if shift < 0 || shift >= 30*time.Second {
				t.Errorf("call %d was shifted by %v", i, shift)
			}
			shifts[shift] = true
		}
		if len(shifts) < 90 {
			t.Errorf("there are only %d shifts in 100 calls", len(shifts))
		}
	})
}

func TestEveryDefaults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		ctx, cancel := context.WithCancel(t.Context())
		var starts, limits []time.Duration
		loop := push.Every(ctx, func(ctx context.Context) error {
			deadline, _ := ctx.Deadline()
			starts = append(starts, time.Since(start))
			limits = append(limits, time.Until(deadline))
			return nil
		}, push.LoopOpts{})
		time.Sleep(29 * time.Second)
		cancel()
		if err := loop.Wait(); err != nil {
			t.Error(err)
		}
		if len(starts) != 3 || starts[0] >= 1500*time.Millisecond || starts[1] < 15*time.Second || starts[1] >= 16500*time.Millisecond {
			t.Errorf("calls were made after %v", starts)
		}
		if want := []time.Duration{15 * time.Second, 15 * time.Second, 5 * time.Second}; !slices.Equal(limits, want) {
			t.Errorf("calls could take %v, want %v", limits, want)
		}
	})
}

// TestEveryLastCall checks the context of the last call and the result of Wait.
func TestEveryLastCall(t *testing.T) {
	type key struct{}
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(context.WithValue(t.Context(), key{}, "value"))
		cancel()
		opts := quiet()
		opts.FlushTimeout = time.Minute
		loop := push.Every(ctx, func(ctx context.Context) error {
			deadline, _ := ctx.Deadline()
			return fmt.Errorf("%t %v %v: %w", ctx.Err() == nil, ctx.Value(key{}), time.Until(deadline), errTest)
		}, opts)
		<-loop.Done()
		err := loop.Wait()
		if !errors.Is(err, errTest) || !strings.HasPrefix(err.Error(), "true value 1m0s") {
			t.Errorf("got the error %v", err)
		}
		if s := loop.Status(); s.Runs != 1 || s.Failures != 1 {
			t.Errorf("got the status %+v", s)
		}
	})
}

func TestEveryWithoutLastCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		opts := quiet()
		opts.FlushTimeout = -1
		got, _ := callTimes(t, opts, 1500*time.Millisecond)
		if want := []time.Duration{0, time.Second}; !slices.Equal(got, want) {
			t.Errorf("calls were made after %v, want %v", got, want)
		}
	})
}

// TestEveryInterrupted checks that a call does not count as a failure if it ends because the loop's context
// ends.
func TestEveryInterrupted(t *testing.T) {
	for name, limit := range map[string]func(context.Context) (context.Context, context.CancelFunc){
		"canceled": func(ctx context.Context) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancel(ctx)
			time.AfterFunc(time.Second/2, cancel)
			return ctx, cancel
		},
		"deadline": func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(ctx, time.Second/2)
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := limit(t.Context())
				defer cancel()
				lines, opts := new(lines), quiet()
				opts.Logger = lines.logger()
				calls := 0
				loop := push.Every(ctx, func(ctx context.Context) error {
					if calls++; calls > 1 {
						return nil
					}
					<-ctx.Done()
					return ctx.Err()
				}, opts)
				if err := loop.Wait(); err != nil || calls != 2 {
					t.Errorf("%d calls and the error %v", calls, err)
				}
				if s := loop.Status(); s.Failures != 0 || s.LastError != nil || s.LastSuccess.IsZero() {
					t.Errorf("got the status %+v", s)
				}
				if got := lines.all(); len(got) > 0 {
					t.Errorf("it has logged %q", got)
				}
			})
		})
	}
}

// TestEveryStuck checks that Wait does not wait for a call that never returns.
func TestEveryStuck(t *testing.T) {
	for name, tc := range map[string]struct {
		call         int           // index of the call that does not return
		flushTimeout time.Duration // FlushTimeout of the loop
		want         time.Duration // minimum duration of Wait
	}{
		"under way":                    {1, 3 * time.Second, 3 * time.Second},
		"under way, without last call": {1, -1, time.Second},
		"last call":                    {2, 3 * time.Second, 3 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				registry, opts := metric.NewContextRegistry(), quiet()
				opts.FlushTimeout, opts.Registry = tc.flushTimeout, registry
				calls, release := 0, make(chan struct{})
				loop := push.Every(ctx, func(context.Context) error {
					if calls++; calls == tc.call {
						<-release
					}
					return nil
				}, opts)
				time.Sleep(time.Second / 2)
				cancel()
				start := time.Now()
				if err := loop.Wait(); !errors.Is(err, metric.ErrStillRunning) || !strings.Contains(err.Error(), `push "test"`) {
					t.Errorf("got the error %v", err)
				}
				if took := time.Since(start); took < tc.want || took > tc.want+time.Second/2 {
					t.Errorf("Wait has waited for %v, want %v", took, tc.want)
				}
				if s := loop.Status(); s.RunningSince.IsZero() || s.Runs != uint64(tc.call) {
					t.Errorf("got the status %+v", s)
				}
				if s := registry.Status(); len(s) != 0 {
					t.Errorf("the registry shows a loop that has ended: %+v", s)
				}
				close(release)
				synctest.Wait()
				if s := loop.Status(); !s.RunningSince.IsZero() {
					t.Errorf("after the call has returned: %+v", s)
				}
			})
		})
	}
}

// TestEveryGoesOn checks that errors, panics and runtime.Goexit do not end the loop.
func TestEveryGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		registry, opts := metric.NewContextRegistry(), quiet()
		opts.Registry, opts.Timeout = registry, time.Second/2
		calls := 0
		loop := push.Every(ctx, func(ctx context.Context) error {
			calls++
			switch calls {
			case 1:
				return errTest
			case 2:
				panic(errTest)
			case 3:
				runtime.Goexit()
			case 4:
				<-ctx.Done()
				return ctx.Err()
			}
			return nil
		}, opts)
		check := func(what string, is func(error) bool) {
			t.Helper()
			if err := loop.Status().LastError; !is(err) {
				t.Errorf("after %s: got the error %v", what, err)
			}
			time.Sleep(time.Second)
		}
		time.Sleep(time.Second / 2)
		check("an error", func(err error) bool { return errors.Is(err, errTest) })
		check("a panic", func(err error) bool {
			panicked, ok := errors.AsType[*metric.PanicError](err)
			return ok && strings.Contains(string(panicked.Stack), "TestEveryGoesOn")
		})
		check("a Goexit", func(err error) bool { return strings.Contains(err.Error(), "Goexit") })
		time.Sleep(time.Second / 4)
		check("a timeout", func(err error) bool { return errors.Is(err, context.DeadlineExceeded) })
		check("a good call", func(err error) bool { return err == nil })
		if s := loop.Status(); s.Failures != 4 {
			t.Errorf("got the status %+v", s)
		}
		if s := registry.Status()[0]; s.Failures != 4 || s.Panics != 1 || s.Timeouts != 1 {
			t.Errorf("the registry shows %+v", s)
		}
		cancel()
		if err := loop.Wait(); err != nil {
			t.Error(err)
		}
	})
}

func TestEveryPanics(t *testing.T) {
	good := func(context.Context) error { return nil }
	for name, tc := range map[string]struct {
		f    func(context.Context) error
		opts push.LoopOpts
		want string
	}{
		"nil function":      {nil, push.LoopOpts{}, "push.Every: the function is nil"},
		"negative interval": {good, push.LoopOpts{Interval: -1}, "the interval -1ns is negative"},
		"negative timeout":  {good, push.LoopOpts{Timeout: -1}, "the timeout -1ns is negative"},
		"NaN":               {good, push.LoopOpts{Jitter: math.NaN()}, "the jitter NaN is not valid"},
		"large jitter":      {good, push.LoopOpts{Jitter: 1.5}, "the jitter 1.5 is not valid"},
		"zero registry":     {good, push.LoopOpts{Registry: new(metric.ContextRegistry)}, "is a zero value"},
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if err, _ := recover().(error); err == nil || !strings.Contains(err.Error(), tc.want) {
					t.Errorf("it panics with %v, want %q", err, tc.want)
				}
			}()
			push.Every(t.Context(), tc.f, tc.opts)
		})
	}
}

// TestEveryCause checks that a call does not count as a failure if it returns the cause of the end of the
// loop's context, as calls under the context of an errgroup do.
func TestEveryCause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		opts := quiet()
		opts.FlushTimeout = -1
		loop := push.Every(ctx, func(ctx context.Context) error {
			<-ctx.Done()
			return fmt.Errorf("cannot push: %w", context.Cause(ctx))
		}, opts)
		synctest.Wait()
		cancel(errTest)
		if err := loop.Wait(); err != nil {
			t.Error(err)
		}
		if s := loop.Status(); s.Failures != 0 || s.LastError != nil {
			t.Errorf("got %d failures and the error %v, want none", s.Failures, s.LastError)
		}
	})
}
