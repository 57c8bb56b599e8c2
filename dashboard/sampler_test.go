package dashboard_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/dashboard"
)

func TestNothingIsSampledWithoutViewers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProbe("x")
		d := newDashboard(t, registryOf(t, map[string]*probe{"x": p}), dashboard.Opts{})
		time.Sleep(time.Hour)
		get(d, "/", "Accept", "text/html")
		get(d, "/api/history")
		time.Sleep(time.Hour)
		if n := p.runs.Load(); n != 0 {
			t.Errorf("the collector ran %d times, although no page was open", n)
		}
	})
}

// TestViewersShareOneSampler checks how often the collector runs for two viewers, and that the sampler stops
// half a minute after the last viewer has left.
func TestViewersShareOneSampler(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProbe("x")
		d := newDashboard(t, registryOf(t, map[string]*probe{"x": p}), dashboard.Opts{})
		a := open(t, d, "/api/stream?view=metrics")
		synctest.Wait()
		if n := p.runs.Load(); n != 1 {
			t.Fatalf("the first viewer has caused %d samples at once, not 1", n)
		}
		time.Sleep(second)
		b := open(t, d, "/api/stream?view=metrics")
		synctest.Wait()
		if ticks := b.events("tick"); len(ticks) != 1 {
			t.Errorf("the second viewer has got %d ticks at once, not 1", len(ticks))
		}
		time.Sleep(9*second + second/2)
		if n := p.runs.Load(); n != 6 {
			t.Errorf("two viewers have caused %d samples in 10.5 s with an interval of 2 s, not 6", n)
		}
		a.close()
		b.close()
		time.Sleep(29 * second)
		if n := p.runs.Load(); n < 19 {
			t.Errorf("a page that is loaded again has a gap: only %d samples", n)
		}
		time.Sleep(2 * second)
		n := p.runs.Load()
		time.Sleep(time.Hour)
		if more := p.runs.Load() - n; more != 0 {
			t.Errorf("%d samples were taken after the last viewer had been gone for 31 s", more)
		}
		if h := read[struct{ Samples int }](t, get(d, "/api/history").Body.String()); h.Samples != 0 {
			t.Errorf("%d samples are still kept after the sampler has stopped", h.Samples)
		}
	})
}

// TestViewerReturnsWhileSamplerStops checks that a viewer that comes at the moment when the sampler stops
// gets samples.
func TestViewerReturnsWhileSamplerStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProbe("x")
		d := newDashboard(t, registryOf(t, map[string]*probe{"x": p}), dashboard.Opts{Interval: 10 * second})
		for range 5 {
			s := open(t, d, "/api/stream")
			time.Sleep(15 * second)
			s.close()
			time.Sleep(30 * second) // until the moment at which the sampler stops
		}
		s := open(t, d, "/api/stream")
		synctest.Wait()
		if n := len(s.events("tick")); n == 0 {
			t.Error("the viewer that came when the sampler stopped gets no sample")
		}
	})
}

func TestHistoryIsSampledWithoutViewers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProbe("x")
		r := registryOf(t, map[string]*probe{"x": p})
		d := newDashboard(t, r, dashboard.Opts{History: time.Minute})
		time.Sleep(59*second + second/2)
		if n := p.runs.Load(); n != 6 {
			t.Errorf("%d samples were taken in a minute with an interval of 10 s, not 6", n)
		}
		s := open(t, d, "/api/stream")
		time.Sleep(2*second + second/2)
		if n := p.runs.Load(); n != 8 {
			t.Errorf("there are %d samples, not 8: a viewer must get one at once, and another one after 2 s", n)
		}
		s.close()
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		n := p.runs.Load()
		time.Sleep(time.Hour)
		if p.runs.Load() != n {
			t.Error("samples are taken of a registry that is closed")
		}
	})
}

// TestHangingCollector checks the events that a page gets while a collector ignores its context.
func TestHangingCollector(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		good, stuck := newProbe("good"), newProbe("stuck").does(func(context.Context) { <-release })
		defer close(release)
		d := newDashboard(t, registryOf(t, map[string]*probe{"good": good, "stuck": stuck}), dashboard.Opts{Timeout: 9 * second})
		s := open(t, d, "/api/stream?view=collectors")
		synctest.Wait()
		if n := len(s.events("tick")); n != 0 {
			t.Errorf("there are %d ticks before the first sample", n)
		}
		time.Sleep(2*second + second/2)
		if got := states(t, s)["stuck"]; got != "running" {
			t.Errorf("while the first sample waits, the collector is %q, not running", got)
		}
		time.Sleep(8 * second)
		if got := last[tick](t, s, "tick"); got.T == 0 || got.Error == "" || got.Series == 0 || got.Problems != 1 {
			t.Errorf("after the timeout, the tick is %+v: it must have what could be gathered, and the error", got)
		}
		if got := states(t, s)["stuck"]; got != "stuck" {
			t.Errorf("after the timeout, the collector is %q, not stuck", got)
		}
		before, runs := len(s.events("tick")), good.runs.Load()
		time.Sleep(10 * second)
		if n := len(s.events("tick")) - before; n < 5 {
			t.Errorf("%d ticks came in 10 s: a stuck collector holds up the status", n)
		}
		if good.runs.Load() == runs {
			t.Error("a stuck collector holds up the others")
		}
		began := time.Now()
		_ = d.Close()
		if took := time.Since(began); took > second {
			t.Errorf("Close waited %v for a collector that hangs", took)
		}
		<-s.ended
	})
}

// states returns the last state of each collector in the events that have arrived.
func states(t *testing.T, s *stream) map[string]string {
	t.Helper()
	all := make(map[string]string)
	for i, e := range s.events("collectors") {
		c := read[rows](t, e.data)
		if c.All != (i == 0) {
			t.Errorf("event %d of collectors: all is %v", i, c.All)
		}
		for _, row := range c.Rows {
			all[row.Name] = row.State
		}
	}
	return all
}

func TestOneGatheringAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var now, most atomic.Int64
		slow := newProbe("slow").does(func(ctx context.Context) {
			most.Store(max(most.Load(), now.Add(1)))
			defer now.Add(-1)
			select {
			case <-time.After(5 * second):
			case <-ctx.Done():
			}
		})
		d := newDashboard(t, registryOf(t, map[string]*probe{"slow": slow}), dashboard.Opts{Timeout: 8 * second})
		open(t, d, "/api/stream?view=metrics")
		for range 3 {
			open(t, d, "/api/stream?view=metrics")
			time.Sleep(7 * second)
			go get(d, "/api/metrics")
		}
		if n := most.Load(); n != 1 {
			t.Errorf("%d gatherings were under way at once", n)
		}
	})
}

func TestPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bad := newProbe("bad").does(func(context.Context) { panic("password=hunter2 is <b>wrong</b>\nsecond line") })
		good := newProbe("good")
		d := newDashboard(t, registryOf(t, map[string]*probe{"bad": bad, "good": good}), dashboard.Opts{})
		s := open(t, d, "/api/stream?view=collectors")
		time.Sleep(3 * second)
		got := last[tick](t, s, "tick")
		if got.Series != 1 || good.runs.Load() != 2 {
			t.Errorf("the panic costs more than itself: %+v", got)
		}
		if !strings.Contains(got.Error, "bad") || strings.Contains(got.Error, "hunter2") || strings.Contains(got.Error, "\n") {
			t.Errorf("the error is %q: it must be one line that names the collector, without the password", got.Error)
		}
	})
}

// TestGathererPanics checks that the sampler survives a gatherer, other than a registry, that panics or
// returns an error whose methods panic.
func TestGathererPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		d := newDashboard(t, metric.GathererWithContextFunc(func(context.Context) ([]*metric.MetricFamily, error) {
			if calls++; calls > 1 {
				return nil, badError{}
			}
			panic(badError{})
		}), dashboard.Opts{})
		s := open(t, d, "/api/stream?view=collectors")
		time.Sleep(5 * second)
		if got := last[tick](t, s, "tick"); got.Error == "" || calls != 3 {
			t.Errorf("after %d calls: %+v", calls, got)
		}
	})
}

// badError is an error whose methods panic.
type badError struct{}

func (badError) Error() string   { panic("no text") }
func (badError) Is(error) bool   { panic("no Is") }
func (badError) Unwrap() []error { panic("no Unwrap") }

// TestSampleOnDemand checks that a request without a recent sample causes one, and that requests share it.
func TestSampleOnDemand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProbe("x").does(func(context.Context) { time.Sleep(second / 2) })
		d := newDashboard(t, registryOf(t, map[string]*probe{"x": p}), dashboard.Opts{})
		answers := make(chan int)
		for range 20 {
			go func() { answers <- get(d, "/api/metrics").Code }()
		}
		for range 20 {
			if code := <-answers; code != http.StatusOK {
				t.Errorf("status %d", code)
			}
		}
		if n := p.runs.Load(); n != 1 {
			t.Errorf("20 requests have caused %d samples, not 1", n)
		}
		time.Sleep(3 * second)
		n := p.runs.Load()
		if get(d, "/api/metrics"); p.runs.Load() != n {
			t.Error("a request has caused a sample, although there is a recent one")
		}
		time.Sleep(time.Hour)
		n = p.runs.Load()
		if get(d, "/api/metrics"); p.runs.Load() != n+1 {
			t.Error("a request after an hour has not got a new sample")
		}
	})
}

// TestSampleOnDemandIsBounded checks that no request waits for a collector that hangs for longer than its own
// context or the timeout allow.
func TestSampleOnDemandIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		p := newProbe("x").does(func(context.Context) { <-release })
		defer close(release)
		d := newDashboard(t, registryOf(t, map[string]*probe{"x": p}), dashboard.Opts{Timeout: 40 * second})
		ctx, cancel := context.WithTimeout(t.Context(), 3*second)
		defer cancel()
		began := time.Now()
		w := getWithin(ctx, d, "/api/metrics")
		if took := time.Since(began); w.Code != http.StatusServiceUnavailable || took != 3*second {
			t.Errorf("a request whose context ends after 3 s: %d after %v", w.Code, took)
		}
		began = time.Now()
		w = get(d, "/collectors.txt")
		if took := time.Since(began); w.Code != http.StatusOK || took > 2*second {
			t.Errorf("collectors.txt has answered %d after %v, while a collector hangs", w.Code, took)
		}
		w = get(d, "/api/metrics")
		if w.Code != http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), "x") {
			t.Errorf("without any sample: %d %s", w.Code, w.Body)
		}
	})
}

func TestUnknownSelection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDashboard(t, registryOf(t, map[string]*probe{"x": newProbe("x")}),
			dashboard.Opts{Selection: metric.Selection{Collectors: []string{"y"}}})
		w := get(d, "/api/metrics")
		if w.Code != http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), `y`) {
			t.Errorf("%d %s", w.Code, w.Body)
		}
	})
}

func TestSelection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cheap, dear := newProbe("cheap"), newProbe("dear")
		d := newDashboard(t, registryOf(t, map[string]*probe{"cheap": cheap, "dear": dear}),
			dashboard.Opts{Selection: metric.Selection{Exclude: []string{"dear"}}})
		get(d, "/api/metrics")
		get(d, "/metrics")
		if cheap.runs.Load() != 2 || dear.runs.Load() != 0 {
			t.Errorf("the selected collector ran %d times, the other one %d times", cheap.runs.Load(), dear.runs.Load())
		}
	})
}

func TestClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProbe("x")
		d := newDashboard(t, registryOf(t, map[string]*probe{"x": p}), dashboard.Opts{History: time.Minute})
		s := open(t, d, "/api/stream")
		synctest.Wait()
		for range 2 {
			if err := d.Close(); err != nil {
				t.Error(err)
			}
		}
		<-s.ended
		n := p.runs.Load()
		for _, path := range []string{"/", "/api/stream", "/api/metrics", "/metrics"} {
			if w := get(d, path); w.Code != http.StatusServiceUnavailable {
				t.Errorf("%s after Close: %d", path, w.Code)
			}
		}
		time.Sleep(time.Hour)
		if p.runs.Load() != n {
			t.Error("samples are taken after Close")
		}
	})
}

// TestCloseEndsWaitingRequests checks that Close ends a request that waits for a sample.
func TestCloseEndsWaitingRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProbe("x").does(func(ctx context.Context) { <-ctx.Done() })
		d := newDashboard(t, registryOf(t, map[string]*probe{"x": p}), dashboard.Opts{})
		answer := make(chan string)
		go func() { answer <- fmt.Sprint(get(d, "/api/metrics").Code) }()
		synctest.Wait()
		_ = d.Close()
		if got := <-answer; got != "503" {
			t.Error(got)
		}
	})
}

// TestSearchWhileCollectorHangs checks that a search gets the last sample at once while the next sample waits
// for a collector.
func TestSearchWhileCollectorHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProbe("x").does(func(ctx context.Context) { <-ctx.Done() })
		d := newDashboard(t, registryOf(t, map[string]*probe{"x": p, "y": newProbe("y")}), dashboard.Opts{Timeout: 9 * second})
		open(t, d, "/api/stream?view=metrics")
		time.Sleep(9*second + second/2)
		for range 20 {
			began := time.Now()
			if w := get(d, "/api/metrics"); w.Code != http.StatusOK || time.Since(began) != 0 {
				t.Errorf("a search took %v: %d", time.Since(began), w.Code)
			}
			time.Sleep(second)
		}
	})
}

// TestErrorHangs checks that samples continue, and that Close returns, while the Error method of a gatherer's
// error hangs.
func TestErrorHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		defer close(release)
		d := newDashboard(t, metric.GathererWithContextFunc(func(context.Context) ([]*metric.MetricFamily, error) {
			return nil, hangingError{release}
		}), dashboard.Opts{})
		s := open(t, d, "/api/stream?view=collectors")
		time.Sleep(9 * second)
		if n := len(s.events("tick")); n < 3 {
			t.Errorf("there are %d ticks in 9 s", n)
		}
		began := time.Now()
		_ = d.Close()
		if took := time.Since(began); took > second {
			t.Errorf("Close took %v", took)
		}
	})
}

type hangingError struct{ until chan struct{} }

func (e hangingError) Error() string { <-e.until; return "late" }
