//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/push/remotewrite"
)

// source is what a test observes with instruments, and knows.
type source interface {
	gatherer() metric.GathererWithContext
	held() map[string]float64 // The value of each series, by the string of its labels.
}

// sender pushes a source, and remembers what it held at each push. On the receivers, its series have the
// labels job and instance.
type sender struct {
	source source
	pusher *remotewrite.Pusher
	self   *metric.ContextRegistry // Has the metrics of the Pusher.
	job    string
	pushes []push

	wantErr string // What the error of each push says, because the receiver does not take everything. Usually empty.
}

// push is what a source held when it was pushed, some time from the one to the other.
type push struct {
	from, to time.Time
	held     map[string]float64
}

// newSender returns a sender for a job, which pushes to the URL and to the targets of opts.
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
		opts.Interval, opts.Timeout = patience, patience
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

// abandon closes a Pusher without waiting for anything.
func abandon(t *testing.T, p *remotewrite.Pusher) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_ = p.Close(ctx) // What is left in the queue is an error.
}

// push pushes. All receivers must take it.
func (s *sender) push(t *testing.T) {
	t.Helper()
	s.deliver(t, s.pusher.Push)
}

// close closes the Pusher, which pushes a last time. All receivers must take it.
func (s *sender) close(t *testing.T) {
	t.Helper()
	s.deliver(t, s.pusher.Close)
}

func (s *sender) deliver(t *testing.T, push func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	err := s.record(func() error { return push(ctx) })
	if (err != nil) != (s.wantErr != "") || err != nil && !strings.Contains(err.Error(), s.wantErr) {
		t.Fatalf("%s: push %d has the error %v, want %q", s.job, len(s.pushes), err, s.wantErr)
	}
}

// record remembers what the source holds while a function pushes.
func (s *sender) record(pushes func() error) error {
	time.Sleep(2 * time.Millisecond) // No two pushes share a millisecond.
	p := push{from: time.Now(), held: s.source.held()}
	err := pushes()
	p.to = time.Now()
	s.pushes = append(s.pushes, p)
	return err
}

// queue pushes, or closes the Pusher, while no receiver takes anything. It returns when the samples are in the queue.
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

// until pushes until a check succeeds.
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

// handled returns how many samples are in the queue or were dropped from it.
func (s *sender) handled() int {
	status := s.pusher.Status()[0]
	return int(status.Pending + status.Dropped)
}

// pending returns how many samples are in the queue.
func (s *sender) pending() int { return int(s.pusher.Status()[0].Pending) }

// counted returns the sum of a family of the Pusher's own metrics, over the targets.
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

// compare compares what a receiver has stored of the job with what was pushed: each series has a sample for each
// push that held it. All samples of a push have the same timestamp.
func (s *sender) compare(t *testing.T, r *receiver) {
	t.Helper()
	s.compareStored(t, r, r.stored(t, s.job), 0)
}

// compareLossy is compare for a job that has lost that many samples.
func (s *sender) compareLossy(t *testing.T, r *receiver, lost int) {
	t.Helper()
	s.compareStored(t, r, r.stored(t, s.job), lost)
}

// compareOnce is compare for a receiver that may have ended after it had stored a request and before it answered. All but
// Prometheus store the samples a second time when they get them again.
func (s *sender) compareOnce(t *testing.T, r *receiver) {
	t.Helper()
	got := r.stored(t, s.job)
	if !r.prometheus() {
		for _, stream := range got.series {
			stream.Values = slices.Compact(stream.Values)
		}
	}
	s.compareStored(t, r, got, 0)
}

func (s *sender) compareStored(t *testing.T, r *receiver, got stored, lost int) {
	t.Helper()
	var (
		times       = make([]model.Time, len(s.pushes)) // Of the pushes.
		found, want int
	)
	for _, key := range slices.Sorted(maps.Keys(got.series)) {
		last := model.Earliest
		for _, v := range got.series[key].Values {
			i := s.pushAt(v.Timestamp)
			if i < 0 || times[i] != 0 && times[i] != v.Timestamp || v.Timestamp <= last {
				t.Errorf("%s: %s has the unexpected sample %v at %d", s.job, key, v.Value, v.Timestamp)
				continue
			}
			times[i], last = v.Timestamp, v.Timestamp
			if want, ok := s.pushes[i].held[key]; !ok || !same(float64(v.Value), want) {
				t.Errorf("%s: %s is %v in push %d, want %v (%v)", s.job, key, v.Value, i, want, ok)
			}
			found++
		}
	}
	missing := make(map[string]int)
	for _, p := range s.pushes {
		for key := range p.held {
			if r.takes(key) {
				want++
				missing[key]++
			}
		}
	}
	if want-found == lost {
		return
	}
	for key, stream := range got.series {
		if missing[key] -= len(stream.Values); missing[key] == 0 {
			delete(missing, key)
		}
	}
	t.Errorf("%s: %s has %d of %d samples, want %d: missing are %v", s.job, r.name, found, want, want-lost, missing)
}

// pushAt returns the index of the push to which a timestamp belongs, or -1.
func (s *sender) pushAt(at model.Time) int {
	return slices.IndexFunc(s.pushes, func(p push) bool {
		return int64(at) >= p.from.UnixMilli() && int64(at) <= p.to.UnixMilli()
	})
}

// ticks is a source of many counters, and a gauge that says how often they were incremented.
type ticks struct {
	registry *metric.ContextRegistry
	counters *metric.CounterVec
	round    metric.Gauge
	rounds   int
	clocks   map[int]float64 // What each counter has counted.
}

func newTicks(series int) *ticks {
	s := &ticks{registry: metric.NewContextRegistry(), clocks: make(map[int]float64)}
	s.counters = metric.NewCounterVec(metric.CounterOpts{Name: "ticks_total", Help: "Ticks."}, []string{"clock"})
	s.round = metric.NewGauge(metric.GaugeOpts{Name: "ticks_round", Help: "The round."})
	s.registry.MustRegister(s.counters, s.round)
	for i := range series {
		s.clocks[i] = 0
	}
	s.observe()
	return s
}

// observe increments all counters.
func (s *ticks) observe() {
	s.rounds++
	s.round.Set(float64(s.rounds))
	for i := range s.clocks {
		s.clocks[i] += float64(i)
		s.counters.WithLabelValues(strconv.Itoa(i)).Add(float64(i))
	}
}

// remove ends a series.
func (s *ticks) remove(i int) {
	delete(s.clocks, i)
	s.counters.DeleteLabelValues(strconv.Itoa(i))
}

func (s *ticks) gatherer() metric.GathererWithContext { return s.registry }

func (s *ticks) held() map[string]float64 {
	held := map[string]float64{series("ticks_round"): float64(s.rounds)}
	for i, v := range s.clocks {
		held[series("ticks_total", "clock", strconv.Itoa(i))] = v
	}
	return held
}

func (p *program) gatherer() metric.GathererWithContext { return p.registry }

func (p *program) held() map[string]float64 { return p.floats(true) }
