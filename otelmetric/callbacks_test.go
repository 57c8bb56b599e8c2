package otelmetric_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
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

var errTest = errors.New("the database is down")

// TestCallbackCostsOnlyItself checks that a callback that fails in any way does not affect another one.
func TestCallbackCostsOnlyItself(t *testing.T) {
	const timeout = time.Second // timeout of the scrape
	tests := []struct {
		name string
		run  func(ctx context.Context, o api.Int64Observer) error
		want map[string]float64
		err  func(error) bool
	}{
		{"an error in the middle", func(_ context.Context, o api.Int64Observer) error {
			o.Observe(1)
			return errTest
		}, map[string]float64{"bad_total": 1}, is(errTest)},
		{"a panic in the middle", func(_ context.Context, o api.Int64Observer) error {
			o.Observe(1)
			panic("oops")
		}, map[string]float64{"bad_total": 1}, func(err error) bool {
			p, ok := errors.AsType[*metric.PanicError](err)
			return ok && strings.Contains(string(p.Stack), "callbacks_test.go")
		}},
		{"it obeys its context", func(ctx context.Context, o api.Int64Observer) error {
			o.Observe(1)
			<-ctx.Done()
			o.Observe(2)
			o.Observe(3, with("k", "last"))
			return ctx.Err()
		}, map[string]float64{"bad_total": 3, `bad_total{k="last"}`: 3}, is(context.DeadlineExceeded)},
		{"it says nothing of the end of its context", func(ctx context.Context, o api.Int64Observer) error {
			o.Observe(1)
			<-ctx.Done()
			return nil
		}, map[string]float64{"bad_total": 1}, is(context.DeadlineExceeded)},
		{"it needs time to return", func(ctx context.Context, o api.Int64Observer) error {
			o.Observe(1)
			<-ctx.Done()
			time.Sleep(50 * time.Millisecond)
			o.Observe(2) // The sample of the series has already been written.
			o.Observe(3, with("k", "last"))
			return nil
		}, map[string]float64{"bad_total": 1, `bad_total{k="last"}`: 3}, is(context.DeadlineExceeded)},
		{"it does not return in time", func(_ context.Context, o api.Int64Observer) error {
			o.Observe(1)
			time.Sleep(time.Hour)
			o.Observe(2, with("k", "late"))
			return nil
		}, map[string]float64{"bad_total": 1}, is(context.DeadlineExceeded)},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := newObserved(t)
				o.intCounter(t, "bad", test.run)
				o.intCounter(t, "good", func(_ context.Context, o api.Int64Observer) error {
					o.Observe(42)
					return nil
				})
				ctx, cancel := context.WithTimeout(t.Context(), timeout)
				defer cancel()
				began := time.Now()
				got, err := o.gather(ctx)
				if took := time.Since(began); took > timeout {
					t.Errorf("the scrape took %v", took)
				}
				test.want["good_total"] = 42
				expectValues(t, got, test.want)
				all := failures(t, err)
				if len(all) != 1 || !test.err(all["test:bad"]) {
					t.Errorf("got the failures %v", all)
				}
				time.Sleep(2 * time.Hour) // By then, all callbacks have returned.
			})
		})
	}
}

// is returns a function that reports whether an error wraps want.
func is(want error) func(error) bool { return func(err error) bool { return errors.Is(err, want) } }

// TestCallbackStuck checks that scrapes do not start a callback again before it has returned.
func TestCallbackStuck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newObserved(t)
		var calls atomic.Int32
		release := make(chan struct{})
		o.intCounter(t, "stuck", func(_ context.Context, o api.Int64Observer) error {
			o.Observe(int64(calls.Add(1)))
			<-release
			return nil
		})
		scrape := func() (map[string]float64, error) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			return o.gather(ctx)
		}
		got, err := scrape()
		expectValues(t, got, map[string]float64{"stuck_total": 1})
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("the first scrape has the error %v", err)
		}
		time.Sleep(time.Minute)
		for range 3 {
			if got, err := scrape(); len(got) > 0 || !errors.Is(err, metric.ErrStillRunning) {
				t.Errorf("got %v and the error %v", got, err)
			}
		}
		close(release)
		synctest.Wait()
		if got, err := scrape(); err != nil || got["stuck_total"] != 2 {
			t.Errorf("after it has returned, got %v and the error %v", got, err)
		}
	})
}

// TestCallbackContext checks the contexts of callbacks during scrapes over HTTP.
func TestCallbackContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newObserved(t)
		type requestKey struct{}
		var left time.Duration
		var value any
		o.intCounter(t, "c", func(ctx context.Context, o api.Int64Observer) error {
			deadline, _ := ctx.Deadline()
			left, value = time.Until(deadline), ctx.Value(requestKey{})
			o.Observe(1)
			return nil
		})
		request := httptest.NewRequestWithContext(context.WithValue(t.Context(), requestKey{}, "tenant"), http.MethodGet, "/metrics", http.NoBody)
		request.Header.Set("X-Prometheus-Scrape-Timeout-Seconds", "3")
		response := httptest.NewRecorder()
		metric.HandlerFor(o.registry).ServeHTTP(response, request)
		if !strings.Contains(response.Body.String(), "c_total 1") {
			t.Errorf("got %s", response.Body)
		}
		if left <= 2*time.Second || left >= 3*time.Second {
			t.Errorf("the callback had %v", left)
		}
		if value != "tenant" {
			t.Errorf("the value in the context was %v", value)
		}
	})
}

// TestCallbackOptions runs callbacks with policies.
func TestCallbackOptions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newObserved(t,
			otelmetric.WithCollectorOptions(sdk.Instrument{Name: "slow*"}, metric.WithTimeout(time.Second)),
			otelmetric.WithCollectorOptions(sdk.Instrument{Name: "dear"}, metric.WithCache(time.Minute)))
		slow := o.intCounter(t, "slow", func(ctx context.Context, o api.Int64Observer) error {
			o.Observe(1)
			<-ctx.Done()
			return ctx.Err()
		})
		var calls int64
		dear := o.intCounter(t, "dear", func(_ context.Context, o api.Int64Observer) error {
			calls++
			o.Observe(calls)
			return nil
		})
		slower := o.intCounter(t, "slower", nopCallback)
		if _, err := o.meter.RegisterCallback(func(context.Context, api.Observer) error { return nil }, slow, dear, slower); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			began := time.Now()
			got, err := o.gather(t.Context()) // This scrape has no deadline.
			expectValues(t, got, map[string]float64{"slow_total": 1, "dear_total": 1})
			if all := failures(t, err); len(all) != 1 || !errors.Is(all["test:slow"], context.DeadlineExceeded) {
				t.Errorf("got the failures %v", all)
			}
			if took := time.Since(began); took < time.Second || took > 3*time.Second {
				t.Errorf("the scrape took %v", took)
			}
		}
		want := map[string][]string{
			"test:slow": {"timeout 1s"}, "test:dear": {"cache 1m0s"}, "test:slower": {"timeout 1s"},
			"test:slow,dear,slower": {"timeout 1s", "cache 1m0s"},
		}
		for _, s := range o.registry.Status() {
			if !slices.Equal(s.Policies, want[s.Name]) || s.Kind != "collector with context" {
				t.Errorf("%s is a %s with %q", s.Name, s.Kind, s.Policies)
			}
			delete(want, s.Name)
		}
		if len(want) > 0 {
			t.Errorf("the status lacks %v", want)
		}
	})
}

func nopCallback(context.Context, api.Int64Observer) error { return nil }

func TestCallbackNames(t *testing.T) {
	o := newObserved(t)
	m := o.Meter("example.org/lib")
	var all []api.Observable
	for _, name := range []string{"a/b", "c", "d", "e", "f"} {
		g, err := m.Int64ObservableGauge(name)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, g)
	}
	nop := func(context.Context, api.Observer) error { return nil }
	for _, instruments := range [][]api.Observable{all[:1], all[:1], all[:3], all} {
		if _, err := m.RegisterCallback(nop, instruments...); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := o.Meter("").Int64ObservableGauge("x", api.WithInt64Callback(nopCallback)); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, s := range o.registry.Status() {
		names = append(names, s.Name)
	}
	want := []string{
		"example.org.lib:a.b", "example.org.lib:a.b#2", "example.org.lib:a.b,c,d", "example.org.lib:a.b,c,d and 2 more", "x",
	}
	if !slices.Equal(names, want) {
		t.Errorf("got %q, want %q", names, want)
	}
}

// TestCallbackMisuse makes each mistake in a callback twice, and checks that it is reported once.
func TestCallbackMisuse(t *testing.T) {
	o := newObserved(t)
	other := o.Meter("other")
	g, err1 := o.meter.Int64ObservableGauge("g")
	unregistered, err2 := o.meter.Int64ObservableGauge("unregistered")
	elsewhere, err3 := other.Float64ObservableGauge("elsewhere")
	var kept api.Observer
	_, err4 := o.meter.RegisterCallback(func(_ context.Context, to api.Observer) error {
		kept = to
		to.ObserveInt64(g, 1)
		for range 2 {
			to.ObserveInt64(unregistered, 2)
			to.ObserveFloat64(elsewhere, 3)
			to.ObserveInt64(nil, 4)
			to.ObserveFloat64(nil, 5)
		}
		return nil
	}, g, g)
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		t.Fatal(err)
	}
	o.expect(t, map[string]float64{"g": 1})
	kept.ObserveInt64(g, 6)
	if o.handled.mention("has returned already") != 1 {
		t.Errorf("a late observation of a known series is not reported: %q", o.handled.errs)
	}
	kept.ObserveInt64(g, 6)
	kept.ObserveInt64(g, 6, with("k", "new"))
	o.expect(t, map[string]float64{"g": 1})
	for _, text := range []string{
		"test:g: an observation of \"unregistered\" of meter \"test\" is left out: the callback is not registered for it",
		"test:g: an observation is left out: its instrument (<nil>) does not belong to this meter provider",
		"test:g: an observation is left out: the callback has returned already",
	} {
		if n := o.handled.mention(text); n != 1 {
			t.Errorf("%q was handled %d times", text, n)
		}
	}
	if n := len(o.handled.errs); n != 3 {
		t.Errorf("handled %q", o.handled.errs)
	}
}
