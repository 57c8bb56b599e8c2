package remotewrite

import (
	"log/slog"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric"
)

// Protocol is a version of the remote-write protocol, or the choice between them.
type Protocol uint8

const (
	// Auto sends by version 2.0 and falls back to 1.0 if a receiver does not know that.
	Auto Protocol = iota
	// V1 is version 1.0. It has no start timestamps, and no units and types for series.
	V1
	// V2 is version 2.0.
	V2
)

// Relabeler changes what a gatherer gathers. A *relabel.Pipeline is one.
type Relabeler interface {
	Gatherer(metric.Gatherer) metric.GathererWithContext
}

// Target is a receiver.
type Target struct {
	// URL is the URL that requests are posted to, such as http://prometheus:9090/api/v1/write.
	URL string
	// Name is the target's name in errors, in Status and in the label remote_name of the self-metrics. It
	// must not change as long as there is a queue on disk. The default is the URL without credentials
	// and query.
	Name string
	// Client sends the requests. It must not follow redirects to other methods than POST. The default is
	// a client of the package's own.
	Client *http.Client
	// Header has more headers for each request, such as Authorization or X-Scope-OrgID. Those that the
	// protocol defines cannot be replaced, except User-Agent.
	Header http.Header
	// Protocol is the version to use. The default is Auto.
	Protocol Protocol
}

// Opts says what to push, and how. The zero value of each field stands for its default.
type Opts struct {
	// Target has the settings of the receiver that New is called with. Its URL must be empty.
	Target Target
	// Targets are more receivers. All get the same samples; none of them waits for another.
	Targets []Target

	// ExternalLabels are added to all series that have no label of the same name.
	ExternalLabels prometheus.Labels
	// Relabel changes all series before they are sent, and after they have got the external labels.
	Relabel Relabeler
	// NativeOnly leaves out the classic buckets of histograms that have native ones.
	NativeOnly bool

	// Interval is how often Run pushes. The default is 15 seconds.
	Interval time.Duration
	// Timeout limits the gathering of a push. The default is Interval.
	Timeout time.Duration
	// RequestTimeout limits a single request. The default is 30 seconds.
	RequestTimeout time.Duration
	// MinBackoff and MaxBackoff limit how long a target rests after a failure. The rest doubles with each
	// failure. The defaults are 100 milliseconds and 10 seconds.
	MinBackoff, MaxBackoff time.Duration

	// MaxSamples and MaxBytes limit a request; the bytes are those before compression. The last series of
	// a request may exceed them, because all of a histogram or summary goes into the same request. The
	// defaults are 10,000 samples and 1 MiB.
	MaxSamples, MaxBytes int

	// QueueDir is a directory for the queue of requests that have not been sent. It is created if it does
	// not exist, and only one Pusher at a time can use it. By default, the queue is in memory.
	QueueDir string
	// QueueBytes limits the queue. When it is full, the oldest requests are dropped. The default is 64 MiB
	// in memory and 1 GiB on disk.
	QueueBytes int64

	// KeepOnClose has Close send no stale markers. Receivers then return the last samples for five more
	// minutes, which is what a batch job wants.
	KeepOnClose bool

	// Logger gets what goes wrong in Run. The default is slog.Default().
	Logger *slog.Logger
}
