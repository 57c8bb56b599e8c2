package dashboard

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/luxfi/metric/dashboard/internal/api"
	"github.com/luxfi/metric/internal/engine"
	"github.com/luxfi/metric/internal/scrape"
)

var errLuck = errors.New("no luck")

// at returns the time at the given number of seconds on the clock of these tests.
func at(seconds float64) time.Time {
	return time.UnixMilli(1_700_000_000_000).Add(time.Duration(seconds * float64(time.Second)))
}

// stats returns the statistics of a collector after some runs, modified by change.
func stats(change func(*engine.Stats)) *engine.Stats {
	s := &engine.Stats{Runs: 3, LastStart: at(10), LastEnded: at(10), LastDuration: 1500 * time.Millisecond, LastLimit: 3 * time.Second, LastSamples: 7, Since: at(1)}
	if change != nil {
		change(s)
	}
	return s
}

// TestStates checks the state of a collector, and since when it has been in that state.
func TestStates(t *testing.T) {
	tests := map[string]struct {
		stats   *engine.Stats
		state   api.State
		since   time.Time
		problem bool
	}{
		"good":        {stats(nil), api.OK, at(1), false},
		"never run":   {&engine.Stats{}, api.Waiting, time.Time{}, false},
		"first run":   {&engine.Stats{Running: 1, RunningSince: at(5), LastStart: at(5)}, api.Running, at(5), false},
		"running":     {stats(func(s *engine.Stats) { s.Running, s.RunningSince = 1, at(10) }), api.Running, at(10), false},
		"failed":      {stats(func(s *engine.Stats) { s.LastErr = errLuck }), api.Failed, at(1), true},
		"still fails": {stats(func(s *engine.Stats) { s.LastErr, s.Running, s.RunningSince = errLuck, 1, at(10) }), api.Failed, at(1), true},
		"stuck":       {stats(func(s *engine.Stats) { s.LastErr, s.Running, s.StuckSince = errLuck, 1, at(13) }), api.Stuck, at(13), true},
		"open":        {stats(func(s *engine.Stats) { s.LastErr, s.Breaker = errLuck, engine.BreakerOpen }), api.Open, at(1), true},
		"half-open":   {stats(func(s *engine.Stats) { s.LastErr, s.Breaker = errLuck, engine.BreakerHalfOpen }), api.HalfOpen, at(1), true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			tr := newTracker(at(0))
			tr.observe(at(20), []scrape.State{{Name: "c", Kind: "collector", Stats: test.stats}})
			row := tr.rows(at(20)).Rows[0]
			if row.State != test.state || row.Since != millis(test.since) || row.Problem != test.problem {
				t.Errorf("got %s since %d, problem %v; want %s since %d, %v", row.State, row.Since, row.Problem, test.state, millis(test.since), test.problem)
			}
			if wantProblems := map[bool]int{true: 1}[test.problem]; tr.problems() != wantProblems {
				t.Errorf("got %d problems", tr.problems())
			}
		})
	}
}

// TestRowsOfEachKind checks which collectors have rows, and that collectors with equal names have different
// IDs.
func TestRowsOfEachKind(t *testing.T) {
	tr := newTracker(at(0))
	tr.observe(at(20), []scrape.State{
		{Name: "a", Kind: "collector", Stats: stats(nil), Policies: []string{"background 10s"}, Policy: &engine.Policy{Background: engine.Every(10 * time.Second), Breaker: engine.NewBreaker(1, time.Second)}},
		{Name: "inner", Kind: "registry"},
		{Name: "a", Kind: "stream collector", Stats: stats(nil)},
		{Name: "t", Kind: "gatherer", Stats: stats(nil)},
		{Name: "push/p", Kind: "push", Stats: stats(nil)},
		{Name: "requests_total", Kind: "instrument", Series: 12, Limit: 100, Overflowed: 3},
		{Name: "now", Kind: "function", Stats: stats(nil)},
	})
	all := tr.rows(at(20))
	var got []string
	for _, row := range all.Rows {
		got = append(got, fmt.Sprintf("%s:%s:%d", row.ID, row.Group, row.Series))
	}
	want := "a:collector:7 a#2:collector:7 t:target:7 push/p:push:7 requests_total:instrument:12 now:instrument:7"
	if strings.Join(got, " ") != want {
		t.Errorf("got %s\nwant %s", strings.Join(got, " "), want)
	}
	if all.Instruments != (api.Instruments{Count: 2, Series: 19}) {
		t.Errorf("got %+v", all.Instruments)
	}
	if row := all.Rows[0]; row.BackgroundMs != 10_000 || row.Breaker != "closed" || row.DeadlineMs != 3000 || row.DurationMs != 1500 {
		t.Errorf("got %+v", row)
	}
}

// TestRuns checks that each run is recorded once, after it has ended or was abandoned.
func TestRuns(t *testing.T) {
	tr := newTracker(at(0))
	see := func(s *engine.Stats) []api.Run {
		tr.observe(at(99), []scrape.State{{Name: "c", Kind: "collector", Stats: s}})
		return tr.rows(at(99)).Rows[0].Durations
	}
	see(&engine.Stats{})
	if runs := see(&engine.Stats{Runs: 1, LastStart: at(10), Running: 1}); len(runs) != 0 {
		t.Errorf("a run under way is remembered: %v", runs)
	}
	if runs := see(&engine.Stats{Runs: 1, LastStart: at(10)}); len(runs) != 0 {
		t.Errorf("a run is remembered before it is known how long it took: %v", runs)
	}
	first := see(stats(nil))
	if again := see(stats(nil)); len(first) != 1 || len(again) != 1 || first[0] != (api.Run{T: millis(at(10)), Ms: 1500}) {
		t.Errorf("got %v, then %v", first, again)
	}
	next := see(stats(func(s *engine.Stats) { s.LastStart, s.Running = at(15), 1 }))
	if len(next) != 1 {
		t.Errorf("the next run is remembered with the duration of the last one: %v", next)
	}
	stuck := see(stats(func(s *engine.Stats) {
		s.LastStart, s.LastEnded, s.Running, s.StuckSince, s.LastRunErr = at(20), at(20), 1, at(23), errLuck
	}))
	if len(stuck) != 2 || !stuck[1].Failed {
		t.Errorf("got %v", stuck)
	}
	for i := range 2 * maxRuns {
		see(stats(func(s *engine.Stats) { s.LastEnded = at(30 + float64(i)) }))
	}
	last := see(stats(func(s *engine.Stats) { s.LastEnded = at(500) }))
	if len(last) != maxRuns || last[maxRuns-1].T != millis(at(500)) || last[0].T >= last[1].T {
		t.Errorf("got %d runs, %v", len(last), last)
	}
}

// TestLateObservation checks that states that were read before the known ones are ignored. They arrive if a
// request and a sample observe the collectors at the same time.
func TestLateObservation(t *testing.T) {
	tr := newTracker(at(0))
	see := func(now, ended float64, err error) {
		s := stats(func(s *engine.Stats) { s.LastStart, s.LastEnded, s.LastErr = at(ended), at(ended), err })
		tr.observe(at(now), []scrape.State{{Name: "c", Kind: "collector", Stats: s}})
	}
	see(10, 10, nil)
	see(20, 20, errLuck)
	see(19, 10, nil)
	see(21, 20, errLuck)
	row := tr.rows(at(22)).Rows[0]
	if len(row.Durations) != 2 || row.State != api.Failed {
		t.Errorf("got %s after the runs %v", row.State, row.Durations)
	}
	if events := tr.events(); len(events) != 1 {
		t.Errorf("got %v", events)
	}
}

// TestEvents checks which changes of state are events.
func TestEvents(t *testing.T) {
	tr := newTracker(at(0))
	failed := func(s *engine.Stats) { s.LastErr, s.Since = errLuck, at(30) }
	steps := [][]scrape.State{
		{{Name: "a", Stats: &engine.Stats{}}},
		{{Name: "a", Stats: stats(nil)}},
		{{Name: "a", Stats: stats(func(s *engine.Stats) { s.Running = 1 })}},
		{{Name: "a", Stats: stats(failed)}, {Name: "b", Stats: stats(nil)}},
		{{Name: "a", Stats: stats(func(s *engine.Stats) { failed(s); s.Breaker = engine.BreakerOpen })}, {Name: "b", Stats: stats(nil)}},
		{{Name: "b", Stats: stats(nil)}},
	}
	for i, step := range steps {
		tr.observe(at(100+float64(i)), step)
	}
	want := []api.Event{
		{T: millis(at(105)), Collector: "a", From: api.Open},
		{T: millis(at(104)), Collector: "a", From: api.Failed, To: api.Open, Error: "no luck"},
		{T: millis(at(103)), Collector: "b", To: api.OK},
		{T: millis(at(30)), Collector: "a", From: api.Running, To: api.Failed, Error: "no luck"},
	}
	if got := tr.events(); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	for i := range 3 * maxEvents {
		tr.observe(at(200), []scrape.State{{Name: fmt.Sprint("new", i), Stats: stats(nil)}})
	}
	if n := len(tr.events()); n != maxEvents {
		t.Errorf("%d events are kept", n)
	}
}

// TestChanged checks that a change contains only the rows that differ.
func TestChanged(t *testing.T) {
	tr := newTracker(at(0))
	show := func(states ...scrape.State) *api.Collectors {
		tr.observe(at(50), states)
		return tr.rows(at(50))
	}
	a, b := scrape.State{Name: "a", Stats: stats(nil)}, scrape.State{Name: "b", Stats: stats(nil)}
	n := scrape.State{Name: "n", Kind: "instrument", Series: 1}
	before := show(a, b, n)
	if c := changed(before, show(a, b, n)); c != nil {
		t.Errorf("nothing has changed, got %+v", c)
	}
	b.Stats = stats(func(s *engine.Stats) { s.LastErr = errLuck })
	n.Series = 2
	c := changed(before, show(a, b, n))
	if c == nil || c.All || len(c.Rows) != 2 || c.Rows[0].ID != "b" || c.Rows[1].ID != "n" || c.Instruments.Series != 2 {
		t.Errorf("got %+v", c)
	}
	if c := changed(before, show(b)); c == nil || strings.Join(c.Removed, " ") != "a n" {
		t.Errorf("got %+v", c)
	}
}

// hostile is an error whose text the function returns.
type hostile func() string

func (h hostile) Error() string { return h() }

// TestErrorTexts checks that texts of errors are shortened and harmless.
func TestErrorTexts(t *testing.T) {
	stop := make(chan struct{})
	defer close(stop)
	long := strings.Repeat("very long ", 200)
	tests := map[string]struct {
		err, cause    error
		short, detail string // parts of the texts
	}{
		"short":         {errLuck, nil, "no luck", ""},
		"with a cause":  {engine.ErrBreakerOpen, errLuck, "; last run: no luck", ""},
		"several lines": {errors.New("first\nsecond\tline"), nil, "first", "second\tline"},
		"long":          {errors.New(long), nil, "…", long},
		"very long":     {errors.New(strings.Repeat("x", 1<<20)), nil, "…", "xxx"},
		"a password":    {errors.New("dial postgres://app:hunter2@db/x: refused"), nil, "app:xxxxx@db", ""},
		"a terminal's":  {errors.New("\x1b[2Jgone \u202egpj"), nil, `\x1b[2Jgone \u202egpj`, ""},
		"not UTF-8":     {errors.New("a\xffb"), nil, "a\uFFFDb", ""},
		"panics":        {hostile(func() string { panic("on purpose") }), nil, "Error method panics", ""},
		"hangs":         {hostile(func() string { <-stop; return "" }), nil, "does not return", ""},
		"a panic":       {&engine.PanicError{Value: "oops", Stack: []byte("goroutine 1\nmain.go:7")}, nil, "oops", "main.go:7"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			tr := newTracker(at(0))
			tr.observe(at(20), []scrape.State{{Name: "c", Stats: stats(func(s *engine.Stats) { s.LastErr, s.LastRunErr = test.err, test.cause })}})
			row := tr.rows(at(20)).Rows[0]
			if !strings.Contains(row.Error, test.short) || len(row.Error) > maxShort+10 || strings.Contains(row.Error, "\n") {
				t.Errorf("the short text is %q", row.Error)
			}
			if !strings.Contains(row.Detail, test.detail) || (test.detail == "") != (row.Detail == "") || len(row.Detail) > maxDetail+10 {
				t.Errorf("the long text has %d bytes", len(row.Detail))
			}
		})
	}
}

// TestManyHangingErrors checks that the dashboard does not wait long if the Error methods of many errors
// hang.
func TestManyHangingErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stop := make(chan struct{})
		defer close(stop)
		states := make([]scrape.State, 20)
		for i := range states {
			states[i] = scrape.State{Name: fmt.Sprint(i), Stats: stats(func(s *engine.Stats) { s.LastErr = hostile(func() string { <-stop; return "" }) })}
		}
		tr, began := newTracker(at(0)), time.Now()
		for range 5 {
			tr.observe(time.Now(), states)
		}
		if took := time.Since(began); took > 5*time.Second || tr.problems() != 20 {
			t.Errorf("it took %v to see %d problems", took, tr.problems())
		}
	})
}

// TestErrorsOfEqualNames checks that collectors with the same name and the same counts keep their own errors.
func TestErrorsOfEqualNames(t *testing.T) {
	failed := func(text string) scrape.State {
		return scrape.State{Name: "c", Kind: "collector", Stats: stats(func(s *engine.Stats) { s.LastErr = errors.New(text) })}
	}
	tr := newTracker(at(0))
	for i := range 3 {
		tr.observe(at(20+float64(i)), []scrape.State{failed("first"), failed("second")})
		if rows := tr.rows(at(30)).Rows; rows[0].Error != "first" || rows[1].Error != "second" {
			t.Errorf("look %d: the errors are %q and %q", i, rows[0].Error, rows[1].Error)
		}
	}
}
