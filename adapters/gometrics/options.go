package gometrics

import (
	"errors"
	"fmt"
	"time"

	metrics "github.com/hashicorp/go-metrics"

	"github.com/luxfi/metric"
)

// Option configures [NewSink].
type Option func(*config)

// definition has the fields of the definitions in go-metrics' package prometheus.
type definition interface {
	~struct {
		Name        []string
		ConstLabels []metrics.Label
		Help        string
	}
}

// Definition describes a metric in advance: its key, its labels and its help. Its series exists, with the
// value zero, before the first update, and does not expire.
type Definition struct {
	Name        []string
	ConstLabels []metrics.Label
	Help        string
}

type config struct {
	defined     [numKinds][]Definition
	histogram   *metric.HistogramOpts // nil means a summary
	summary     metric.SummaryOpts
	total       bool
	expiry      time.Duration
	seriesLimit int
	metricLimit int
	onError     func(error)
	flush       func()
	errs        []error
}

func newConfig(opts []Option) (*config, error) {
	c := &config{
		summary: metric.SummaryOpts{
			Objectives: map[float64]float64{0.5: 0.05, 0.9: 0.01, 0.99: 0.001},
			MaxAge:     10 * time.Second,
		},
		seriesLimit: 10_000,
		metricLimit: 10_000,
		flush:       func() {},
	}
	for _, o := range opts {
		o(c)
	}
	return c, errors.Join(c.errs...)
}

// check returns an error if the definitions or the options for samples are invalid. Without this check before
// the registration, invalid options would make an update panic.
func (c *config) check() (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("gometrics: the options for samples are not valid: %v", v)
		}
	}()
	trial := newFamilies(metric.NewContextRegistry(), c, newReporter(func(error) {}))
	if s := trial.find(sample, []string{"sample"}, nil); s.err != nil {
		return fmt.Errorf("gometrics: the options for samples are not valid: %w", s.err)
	}
	return newFamilies(metric.NewContextRegistry(), c, newReporter(func(error) {})).define(c.defined)
}

func (c *config) fail(format string, args ...any) {
	c.errs = append(c.errs, fmt.Errorf("gometrics: "+format, args...))
}

func define[D definition](k kind, definitions []D) Option {
	return func(c *config) {
		for _, d := range definitions {
			c.defined[k] = append(c.defined[k], Definition(d))
		}
	}
}

// WithGauges defines gauges. Each argument is a [Definition], or a GaugeDefinition of go-metrics' package
// prometheus.
func WithGauges[D definition](definitions ...D) Option { return define(gauge, definitions) }

// WithCounters defines counters. Each argument is a [Definition], or a CounterDefinition of go-metrics'
// package prometheus.
func WithCounters[D definition](definitions ...D) Option { return define(counter, definitions) }

// WithSamples defines metrics for samples. Each argument is a [Definition], or a SummaryDefinition of
// go-metrics' package prometheus.
func WithSamples[D definition](definitions ...D) Option { return define(sample, definitions) }

// WithHistogram exposes samples as histograms with the given options, such as classic or native buckets.
// The name, help and labels in opts must be empty. By default, go-metrics measures time in milliseconds, so
// classic buckets must be in milliseconds, too. Native buckets suit every unit:
//
//	gometrics.WithHistogram(metric.HistogramOpts{NativeHistogramBucketFactor: 1.1})
func WithHistogram(opts metric.HistogramOpts) Option {
	return func(c *config) {
		if opts.Namespace != "" || opts.Subsystem != "" || opts.Name != "" || opts.Help != "" || len(opts.ConstLabels) > 0 {
			c.fail("the options of WithHistogram are for all samples and cannot have a name, help or labels")
		}
		c.histogram = &opts
	}
}

// WithSummary exposes samples as summaries with the objectives and the window in opts. The name, help and
// labels in opts must be empty. Without WithSummary and [WithHistogram], samples are summaries, as in
// go-metrics' package prometheus.
func WithSummary(opts metric.SummaryOpts) Option {
	return func(c *config) {
		if opts.Namespace != "" || opts.Subsystem != "" || opts.Name != "" || opts.Help != "" || len(opts.ConstLabels) > 0 {
			c.fail("the options of WithSummary are for all samples and cannot have a name, help or labels")
		}
		c.summary, c.histogram = opts, nil
	}
}

// WithTotal appends _total to names of counters that lack this suffix, as Prometheus recommends.
func WithTotal() Option { return func(c *config) { c.total = true } }

// WithExpiry removes series that have not been updated for the duration after; see
// [metric.MetricVec.SetExpiry]. The default, 0, keeps all series. The default of go-metrics' package
// prometheus is a minute. Defined series do not expire.
func WithExpiry(after time.Duration) Option {
	return func(c *config) {
		if after < 0 {
			c.fail("series cannot expire after %v: the time must be positive, or 0 for never", after)
		}
		c.expiry = after
	}
}

// WithLimit limits the number of series of a metric for each set of label names; see
// [metric.MetricVec.SetLimit]. The default is 10,000. 0 means no limit. Defined series do not count.
func WithLimit(series int) Option {
	return func(c *config) {
		if series < 0 {
			c.fail("a limit of %d series: it must be positive, or 0 for none", series)
		}
		c.seriesLimit = series
	}
}

// WithMetricLimit limits the number of metrics of a sink. It protects programs that put identifiers into
// keys: the sink leaves out updates of further metrics, and reports them. A metric with several sets of label
// names counts once for each set. The default is 10,000. 0 means no limit. Defined metrics do not count.
func WithMetricLimit(metrics int) Option {
	return func(c *config) {
		if metrics < 0 {
			c.fail("a limit of %d metrics: it must be positive, or 0 for none", metrics)
		}
		c.metricLimit = metrics
	}
}

// OnError makes report receive each error. Without it, errors are logged. The goroutine that makes the
// update calls report, so report must be fast, and safe for concurrent use. A nil function ignores the
// errors.
func OnError(report func(error)) Option {
	if report == nil {
		report = func(error) {}
	}
	return func(c *config) { c.onError = report }
}

// WithFlush makes Shutdown call flush and wait for it, for programs that push their metrics before they
// exit.
func WithFlush(flush func()) Option {
	return func(c *config) {
		if flush == nil {
			c.fail("the function of WithFlush is nil")
			return
		}
		c.flush = flush
	}
}
