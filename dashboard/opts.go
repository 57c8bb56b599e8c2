package dashboard

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/luxfi/metric"
)

// Opts configures a dashboard. The zero value is ready to use.
type Opts struct {
	// Title is the name of the program on the page. The default is the name of the executable.
	Title string

	// Allow reports whether to answer a request. If it returns false, the status is 403. By default, the
	// dashboard answers only requests that come from a loopback address, are for localhost or a loopback
	// address, and were not forwarded by a proxy for a client on another machine. Use [AllowAll] if something
	// else protects the dashboard.
	Allow func(*http.Request) bool

	// Interval is the time between two samples while a page is open. It must be at least 100 ms; the default
	// is 2 s.
	Interval time.Duration

	// History, if positive, is the length of the history that the dashboard records, whether or not a page is
	// open. Recording ends with [Dashboard.Close], or when the gatherer is a registry and is closed. By
	// default, the dashboard takes samples only while a page is open and keeps each for 15 minutes.
	History time.Duration
	// HistoryInterval is the time between two samples while no page is open. It must be at least 100 ms and
	// at most History; the default is 10 s, or History if that is shorter. Without History, it has no
	// effect.
	HistoryInterval time.Duration
	// MaxBytes bounds the memory for samples; when it is full, the oldest ones are dropped. It must be at
	// least 1 MiB; the default is 32 MiB.
	MaxBytes int
	// MaxSeries bounds the number of series that are recorded. The default is 100,000.
	MaxSeries int

	// Timeout bounds the gathering of a sample. The default is 5 s. As in any other scrape, a collector that
	// takes longer fails. A gathering that takes longer than the interval delays the next sample.
	Timeout time.Duration
	// Selection selects the collectors and families to gather, for example to leave out an expensive
	// collector. It also applies to the exposition that the dashboard serves.
	Selection metric.Selection

	// MetricsURL is the URL of the program's metrics, absolute or relative to the page. By default, the page
	// links to the exposition that the dashboard itself serves.
	MetricsURL string
	// TraceURL is a template for links from exemplars to traces, such as
	// "https://traces.example.org/trace/{trace_id}". The exemplar's labels trace_id and span_id replace
	// {trace_id} and {span_id}. By default, exemplars have no links.
	TraceURL string
}

// The defaults and bounds of options.
const (
	defaultInterval        = 2 * time.Second
	defaultHistoryInterval = 10 * time.Second
	defaultWindow          = 15 * time.Minute // without Opts.History
	defaultMaxBytes        = 32 << 20
	defaultMaxSeries       = 100_000
	defaultTimeout         = 5 * time.Second
	defaultMetricsURL      = "metrics"

	minInterval = 100 * time.Millisecond
	minMaxBytes = 1 << 20
)

// withDefaults returns o with defaults for unset options, or an error if an option is invalid.
func (o Opts) withDefaults() (Opts, error) {
	if err := o.check(); err != nil {
		return o, errorOf("%w", err)
	}
	if o.Title == "" {
		o.Title = executable()
	}
	if o.Interval == 0 {
		o.Interval = defaultInterval
	}
	if o.HistoryInterval == 0 {
		o.HistoryInterval = defaultHistoryInterval
		if o.History > 0 {
			o.HistoryInterval = min(o.HistoryInterval, o.History)
		}
	}
	if o.MaxBytes == 0 {
		o.MaxBytes = defaultMaxBytes
	}
	if o.MaxSeries == 0 {
		o.MaxSeries = defaultMaxSeries
	}
	if o.Timeout == 0 {
		o.Timeout = defaultTimeout
	}
	if o.MetricsURL == "" {
		o.MetricsURL = defaultMetricsURL
	}
	return o, nil
}

// window returns the age at which samples are dropped.
func (o Opts) window() time.Duration {
	if o.History > 0 {
		return o.History
	}
	return defaultWindow
}

// check returns an error that lists all invalid options, or nil.
func (o Opts) check() error {
	var errs []error
	refuse := func(isWrong bool, format string, args ...any) {
		if isWrong {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	refuse(o.Interval != 0 && o.Interval < minInterval, "Interval is %v: it must be at least %v, or 0 for %v", o.Interval, minInterval, defaultInterval)
	refuse(o.History < 0, "History is %v: it must be positive, or 0 for none", o.History)
	refuse(o.HistoryInterval != 0 && o.HistoryInterval < minInterval,
		"HistoryInterval is %v: it must be at least %v, or 0 for %v", o.HistoryInterval, minInterval, defaultHistoryInterval)
	refuse(o.History > 0 && o.HistoryInterval > o.History,
		"HistoryInterval is %v, which is longer than History, %v: no two samples would be kept", o.HistoryInterval, o.History)
	refuse(o.History > 0 && o.History < minInterval, "History is %v: it must be at least %v", o.History, minInterval)
	refuse(o.MaxBytes != 0 && o.MaxBytes < minMaxBytes, "MaxBytes is %d: it must be at least %d, or 0 for %d", o.MaxBytes, minMaxBytes, defaultMaxBytes)
	refuse(o.MaxSeries < 0, "MaxSeries is %d: it must be positive, or 0 for %d", o.MaxSeries, defaultMaxSeries)
	refuse(o.Timeout < 0, "Timeout is %v: it must be positive, or 0 for 5 s", o.Timeout)
	refuse(len(o.Selection.Collectors) > 0 && len(o.Selection.Exclude) > 0, "Selection has both Collectors and Exclude: only one of them is allowed")
	refuse(slices.Contains(o.Selection.Collectors, ""), "Selection.Collectors has an empty name")
	refuse(slices.Contains(o.Selection.Exclude, ""), "Selection.Exclude has an empty name")
	refuse(slices.Contains(o.Selection.Families, ""), "Selection.Families has an empty name")
	errs = append(errs, checkURL("MetricsURL", o.MetricsURL))
	if err := checkURL("TraceURL", strings.NewReplacer("{trace_id}", "0", "{span_id}", "0").Replace(o.TraceURL)); err != nil {
		errs = append(errs, err)
	} else {
		refuse(o.TraceURL != "" && !strings.Contains(o.TraceURL, "{trace_id}") && !strings.Contains(o.TraceURL, "{span_id}"),
			"TraceURL is %q: it must have {trace_id} or {span_id}", o.TraceURL)
	}
	return errors.Join(errs...)
}

// checkURL returns an error if text is not a URL to which the page may link.
func checkURL(option, text string) error {
	u, err := url.Parse(text)
	if err != nil {
		// The error of Parse contains the URL, which may contain a password.
		return fmt.Errorf("%s is not a URL: it must begin with http:// or https://, or be relative to the page", option)
	}
	switch {
	case u.Scheme != "" && u.Scheme != "http" && u.Scheme != "https", u.Opaque != "", u.Scheme != "" && u.Host == "":
		return fmt.Errorf("%s has the scheme %q: it must begin with http:// or https://, or be relative to the page", option, u.Scheme)
	case u.User != nil:
		return fmt.Errorf("%s has credentials, which the page would show: leave them out", option)
	default:
		return nil
	}
}

// executable returns the name of the program.
func executable() string {
	path, err := os.Executable()
	if err != nil {
		path = os.Args[0]
	}
	return strings.TrimSuffix(filepath.Base(path), ".exe")
}

// errorOf formats an error of [New].
func errorOf(format string, args ...any) error {
	return fmt.Errorf("cannot make a dashboard: %w", fmt.Errorf(format, args...))
}

// contextOf returns the context for a scrape by request r, limited to the selection.
func (s source) contextOf(r *http.Request) context.Context { return s.selected(r.Context()) }

// selected returns ctx, limited to the selection.
func (s source) selected(ctx context.Context) context.Context {
	if len(s.selection.Collectors)+len(s.selection.Exclude)+len(s.selection.Families) == 0 {
		return ctx
	}
	return metric.Select(ctx, s.selection)
}
