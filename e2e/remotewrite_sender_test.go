//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/push/remotewrite"
)

// source is a set of instruments whose true values the test knows.
type source interface {
	gatherer() metric.GathererWithContext
	held() map[string]float64 // value of each series, keyed by the string of its labels
}

// sender pushes a source and remembers its values at each push. On the receivers, its series have the labels
// job and instance.
type sender struct {
	source source
	pusher *remotewrite.Pusher
	self   *metric.ContextRegistry // metrics of the Pusher itself
	job    string
	pushes []push

	wantErr string // text in the error of each push if the receiver does not accept everything; usually empty
}

// push holds the values that a source had when it was pushed. The time of the push is between the fields from and
// to.
type push struct {
	from, to time.Time
	held     map[string]float64
}

// newSender returns a sender for a job. It pushes to url and to the targets of opts.
func newSender(t *testing.T, job, url string, source source, opts remotewrite.Opts) *sender {
	t.Helper()
	if opts.ExternalLabels == nil {
		opts.ExternalLabels = metric.Labels{}
	}
	opts.ExternalLabels = maps.Clone(opts.ExternalLabels)
	opts.ExternalLabels["job"], opts.ExternalLabels["instance"] = job, "here"
	if opts.MinBackoff == 0 {
		opts.MinBackoff, opts.MaxBackoff = time.Millisecond, 20*time.Millisecond
	}
	if opts.Interval == 0 {
		opts.Interval, opts.Timeout = maxWait, maxWait
	}
	opts.Logger = slog.New(slog.NewTextHandler(io.Discard, nil))
	pusher, err := remotewrite.New(url, source.gatherer(), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { abandon(t, pusher) })
	s := &sender{source: source, pusher: pusher, self: metric.NewContextRegistry(), job: job}
	s.self.MustRegister(pusher)
	return s
}

// abandon closes a Pusher without waiting for its queue.
func abandon(t *testing.T, p *remotewrite.Pusher) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_ = p.Close(ctx) // It fails if the queue is not empty.
}

// push pushes once. All receivers must accept the samples.
func (s *sender) push(t *testing.T) {
	t.Helper()
	s.deliver(t, s.pusher.Push)
}

// close closes the Pusher, which pushes a last time. All receivers must accept the samples.
func (s *sender) close(t *testing.T) {
	t.Helper()
	s.deliver(t, s.pusher.Close)
}

func (s *sender) deliver(t *testing.T, push func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), maxWait)
	defer cancel()
	err := s.record(func() error { return push(ctx) })
	if (err != nil) != (s.wantErr != "") || err != nil && !strings.Contains(err.Error(), s.wantErr) {
		t.Fatalf("%s: push %d has the error %v, want %q", s.job, len(s.pushes), err, s.wantErr)
	}
}

// record calls the function pushes, and appends to s.pushes the values that the source has during the call.
func (s *sender) record(pushes func() error) error {
	time.Sleep(2 * time.Millisecond) // so that no two pushes have the same timestamp
	p := push{from: time.Now(), held: s.source.held()}
	err := pushes()
	p.to = time.Now()
	s.pushes = append(s.pushes, p)
	return err
}

// queue calls push, which must push or close the Pusher, while no receiver accepts anything. It returns when
// the samples are in the queue.
func (s *sender) queue(t *testing.T, push func(context.Context) error) {
	t.Helper()
	before := s.handled()
	err := s.until(t, push, func() error {
		if n, want := s.handled()-before, len(s.source.held()); n < want {
			return fmt.Errorf("%s: %d of %d samples are in the queue", s.job, n, want)
		}
		return nil
	})
	if err == nil {
		t.Fatalf("%s: push %d has succeeded though the receiver is away", s.job, len(s.pushes))
	}
}

// until calls push until check succeeds.
func (s *sender) until(t *testing.T, push func(context.Context) error, check func() error) error {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	return s.record(func() error {
		done := make(chan error, 1)
		go func() { done <- push(ctx) }()
		eventually(t, check)
		cancel()
		return <-done
	})
}

// handled returns the number of samples that are in the queue or were dropped from it.
func (s *sender) handled() int {
	status := s.pusher.Status()[0]
	return int(status.Pending + status.Dropped)
}

// pending returns the number of samples in the queue.
func (s *sender) pending() int { return int(s.pusher.Status()[0].Pending) }

// counted returns the value of one of the Pusher's own metrics, added up over the targets.
func (s *sender) counted(t *testing.T, name string) (total float64) {
	t.Helper()
	name = "prometheus_remote_storage_" + name
	families, err := s.self.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() != name {
			continue
		}
		for _, m := range f.GetMetric() {
			total += m.GetCounter().GetValue() + m.GetGauge().GetValue()
		}
		return total
	}
	t.Fatalf("the Pusher has no metric %s", name)
	return 0
}

// checkCounts checks how many samples were rejected and how many were dropped, and that the queue is empty.
func (s *sender) checkCounts(t *testing.T, failed, dropped int) {
	t.Helper()
	for name, want := range map[string]int{
		"samples_failed_total": failed, "samples_dropped_total": dropped, "samples_pending": 0,
	} {
		if got := s.counted(t, name); got != float64(want) {
			t.Errorf("%s: %s is %v, want %d", s.job, name, got, want)
		}
	}
}
