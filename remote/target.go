package remote

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/internal/collect"
	"github.com/luxfi/metric/internal/engine"
	"github.com/luxfi/metric/internal/hops"
	"github.com/luxfi/metric/internal/model"
	"github.com/luxfi/metric/internal/redact"
	"github.com/luxfi/metric/internal/scrape"
)

// Opts are the options of [New]. The zero value of each field means its default.
type Opts struct {
	// Client makes the requests. It handles TLS, credentials, proxies and additional headers. The default is
	// http.DefaultClient. New copies it. If its Timeout is earlier than the deadline of the gather, the
	// target also sends it to the other process. Its transport limits the headers of a response to 10 MiB,
	// unless http.Transport.MaxResponseHeaderBytes is set.
	Client *http.Client

	// Timeout limits a gather whose context has no deadline. The default is 10 seconds.
	Timeout time.Duration
	// Margin is the part of the remaining time that the other process cannot use, so that its response
	// arrives in time. The default is a twentieth of that time, at most 250 milliseconds. A negative value
	// means no margin. If a margin leaves no time, the other process gets half of the remaining time.
	Margin time.Duration

	// Retries is the maximum number of times a request is repeated, within the same deadline, after its
	// connection fails or breaks off. The default is 1; a negative number means no retries. A response with
	// an error status and a malformed response are not retried, and neither is an attempt that took longer
	// than the time that is left.
	Retries int
	// MaxRedirects limits the redirects that a request follows. Client.CheckRedirect may stop it earlier.
	// The default is 3; a negative number means no redirects.
	MaxRedirects int

	// MaxBytes limits the response, both as it is sent and after decompression. The default is 64 MiB. Each
	// gather in progress may use that much memory.
	MaxBytes int64
	// MaxSeries limits the number of series in the response, and also the number of families. The default is
	// one million.
	MaxSeries int
	// MaxLabelBytes limits the labels of one series, names and values together. The default is 16 KiB.
	MaxLabelBytes int
}

// The defaults of Opts.
const (
	defaultTimeout       = 10 * time.Second
	defaultMargin        = 250 * time.Millisecond
	marginFraction       = 20
	defaultRetries       = 1
	defaultMaxRedirects  = 3
	defaultMaxBytes      = 64 << 20
	defaultMaxSeries     = 1_000_000
	defaultMaxLabelBytes = 16 << 10
)

// Errors of a gather, for [errors.Is].
var (
	// ErrLoop reports that targets form a loop: the scrape has already come through this target.
	ErrLoop = hops.ErrLoop
	// ErrTooFar reports that a scrape has come through the maximum number of targets in a chain.
	ErrTooFar = hops.ErrTooFar
)

// Target is the metrics page of another process. It implements metric.GathererWithContext and
// metric.Collector, for RegisterWith and its policies. It announces no descriptors.
//
// A Target is safe for concurrent use. Each gather makes its own request.
type Target struct {
	runner

	url  *url.URL
	name string // URL without credentials
	id   string
	opts Opts
	host *scrape.Registry // gathers only from this target

	labels   model.Labels // labels that a Group adds
	expected atomic.Int64 // estimated bytes of the next response
}

// runner is the view of a target that registries of package metric have.
type runner struct{ target *Target }

// ScrapeRun implements collect.Runner.
func (r runner) ScrapeRun() (receiver any, run engine.Run, refuse collect.Refuse) {
	return r.target, r.target.run, func(ctx context.Context) error { return hops.Check(ctx, r.target.id) }
}

var (
	_ metric.GathererWithContext  = (*Target)(nil)
	_ metric.CollectorWithContext = (*Target)(nil)
	_ collect.Runner              = (*Target)(nil)
)

// New returns a target for the metrics page at a URL, such as http://127.0.0.1:9100/metrics. It makes no
// request. It returns an error if the URL is not an absolute one with the scheme http or https and a host,
// or if an option is not valid.
func New(target string, opts Opts) (*Target, error) {
	u, err := parseURL(target)
	if err != nil {
		return nil, err
	}
	if err := opts.check(); err != nil {
		return nil, fmt.Errorf("cannot gather from %s: %w", nameOf(u), err)
	}
	t := &Target{url: u, name: nameOf(u), id: hops.NewID(), opts: opts.withDefaults()}
	t.runner = runner{t}
	e, err := scrape.EntryOf(t, collect.Wrapping{})
	if err != nil {
		return nil, err
	}
	t.host = e.Binding.Nested
	return t, nil
}

// parseURL parses the URL of a target. Its errors contain no credentials.
func parseURL(target string) (*url.URL, error) {
	if !strings.Contains(target, "://") {
		return nil, fmt.Errorf("cannot gather from %.200q: %w", redact.Text(target), errNoURL)
	}
	u, err := url.Parse(target)
	if err != nil {
		var reason *url.Error // Its text contains the whole URL.
		if errors.As(err, &reason) {
			err = reason.Err
		}
		return nil, fmt.Errorf("the URL of the target is not valid: %s", redact.Text(bounded(err).Error()))
	}
	if u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" {
		return nil, fmt.Errorf("cannot gather from %.200q: %w", nameOf(u), errNoURL)
	}
	u.Fragment, u.RawFragment = "", ""
	return u, nil
}

var errNoURL = errors.New("the URL must begin with http:// or https:// and a host")

// nameOf returns a URL without credentials. It removes passwords, a user without a password (because it may
// be a token), and query parameters that look like credentials.
func nameOf(u *url.URL) string {
	c := *u
	if c.User != nil {
		if _, ok := c.User.Password(); !ok {
			c.User = url.User("xxxxx")
		}
	}
	return redact.Text(c.Redacted())
}

// check returns an error if an option is not valid.
func (o *Opts) check() error {
	for _, limit := range []struct {
		name  string
		value int64
	}{
		{"Timeout", int64(o.Timeout)}, {"MaxBytes", o.MaxBytes}, {"MaxSeries", int64(o.MaxSeries)}, {"MaxLabelBytes", int64(o.MaxLabelBytes)},
	} {
		if limit.value < 0 {
			return fmt.Errorf("%s is negative: it must be positive, or 0 for the default", limit.name)
		}
	}
	return nil
}

func (o Opts) withDefaults() Opts {
	if o.Client == nil {
		o.Client = http.DefaultClient
	}
	client := *o.Client
	o.Client = &client
	o.MaxRedirects = orDefault(o.MaxRedirects, defaultMaxRedirects)
	o.Retries = orDefault(o.Retries, defaultRetries)
	o.Timeout = orDefault(o.Timeout, defaultTimeout)
	o.MaxBytes = orDefault(o.MaxBytes, defaultMaxBytes)
	o.MaxSeries = orDefault(o.MaxSeries, defaultMaxSeries)
	o.MaxLabelBytes = orDefault(o.MaxLabelBytes, defaultMaxLabelBytes)
	client.CheckRedirect = o.redirected(client.CheckRedirect)
	return o
}

// orDefault returns the default if v is 0, and 0 if v is negative.
func orDefault[T int | int64 | time.Duration](v, byDefault T) T {
	if v == 0 {
		return byDefault
	}
	return max(v, 0)
}

// String returns the URL, with xxxxx in place of credentials.
func (t *Target) String() string { return t.name }

// Gather gathers with the background context.
func (t *Target) Gather() ([]*metric.MetricFamily, error) {
	return t.GatherWithContext(context.Background())
}

// GatherWithContext requests the metrics of the target. Its error names the target. It returns families
// together with an error only if the error is about single samples that were left out.
func (t *Target) GatherWithContext(ctx context.Context) ([]*metric.MetricFamily, error) {
	mfs, err := t.host.Gather(ctx)
	if err != nil && !strings.Contains(err.Error(), t.name) {
		err = fmt.Errorf("gathering from %s: %w", t.name, err)
	}
	return mfs, err
}

// Describe sends nothing: the other process decides which metrics there are.
func (t *Target) Describe(chan<- *prometheus.Desc) {}

// Collect collects with the background context.
func (t *Target) Collect(ch chan<- prometheus.Metric) {
	t.CollectWithContext(context.Background(), ch)
}

// CollectWithContext sends the metrics that GatherWithContext gathers, and its errors as invalid metrics.
// Registries of other packages use it.
func (t *Target) CollectWithContext(ctx context.Context, ch chan<- prometheus.Metric) {
	t.host.Send(ctx, ch)
}
