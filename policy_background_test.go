package metric_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/time/rate"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/metrictest"
)

// backgroundModel implements the rules of docs/policies.md for background runs.
type backgroundModel struct {
	policyModel

	next    time.Time // start of the next attempt
	waiting time.Time // start of the attempt that waits for the group; zero if there is no such attempt
	busy    time.Time // when the run under way will exceed its limit; zero if there is no such run
	err     error     // error of the last attempt
}

// limits returns how long a run may take, and how long it may wait for a place in the group.
func (m *backgroundModel) limits() (run, wait time.Duration) {
	if m.timeout {
		return rowTimeout, rowBackground
	}
	return time.Minute, time.Minute
}

// advance lets time pass until to. The value does says how the collector behaves in runs that start until
// then.
func (m *backgroundModel) advance(to time.Time, does int) {
	run, wait := m.limits()
	for {
		switch {
		case !m.busy.IsZero():
			at := m.busy
			if at.After(to) {
				return
			}
			m.busy = time.Time{}
			m.failed(at)
			m.ended(at, context.DeadlineExceeded)
		case !m.waiting.IsZero():
			at := m.waiting.Add(wait)
			if at.After(to) {
				return
			}
			m.waiting = time.Time{}
			m.ended(at, context.DeadlineExceeded)
		case m.next.After(to):
			return
		case m.breaker && m.next.Before(m.until):
			m.ended(m.next, metric.ErrBreakerOpen)
		case m.rate && m.tokens.TokensAt(m.next) < 1:
			m.ended(m.next, metric.ErrRateLimited)
		case m.group && does == modelFull:
			m.waiting = m.next
		default:
			m.start(m.next, does, run)
		}
	}
}

// freed records that the group is no longer full.
func (m *backgroundModel) freed(now time.Time) {
	if !m.waiting.IsZero() {
		m.waiting = time.Time{}
		m.start(now, modelGood, 0)
	}
}

func (m *backgroundModel) start(now time.Time, does int, limit time.Duration) {
	if m.rate {
		m.tokens.AllowN(now, 1)
	}
	m.runs++
	switch does {
	case modelFails:
		m.failed(now)
		m.ended(now, errTest)
	case modelHangs:
		m.busy = now.Add(limit)
	default:
		m.last, m.lastAt, m.failures, m.until = m.runs, now, 0, time.Time{}
		m.ended(now, nil)
	}
}

// ended records the end of an attempt. The next one is at the next multiple of the period.
func (m *backgroundModel) ended(now time.Time, err error) {
	for m.err = err; !m.next.After(now); {
		m.next = m.next.Add(rowBackground)
	}
}

// scrape returns the number of the run whose samples a scrape gets, and the error. The number is 0 if the
// scrape gets no samples.
func (m *backgroundModel) scrape(now time.Time) (int, error) {
	if m.err != nil && m.stale && now.Sub(m.lastAt) > rowStale {
		return 0, m.err
	}
	return m.last, m.err
}

// TestAllCombinationsWithBackground compares collectors with the model, over a random sequence of successes,
// failures and scrapes. It does so for each combination of policies with background runs, and for each kind
// of collector. The registry must refuse invalid combinations.
func TestAllCombinationsWithBackground(t *testing.T) {
	forAllCombinations(t, compareWithBackgroundModel)
}

func compareWithBackgroundModel(t *testing.T, mask, kind, steps int) {
	var (
		model  = backgroundModel{policyModel: policyModel{tokens: rate.NewLimiter(modelRate, modelBurst)}}
		random = rand.New(rand.NewPCG(uint64(mask), uint64(kind)))
		second time.Time // start of the second run
		c      = &policyCase{
			t: t, group: metric.NewGroup("g", 1), registry: metric.NewContextRegistry(metric.WithSelfMetrics("app")),
			collector: metrictest.New("scripted", func(ctx context.Context, r *metrictest.Run) error {
				second = time.Now()
				return metrictest.Healthy()(ctx, r)
			}),
		}
	)
	defer c.registry.Close()
	opts, names := c.choose(mask, &model.policyModel)
	opts = append(append(opts, c.options("background")...), metric.WithName("c"))
	names = "background " + names
	random.Shuffle(len(opts), func(i, j int) { opts[i], opts[j] = opts[j], opts[i] })
	collector := []metric.Collector{c.collector, c.collector.Stream(), c.collector.Plain()}[kind]
	err := c.registry.RegisterWith(collector, opts...)
	if model.cache {
		if err == nil || !strings.Contains(err.Error(), "needs no cache") || c.collector.Started() > 0 {
			t.Errorf("%s: got error %v", names, err)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	model.next = time.Now()
	model.start(model.next, modelGood, 0)
	time.Sleep(rowBackground)
	synctest.Wait()
	model.next = second // The engine chooses the time at random.
	model.start(second, modelGood, 0)
	for step := range steps {
		does := random.IntN(4)
		if does == modelHangs && kind == 2 {
			does = modelFails // A run of this kind cannot be cut off.
		}
		if does == modelFull && !model.busy.IsZero() {
			does = modelGood // The run under way already fills the group.
		}
		c.collector.Become([]metrictest.Behaviour{metrictest.Healthy(), metrictest.Failing(errTest), metrictest.Slow(time.Hour), metrictest.Healthy()}[does])
		release := func() {}
		if does == modelFull {
			release = c.fillGroup()
		}
		// No run may begin or end at the same moment as a scrape.
		time.Sleep([]time.Duration{0, 100 * time.Millisecond, time.Second, 3 * time.Second, rowBackground, rowCooldown, rowStale}[random.IntN(7)])
		time.Sleep(time.Millisecond)
		synctest.Wait()
		now := time.Now()
		model.advance(now, does)
		wantRun, wantErr := model.scrape(now)
		families, err := c.scrape()
		series := seriesOfFamilies(families)
		got := int(series[`scripted{series="healthy"}`])
		if took := time.Since(now); took > 0 {
			t.Errorf("%sstep %d: the scrape has taken %v", names, step, took)
		}
		if got != wantRun || !errors.Is(err, wantErr) || (err == nil) != (wantErr == nil) || c.collector.Started() != model.runs {
			t.Fatalf("%skind %d, step %d (it does %d): got the samples of run %d and error %v after %d runs, want %d, %v, %d",
				names, kind, step, does, got, err, c.collector.Started(), wantRun, wantErr, model.runs)
		}
		if success := series[`app_scrape_collector_success{collector="c"}`]; success != float64(btoi(wantErr == nil)) {
			t.Errorf("%sstep %d: success is %v", names, step, success)
		}
		if age := series[`app_scrape_collector_result_age_seconds{collector="c"}`]; got > 0 && age != now.Sub(model.lastAt).Seconds() {
			t.Errorf("%sstep %d: the age is %v, want %v", names, step, age, now.Sub(model.lastAt).Seconds())
		}
		if release(); does == modelFull {
			model.freed(now)
		}
	}
	if n := c.collector.MostAtOnce(); n != 1 {
		t.Errorf("%s: %d runs at once", names, n)
	}
}
