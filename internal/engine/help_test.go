package engine_test

import (
	"context"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/luxfi/metric/internal/engine"
	"github.com/luxfi/metric/internal/model"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var family = &model.Family{Name: "family", Type: model.Gauge}

// send writes one sample for each value.
func send(sink engine.Sink, values ...float64) {
	for _, value := range values {
		// A sink that no scrape waits for refuses it, and most collectors ignore that.
		_ = sink.Sample(family, &model.Point{Value: value})
	}
}

// values returns the values that were sent.
func values(o engine.Outcome) []float64 {
	var got []float64
	for _, s := range o.Samples {
		got = append(got, s.Point.Value)
	}
	return got
}

// wantValues checks the values that were sent.
func wantValues(t *testing.T, o engine.Outcome, want ...float64) {
	t.Helper()
	if got := values(o); !slices.Equal(got, want) {
		t.Errorf("collected %v, want %v", got, want)
	}
}

// kinds maps the kinds of collectors to whether their runs are shared.
var kinds = map[string]bool{"shared": true, "aware": false}

// shared returns a collector that cannot see its context.
func shared(run func(sink engine.Sink) error) *engine.Collector {
	return &engine.Collector{Shared: true, Run: func(_ context.Context, _ engine.Running, sink engine.Sink) error { return run(sink) }}
}

// aware returns a collector that can see its context.
func aware(run engine.Run) *engine.Collector { return &engine.Collector{Run: run} }

// blocker is a collector that sends 1, blocks until it is opened, and then sends 2. It ignores its context.
type blocker struct {
	*engine.Collector

	opened  chan struct{}
	started atomic.Int32 // runs started
	running atomic.Int32
	most    atomic.Int32 // maximum number of concurrent runs
}

func newBlocker(isShared bool) *blocker {
	b := &blocker{opened: make(chan struct{})}
	b.Collector = &engine.Collector{Shared: isShared, Run: func(_ context.Context, _ engine.Running, sink engine.Sink) error {
		b.started.Add(1)
		running := b.running.Add(1)
		defer b.running.Add(-1)
		for most := b.most.Load(); most < running && !b.most.CompareAndSwap(most, running); most = b.most.Load() {
		}
		send(sink, 1)
		<-b.opened
		send(sink, 2)
		return nil
	}}
	return b
}

func (b *blocker) open() { close(b.opened) }

func (b *blocker) wantStarted(t *testing.T, want int32) {
	t.Helper()
	if got := b.started.Load(); got != want {
		t.Errorf("%d runs were started, want %d", got, want)
	}
}

// bothKinds runs a test with a shared blocker and with one that is not shared.
func bothKinds(t *testing.T, test func(t *testing.T, c *blocker)) {
	t.Helper()
	for kind, isShared := range kinds {
		t.Run(kind, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { test(t, newBlocker(isShared)) })
		})
	}
}

// quick is a collector that sends 1.
func quick() *engine.Collector {
	return shared(func(sink engine.Sink) error { send(sink, 1); return nil })
}

func jobs(collectors ...*engine.Collector) []engine.Job {
	list := make([]engine.Job, len(collectors))
	for i, c := range collectors {
		list[i].Collector = c
	}
	return list
}

// scrape runs collectors with a deadline.
func scrape(e *engine.Engine, timeout time.Duration, collectors ...*engine.Collector) []engine.Outcome {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	return e.Collect(ctx, jobs(collectors...))
}

// inBackground runs a scrape of one collector whose outcome is received later.
func inBackground(ctx context.Context, e *engine.Engine, c *engine.Collector) <-chan engine.Outcome {
	out := make(chan engine.Outcome, 1)
	go func() { out <- e.Collect(ctx, jobs(c))[0] }()
	return out
}

// took checks how long something took on the clock of the bubble, where only waiting takes time.
func took(t *testing.T, start time.Time, want time.Duration) {
	t.Helper()
	if got := time.Since(start); got != want {
		t.Errorf("took %v, want %v", got, want)
	}
}

// tookUpTo is took for something that may take a little longer, such as the grace period of a run.
func tookUpTo(t *testing.T, start time.Time, want, more time.Duration) {
	t.Helper()
	if got := time.Since(start); got < want || got > want+more {
		t.Errorf("took %v, want %v, and %v more at the most", got, want, more)
	}
}

// The engine's constants with these names, and the same values. A scrape may take that much longer than its
// timeout.
const (
	grace    = 100 * time.Millisecond
	lastWait = 10 * time.Millisecond
)

// startBackground starts the background runs of a collector.
func startBackground(e *engine.Engine, c *engine.Collector) {
	e.InitBackground(c)
	e.StartBackground(c)
}
