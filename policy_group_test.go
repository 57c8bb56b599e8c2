package metric_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/metrictest"
)

// TestGroup checks that a group bounds how many of its collectors run at once, over several
// registries.
func TestGroup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		group := metric.NewGroup("database", 2)
		var running, most atomic.Int64
		multi := metric.NewMultiGatherer()
		for i := range 2 {
			r, err := metric.MakeAndRegister(multi, fmt.Sprint(i))
			if err != nil {
				t.Fatal(err)
			}
			for j := range 5 {
				name := fmt.Sprintf("c_%d_%d", i, j)
				c := plain{name, func(ch chan<- metric.Metric) {
					most.Store(max(most.Load(), running.Add(1)))
					time.Sleep(time.Second)
					running.Add(-1)
					ch <- one(name)
				}}
				if err := r.RegisterWith(c, metric.WithGroup(group)); err != nil {
					t.Fatal(err)
				}
			}
		}
		start := time.Now()
		families, err := multi.Gather()
		if len(families) != 10 || err != nil {
			t.Errorf("gathered %d families with error %v", len(families), err)
		}
		if took := time.Since(start); took != 5*time.Second || most.Load() != 2 {
			t.Errorf("it took %v, and %d ran at once", took, most.Load())
		}
	})
}

// TestStuckMemberOfGroup checks that a stuck member keeps its place, that the others use the
// remaining places, and that they fail at once when no place is left.
func TestStuckMemberOfGroup(t *testing.T) {
	for places, wantGood := range map[int]bool{1: false, 2: true} {
		t.Run(fmt.Sprint(places), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				defer time.Sleep(2 * time.Hour)
				group := metric.NewGroup("database", places)
				r := registered(t, plain{"stuck", func(chan<- metric.Metric) { time.Sleep(time.Hour) }}, metric.WithGroup(group))
				for range 2 {
					_, _ = scrapeOnce(t, r, time.Second)
				}
				if err := r.RegisterWith(plain{"good", func(ch chan<- metric.Metric) { ch <- one("good") }}, metric.WithGroup(group), metric.WithName("good")); err != nil {
					t.Fatal(err)
				}
				want := metric.GroupStatus{Name: "database", Max: places, Running: 1, Overdue: 1}
				if got := r.Status()[1].Group; got == nil || *got != want || group.Status() != want {
					t.Errorf("the status of the group is %+v, want %+v", got, want)
				}
				page := requestTo(metric.StatusHandler(r), "/").Body.String()
				if text := fmt.Sprintf("1 of %d run, 1 overdue", places); !strings.Contains(page, text) {
					t.Errorf("the page does not say %q:\n%s", text, page)
				}
				start := time.Now()
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				families, err := r.GatherWithContext(ctx)
				if took := time.Since(start); took > 0 {
					t.Errorf("the scrape took %v", took)
				}
				if !errors.Is(failuresOf(err, "c"), metric.ErrStillRunning) {
					t.Errorf("the stuck one: %v", err)
				}
				failed := failuresOf(err, "good")
				if wantGood {
					wantFamilies(t, families, []string{"good"})
					if failed != nil {
						t.Errorf("the good one: %v", failed)
					}
				} else if !errors.Is(failed, metric.ErrStillRunning) || !strings.Contains(failed.Error(), `all 1 places of group "database"`) {
					t.Errorf("the good one: %v", failed)
				}
				time.Sleep(time.Hour)
				if _, err := scrapeOnce(t, r, time.Second); err == nil {
					t.Error("the stuck one is good") // The collector runs again, and takes an hour.
				}
			})
		})
	}
}

// TestGroupOfRegistriesPerRequest checks that registries that are made for one request each do not
// pile up runs of collectors that share a group, and that a scrape with more time than others is
// not refused because of them.
func TestGroupOfRegistriesPerRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const places = 3
		var (
			group    = metric.NewGroup("probes", places)
			released = make(chan struct{})
			started  atomic.Int64
		)
		probe := func(timeout time.Duration) error {
			r := registered(t, plain{"probe", func(ch chan<- metric.Metric) {
				started.Add(1)
				<-released
				ch <- one("probe")
			}}, metric.WithGroup(group))
			_, err := scrapeOnce(t, r, timeout)
			return err
		}
		for i := range 100 {
			start := time.Now()
			err := probe(time.Second)
			if i < places {
				if !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("probe %d: %v", i, err)
				}
			} else if !errors.Is(err, metric.ErrStillRunning) && i > places || time.Since(start) > time.Second {
				t.Errorf("probe %d, after %v: %v", i, time.Since(start), err)
			}
		}
		if n := started.Load(); n != places {
			t.Errorf("%d runs were started in a group for %d", n, places)
		}
		patient := make(chan error)
		go func() { patient <- probe(time.Hour) }()
		synctest.Wait()
		close(released)
		if err := <-patient; err != nil {
			t.Errorf("a scrape with more time: %v", err)
		}
		synctest.Wait() // Wait for the other runs, which have been released as well.
		if got := group.Status(); got.Running != 0 || got.Overdue != 0 {
			t.Errorf("at the end the group has %+v", got)
		}
	})
}

// TestWaitForGroupEndsWithContext checks that a run that waits for its turn stops waiting when the
// client leaves.
func TestWaitForGroupEndsWithContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		group := metric.NewGroup("database", 1)
		holder := metrictest.New("holder", metrictest.Stuck())
		other := registered(t, holder, metric.WithGroup(group))
		var holding sync.WaitGroup
		holding.Go(func() { _, _ = other.GatherWithContext(t.Context()) })
		synctest.Wait()
		waiting := metrictest.New("waiting", metrictest.Healthy())
		r := registered(t, waiting, metric.WithGroup(group), metric.WithTimeout(time.Millisecond))
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		start := time.Now()
		_, err := r.GatherWithContext(ctx)
		if took := time.Since(start); took != time.Second || !errors.Is(failuresOf(err, "c"), context.Canceled) || waiting.Started() != 0 {
			t.Errorf("it took %v, with error %v after %d runs", took, err, waiting.Started())
		}
		time.AfterFunc(time.Second, holder.Release)
		if families, err := scrapeFor(t, r, time.Minute); err != nil || len(families) != 1 {
			t.Errorf("when its turn came: %d families and error %v", len(families), err)
		}
		holding.Wait()
	})
}

// stuckGroup makes a scrape of 60 ms leave a run behind that keeps the only place of a group. It
// returns another registry with a collector of the group.
func stuckGroup(t *testing.T, opts ...metric.CollectorOption) *metric.ContextRegistry {
	t.Helper()
	group := metric.WithGroup(metric.NewGroup("g", 1))
	stuck := metrictest.New("stuck", metrictest.Stuck())
	t.Cleanup(stuck.Release)
	r, other := metric.NewContextRegistry(), metric.NewContextRegistry()
	if err := r.RegisterWith(stuck, append(opts, group)...); err != nil {
		t.Fatal(err)
	}
	if err := other.RegisterWith(metrictest.New("healthy", metrictest.Healthy()), group); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Millisecond)
	defer cancel()
	if _, err := r.GatherWithContext(ctx); err == nil {
		t.Fatal("a stuck collector has no error")
	}
	return other
}

// TestGroupStuckElsewhere checks that a scrape without a deadline does not wait forever for the
// place of a run that is stuck in another registry.
func TestGroupStuckElsewhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		other := stuckGroup(t)
		began := time.Now()
		if _, err := other.GatherWithContext(t.Context()); !errors.Is(err, metric.ErrStillRunning) {
			t.Errorf("got %v", err)
		}
		if took := time.Since(began); took > time.Second {
			t.Errorf("it took %v", took)
		}
	})
}

// TestGroupStuckPastLimit checks that a run that was left behind, and then exceeds its collector's
// own limit, counts as stuck for the other registries of its group, however long their scrapes may
// take.
func TestGroupStuckPastLimit(t *testing.T) {
	for name, opts := range map[string][]metric.CollectorOption{
		"one scrape's":    {metric.WithTimeout(900 * time.Millisecond)},
		"the collector's": {metric.WithTimeout(900 * time.Millisecond), metric.WithStale(time.Hour)},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				other := stuckGroup(t, opts...)
				time.Sleep(3 * time.Second)
				began := time.Now()
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				if _, err := other.GatherWithContext(ctx); !errors.Is(err, metric.ErrStillRunning) {
					t.Errorf("got %v", err)
				}
				if took := time.Since(began); took > 0 {
					t.Errorf("it took %v", took)
				}
			})
		})
	}
}
