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
	// linger is how long samples are taken after the last viewer has left, so that a page that is loaded again still
	// has its past.
	linger = 30 * time.Second
	// maxStreams is how many streams there may be at once.
	maxStreams = 64
)

var (
	errClosed     = errors.New("the dashboard is closed")
	errTooMany    = errors.New("too many pages are open: at most 64 are served at once; close one, or try again later")
	errNoSnapshot = errors.New("there is no sample yet: try again")
)

// sampler takes samples for all viewers. Its goroutine, loop, exists only while it is wanted; a gathering has another
// one, so that the collectors can be watched while they are gathered.
type sampler struct {
	source   source
	tracker  *tracker
	store    *store.Store
	interval time.Duration // While someone watches.
	history  time.Duration // Between samples while no page is open; 0 without history.
	timeout  time.Duration

	ctx    context.Context //nolint:containedctx // It ends when the dashboard is closed.
	cancel context.CancelFunc
	ends   sync.WaitGroup // Of the goroutines.
	wake   chan struct{}  // Has loop look what it is to do; its capacity is 1.

	looking sync.Mutex // Held while the states of the collectors are read, which runs no code of the program.

	mu        sync.Mutex
	looping   bool
	viewers   map[*viewer]struct{}
	waiting   int                // Requests that wait for a sample.
	watched   time.Time          // When a viewer left, or a request was answered.
	ticked    time.Time          // When loop last looked at the collectors.
	asked     time.Time          // A sample that begins after it is wanted at once.
	gathering context.CancelFunc // Of the gathering under way, or nil.
	gathered  chan struct{}      // Closed, and replaced, when a gathering ends.
	now       moment
	start     *store.Snapshot // The first one.
	sampling  []api.Sampling  // The latest ones, oldest first.
}

// moment is what the sampler knows at some time. It is never modified.
type moment struct {
	tick   api.Tick
	latest *store.Snapshot // Nil before the first sample.
	before *store.Snapshot // The one before it, for rates, or nil.
	began  time.Time       // When the last gathering began, and when it ended. It may have failed.
	ended  time.Time
	epoch  int // It changes when the past is forgotten.
}

// viewer is a page that is open. It reads the latest moment when it is ready to, and so skips some if it is slow.
type viewer struct {
	signal chan struct{} // Its capacity is 1.
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

// begin has loop run, and look what it is to do. The mutex is held.
func (s *sampler) begin() {
	if !s.looping && s.ctx.Err() == nil {
		s.looping = true
		s.ends.Go(s.loop)
	}
	s.nudge()
}

// nudge has loop look what it is to do.
func (s *sampler) nudge() { notify(s.wake) }

// notify sends to a channel with a capacity of 1, unless it is full.
func notify(ch chan struct{}) {
	select {
	case ch <- struct{}{}:
	default:
	}
}

// loop looks at the collectors and begins gatherings for as long as that is wanted.
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

// step does what is due. It returns how long it is until something else is due, and whether loop is wanted.
func (s *sampler) step(now time.Time) (wait time.Duration, wanted bool) {
	s.mu.Lock()
	interval, left := s.pace(now)
	if interval == 0 {
		s.mu.Unlock()
		return 0, false
	}
	due := s.ticked.Add(interval)
	if soon := s.now.began.Add(minInterval); s.gathering == nil && s.now.began.Before(s.asked) && soon.Before(due) {
		due = soon // Requests that ask for samples one after the other must not have the collectors run all the time.
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
		s.observe() // Collectors that hang must not hide that they do.
		s.publish(func(*moment) {})
	}
	wait = time.Until(due)
	if left > 0 {
		wait = min(wait, left)
	}
	return max(0, wait), true
}

// pace returns the interval, which is 0 if nothing is wanted, and how long that is so at least, if viewers have
// left. The mutex is held.
func (s *sampler) pace(now time.Time) (interval, left time.Duration) {
	if s.ctx.Err() != nil {
		return 0, 0
	}
	if len(s.viewers)+s.waiting > 0 {
		return s.interval, 0
	}
	if left := linger - now.Sub(s.watched); left > 0 {
		return s.interval, left
	}
	if s.source.isClosed() {
		return 0, 0
	}
	return s.history, 0
}

// end ends loop, unless it is wanted again. Without history, it forgets the past.
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
	if interval, _ := s.pace(time.Now()); interval != 0 {
		return false
	}
	s.looping = false
	if s.history == 0 {
		s.forget()
		s.ticked = time.Time{}
	}
	return true
}

// forget drops the past. The mutex is held, and nothing is gathered.
func (s *sampler) forget() {
	s.store.Clear()
	s.now = moment{epoch: s.now.epoch + 1}
}

// observe looks at the collectors. It runs none of them, and waits for none.
func (s *sampler) observe() {
	_ = engine.Try(func() error {
		s.tracker.observe(s.look())
		return nil
	})
}

// look returns the states of the collectors, and when they were read. Later states have later times.
func (s *sampler) look() (time.Time, []scrape.State) {
	s.looking.Lock()
	defer s.looking.Unlock()
	return time.Now(), s.source.Status()
}

// publish changes what the sampler knows, and tells the viewers.
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

// current returns what the sampler knows.
func (s *sampler) current() moment {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

// first returns the first sample, or nil before it.
func (s *sampler) first() *store.Snapshot {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.start
}
