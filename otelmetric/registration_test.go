package otelmetric_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	api "go.opentelemetry.io/otel/metric"
	sdk "go.opentelemetry.io/otel/sdk/metric"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/otelmetric"
)

func TestRegisterCallbackErrors(t *testing.T) {
	o := newObserved(t)
	g, err := o.meter.Int64ObservableGauge("g")
	if err != nil {
		t.Fatal(err)
	}
	twin, err := newObserved(t).meter.Int64ObservableGauge("g")
	if err != nil {
		t.Fatal(err)
	}
	elsewhere, err := o.Meter("other").Float64ObservableGauge("elsewhere")
	if err != nil {
		t.Fatal(err)
	}
	calls := 0
	f := func(_ context.Context, to api.Observer) error {
		calls++
		to.ObserveInt64(g, 1)
		return nil
	}
	tests := []struct {
		name        string
		f           api.Callback
		instruments []api.Observable
		err         string
		calls       int
	}{
		{"no instruments", f, nil, "", 0},
		{"a nil callback", nil, []api.Observable{g}, "a callback is nil", 0},
		{"another meter", f, []api.Observable{elsewhere}, `instrument "elsewhere" of meter "other"`, 0},
		{"another provider", f, []api.Observable{twin}, `instrument "g" of meter "test"`, 0},
		{"no instrument", f, []api.Observable{nil}, "(<nil>)", 0},
		{"another meter, too", f, []api.Observable{elsewhere, g}, `instrument "elsewhere" of meter "other"`, 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			calls = 0
			r, err := o.meter.RegisterCallback(test.f, test.instruments...)
			if err == nil && test.err != "" || err != nil && (test.err == "" || !strings.Contains(err.Error(), test.err)) {
				t.Errorf("got the error %v, want %q", err, test.err)
			}
			if _, err := o.gather(t.Context()); err != nil || calls != test.calls {
				t.Errorf("it was called %d times, want %d; error %v", calls, test.calls, err)
			}
			for range 2 {
				if err := r.Unregister(); err != nil {
					t.Error(err)
				}
			}
			o.expect(t, map[string]float64{})
		})
	}
}

// TestUnregisterWaitsForNothing unregisters a callback during a run.
func TestUnregisterWaitsForNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newObserved(t)
		g, err := o.meter.Int64ObservableGauge("g")
		if err != nil {
			t.Fatal(err)
		}
		release, calls := make(chan struct{}), 0
		r, err := o.meter.RegisterCallback(func(_ context.Context, to api.Observer) error {
			calls++
			<-release
			to.ObserveInt64(g, 1)
			return nil
		}, g)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := o.meter.RegisterCallback(func(_ context.Context, to api.Observer) error {
			to.ObserveInt64(g, 2, with("k", "v"))
			return nil
		}, g); err != nil {
			t.Fatal(err)
		}
		done := make(chan map[string]float64)
		go func() {
			got, err := o.gather(t.Context())
			if err != nil {
				t.Error(err)
			}
			done <- got
		}()
		synctest.Wait()
		if err := r.Unregister(); err != nil {
			t.Error(err)
		}
		close(release)
		expectValues(t, <-done, map[string]float64{"g": 1, `g{k="v"}`: 2})
		if err := r.Unregister(); err != nil {
			t.Error(err)
		}
		o.expect(t, map[string]float64{`g{k="v"}`: 2})
		if calls != 1 {
			t.Errorf("it was called %d times", calls)
		}
	})
}

// TestShutdownAwaitsCallbacks shuts a provider down during a run.
func TestShutdownAwaitsCallbacks(t *testing.T) {
	for _, patient := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			o := newObserved(t)
			calls := 0
			c := o.intCounter(t, "c", func(context.Context, api.Int64Observer) error {
				calls++
				time.Sleep(time.Minute)
				return nil
			})
			go func() { _, _ = o.gather(context.WithoutCancel(t.Context())) }()
			synctest.Wait()
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			if patient {
				ctx, cancel = context.WithTimeout(t.Context(), time.Hour)
			}
			defer cancel()
			began := time.Now()
			err := o.Shutdown(ctx)
			took := time.Since(began)
			switch {
			case patient && (err != nil || took != time.Minute):
				t.Errorf("Shutdown took %v and returned the error %v", took, err)
			case !patient && (!errors.Is(err, context.DeadlineExceeded) || took != time.Second):
				t.Errorf("Shutdown took %v and returned the error %v", took, err)
			}
			if err := o.Shutdown(ctx); !errors.Is(err, otelmetric.ErrShutdown) {
				t.Errorf("the second Shutdown returned the error %v", err)
			}
			o.expect(t, map[string]float64{})
			if _, err := o.meter.RegisterCallback(func(context.Context, api.Observer) error {
				calls++
				return nil
			}, c); err != nil {
				t.Error(err)
			}
			o.intCounter(t, "later", func(context.Context, api.Int64Observer) error {
				calls++
				return nil
			})
			o.expect(t, map[string]float64{})
			if calls != 1 {
				t.Errorf("callbacks were called %d times", calls)
			}
			time.Sleep(time.Minute)
		})
	}
}

// TestShutdownEndsBackground shuts down a provider with a callback that runs in the background.
func TestShutdownEndsBackground(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newObserved(t, otelmetric.WithCollectorOptions(sdk.Instrument{Name: "*"}, metric.WithBackground(time.Minute)))
		var calls atomic.Int32
		o.intCounter(t, "c", func(context.Context, api.Int64Observer) error {
			calls.Add(1)
			return nil
		})
		time.Sleep(10 * time.Minute)
		before := calls.Load()
		if before < 9 {
			t.Errorf("it ran %d times", before)
		}
		if err := o.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
		time.Sleep(10 * time.Minute)
		if after := calls.Load(); after != before {
			t.Errorf("it ran %d times after Shutdown", after-before)
		}
	})
}
