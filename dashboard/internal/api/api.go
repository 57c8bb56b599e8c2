// Package api defines the values that the dashboard's server and its page exchange as JSON.
//
// Times are milliseconds since the Unix epoch, or 0 if they do not apply. Durations are milliseconds,
// too, and may have fractions. All texts are valid UTF-8 and free of credentials. The page must still
// treat them as untrusted.
package api

import "math"

// Number is a value that JSON may be unable to represent. NaN and infinities are written as the strings
// "NaN", "+Inf" and "-Inf", and a missing value, see [Missing], as null.
type Number float64

// Missing marks a moment at which a series had no value.
var Missing = Number(math.Float64frombits(0x7ff0000000000002))

// Label is the name and the value of a label. A long value is cut, and ends in "…".
type Label [2]string

// Hello is the first event of a stream.
type Hello struct {
	Now        int64   `json:"now"`
	Program    string  `json:"program"`
	Started    int64   `json:"started"`    // time at which the dashboard was created
	IntervalMs float64 `json:"intervalMs"` // time between two samples while the page is open
	History    bool    `json:"history"`    // whether samples are also taken while no page is open
	MetricsURL string  `json:"metricsURL"` // URL of the program's metrics, absolute or relative to the page
	TraceURL   string  `json:"traceURL"`   // template with {trace_id} and {span_id}, or empty
}

// Tick is the event of a stream that follows each sample. It is also sent after each interval in which
// slow collectors prevented a new sample. T is then unchanged.
type Tick struct {
	T        int64   `json:"t"`   // time of the last sample; 0 before the first
	Now      int64   `json:"now"` // time of the event
	Families int     `json:"families"`
	Series   int     `json:"series"`
	Problems int     `json:"problems"` // number of collectors with a problem
	TookMs   float64 `json:"tookMs"`   // duration of the gathering, including waiting for collectors
	BusyMs   float64 `json:"busyMs"`   // processor time spent on storing the sample
	Error    string  `json:"error,omitempty"`
}

// Collectors is the answer of api/collectors. As an event of a stream, it contains only what has
// changed.
type Collectors struct {
	Now         int64       `json:"now"`
	All         bool        `json:"all"` // whether Rows are all rows, and not only those that have changed
	Rows        []Collector `json:"rows"`
	Removed     []string    `json:"removed,omitempty"` // IDs of removed rows
	Instruments Instruments `json:"instruments"`
}

// Instruments summarizes all instruments.
type Instruments struct {
	Count  int `json:"count"`
	Series int `json:"series"`
}

// State is the state of a collector.
type State string

// The states of a collector, from the worst to the best.
const (
	Stuck    State = "stuck"     // A run has outlived its scrape and has not returned.
	Open     State = "open"      // The circuit breaker is open: the collector rests.
	HalfOpen State = "half-open" // The circuit breaker lets the next run decide.
	Failed   State = "failed"    // The last scrape had no good result.
	Running  State = "running"
	OK       State = "ok"
	Waiting  State = "waiting" // The collector has never run.
)

// Collector is a collector, a gatherer, a remote target, a push or an instrument.
type Collector struct {
	ID       string   `json:"id"`   // unique among the rows
	Name     string   `json:"name"` // name that selects the collector in a scrape
	Kind     string   `json:"kind"` // as in metric.CollectorStatus
	Group    Group    `json:"group"`
	State    State    `json:"state"`
	Problem  bool     `json:"problem"`
	Since    int64    `json:"since"`            // start of the state
	Error    string   `json:"error,omitempty"`  // one short line
	Detail   string   `json:"detail,omitempty"` // the complete text if it is longer than Error
	Series   int      `json:"series"`
	Policies []string `json:"policies,omitempty"`

	LastStart  int64   `json:"lastStart,omitempty"`
	LastEnded  int64   `json:"lastEnded,omitempty"`  // start of the run that Series, DurationMs and the last element of Durations describe
	DurationMs float64 `json:"durationMs,omitempty"` // duration of the last run
	DeadlineMs float64 `json:"deadlineMs,omitempty"` // time limit of the last run; 0 if it had no deadline
	Durations  []Run   `json:"durations,omitempty"`  // recent runs that the dashboard has seen, oldest first

	Running      int     `json:"running,omitempty"`
	RunningSince int64   `json:"runningSince,omitempty"`
	StuckSince   int64   `json:"stuckSince,omitempty"`
	KeptSince    int64   `json:"keptSince,omitempty"`    // time of the result that a cache, the background policy or stale serving keeps
	BackgroundMs float64 `json:"backgroundMs,omitempty"` // interval of background runs
	Breaker      string  `json:"breaker,omitempty"`      // "closed", "open" or "half-open"; empty without a breaker
	Places       *Places `json:"places,omitempty"`

	Runs         uint64 `json:"runs,omitempty"`
	Failures     uint64 `json:"failures,omitempty"`
	Panics       uint64 `json:"panics,omitempty"`
	Timeouts     uint64 `json:"timeouts,omitempty"`
	RateLimited  uint64 `json:"rateLimited,omitempty"`
	CacheHits    uint64 `json:"cacheHits,omitempty"`
	StaleServes  uint64 `json:"staleServes,omitempty"`
	Dropped      uint64 `json:"dropped,omitempty"`
	BreakerTrips uint64 `json:"breakerTrips,omitempty"`
	Overflowed   uint64 `json:"overflowed,omitempty"`
	Limit        int    `json:"limit,omitempty"`
}

// Group is the part of the page that a row belongs to.
type Group string

// The groups of rows.
const (
	GroupCollector  Group = "collector"
	GroupTarget     Group = "target" // a remote target or another gatherer
	GroupPush       Group = "push"
	GroupInstrument Group = "instrument"
)

// Run is one run of a collector: when it began, how long it took, and whether it failed.
type Run struct {
	T      int64   `json:"t"`
	Ms     float64 `json:"ms"`
	Failed bool    `json:"failed,omitempty"`
}

// Places describes how full a group is that limits the number of concurrent collectors.
type Places struct {
	Name    string `json:"name"`
	Running int    `json:"running"`
	Max     int    `json:"max"`
	Overdue int    `json:"overdue,omitempty"`
}

// Search is the answer of api/metrics.
type Search struct {
	T               int64    `json:"t"` // time of the sample; 0 before the first
	Families        int      `json:"families"`
	Series          int      `json:"series"`
	MatchedFamilies int      `json:"matchedFamilies"`
	MatchedSeries   int      `json:"matchedSeries"`
	Rows            []Family `json:"rows"` // best matches first
}

// Family describes a metric family.
type Family struct {
	Name    string       `json:"name"`
	Type    string       `json:"type"`           // as in package catalog: "counter", "gauge", …
	Unit    string       `json:"unit,omitempty"` // such as "seconds"; "timestamp" means seconds since the Unix epoch
	Help    string       `json:"help,omitempty"`
	Series  int          `json:"series"`
	Matched int          `json:"matched"`          // number of series that match the search
	Native  bool         `json:"native,omitempty"` // whether histograms have native buckets
	Labels  []LabelCount `json:"labels,omitempty"` // sorted by name
}

// LabelCount is a label and its number of values.
type LabelCount struct {
	Name   string       `json:"name"`
	Values int          `json:"values"`
	Top    []ValueCount `json:"top,omitempty"` // values with the most series, in answers that contain them
}

// ValueCount is a value of a label and the number of its series.
type ValueCount struct {
	Value  string `json:"value"`
	Series int    `json:"series"`
	Bytes  int    `json:"bytes"` // size of these series in an exposition
}

// Detail is the answer of api/family.
type Detail struct {
	T          int64    `json:"t"`
	Family     Family   `json:"family"`
	Collectors []string `json:"collectors,omitempty"` // names of the collectors, if known
	Queries    []Query  `json:"queries"`
	Columns    []string `json:"columns"` // names of the numbers of each row, such as "value", "rate", "count", "p99", "0.5"
	Rows       []Row    `json:"rows"`
	Total      int      `json:"total"` // number of series that match; Rows may be one page of them
}

// Query is a PromQL expression with its meaning.
type Query struct {
	Title string `json:"title"`
	Expr  string `json:"expr"`
}

// Row is a series with its current values.
type Row struct {
	Labels    []Label    `json:"labels"`
	Values    []Number   `json:"values"` // in the order of the columns
	Created   int64      `json:"created,omitempty"`
	Exemplars []Exemplar `json:"exemplars,omitempty"`
}

// Exemplar is an example observation.
type Exemplar struct {
	Labels []Label `json:"labels"`
	Value  Number  `json:"value"`
	T      int64   `json:"t,omitempty"`
	URL    string  `json:"url,omitempty"` // URL of the trace, if the program has set a template
}

// Spec describes a plot. It is a JSON value in the parameter plot of a stream and of api/plot.
type Spec struct {
	Family  string   `json:"family"`
	Match   []Label  `json:"match,omitempty"`   // labels that the series must have
	By      []string `json:"by,omitempty"`      // labels by which series are summed; empty means one line for all
	Each    bool     `json:"each,omitempty"`    // whether each series has its own line, instead of By
	Seconds int      `json:"seconds,omitempty"` // length of the time range; 0 means five minutes

	// Keys are the keys of lines that the page already shows. Their groups come first, so that a plot
	// that cannot show all groups keeps showing the same ones.
	Keys []string `json:"keys,omitempty"`
}

// Plot is a family over time. In a stream, the first plot of a spec is complete, and the following ones
// contain what came after the last time of the previous one.
type Plot struct {
	ID     int      `json:"id"` // index of the spec in the request
	Kind   PlotKind `json:"kind"`
	Unit   string   `json:"unit,omitempty"` // "seconds", "bytes", …, from the family's unit or name; for a rate, the unit of the counter
	First  bool     `json:"first"`          // whether the plot replaces the one that the page has
	T      []int64  `json:"t"`
	Lines  []Line   `json:"lines"`
	Hidden int      `json:"hidden,omitempty"` // number of groups that are not shown because a plot has at most MaxLines
	Heat   *Heat    `json:"heat,omitempty"`   // only for histograms
	Error  string   `json:"error,omitempty"`
}

// MaxLines is the largest number of lines in a plot.
const MaxLines = 20

// PlotKind is the meaning of the values of lines.
type PlotKind string

// The kinds of plots.
const (
	Rates     PlotKind = "rate" // per second
	Values    PlotKind = "value"
	Quantiles PlotKind = "quantiles" // of a histogram or summary: lines named p50, p90, p99 and so on, for each group
	States    PlotKind = "states"    // 0 or 1
)

// Line is a line of a plot.
type Line struct {
	Key    string   `json:"key"`            // the same in later events
	Labels []Label  `json:"labels"`         // labels of the group
	Name   string   `json:"name,omitempty"` // quantile such as "p99", or state of a state set; otherwise empty
	V      []Number `json:"v"`              // one value for each time
}

// Heat is a histogram over time, of all matching series together.
type Heat struct {
	// Upper are the upper bounds of the buckets, in ascending order. The last one may be +Inf. Lower[0]
	// is the lower bound of the first bucket.
	Lower []Number `json:"lower"`
	Upper []Number `json:"upper"`
	// Rows contains, for each time, pairs of the index of a bucket and its observations per second.
	// Buckets without observations are omitted.
	Rows [][][2]Number `json:"rows"`
	// Counts reports whether Rows contains observations, as for gauge histograms, not observations per
	// second.
	Counts bool `json:"counts,omitempty"`
}

// Cardinality is the answer of api/cardinality.
type Cardinality struct {
	T      int64  `json:"t"`
	Since  int64  `json:"since"` // time since which growth is counted
	Series int    `json:"series"`
	Bytes  int    `json:"bytes"`
	Grown  int    `json:"grown"` // number of series gained since then
	Rows   []Size `json:"rows"`  // families with the most series first
}

// Size describes how large a family is.
type Size struct {
	Family Family `json:"family"`
	Bytes  int    `json:"bytes"`            // size of the family's series in an exposition
	Memory int    `json:"memory,omitempty"` // memory of the family's vectors in bytes
	Grown  int    `json:"grown"`
	New    bool   `json:"new,omitempty"` // whether the family did not exist at the start

	// only for vectors of this module
	Limit         int     `json:"limit,omitempty"`
	RegistryLimit int     `json:"registryLimit,omitempty"`
	Full          bool    `json:"full,omitempty"`
	Overflowed    uint64  `json:"overflowed,omitempty"`
	LongValues    uint64  `json:"longValues,omitempty"`
	Expired       uint64  `json:"expired,omitempty"`
	ExpiryMs      float64 `json:"expiryMs,omitempty"`
}

// Mark is the answer of POST api/marks.
type Mark struct {
	ID string `json:"id"`
	T  int64  `json:"t"`
}

// Changes is the answer of api/changes.
type Changes struct {
	Mark      Mark     `json:"mark"`
	T         int64    `json:"t"`
	Rows      []Change `json:"rows"` // new and gone series first, then those that have changed the most
	Total     int      `json:"total"`
	Unchanged int      `json:"unchanged"` // number of unchanged series
}

// Change is a number that has changed since the mark was set.
type Change struct {
	Family string  `json:"family"`
	Type   string  `json:"type"`
	Unit   string  `json:"unit,omitempty"`
	Labels []Label `json:"labels"`
	Name   string  `json:"name,omitempty"`  // number of the series: "count", "sum", a quantile or a state; empty if the series has only one
	Before Number  `json:"before"`          // Missing for a new series
	After  Number  `json:"after"`           // Missing for a series that is gone
	Reset  bool    `json:"reset,omitempty"` // whether a counter was reset
}

// History is the answer of api/history.
type History struct {
	Now      int64      `json:"now"`
	Started  int64      `json:"started"`
	Always   bool       `json:"always"` // whether samples are taken while no page is open
	From     int64      `json:"from"`   // time of the oldest sample; 0 before the first
	WindowMs float64    `json:"windowMs"`
	Samples  int        `json:"samples"`
	Series   int        `json:"series"`
	Omitted  int        `json:"omitted"` // number of series that are not kept because of the limits
	Bytes    int        `json:"bytes"`
	MaxBytes int        `json:"maxBytes"`
	Viewers  int        `json:"viewers"`
	Sampling []Sampling `json:"sampling"` // oldest first
	Events   []Event    `json:"events"`   // newest first
}

// Sampling is the cost of one sample.
type Sampling struct {
	T      int64   `json:"t"`
	TookMs float64 `json:"tookMs"`
	BusyMs float64 `json:"busyMs"`
	Series int     `json:"series"`
}

// Event is a change of a collector's state that the dashboard saw.
type Event struct {
	T         int64  `json:"t"`
	Collector string `json:"collector"`
	From      State  `json:"from,omitempty"` // empty if the collector is new
	To        State  `json:"to,omitempty"`   // empty if the collector was removed
	Error     string `json:"error,omitempty"`
}
