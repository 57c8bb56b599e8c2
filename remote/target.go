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

// Opts says how to gather from a target. The zero value of each field stands for its default.
type Opts struct {
	// Client makes the requests. It is in charge of TLS, credentials, proxies and additional
	// headers. The default is http.DefaultClient. New copies it. The other process is told of
	// its Timeout, too, if that is earlier than the deadline of the gather. Its transport limits
	// the headers of a response, to 10 MiB unless http.Transport.MaxResponseHeaderBytes is set.
	Client *http.Client

	// Timeout is how long a gather may take if its context has no deadline. The default is 10
	// seconds.
	Timeout time.Duration
	// Margin is the part of the remaining time that the other process does not get, so that its
	// response arrives in time. The default is a twentieth of that time, at most 250
	// milliseconds. A negative margin means none. A margin that leaves nothing leaves half of
	// the time.
	Margin time.Duration

	// Retries is how often a request is repeated, within the same deadline, if the connection
	// fails or breaks off. The default is 1; a negative number means never. A response with an
	// error status and a malformed one are final. So is an attempt that took longer than what
	// is left of the time.
	Retries int
	// MaxRedirects is how many redirects a request follows, as far as Client.CheckRedirect lets
	// it. The default is 3; a negative number means none.
	MaxRedirects int

	// MaxBytes limits the response, both as it is sent and after decompression. The default is
	// 64 MiB. Each gather under way may take that much memory.
	MaxBytes int64
	// MaxSeries limits the number of series, and of families, in the response. The default is a
	// million.
	MaxSeries int
	// MaxLabelBytes limits the labels of one series, names and values together. The default is
	// 16 KiB.
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

// Errors of a gather, for errors.Is.
var (
	// ErrLoop reports that targets form a loop: the scrape has come through this target before.
	ErrLoop = hops.ErrLoop
	// ErrTooFar reports that a scrape has come through so many targets, one after the other, that
	// no more are allowed.
	ErrTooFar = hops.ErrTooFar
)

// Target is the metrics page of another process. It is a metric.GathererWithContext, and a
// metric.Collector that announces no descriptors, for RegisterWith and its policies.
//
// A Target is safe for concurrent use. Each gather makes a request of its own.
type Target struct {
	runner

	url  *url.URL
	name string // The URL without credentials.
	id   string
	opts Opts
	host *scrape.Registry // Gathers from the target alone.

	labels   model.Labels // Those that a Group adds.
	expected atomic.Int64 // How many bytes the next response probably has.
}

// runner is what a registry of package metric sees of a target.
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

// New returns a target for the metrics page at a URL, such as http://127.0.0.1:9100/metrics. It
// makes no request. It is an error if the URL is not an absolute one with the scheme http or https
// and a host, or if an option is not valid.
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
		var reason *url.Error // Its text has the whole URL.
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

var errNoURL = errors.New("the URL has to begin with http:// or https:// and a host")

// nameOf returns a URL without credentials: a password, a user without one, which may be a token, and
// what looks like a credential in the query.
func nameOf(u *url.URL) string {
	c := *u
	if c.User != nil {
		if _, ok := c.User.Password(); !ok {
			c.User = url.User("xxxxx")
		}
	}
	return redact.Text(c.Redacted())
}

// check returns what is wrong with the options.
func (o *Opts) check() error {
	for _, limit := range []struct {
		name  string
		value int64
	}{
		{"Timeout", int64(o.Timeout)}, {"MaxBytes", o.MaxBytes}, {"MaxSeries", int64(o.MaxSeries)}, {"MaxLabelBytes", int64(o.MaxLabelBytes)},
	} {
		if limit.value < 0 {
			return fmt.Errorf("%s is negative: it has to be positive, or 0 for the default", limit.name)
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

// orDefault returns the default for 0, and 0 for a negative value.
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

// GatherWithContext requests the metrics of the target. Its error names the target. Besides an error,
// it returns families only if the error is about single samples that are left out.
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

// CollectWithContext sends what GatherWithContext gathers as metrics, and its errors as invalid
// metrics. Registries of other packages use it.
func (t *Target) CollectWithContext(ctx context.Context, ch chan<- prometheus.Metric) {
	t.host.Send(ctx, ch)
}
