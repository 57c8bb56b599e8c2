package callback_test

import (
	"context"
	"errors"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/luxfi/metric/internal/callback"
	"github.com/luxfi/metric/internal/engine"
)

func TestCall(t *testing.T) {
	failed := errors.New("failed")
	for name, tc := range map[string]struct {
		f    func() (int, error)
		want func(error) bool
	}{
		"returns":  {func() (int, error) { return 1, nil }, func(err error) bool { return err == nil }},
		"fails":    {func() (int, error) { return 1, failed }, func(err error) bool { return errors.Is(err, failed) }},
		"panics":   {func() (int, error) { panic("luck") }, isPanic},
		"exits":    {func() (int, error) { runtime.Goexit(); return 0, nil }, func(err error) bool { return err != nil }},
		"is quick": {func() (int, error) { time.Sleep(time.Millisecond); return 1, nil }, func(err error) bool { return err == nil }},
		"blocks": {func() (int, error) { time.Sleep(time.Hour); return 1, nil }, func(err error) bool {
			return errors.Is(err, callback.ErrBlocked)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				start := time.Now()
				_, err := callback.Call(new(callback.Caller), callback.NewAllowance(ctx), tc.f)
				if !tc.want(err) {
					t.Errorf("got the error %v", err)
				}
				if took := time.Since(start); took > 1100*time.Millisecond {
					t.Errorf("it took %v", took)
				}
				time.Sleep(time.Hour)
			})
		})
	}
}

func isPanic(err error) bool {
	_, ok := errors.AsType[*engine.PanicError](err)
	return ok
}

// TestBlockedFunctionIsNotCalledAgain checks that a function that blocks is not called again until it has
// returned.
func TestBlockedFunctionIsNotCalledAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var (
			caller  callback.Caller
			release = make(chan struct{})
			calls   atomic.Int32
		)
		call := func() error {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			_, err := callback.Call(&caller, callback.NewAllowance(ctx), func() (int, error) {
				calls.Add(1)
				<-release
				return 0, nil
			})
			return err
		}
		for range 10 {
			if err := call(); !errors.Is(err, callback.ErrBlocked) {
				t.Errorf("got the error %v", err)
			}
		}
		if calls.Load() != 1 {
			t.Errorf("the function was called %d times while it blocked", calls.Load())
		}
		close(release)
		synctest.Wait()
		if err := call(); err != nil || calls.Load() != 2 {
			t.Errorf("after it has returned: %d calls and the error %v", calls.Load(), err)
		}
	})
}

// TestGraceIsShared checks that a scrape that is over waits no longer than the grace period for all
// functions together.
func TestGraceIsShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		allowance := callback.NewAllowance(ctx)
		start := time.Now()
		for range 5 {
			_, _ = callback.Call(new(callback.Caller), allowance, func() (int, error) { time.Sleep(time.Hour); return 0, nil })
		}
		if took := time.Since(start); took > 150*time.Millisecond {
			t.Errorf("it took %v", took)
		}
		time.Sleep(time.Hour)
	})
}

// unusable panics in all its methods if it is nil.
type unusable struct{ context.Context }

func TestMakeContext(t *testing.T) {
	type key struct{}
	ctx, other := t.Context(), context.WithValue(t.Context(), key{}, 1)
	for name, tc := range map[string]struct {
		made, want context.Context
		fails      bool
	}{
		"another":  {made: other, want: other},
		"nil":      {made: nil, want: ctx},
		"unusable": {made: (*unusable)(nil), want: ctx, fails: true},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := callback.MakeContext(ctx, func() context.Context { return tc.made })
			if got != tc.want || (err != nil) != tc.fails {
				t.Errorf("got %v and %v", got, err)
			}
		})
	}
}

// TestWithin checks that a context within another one has its own values, and the deadline and end of the
// other one.
func TestWithin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		outer, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		type key struct{}
		next, stop := context.WithCancel(context.WithValue(context.Background(), key{}, 1))
		defer stop()
		got, unlink := callback.Within(outer, next)
		defer unlink()
		if until, ok := got.Deadline(); got.Value(key{}) != 1 || !ok || time.Until(until) != time.Minute {
			t.Errorf("got %v", got)
		}
		cancel()
		synctest.Wait()
		if !errors.Is(got.Err(), context.Canceled) {
			t.Errorf("when the outer context is canceled, the inner one has the error %v", got.Err())
		}
	})
}
