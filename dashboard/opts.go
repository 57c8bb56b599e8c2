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

// Opts configure a dashboard. The zero value is ready for use.
type Opts struct {
	// Title names the program on the page. By default it is the name of the executable.
	Title string

	// Allow decides which requests are answered. By default these are requests from this machine, to a loopback
	// address or localhost.
	Allow func(*http.Request) bool

	// Interval is the time between two samples while somebody watches: by default 2 s, at least 100 ms.
	Interval time.Duration

	// History, if positive, has samples taken all the time, so that the page has a past of this length when it is
	// opened, as far as MaxBytes allows. By default nothing is sampled while nobody watches, and the page
	// keeps the last 15 minutes while it is open. Close the [Dashboard] to end the sampling; it also ends when
	// the gatherer is a registry that is closed.
	History time.Duration
	// HistoryInterval is the time between two samples while nobody watches: by default 10 s, at least 100 ms and
	// at most History.
	HistoryInterval time.Duration
	// MaxBytes bounds the memory for the past: by default 32 MiB, at least 1 MiB.
	MaxBytes int
	// MaxSeries bounds the series that are kept: by default 100,000.
	MaxSeries int

	// Timeout bounds the gathering of a sample: by default 5 s. A collector that needs longer has failed, as in any
	// other scrape.
	// A gathering that takes longer than the interval delays the next sample.
	Timeout time.Duration
	// Selection chooses what is gathered, for example to spare an expensive collector. It also holds for the
	// exposition that the dashboard serves.
	Selection metric.Selection

	// MetricsURL is where the program serves its metrics, relative to the page or absolute. By default the dashboard
	// itself serves them.
	MetricsURL string
	// TraceURL is a template of the URL of a trace, with {trace_id} and {span_id}, for exemplars. By default there
	// are no links to traces.
	TraceURL string
}

// The defaults and bounds of options.
const (
	defaultInterval        = 2 * time.Second
	defaultHistoryInterval = 10 * time.Second
	defaultWindow          = 15 * time.Minute // Without Opts.History.
	defaultMaxBytes        = 32 << 20
	defaultMaxSeries       = 100_000
	defaultTimeout         = 5 * time.Second
	defaultMetricsURL      = "metrics"

	minInterval = 100 * time.Millisecond
	minMaxBytes = 1 << 20
)

// withDefaults returns the options with their defaults, or an error if one is not valid.
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

// window returns how long samples are kept.
func (o Opts) window() time.Duration {
	if o.History > 0 {
		return o.History
	}
	return defaultWindow
}

// check returns what is wrong with the options.
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

// checkURL returns an error if a browser must not follow a URL.
func checkURL(option, text string) error {
	u, err := url.Parse(text)
	if err != nil {
		// The error of Parse has the URL, which may have a password.
		return fmt.Errorf("%s is no URL: it must begin with http:// or https://, or be relative to the page", option)
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

// errorOf returns an error of New.
func errorOf(format string, args ...any) error {
	return fmt.Errorf("cannot make a dashboard: %w", fmt.Errorf(format, args...))
}

// contextOf returns the context of a scrape of the exposition.
func (s source) contextOf(r *http.Request) context.Context { return s.selected(r.Context()) }

// selected returns a context for scrapes of the selection.
func (s source) selected(ctx context.Context) context.Context {
	if len(s.selection.Collectors)+len(s.selection.Exclude)+len(s.selection.Families) == 0 {
		return ctx
	}
	return metric.Select(ctx, s.selection)
}
