package backlog_test

import (
	"runtime"
	"sync"
	"testing"

	"github.com/luxfi/metric/internal/backlog"
	"github.com/luxfi/metric/internal/writereq"
)

// TestConcurrent checks a log that is often full with several goroutines that append, consumers of
// different speeds, one of which hangs, and readers of the tallies.
func TestConcurrent(t *testing.T) {
	modes(t, func(t *testing.T, dir string) {
		const appenders, perAppender = 3, 400
		names := []string{"fast", "slow", "hung"}
		l := open(t, dir, 16<<10, names...)

		finished := make([]writereq.Counts, len(names))
		stop := make(chan struct{})
		var consumers, others, appending sync.WaitGroup
		for i := range names {
			consumers.Go(func() {
				for {
					available := l.Available(i)
					r, ok, err := l.Take(i)
					if err != nil {
						t.Error(err)
						return
					}
					if !ok {
						select {
						case <-available:
							continue
						case <-stop:
							return
						}
					}
					if names[i] == "hung" {
						<-stop
					}
					if names[i] == "slow" {
						for range 50 {
							runtime.Gosched()
						}
					}
					finished[i].Add(r.Counts)
					if err := l.Done(i); err != nil {
						t.Error(err)
					}
				}
			})
		}
		for i := range names {
			others.Go(func() {
				for range 1000 {
					p := l.End()
					l.Reached(i, p)
					if before, after := l.Dropped(i), l.Dropped(i); after.Records < before.Records {
						t.Error("the count of dropped records has decreased")
					}
					if got := l.Pending(i); got.Records < 0 || got.Bytes < 0 {
						t.Errorf("pending: %+v", got)
					}
				}
			})
		}
		for i := range appenders {
			appending.Go(func() {
				for n := range perAppender {
					if _, err := l.Append(record(i*perAppender+n, 300)); err != nil {
						t.Error(err)
					}
				}
			})
		}
		appending.Wait()
		others.Wait()
		if err := l.Wait(t.Context(), 0, l.End()); err != nil {
			t.Error(err)
		}
		close(stop)
		consumers.Wait()

		var want writereq.Counts
		for id := range appenders * perAppender {
			want.Add(record(id, 0).Counts)
		}
		for i, name := range names {
			got := finished[i]
			got.Add(l.Dropped(i).Counts)
			got.Add(l.Pending(i).Counts)
			if got != want {
				t.Errorf("%s: done, dropped and pending are %+v, want %+v", name, got, want)
			}
			if name == "hung" && l.Dropped(i) == (backlog.Tally{}) {
				t.Error("nothing was dropped")
			}
		}
		noFaults(t, l)
	})
}

// TestCloseWhileInUse checks that a log can be closed while other goroutines use it.
func TestCloseWhileInUse(t *testing.T) {
	modes(t, func(t *testing.T, dir string) {
		l := open(t, dir, 16<<10, "a")
		started := make(chan struct{}, 100)
		var wg sync.WaitGroup
		wg.Go(func() {
			for id := 0; ; id++ {
				if _, err := l.Append(record(id, 300)); err != nil {
					return
				}
				started <- struct{}{}
			}
		})
		wg.Go(func() {
			for {
				available := l.Available(0)
				if _, _, err := l.Take(0); err != nil {
					return
				}
				_ = l.Done(0)
				<-available
			}
		})
		wg.Go(func() { _ = l.Wait(t.Context(), 0, 1<<60) })
		for range 200 {
			<-started
		}
		closing := make(chan error)
		go func() { closing <- l.Close() }()
		for open := true; open; {
			select {
			case <-started:
			case err := <-closing:
				if err != nil {
					t.Error(err)
				}
				open = false
			}
		}
		wg.Wait()
	})
}
