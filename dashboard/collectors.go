package dashboard

import (
	"slices"
	"time"

	"github.com/luxfi/metric/dashboard/internal/api"
	"github.com/luxfi/metric/internal/callback"
	"github.com/luxfi/metric/internal/engine"
	"github.com/luxfi/metric/internal/scrape"
)

// newRow returns the row of a collector.
func newRow(id string, s *scrape.State, r result) api.Collector {
	row := api.Collector{
		ID: id, Name: s.Name, Kind: s.Kind, Group: groupOf(s.Kind), State: api.OK, Series: s.Series, Policies: slices.Clone(s.Policies),
		Error: r.short, Detail: r.detail, Limit: s.Limit, Overflowed: s.Overflowed,
	}
	if s.Stats != nil {
		addStats(&row, s.Stats)
	}
	if s.Policy != nil {
		addPolicy(&row, s)
	}
	return row
}

func groupOf(kind string) api.Group {
	switch kind {
	case "instrument", "function":
		return api.GroupInstrument
	case "gatherer":
		return api.GroupTarget
	case "push":
		return api.GroupPush
	default:
		return api.GroupCollector
	}
}

func addStats(row *api.Collector, s *engine.Stats) {
	row.State, row.Since = stateOf(s)
	row.Problem = row.State != api.OK && row.State != api.Running && row.State != api.Waiting
	row.Series = s.LastSamples
	row.LastStart, row.LastEnded = millis(s.LastStart), millis(s.LastEnded)
	row.DurationMs, row.DeadlineMs = milliseconds(s.LastDuration), milliseconds(s.LastLimit)
	row.Running, row.RunningSince, row.StuckSince = s.Running, millis(s.RunningSince), millis(s.StuckSince)
	row.KeptSince = millis(s.LastGood)
	row.Runs, row.CacheHits, row.StaleServes, row.Dropped, row.BreakerTrips = s.Runs, s.CacheHits, s.StaleServes, s.Dropped, s.BreakerTrips
	for _, kind := range engine.FailureKinds() {
		row.Failures += s.Failures[kind]
	}
	row.Panics = s.Failures[engine.KindPanic]
	row.Timeouts = s.Failures[engine.KindTimeout]
	row.RateLimited = s.Failures[engine.KindRateLimited]
}

// stateOf returns the state of a collector and the time since which it has been in that state.
func stateOf(s *engine.Stats) (state api.State, since int64) {
	switch {
	case !s.StuckSince.IsZero():
		return api.Stuck, millis(s.StuckSince)
	case s.Breaker == engine.BreakerOpen:
		return api.Open, millis(s.Since)
	case s.Breaker == engine.BreakerHalfOpen:
		return api.HalfOpen, millis(s.Since)
	case s.LastErr != nil:
		return api.Failed, millis(s.Since)
	case s.Running > 0:
		return api.Running, millis(s.RunningSince)
	case s.LastStart.IsZero():
		return api.Waiting, 0
	default:
		return api.OK, millis(s.Since)
	}
}

func addPolicy(row *api.Collector, s *scrape.State) {
	if s.Policy.Background != nil {
		row.BackgroundMs = milliseconds(s.Policy.Background.Period())
	}
	if s.Policy.Breaker != nil && s.Stats != nil {
		row.Breaker = breakerOf(s.Stats.Breaker)
	}
	if s.Policy.Group != nil {
		g := s.Policy.Group.Stats()
		row.Places = &api.Places{Name: g.Name, Running: g.Running, Max: g.Max, Overdue: g.Overdue}
	}
}

func breakerOf(s engine.BreakerState) string {
	switch s {
	case engine.BreakerOpen:
		return "open"
	case engine.BreakerHalfOpen:
		return "half-open"
	default:
		return "closed"
	}
}

// millis returns a time in milliseconds since the Unix epoch. It returns 0 for the zero time.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// milliseconds returns a duration in the page's unit, truncated to whole microseconds.
func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1e3 }

// result holds the texts about a collector's last result, and identifies that result.
type result struct {
	failures  uint64
	runs      uint64
	lastStart time.Time
	isError   bool

	short, detail string
}

// isOf reports whether the result is the last one in s.
func (r *result) isOf(s *engine.Stats) bool {
	return r.failures == failuresOf(s) && r.runs == s.Runs && r.lastStart.Equal(s.LastStart) && r.isError == (s.LastErr != nil)
}

func failuresOf(s *engine.Stats) (n uint64) {
	for _, kind := range engine.FailureKinds() {
		n += s.Failures[kind]
	}
	return n
}

// newResult describes the last result of a collector. It calls methods of the program's errors.
func newResult(texts *errorTexts, p *callback.Allowance, s *engine.Stats) result {
	r := result{failures: failuresOf(s), runs: s.Runs, lastStart: s.LastStart, isError: s.LastErr != nil}
	if s.LastErr == nil {
		return r
	}
	text := texts.of(p, s.LastErr)
	if cause := texts.of(p, s.LastRunErr); cause != "" && cause != text {
		text += "; last run: " + cause
	}
	r.short, r.detail = shorten(text), cut(text, maxDetail)
	if r.short == r.detail {
		r.detail = ""
	}
	return r
}
