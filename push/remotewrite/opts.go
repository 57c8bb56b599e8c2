package remotewrite

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/internal/model"
	"github.com/luxfi/metric/internal/redact"
	"github.com/luxfi/metric/internal/scrape"
)

// Protocol is a version of the remote-write protocol, or [Auto] to choose it by the responses of the
// target.
type Protocol uint8

const (
	// Auto sends version 2.0. If the target answers with status 415, or with success but without the headers
	// that say how much it has written, Auto sends the request again as version 1.0 and stays there for 30
	// minutes.
	Auto Protocol = iota
	// V1 is version 1.0. It has no start timestamps and no native histograms with custom buckets. The Pusher
	// leaves out such histograms and counts them as failed.
	V1
	// V2 is version 2.0. A receiver that accepts only version 1.0 stores none of its samples.
	V2
)

// String returns "auto", "1.0" or "2.0", and for other values text such as "Protocol(7)".
func (p Protocol) String() string {
	switch p {
	case Auto:
		return "auto"
	case V1:
		return "1.0"
	case V2:
		return "2.0"
	default:
		return fmt.Sprintf("Protocol(%d)", uint8(p))
	}
}

// Relabeler changes the series of a gatherer. A *relabel.Pipeline is one.
type Relabeler interface {
	// Gatherer returns a gatherer of the changed series of g. New calls it once. It must not return nil.
	Gatherer(g metric.Gatherer) metric.GathererWithContext
}

// Target is a receiver and how to reach it.
type Target struct {
	// URL is the URL that requests are posted to, such as http://prometheus:9090/api/v1/write. Its scheme
	// must be http or https. A user and a password in it are sent as basic authentication, unless Header has
	// an Authorization.
	URL string
	// Name is the target's name in errors, in Status and in the label remote_name of the Pusher's own
	// metrics. Names of targets must differ. The default is the URL without credentials and query.
	//
	// A queue on disk identifies targets by name: a target with a new name does not receive the requests
	// that were queued for the old one.
	Name string
	// Client sends the requests, for TLS, proxies and tokens that expire. The Pusher copies it, follows only
	// redirects that keep the method POST (307 and 308), and does not close its connections. The default is a
	// client with the settings of http.DefaultTransport, and with connections of its own.
	Client *http.Client
	// Header has more headers for each request, such as Authorization or X-Scope-OrgID. It is not sent to
	// other hosts after a redirect. Content-Type, Content-Encoding, Content-Length, Transfer-Encoding,
	// Connection, User-Agent and X-Prometheus-Remote-Write-Version are not allowed.
	Header http.Header
	// Protocol is the version to use. The default is Auto.
	Protocol Protocol
}

// Opts are the options of [New]. The zero value of each field means its default. Negative values are not
// valid.
type Opts struct {
	// Target has the settings of the receiver at the URL that New is called with. Its own URL must be empty.
	Target Target
	// Targets are further receivers. All targets are sent the same samples.
	Targets []Target

	// ExternalLabels are added to each series that has no label of the same name.
	ExternalLabels prometheus.Labels
	// Relabel changes the series before they are sent. It sees the external labels. The default changes
	// nothing.
	Relabel Relabeler
	// NativeOnly leaves out the classic buckets of histograms that have native ones.
	NativeOnly bool

	// Interval is the time between two pushes of Run. The default is 15 seconds.
	Interval time.Duration
	// Timeout limits the gathering of a push in Run. It also limits Push as a whole, and Close if its
	// context has no deadline; these gather for at most four fifths of their time. The default is Interval.
	Timeout time.Duration
	// RequestTimeout limits a single request. The default is 30 seconds.
	RequestTimeout time.Duration
	// MinBackoff and MaxBackoff limit the time until a target is sent a request again after a failure. The
	// time grows from about MinBackoff, doubling with each failure, to MaxBackoff, and is partly random. A
	// Retry-After header makes it longer, up to 10 minutes. The default of MinBackoff is 100 milliseconds.
	// The default of MaxBackoff is 10 seconds, or MinBackoff if that is longer.
	MinBackoff, MaxBackoff time.Duration

	// MaxSamples and MaxBytes limit a request; the bytes are counted before compression. The samples of a
	// histogram or summary are never split between requests, so a request can exceed the limits by one
	// histogram or summary. The defaults are 10,000 samples and 1 MiB.
	MaxSamples, MaxBytes int

	// QueueDir is a directory for the queue of requests that have not been sent. It is created if it does not
	// exist. Only one Pusher at a time can use it. By default, the queue is in memory.
	QueueDir string
	// QueueBytes limits the queue of compressed requests. All targets share it. When it is full, the oldest
	// requests are dropped. The default is 64 MiB in memory and 1 GiB on disk.
	QueueBytes int64

	// KeepOnClose makes Close send no stale markers, so that queries return the last samples for as long as
	// the receiver looks back: five minutes in Prometheus. Batch jobs set it.
	KeepOnClose bool

	// Logger receives the errors of Run; see [Pusher.Run]. The default is the slog.Default() at the time of
	// New.
	Logger *slog.Logger
	// Registry, if not nil, lists Run in its Status and on its status page while Run is running. The name is
	// "push/remote write to " and the name of the first target.
	Registry *metric.ContextRegistry
}

const (
	defaultInterval       = 15 * time.Second
	defaultRequestTimeout = 30 * time.Second
	defaultMinBackoff     = 100 * time.Millisecond
	defaultMaxBackoff     = 10 * time.Second
	defaultMaxSamples     = 10_000
	defaultMaxBytes       = 1 << 20
	defaultMemory         = 64 << 20
	defaultDisk           = 1 << 30
)

// withDefaults returns the options with defaults. The target for the URL to comes first in Targets.
func (o Opts) withDefaults(to string) (Opts, error) {
	if o.Target.URL != "" {
		return o, errors.New("the URL of Opts.Target must be empty: New gets the URL as an argument")
	}
	for _, d := range [...]struct {
		name string
		of   *time.Duration
		def  time.Duration
	}{
		{"Interval", &o.Interval, defaultInterval},
		{"Timeout", &o.Timeout, cmp.Or(o.Interval, defaultInterval)},
		{"RequestTimeout", &o.RequestTimeout, defaultRequestTimeout},
		{"MinBackoff", &o.MinBackoff, min(defaultMinBackoff, cmp.Or(max(o.MaxBackoff, 0), defaultMaxBackoff))},
		{"MaxBackoff", &o.MaxBackoff, max(o.MinBackoff, defaultMaxBackoff)},
	} {
		if *d.of < 0 {
			return o, fmt.Errorf("%s is %v, but must be positive, or 0 for %v", d.name, *d.of, d.def)
		}
		*d.of = cmp.Or(*d.of, d.def)
	}
	if o.MinBackoff > o.MaxBackoff {
		return o, fmt.Errorf("MinBackoff is %v, but must not exceed MaxBackoff, which is %v", o.MinBackoff, o.MaxBackoff)
	}
	if o.MaxSamples < 0 || o.MaxBytes < 0 || o.QueueBytes < 0 {
		return o, errors.New("MaxSamples, MaxBytes and QueueBytes must be positive, or 0 for their defaults")
	}
	o.MaxSamples, o.MaxBytes = cmp.Or(o.MaxSamples, defaultMaxSamples), cmp.Or(o.MaxBytes, defaultMaxBytes)
	if o.QueueDir == "" {
		o.QueueBytes = cmp.Or(o.QueueBytes, defaultMemory)
	} else {
		o.QueueBytes = cmp.Or(o.QueueBytes, defaultDisk)
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if o.Registry != nil && scrape.RegistryOf(o.Registry) == nil {
		return o, errors.New("the Registry is a zero value: make one with NewContextRegistry")
	}
	if err := checkLabels(o.ExternalLabels); err != nil {
		return o, err
	}
	o.ExternalLabels = maps.Clone(o.ExternalLabels)
	first := o.Target
	first.URL = to
	o.Targets = append([]Target{first}, o.Targets...)
	return o, nameTargets(o.Targets)
}

// checkLabels returns an error if a label is not valid.
func checkLabels(labels prometheus.Labels) error {
	var list []model.Label
	for name, value := range labels {
		if name == model.Histogram.Reserved() || name == model.Summary.Reserved() {
			return fmt.Errorf("the external label %q is the one that tells buckets or quantiles apart", name)
		}
		list = append(list, model.Label{Name: name, Value: value})
	}
	if _, err := model.NewLabels(list); err != nil {
		return fmt.Errorf("the external labels have %w", err)
	}
	return nil
}

// nameTargets checks targets and sets the names that are empty.
func nameTargets(targets []Target) error {
	for i := range targets {
		t := &targets[i]
		if err := t.check(); err != nil {
			return err
		}
		if slices.ContainsFunc(targets[:i], func(other Target) bool { return other.Name == t.Name }) {
			return fmt.Errorf("two targets are named %q: give one of them another Name", t.Name)
		}
	}
	return nil
}

// check returns an error if the target is not valid, and sets its name if it is empty.
func (t *Target) check() error {
	u, err := url.Parse(t.URL)
	switch {
	case err != nil:
		return fmt.Errorf("the URL of a target is not valid: %s", redact.Text(err.Error()))
	case u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		return fmt.Errorf("%q is not the URL of a target: it must begin with http:// or https:// and a host", redact.Text(t.URL))
	case t.Protocol > V2:
		return fmt.Errorf("the protocol of %s is %v, but must be Auto, V1 or V2", t.shownURL(), t.Protocol)
	case !utf8.ValidString(t.Name):
		return fmt.Errorf("the name %q of a target is not valid UTF-8", t.Name)
	}
	if t.Name == "" {
		u.User, u.RawQuery, u.Fragment, u.ForceQuery = nil, "", "", false
		t.Name = redact.Text(u.String())
	}
	return nil
}

// shownURL returns the URL without credentials. A user name without a password and any parameter of the
// query may be a credential.
func (t *Target) shownURL() string {
	u, err := url.Parse(t.URL)
	if err != nil {
		return ""
	}
	if _, ok := u.User.Password(); u.User != nil && !ok {
		u.User = url.User(hidden)
	}
	if query := u.Query(); len(query) > 0 {
		for _, values := range query {
			for i := range values {
				values[i] = hidden
			}
		}
		u.RawQuery = query.Encode()
	} else {
		u.RawQuery = ""
	}
	return redact.Text(u.Redacted())
}

// hidden replaces a credential, as in [url.URL.Redacted].
const hidden = "xxxxx"
