package metric_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/time/rate"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/metrictest"
)

// policyModel implements the rules of docs/policies.md. It predicts what a scrape gets from a
// collector under a combination of policies.
type policyModel struct {
	stale, cache, breaker, rate, group, timeout bool

	runs     int       // runs started
	last     int       // number of the last good run; 0 if no run was good
	lastAt   time.Time // end of the last good run
	failures int       // failures in a row
	until    time.Time // end of the time for which the breaker is open
	goesOn   time.Time // end of the run that goes on after its scrape; zero if there is no such run
	tokens   *rate.Limiter
}

// modelGoesOn is the time for which a run without a limit of its own goes on after its scrape if its
// result is kept.
const modelGoesOn = time.Minute

// The behaviors of the collector of TestAllCombinationsOfPolicies in a scrape.
const (
	modelGood  = iota
	modelFails // at once
	modelHangs // until its context ends
	modelFull  // the group is full, and the run would be good
)

// modelHeadStart is the time by which the context of the collectors ends before the scrape.
const modelHeadStart = 100 * time.Millisecond

const modelRate, modelBurst = rate.Limit(0.3), 2

// scrape returns the number of the run whose samples a scrape gets, 0 if it gets none, and
// the error.
func (m *policyModel) scrape(does int) (int, error) {
	now := time.Now()
	if end := m.goesOn; !end.IsZero() && now.After(end) {
		m.goesOn = time.Time{}
		m.failed(end)
	}
	if m.cache && m.last > 0 && now.Sub(m.lastAt) < rowCache {
		return m.last, nil
	}
	n, took, err := m.run(does, now)
	if err != nil && m.stale && m.last > 0 && now.Add(took).Sub(m.lastAt) <= rowStale {
		return m.last, err
	}
	return n, err
}

// run predicts the part of a scrape behind the cache.
func (m *policyModel) run(does int, now time.Time) (n int, took time.Duration, err error) {
	switch {
	case !m.goesOn.IsZero():
		return 0, 0, metric.ErrStillRunning
	case m.breaker && now.Before(m.until):
		return 0, 0, metric.ErrBreakerOpen
	case m.rate && m.tokens.TokensAt(now) < 1:
		return 0, 0, metric.ErrRateLimited
	case m.group && does == modelFull:
		return 0, time.Second, context.DeadlineExceeded
	}
	if m.rate {
		m.tokens.AllowN(now, 1)
	}
	m.runs++
	switch does {
	case modelFails:
		err = errTest
	case modelHangs:
		err, took = context.DeadlineExceeded, time.Second-modelHeadStart
		if m.timeout {
			took = rowTimeout
		} else if m.cache || m.stale {
			took = time.Second
			m.goesOn = now.Add(took).Add(modelGoesOn)
			return 0, took, err
		}
	default:
		m.last, m.lastAt = m.runs, now
		m.failures, m.until = 0, time.Time{}
		return m.runs, 0, nil
	}
	m.failed(now.Add(took))
	return 0, took, err
}

// failed records that a run has failed.
func (m *policyModel) failed(at time.Time) {
	halfOpen := !m.until.IsZero()
	if m.failures++; halfOpen || m.failures >= rowFailures {
		m.until = at.Add(rowCooldown)
	}
}

// TestAllCombinationsOfPolicies compares each combination of policies, for a collector of each kind,
// with the model, in a random sequence of scrapes.
func TestAllCombinationsOfPolicies(t *testing.T) { forAllCombinations(t, compareWithModel) }

// forAllCombinations compares each combination of policies with a model, for a collector of each
// kind, in this many steps.
func forAllCombinations(t *testing.T, compare func(t *testing.T, mask, kind, steps int)) {
	const combinations, steps = 64, 60
	for mask := range combinations {
		t.Run(fmt.Sprintf("%06b", mask), func(t *testing.T) {
			t.Parallel() // The cases share nothing, and no real time passes.
			synctest.Test(t, func(t *testing.T) {
				for kind := range 3 {
					compare(t, mask, kind, steps)
				}
			})
		})
	}
}

// choose sets the policies of a combination in the model. It returns their options and their names.
func (c *policyCase) choose(mask int, model *policyModel) (opts []metric.CollectorOption, names string) {
	for bit, option := range []struct {
		name string
		has  *bool
	}{
		{"stale", &model.stale}, {"cache", &model.cache}, {"breaker", &model.breaker},
		{"group", &model.group}, {"timeout", &model.timeout}, {"rate", &model.rate},
	} {
		if *option.has = mask&(1<<bit) != 0; !*option.has {
			continue
		}
		names += option.name + " "
		if option.name == "rate" {
			opts = append(opts, metric.WithRateLimit(modelRate, modelBurst))
		} else {
			opts = append(opts, c.options(option.name)...)
		}
	}
	return opts, names
}

func compareWithModel(t *testing.T, mask, kind, steps int) {
	var (
		model  = policyModel{tokens: rate.NewLimiter(modelRate, modelBurst)}
		random = rand.New(rand.NewPCG(uint64(mask), uint64(kind)))
		c      = &policyCase{
			t: t, group: metric.NewGroup("g", 1), registry: metric.NewContextRegistry(metric.WithSelfMetrics("app")),
			collector: metrictest.New("scripted", metrictest.Healthy()),
		}
	)
	opts, names := c.choose(mask, &model)
	opts = append(opts, metric.WithName("c"))
	random.Shuffle(len(opts), func(i, j int) { opts[i], opts[j] = opts[j], opts[i] }) // The order of options has no meaning.
	collector := []metric.Collector{c.collector, c.collector.Stream(), c.collector.Plain()}[kind]
	if err := c.registry.RegisterWith(collector, opts...); err != nil {
		t.Fatal(err)
	}
	for step := range steps {
		// The end of a run must not coincide with the beginning of a scrape.
		time.Sleep([]time.Duration{0, 100 * time.Millisecond, time.Second, 3 * time.Second, rowCache, rowCooldown, rowStale}[random.IntN(7)])
		time.Sleep(time.Millisecond)
		does := random.IntN(4)
		if does == modelHangs && kind == 2 {
			does = modelFails // A run of this kind cannot be cut off.
		}
		c.collector.Become([]metrictest.Behaviour{metrictest.Healthy(), metrictest.Failing(errTest), metrictest.Slow(time.Hour), metrictest.Healthy()}[does])
		release := func() {}
		if does == modelFull {
			release = c.fillGroup()
		}
		wantRun, wantErr := model.scrape(does)
		families, err := c.scrape()
		synctest.Wait()
		release()
		series := seriesOfFamilies(families)
		got := int(series[`scripted{series="healthy"}`])
		if got != wantRun || !errors.Is(err, wantErr) || (err == nil) != (wantErr == nil) || c.collector.Started() != model.runs {
			t.Fatalf("%skind %d, step %d (it does %d): got the samples of run %d and error %v after %d runs, want %d, %v, %d",
				names, kind, step, does, got, err, c.collector.Started(), wantRun, wantErr, model.runs)
		}
		if success := series[`app_scrape_collector_success{collector="c"}`]; success != float64(btoi(wantErr == nil)) {
			t.Errorf("%sstep %d: success is %v", names, step, success)
		}
	}
}

// fillGroup fills the group until release is called.
func (c *policyCase) fillGroup() (release func()) {
	holder := metrictest.New("holder", metrictest.Stuck())
	r := metric.NewContextRegistry()
	if err := r.RegisterWith(holder, metric.WithGroup(c.group)); err != nil {
		c.t.Fatal(err)
	}
	go func() { _, _ = r.Gather() }()
	synctest.Wait()
	return func() {
		holder.Release()
		synctest.Wait()
	}
}
