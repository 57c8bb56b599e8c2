package push_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/push"
)

// TestLoopStatus checks the status of a loop from its start to its end.
func TestLoopStatus(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		opts := quiet()
		opts.Interval = 10 * time.Second
		calls, start := 0, time.Now()
		loop := push.Every(ctx, func(context.Context) error {
			time.Sleep(2 * time.Second)
			if calls++; calls == 2 {
				return errTest
			}
			return nil
		}, opts)
		check := func(after time.Duration, want push.LoopStatus) {
			t.Helper()
			time.Sleep(time.Until(start.Add(after)))
			if got := loop.Status(); got != want {
				t.Errorf("after %v: got\n%+v, want\n%+v", after, got, want)
			}
		}
		at := func(seconds int) time.Time { return start.Add(time.Duration(seconds) * time.Second) }
		want := push.LoopStatus{Name: "test", Runs: 1, LastStart: at(0), RunningSince: at(0)}
		check(time.Second, want)
		want.RunningSince, want.LastDuration, want.LastSuccess, want.Next = time.Time{}, 2*time.Second, at(2), at(10)
		check(3*time.Second, want)
		want.Runs, want.Failures, want.LastStart, want.LastError, want.Next = 2, 1, at(10), errTest, at(20)
		check(13*time.Second, want)
		cancel()
		_ = loop.Wait()
		want.Runs, want.LastStart, want.LastSuccess, want.LastError, want.Next = 3, at(13), at(15), nil, time.Time{}
		check(15*time.Second, want)
	})
}

// TestEveryInRegistry checks how a registry shows a loop, directly and from inside another gatherer, and
// that scrapes do not contain it.
func TestEveryInRegistry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inner, outer := metric.NewContextRegistry(), metric.NewMultiGatherer()
		inner.MustRegister(metric.NewGauge(metric.GaugeOpts{Name: "gauge"}))
		if err := outer.Register("inner", inner); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		opts := quiet()
		opts.Interval, opts.Registry, opts.Name = 10*time.Second, inner, "gateway"
		calls := 0
		release := make(chan struct{})
		loop := push.Every(ctx, func(context.Context) error {
			if calls++; calls == 2 {
				<-release
			}
			return errTest
		}, opts)
		opts.Name = ""
		unnamed := push.Every(ctx, func(context.Context) error { return nil }, opts)

		time.Sleep(5 * time.Second)
		states := inner.Status()
		if len(states) != 3 || states[0].Name != "gauge" || states[2].Name != "push" {
			t.Fatalf("got %+v", states)
		}
		s := states[1]
		if s.Name != "push/gateway" || s.Kind != "push" || strings.Join(s.Policies, "; ") != "every 10s; timeout 10s" ||
			s.Runs != 1 || s.Failures != 1 || !errors.Is(s.LastError, errTest) || s.LastStart.IsZero() || s.Running != 0 {
			t.Errorf("after a call: %+v", s)
		}
		line := statusLine(t, outer, "inner/push/gateway")
		for _, part := range []string{"failed", "5s ago", "every 10s; timeout 10s", "push", "no luck"} {
			if !strings.Contains(line, part) {
				t.Errorf("the page lacks %q: %s", part, line)
			}
		}
		families, err := inner.Gather()
		if len(families) != 1 || err != nil {
			t.Errorf("a scrape has gathered %v and the error %v", families, err)
		}

		time.Sleep(10 * time.Second)
		if s = inner.Status()[1]; s.Running != 1 || s.RunningSince.IsZero() || !s.StuckSince.IsZero() {
			t.Errorf("during a call: %+v", s)
		}
		time.Sleep(10 * time.Second)
		if s = inner.Status()[1]; !s.StuckSince.Equal(s.LastStart.Add(10 * time.Second)) {
			t.Errorf("after the deadline of a call: %+v", s)
		}
		if line := statusLine(t, outer, "inner/push/gateway"); !strings.Contains(line, "stuck for 5s") {
			t.Errorf("the page has %q", line)
		}
		close(release)
		cancel()
		_, _ = loop.Wait(), unnamed.Wait()
		if states := inner.Status(); len(states) != 1 {
			t.Errorf("after the end of the loops: %+v", states)
		}
	})
}

// statusLine returns the line about a collector on the status page of g.
func statusLine(t *testing.T, g metric.Gatherer, name string) string {
	t.Helper()
	response := httptest.NewRecorder()
	metric.StatusHandler(g).ServeHTTP(response, httptest.NewRequest(http.MethodGet, "/", http.NoBody))
	for line := range strings.Lines(response.Body.String()) {
		if strings.HasPrefix(line, name+" ") {
			return line
		}
	}
	t.Errorf("there is no line %s in\n%s", name, response.Body)
	return ""
}
