package probe

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/luxfi/metric"
)

// elapsed returns how long a call of f takes.
func elapsed(f func()) time.Duration {
	start := time.Now()
	f()
	return time.Since(start)
}

func TestDeadline(t *testing.T) {
	for _, test := range []struct {
		name, config, header string
		offset, want         time.Duration
	}{
		{"header", "modules: {a: {}}", "10", 0, 9500 * time.Millisecond},
		{"short header", "modules: {a: {}}", "1", 0, 900 * time.Millisecond},
		{"offset", "modules: {a: {}}", "10", time.Second, 9 * time.Second},
		{"no offset", "modules: {a: {}}", "10", -1, 10 * time.Second},
		{"module", "modules: {a: {timeout: 3s}}", "10", 0, 3 * time.Second},
		{"module is longer", "modules: {a: {timeout: 30s}}", "10", 0, 9500 * time.Millisecond},
		{"module without header", "modules: {a: {timeout: 5m}}", "", 0, 5 * time.Minute},
		{"nothing", "modules: {a: {}}", "", 0, 2 * time.Minute},
		{"bad header", "modules: {a: {timeout: 3s}}", "ten", 0, 3 * time.Second},
		{"long header", "modules: {a: {}}", "1e9", 0, 2 * time.Minute},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := serving(t, test.config, Opts{TimeoutOffset: test.offset, Probers: []Prober{prober(func(ctx context.Context, p *Probe) error {
					p.Metrics.NewGauge("before", "Set before.").Set(1)
					<-ctx.Done()
					return ctx.Err()
				})}})
				took := elapsed(func() { has(t, ask(h, "x", within(test.header)), fails, "before 1") })
				if took != test.want {
					t.Errorf("took %v, want %v", took, test.want)
				}
			})
		})
	}
}

func TestProberThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		end := make(chan bool)
		h := answering(t, "modules: {a: {}}", func(_ context.Context, p *Probe) error {
			p.Metrics.NewGauge("before", "Set before.").Set(1)
			<-end
			p.Metrics.NewGauge("after", "Set when it was left behind.").Set(1)
			p.Logger.Info("still here")
			_, err := p.DialContext(context.Background(), "tcp", "127.0.0.1:1")
			return err
		})
		took := elapsed(func() { has(t, ask(h, "x", within("10")), fails, "before 1") })
		if took < 9500*time.Millisecond || took > 9800*time.Millisecond {
			t.Errorf("took %v", took)
		}
		if running, left := h.limiter.counts(); running != 0 || left != 1 {
			t.Errorf("%d running, %d left behind", running, left)
		}
		close(end)
		synctest.Wait()
		if running, left := h.limiter.counts(); running != 0 || left != 0 {
			t.Errorf("%d running, %d left behind at the end", running, left)
		}
		if h.set.uses != 1 {
			t.Errorf("%d uses of the set", h.set.uses)
		}
	})
}

func TestCollectorThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		end := make(chan bool)
		h := answering(t, "modules: {a: {}}", func(_ context.Context, p *Probe) error {
			p.Metrics.NewGauge("before", "Set before.").Set(1)
			return p.Registry.Register(metric.NewCollectorFunc(nil, func(context.Context, chan<- metric.Metric) { <-end }))
		})
		took := elapsed(func() { has(t, ask(h, "x", within("10")), succeeds, "before 1") })
		if took > 9800*time.Millisecond {
			t.Errorf("took %v", took)
		}
		close(end)
	})
}

// TestReturnedTooLate checks that a prober that returns no error after its timeout counts as a timeout.
func TestReturnedTooLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := answering(t, "modules: {a: {timeout: 1s}}", func(context.Context, *Probe) error {
			time.Sleep(1010 * time.Millisecond)
			return nil
		})
		has(t, ask(h, "x"), fails)
		if recent, _ := h.history.lists(); recent[0].result != timeout {
			t.Errorf("result %s: %v", recent[0].result, recent[0].err)
		}
	})
}

// TestClientGoesAway checks that a probe ends when the client disconnects.
func TestClientGoesAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, leave := context.WithCancel(t.Context())
		h := answering(t, "modules: {a: {}}", func(ctx context.Context, _ *Probe) error {
			<-ctx.Done()
			return ctx.Err()
		})
		time.AfterFunc(time.Second, leave)
		if took := elapsed(func() { ask(h, "x", under(client), within("10")) }); took > 2*time.Second {
			t.Errorf("took %v", took)
		}
		if recent, _ := h.history.lists(); recent[0].result != canceled {
			t.Errorf("result %s: %v", recent[0].result, recent[0].err)
		}
	})
}

func TestServerWriteTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := answering(t, "modules: {a: {}}", func(ctx context.Context, _ *Probe) error {
			<-ctx.Done()
			return errors.New("too slow")
		})
		server := context.WithValue(t.Context(), http.ServerContextKey, &http.Server{WriteTimeout: 5 * time.Second})
		if took := elapsed(func() { has(t, ask(h, "x", under(server)), fails) }); took > 5*time.Second {
			t.Errorf("took %v", took)
		}
	})
}
