// Package remote gathers metrics from other processes.
//
// A [Target] is the /metrics page of another process. It is a metric.GathererWithContext and a
// metric.Collector, so that it goes where those go:
//
//	target, err := remote.New("http://127.0.0.1:9100/metrics", remote.Opts{})
//	…
//	registry.MustRegisterWith(target, metric.WithTimeout(2*time.Second), metric.WithStale(time.Minute))
//
// A [Group] gathers from many targets at a time, each with labels of its own, and reports for each
// whether that has succeeded and how long it has taken.
//
// # Deadlines
//
// A scrape has one deadline, also if it reaches through several processes. A target tells the
// other process how much time is left, less a margin, in the header
// X-Prometheus-Scrape-Timeout-Seconds. Handlers of package metric, and many others, return by then
// what they have. The request ends with the context of the scrape.
//
// # All or nothing
//
// A response is served as a whole or not at all. One that breaks off, is malformed, or exceeds a
// limit of [Opts] is discarded, with an error that names the target. A sample that is not valid by
// itself, such as a histogram whose buckets do not add up, is left out and reported; everything else
// is served. Timestamps are kept if the other process has sent them, and none are added.
//
// # Formats
//
// A target asks for the protobuf format, in which native histograms, exemplars, start timestamps,
// units and UTF-8 names survive, then for OpenMetrics, then for the text format, compressed with
// zstd or gzip. The body is held as it has come, without an object for each series, and is written
// from there to the exposition of the scrape.
//
// # Loops
//
// If processes gather from each other, a scrape would go round for ever. The header X-Metric-Hops
// tells each process which targets the scrape has come through. A target that is reached for the
// second time fails, and the rest of the scrape is served.
package remote
