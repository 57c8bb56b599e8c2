package dashboard

import (
	"net/http"
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

	// Interval is the time between two samples while somebody watches; by default 2 s.
	Interval time.Duration

	// History, if positive, has samples taken all the time, so that the page has a past of this length when it is
	// opened. By default nothing is sampled while nobody watches.
	History time.Duration
	// HistoryInterval is the time between two samples while nobody watches; by default 10 s.
	HistoryInterval time.Duration
	// MaxBytes bounds the memory for the past; by default 32 MiB.
	MaxBytes int
	// MaxSeries bounds the series that are kept; by default 200,000.
	MaxSeries int

	// Timeout bounds the gathering of a sample; by default it is the interval, at least 1 s and at most 10 s.
	Timeout time.Duration
	// Selection chooses what is gathered, for example to spare an expensive collector.
	Selection metric.Selection

	// MetricsURL is where the program serves its metrics, relative to the page or absolute. By default the dashboard
	// itself serves them.
	MetricsURL string
	// TraceURL is a template of the URL of a trace, with {trace_id} and {span_id}, for exemplars.
	TraceURL string
}

// Handler returns a handler that serves the dashboard of what g gathers. It panics if g is nil or opts are invalid; see New.
func Handler(g metric.Gatherer, opts Opts) http.Handler { panic("TODO") }
