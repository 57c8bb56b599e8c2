// Package remote gathers metrics from other processes' /metrics pages.
//
// A [Target] is the /metrics page of another process. It implements metric.GathererWithContext and
// metric.Collector, so registries, handlers and MultiGatherers accept it:
//
//	target, err := remote.New("http://127.0.0.1:9100/metrics", remote.Opts{})
//	…
//	registry.MustRegisterWith(target, metric.WithTimeout(2*time.Second), metric.WithStale(time.Minute))
//
// A [Group] gathers from many targets at the same time. It adds labels to their metrics and reports the
// success and the duration of each target. The targets come from a slice, a function or a [File].
//
// # Deadlines
//
// A scrape has one deadline, even if it reaches through several processes. A target sends the other process
// the time that is left, less a margin, in the header X-Prometheus-Scrape-Timeout-Seconds. Handlers of
// package metric respond within that time with the metrics they have. When the context of a scrape ends, its
// requests end, and so do the scrapes in the other processes. Retries happen within the same deadline.
//
// # All or nothing
//
// A response is served as a whole or not at all. A target discards a response that breaks off, is
// malformed, or exceeds a limit of [Opts], and returns an error that names the target. It leaves out and
// reports a sample that is itself not valid, such as a histogram whose buckets are not cumulative, and
// serves the rest of the response. Timestamps that the other process has sent are kept; none are added.
//
// # Formats
//
// A target prefers the protobuf format to OpenMetrics and the text format, because it preserves native
// histograms, exemplars, start timestamps, units and UTF-8 names. It accepts zstd and gzip. It keeps a
// response in the form in which it was sent and writes its series from there to the exposition of the
// scrape, without an object for each series.
//
// # Credentials
//
// The caller's http.Client handles TLS, proxies, credentials and additional headers. Errors and names never
// contain the password of a URL or a query parameter that looks like a credential.
//
// # Loops
//
// Without protection, processes that gather from each other would scrape each other forever. The header
// X-Metric-Hops lists the targets that a scrape has come through. If a request has come through one of a
// handler's own targets, the handler responds with the status 508 Loop Detected. The target that sent the
// request fails with [ErrLoop], and everything is served once. A Gather under the context of such a request
// (see metric.ScrapeContext) leaves out only that target. After 32 targets in a chain, the next one fails
// with [ErrTooFar].
package remote
