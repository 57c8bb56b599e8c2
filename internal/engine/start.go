package engine

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/luxfi/metric/internal/order"
)

// starter starts or joins a run for every job of a scrape, or finds an outcome that needs no run.
type starter struct {
	engine   *Engine
	scrape   *Scrape
	jobs     []Job
	flights  []*flight // by job; nil if it has no run
	outcomes []Outcome // by job; set at once if it has no run

	watch    watch
	lastWait <-chan time.Time // receives when the time after a cancellation is over; nil before

	leaving []leaving // runs to leave when the scrape has its outcomes

	joined []bool // by job: whether its run was already under way

	launched []*flight // runs to start once the engine's mutex is free

	pending []int  // waiting jobs, the most important first
	blocked []bool // by job: whether it waits only for a place, and so counts in Engine.blocked
}

// startAll returns when all jobs are started or the scrape is over.
func (s *starter) startAll() {
	if !s.begin() {
		return
	}
	var wake chan struct{}
	for {
		all := s.startSome(&wake)
		s.startLaunched()
		if all {
			break
		}
		select {
		case <-wake:
			continue
		case <-s.watch.alarm():
			if !s.watch.check() {
				continue
			}
		case <-s.scrape.done:
		}
		s.giveUpAll()
		break
	}
	if wake != nil {
		s.stopWaiting(wake)
	}
}

// begin prepares the jobs and reports whether the scrape has time for them.
func (s *starter) begin() bool {
	if err := s.scrape.ctx.Err(); err != nil {
		for i := range s.outcomes {
			s.outcomes[i].Err = fmt.Errorf("not started, since the scrape was over: %w", err)
		}
		return false
	}
	s.prepare()
	s.refuseRecursive()
	s.lendPlaces()
	compare := func(i, j int) int {
		return cmp.Or(s.jobs[j].Collector.Gate.priority()-s.jobs[i].Collector.Gate.priority(), i-j)
	}
	if !slices.IsSortedFunc(s.pending, compare) {
		order.By(s.pending, compare)
	}
	return true
}

// prepare makes all jobs pending.
func (s *starter) prepare() {
	s.launched = make([]*flight, 0, len(s.jobs))
	s.blocked = make([]bool, len(s.jobs))
	s.joined = make([]bool, len(s.jobs))
	s.pending = make([]int, len(s.jobs))
	for i := range s.pending {
		s.pending[i] = i
	}
}

// giveUpAll is called if the scrape is over before all jobs are started.
func (s *starter) giveUpAll() {
	err, deadline := s.scrape.endReason()
	s.giveUp(err)
	if deadline {
		s.starved()
	}
}

// giveUp ends the pending jobs when the scrape is over. If a job no longer needs a place, but startSome has
// not noticed that yet, it still gets its run or outcome.
func (s *starter) giveUp(err error) {
	tooMany := fmt.Errorf("not started, since too many runs were under way: %w", err)
	e := s.engine
	e.mu.Lock()
	defer e.mu.Unlock()
	now := time.Now()
	s.pending = slices.DeleteFunc(s.pending, func(i int) bool {
		f, o := e.tryWithout(s.scrape, s.jobs[i], now)
		switch {
		case f != nil:
			s.flights[i] = f
		case o != nil:
			s.outcomes[i] = *o
		default:
			switch c := s.jobs[i].Collector; {
			case !c.Gate.admits(s.scrape):
				s.outcomes[i].Err = fmt.Errorf("%w: %w", errFirstBackground, err)
			case c.obstacle(s.scrape, now) != noObstacle:
				s.outcomes[i].Err = ErrStillRunning
			default:
				s.outcomes[i].Err = tooMany
				if full := c.Gate.fullGroup(); full != "" && e.hasPlace(c) {
					s.outcomes[i].Err = fmt.Errorf("not started, since %s: %w", full, err)
				}
			}
			s.outcomes[i].Wait = now.Sub(s.scrape.began)
			return false
		}
		s.unblock(i)
		return true
	})
}

// A scrape looks for jobs that need no place until it has found enoughBlocked jobs that wait for one. Then
// it waits, too. There may be thousands of further jobs, and the scrape would look at them whenever a run
// has ended.
const enoughBlocked = 16

// startSome starts the jobs that can be started and reports whether all are. If not, wake receives a value
// when it is worth another try.
func (s *starter) startSome(wake *chan struct{}) bool {
	e := s.engine
	e.mu.Lock()
	defer e.mu.Unlock()
	first := *wake == nil
	if s.tryPending(time.Now(), first) {
		e.wakeOthers(*wake) // Another scrape may have waited behind it.
	}
	if len(s.pending) > 0 && first {
		*wake = make(chan struct{}, 1)
		e.waiting = append(e.waiting, *wake)
		for _, i := range s.pending {
			s.jobs[i].Collector.Gate.wait(*wake)
		}
		notify(*wake) // A place in a group may have become free a moment ago.
	}
	return len(s.pending) == 0
}

// tryPending tries the pending jobs. Unless every is set, it stops when enough of them are blocked. It
// reports whether one of them no longer waits for a place. The engine's mutex must be held.
func (s *starter) tryPending(now time.Time, every bool) (moved bool) {
	blocked := 0
	kept := s.pending[:0]
	for n, i := range s.pending {
		if blocked == enoughBlocked && !every {
			kept = append(kept, s.pending[n:]...)
			break
		}
		wasBlocked := s.unblock(i)
		if !s.try(i, now) {
			kept = append(kept, i)
			if s.block(i, now) {
				blocked++
			}
		}
		moved = moved || wasBlocked && !s.blocked[i]
	}
	s.pending = kept
	return moved
}

// try joins or launches a run for a job, or finds an outcome that needs none. It returns false if the job
// must wait.
func (s *starter) try(i int, now time.Time) bool {
	f, o := s.engine.tryWithout(s.scrape, s.jobs[i], now)
	switch {
	case f != nil:
		s.flights[i], s.joined[i] = f, true
		return true
	case o != nil:
		s.outcomes[i] = *o
		return true
	}
	if f = s.engine.tryStart(s.scrape, s.jobs[i], now); f == nil {
		return false
	}
	s.flights[i] = f
	s.launched = append(s.launched, f)
	return true
}

// startLaunched starts the runs that have been launched. After that, the scrape only waits for them.
func (s *starter) startLaunched() {
	launched := s.launched
	s.launched = nil
	startCrew(s.scrape.done, launched)
	for _, f := range launched {
		f.hints.wait()
	}
}

// block counts a job as blocked if it waits only for a place, and reports whether it does.
func (s *starter) block(i int, now time.Time) bool {
	e, c := s.engine, s.jobs[i].Collector
	if e.Concurrency <= 0 || e.running < e.Concurrency || !c.Gate.admits(s.scrape) || c.isBusy(s.scrape, s.jobs[i].OwnRun, now) {
		return false
	}
	if e.blocked == nil {
		e.blocked = make(map[int]int)
	}
	e.blocked[c.Gate.priority()]++
	s.blocked[i] = true
	return true
}

// unblock undoes block, and reports whether the job was counted.
func (s *starter) unblock(i int) bool {
	if !s.blocked[i] {
		return false
	}
	s.engine.blocked[s.jobs[i].Collector.Gate.priority()]--
	s.blocked[i] = false
	return true
}

func (s *starter) stopWaiting(wake chan struct{}) {
	e := s.engine
	e.mu.Lock()
	defer e.mu.Unlock()
	e.stopWaking(wake)
	for _, job := range s.jobs {
		job.Collector.Gate.stopWaiting(wake)
	}
	s.unblockAll()
}

// unblockAll undoes block for all pending jobs, and wakes those that may have waited behind them. The
// engine's mutex must be held.
func (s *starter) unblockAll() {
	for _, i := range s.pending {
		s.unblock(i)
	}
	s.engine.wakeAll()
}

// starved is called when a scrape's deadline has passed before all its jobs could be started. If the scrape
// allowed little time, it has only itself to blame. Otherwise, runs that were under way all the time may be
// stuck: they lose their places, so that the next scrape does not wait for them, too. starved also ends
// runs that write to a client, since that client may have stopped reading.
func (s *starter) starved() {
	if !s.scrape.allowsEnough() {
		return
	}
	e := s.engine
	var preempted []Sink
	e.mu.Lock()
	s.pending = slices.DeleteFunc(s.pending, func(i int) bool { return !s.jobs[i].Collector.Gate.admits(s.scrape) })
	if len(s.pending) == 0 { // The scrape did not lack a place.
		e.mu.Unlock()
		return
	}
	for f := range e.flights {
		switch {
		case f.start.After(s.scrape.began):
		case slices.ContainsFunc(s.pending, func(i int) bool { return s.jobs[i].Collector == f.collector }):
			e.move(f, onOverstay)
			if f.buffer == nil {
				f.preempted.Store(true)
				preempted = append(preempted, f.sink)
			}
		default:
			e.uncount(f)
		}
	}
	e.wakeAll()
	e.mu.Unlock()
	for _, sink := range preempted {
		sink.Close()
	}
}
