// Package remote gathers metrics from other processes' /metrics pages.
//
// A [Target] is the /metrics page of another process. It is a metric.GathererWithContext and a
// metric.Collector, so registries, handlers and MultiGatherers accept it:
//
//	target, err := remote.New("http://127.0.0.1:9100/metrics", remote.Opts{})
//	…
//	registry.MustRegisterWith(target, metric.WithTimeout(2*time.Second), metric.WithStale(time.Minute))
//
// A [Group] gathers from many targets at the same time. It adds labels to their metrics, and reports
// success and duration of each target. The targets are a slice, the result of a function, or a
// [File].
//
// # Deadlines
//
// A scrape has one deadline, even if it reaches through several processes. A target tells the
// other process how much time is left, less a margin, in the header
// X-Prometheus-Scrape-Timeout-Seconds. Handlers of package metric return by then what they have.
// The end of a scrape's context also ends its requests, and with them the scrapes in the other
// processes. Retries happen within the same deadline.
//
// # All or nothing
//
// A response is served as a whole or not at all. A response that breaks off, is malformed, or
// exceeds a limit of [Opts] is discarded, with an error that names the target. A sample that is not
// valid by itself, such as a histogram whose buckets are not cumulative, is left out and reported,
// and the rest of its response is served. Timestamps that the other process has sent are kept; none
// are added.
//
// # Formats
//
// A target prefers the protobuf format, in which native histograms, exemplars, start timestamps,
// units and UTF-8 names survive, to OpenMetrics and the text format, and accepts zstd and gzip. It
// keeps a response in the form in which it was sent, and writes its series from there to the exposition
// of the scrape, without an object for each series.
//
// # Credentials
//
// The caller's http.Client is in charge of TLS, proxies, credentials and additional headers. Errors
// and names never contain the password of a URL, nor what looks like a credential in its query.
//
// # Loops
//
// Processes that gather from each other would scrape each other for ever. The header X-Metric-Hops
// lists the targets that a scrape has come through. A handler answers a request that has come
// through one of its own targets with the status 508 Loop Detected, so the target before it fails
// with [ErrLoop], and everything is served once. A Gather under the context of such a request,
// see metric.ScrapeContext, leaves out only that target. After 32 targets, one after the other, the next one
// fails with [ErrTooFar].
package remote
