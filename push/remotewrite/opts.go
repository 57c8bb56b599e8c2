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

// Protocol is a version of the remote-write protocol, or the choice between them.
type Protocol uint8

const (
	// Auto sends by version 2.0, and by 1.0 to receivers that do not know that.
	Auto Protocol = iota
	// V1 is version 1.0. It has no start timestamps, and describes families instead of series.
	V1
	// V2 is version 2.0.
	V2
)

// String returns "auto", "1.0" or "2.0".
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

// Relabeler changes what a gatherer gathers. A *relabel.Pipeline is one.
type Relabeler interface {
	Gatherer(g metric.Gatherer) metric.GathererWithContext
}

// Target is a receiver.
type Target struct {
	// URL is the URL that requests are posted to, such as http://prometheus:9090/api/v1/write. A user
	// and a password in it are sent as basic authentication.
	URL string
	// Name is the target's name in errors, in Status and in the label remote_name of the Pusher's own
	// metrics. A queue on disk knows its targets by their names. The default is the URL without
	// credentials and query.
	Name string
	// Client sends the requests. The default is a client of this package.
	Client *http.Client
	// Header has more headers for each request, such as Authorization or X-Scope-OrgID. Those that the
	// protocol defines, User-Agent among them, are not allowed.
	Header http.Header
	// Protocol is the version to use. The default is Auto.
	Protocol Protocol
}

// Opts says what to push, and how. The zero value of each field stands for its default.
type Opts struct {
	// Target has the settings of the receiver that New is called with. Its URL must be empty.
	Target Target
	// Targets are more receivers. All get the same samples, and none of them waits for another.
	Targets []Target

	// ExternalLabels are added to all series that have no label of the same name.
	ExternalLabels prometheus.Labels
	// Relabel changes all series before they are sent, and after they have got the external labels.
	Relabel Relabeler
	// NativeOnly leaves out the classic buckets of histograms that have native ones.
	NativeOnly bool

	// Interval is how often Run pushes. The default is 15 seconds.
	Interval time.Duration
	// Timeout limits a push: the gathering in Run, and all of Push, which gathers for at most four
	// fifths of it. The default is Interval.
	Timeout time.Duration
	// RequestTimeout limits a single request. The default is 30 seconds.
	RequestTimeout time.Duration
	// MinBackoff and MaxBackoff limit how long a target rests after a failure that may pass. The rest
	// doubles with each failure. The defaults are 100 milliseconds and 10 seconds.
	MinBackoff, MaxBackoff time.Duration

	// MaxSamples and MaxBytes limit a request; the bytes are those before compression. The last series of
	// a request may exceed them, because all of a histogram or summary goes into the same request. The
	// defaults are 10,000 samples and 1 MiB.
	MaxSamples, MaxBytes int

	// QueueDir is a directory for the queue of requests that have not been sent. It is created if it does
	// not exist, and only one Pusher at a time can use it. By default, the queue is in memory.
	QueueDir string
	// QueueBytes limits the queue, whose requests are compressed. When it is full, the oldest requests are
	// dropped. The default is 64 MiB in memory and 1 GiB on disk.
	QueueBytes int64

	// KeepOnClose has Close send no stale markers. Receivers then return the last samples for five more
	// minutes, which is what a batch job wants.
	KeepOnClose bool

	// Logger gets what goes wrong in Run. The default is slog.Default().
	Logger *slog.Logger
	// Registry, if not nil, has Run in its Status and on its status page, with the last error.
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

// withDefaults returns the options with defaults, and the target of New in Targets.
func (o Opts) withDefaults(to string) (Opts, error) {
	if o.Target.URL != "" {
		return o, errors.New("the URL of Opts.Target must be empty: that of New is used")
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
		list = append(list, model.Label{Name: name, Value: value})
	}
	if _, err := model.NewLabels(list); err != nil {
		return fmt.Errorf("the external labels have %w", err)
	}
	return nil
}

// nameTargets checks targets, and gives names to those that have none.
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

// check checks a target, and gives it a name if it has none.
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

// shownURL returns the URL without its credentials. Those may be in a user name that has no password, and in any
// parameter of the query.
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

// hidden stands for a credential, as in url.URL.Redacted.
const hidden = "xxxxx"
