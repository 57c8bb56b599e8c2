package dashboard

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/luxfi/metric/dashboard/internal/api"
	"github.com/luxfi/metric/dashboard/internal/store"
	"github.com/luxfi/metric/internal/engine"
	"github.com/luxfi/metric/internal/scrape"
)

const (
	// linger is how long sampling goes on after the last viewer has left, so that a reloaded page still
	// has its past.
	linger = 30 * time.Second
	// maxStreams is the largest number of concurrent streams.
	maxStreams = 64
)

var (
	errClosed     = errors.New("the dashboard is closed")
	errTooMany    = errors.New("too many pages are open: at most 64 are served at once; close one, or try again later")
	errNoSnapshot = errors.New("there is no sample yet: try again")
)

// sampler takes samples for all viewers. Its goroutine, loop, exists only while samples are wanted. A
// gathering runs in a second goroutine, so that loop can observe the collectors while they run.
type sampler struct {
	source   source
	tracker  *tracker
	store    *store.Store
	interval time.Duration // while a page is open
	history  time.Duration // while no page is open; 0 without history
	timeout  time.Duration

	ctx    context.Context //nolint:containedctx // ends when the dashboard is closed
	cancel context.CancelFunc
	ends   sync.WaitGroup // for the goroutines
	wake   chan struct{}  // makes loop check what it must do; has a capacity of 1

	statesMu sync.Mutex // held while the collectors' states are read, which runs no code of the program

	mu        sync.Mutex
	looping   bool
	viewers   map[*viewer]struct{}
	waiting   int                // requests that wait for a sample
	watched   time.Time          // when the last viewer left or the last request was answered
	ticked    time.Time          // when loop last read the collectors' states
	asked     time.Time          // A request wants a sample that begins after this time.
	gathering context.CancelFunc // cancels the gathering in progress, or nil
	gathered  chan struct{}      // closed and replaced when a gathering ends
	now       moment
	start     *store.Snapshot // the first snapshot
	sampling  []api.Sampling  // the latest ones, oldest first
}

// moment is the sampler's knowledge at some time. It is never modified.
type moment struct {
	tick   api.Tick
	latest *store.Snapshot // nil before the first sample
	before *store.Snapshot // the previous sample, for rates, or nil
	began  time.Time       // when the last gathering began and ended; it may have failed
	ended  time.Time
	epoch  int // changes when the past is forgotten
}

// viewer is an open page. It reads the latest moment when it is ready, so a slow viewer skips some.
type viewer struct {
	signal chan struct{} // has a capacity of 1
}

func newSampler(from source, t *tracker, opts Opts) *sampler {
	limits := store.Limits{Window: opts.window(), MaxBytes: opts.MaxBytes, MaxSeries: opts.MaxSeries}
	s := &sampler{
		source: from, tracker: t, interval: opts.Interval, timeout: opts.Timeout,
		wake: make(chan struct{}, 1), viewers: make(map[*viewer]struct{}), gathered: make(chan struct{}),
	}
	if opts.History > 0 {
		s.history = opts.HistoryInterval
	}
	s.store = store.New(limits)
	s.ctx, s.cancel = context.WithCancel(from.selected(context.Background()))
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.history > 0 {
		s.begin()
	}
	return s
}

// close ends everything, waits for the goroutines, and forgets all samples.
func (s *sampler) close() {
	s.mu.Lock()
	s.cancel()
	s.mu.Unlock()
	s.ends.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forget()
	s.start, s.sampling = nil, nil
}

// join adds a viewer.
func (s *sampler) join() (*viewer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.ctx.Err() != nil:
		return nil, errClosed
	case len(s.viewers) >= maxStreams:
		return nil, errTooMany
	}
	v := &viewer{make(chan struct{}, 1)}
	s.viewers[v] = struct{}{}
	s.begin()
	return v, nil
}

// leave removes a viewer.
func (s *sampler) leave(v *viewer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.viewers, v)
	s.watched = time.Now()
	s.nudge()
}

// begin starts loop if necessary and wakes it. The caller holds the mutex.
func (s *sampler) begin() {
	if !s.looping && s.ctx.Err() == nil {
		s.looping = true
		s.ends.Go(s.loop)
	}
	s.nudge()
}

// nudge makes loop check what it must do.
func (s *sampler) nudge() { notify(s.wake) }

// notify sends to a channel with a capacity of 1 unless the channel is full.
func notify(ch chan struct{}) {
	select {
	case ch <- struct{}{}:
	default:
	}
}

// loop observes the collectors and begins gatherings as long as samples are wanted.
func (s *sampler) loop() {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		wait, wanted := s.step(time.Now())
		if !wanted && s.end() {
			return
		}
		timer.Reset(wait)
		select {
		case <-timer.C:
		case <-s.wake:
		case <-s.ctx.Done():
		}
	}
}

// step does what is due. It returns the time until something else is due, and whether loop must go on.
func (s *sampler) step(now time.Time) (wait time.Duration, wanted bool) {
	s.mu.Lock()
	interval, remaining := s.currentInterval(now)
	if interval == 0 {
		s.mu.Unlock()
		return 0, false
	}
	due := s.ticked.Add(interval)
	if soon := s.now.began.Add(minInterval); s.gathering == nil && s.now.began.Before(s.asked) && soon.Before(due) {
		due = soon // Frequent requests for samples must not make the collectors run all the time.
	}
	tick := !now.Before(due)
	late := s.gathering != nil
	if tick {
		s.ticked, due = now, now.Add(interval)
		if !late {
			ctx, cancel := context.WithTimeout(s.ctx, s.timeout)
			s.gathering = cancel
			s.ends.Go(func() { s.gather(ctx, now) })
		}
	}
	s.mu.Unlock()
	if tick && late {
		s.observe() // Collectors that hang must not hide that they hang.
		s.publish(func(*moment) {})
	}
	wait = time.Until(due)
	if remaining > 0 {
		wait = min(wait, remaining)
	}
	return max(0, wait), true
}

// currentInterval returns the interval, or 0 if no samples are wanted. If the last viewer has left recently,
// it also returns how long the interval remains valid. The caller holds the mutex.
func (s *sampler) currentInterval(now time.Time) (interval, remaining time.Duration) {
	if s.ctx.Err() != nil {
		return 0, 0
	}
	if len(s.viewers)+s.waiting > 0 {
		return s.interval, 0
	}
	if remaining := linger - now.Sub(s.watched); remaining > 0 {
		return s.interval, remaining
	}
	if s.source.isClosed() {
		return 0, 0
	}
	return s.history, 0
}

// end ends loop unless samples are wanted again. Without history, it forgets the past.
func (s *sampler) end() bool {
	s.mu.Lock()
	if s.gathering != nil {
		s.gathering()
		gathered := s.gathered
		s.mu.Unlock()
		<-gathered
		s.mu.Lock()
	}
	defer s.mu.Unlock()
	if interval, _ := s.currentInterval(time.Now()); interval != 0 {
		return false
	}
	s.looping = false
	if s.history == 0 {
		s.forget()
		s.ticked = time.Time{}
	}
	return true
}

// forget drops the past. The caller holds the mutex, and no gathering is in progress.
func (s *sampler) forget() {
	s.store.Clear()
	s.now = moment{epoch: s.now.epoch + 1}
}

// observe records the collectors' states. It neither runs collectors nor waits for them.
func (s *sampler) observe() {
	_ = engine.Try(func() error {
		s.tracker.observe(s.states())
		return nil
	})
}

// states returns the collectors' states and the time at which they were read. Later states have later times.
func (s *sampler) states() (time.Time, []scrape.State) {
	s.statesMu.Lock()
	defer s.statesMu.Unlock()
	return time.Now(), s.source.Status()
}

// publish changes the sampler's current moment, and notifies the viewers.
func (s *sampler) publish(change func(*moment)) {
	var problems int
	_ = engine.Try(func() error { problems = s.tracker.problems(); return nil })
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.now)
	s.now.tick.Now = time.Now().UnixMilli()
	s.now.tick.Problems = problems
	for v := range s.viewers {
		notify(v.signal)
	}
}

// current returns the sampler's current moment.
func (s *sampler) current() moment {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

// first returns the first sample, or nil if there has been none.
func (s *sampler) first() *store.Snapshot {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.start
}
