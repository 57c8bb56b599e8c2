// Package metric is a Prometheus metrics library in which a scrape is one cancellable operation with
// a deadline, from the HTTP request down to the last collector.
//
// It works with existing code: any collector of client_golang registers unchanged, and code written
// for client_golang moves over by changing the import path. Types that such code shares are aliases
// of client_golang's.
//
// A program makes instruments and serves them:
//
//	var requests = metric.New("shop").NewCounterVec("requests_total", "Requests served.", []string{"method"})
//
//	func main() {
//		http.Handle("/metrics", metric.Handler())
//		…
//		requests.WithLabelValues("GET").Inc()
//	}
//
// # Instruments
//
// [NewCounter], [NewGauge], [NewHistogram] and [NewSummary] make single instruments.
// [NewCounterVec] and its siblings make vectors: sets of instruments that differ in the values of
// their labels. All are safe for concurrent use, scale with the number of cores, and do not allocate
// when they are updated. [New] and [NewWithRegistry] make instruments with a namespace and register
// them.
//
// [NewCounterVecOf] and its siblings make vectors whose labels are the fields of a struct. The
// compiler checks the labels, and finding a series takes less time.
//
// [NewInfo] makes a metric whose labels carry information, such as the version of a program, and
// [NewStateSet] makes a metric with states that are on or off. OpenMetrics has types for both. Other
// formats have gauges instead.
//
// The Replace method of a vector, such as [GaugeVec.Replace], replaces all its series at once. A
// [Bundle] changes several instruments so that every scrape sees all changes or none.
// [GetOrRegister] registers an instrument or returns the existing one. [ObserverN] counts many
// observations at once.
//
// # Expiry and limits of series
//
// [MetricVec.SetExpiry] makes series expire that are no longer updated, and [MetricVec.SetLimit]
// bounds the number of series of a vector. [WithSeriesExpiry] and [WithSeriesLimit] do the same for
// all vectors of a registry. [ContextRegistry.Cardinality] lists the largest vectors. The page
// docs/vectors.md has examples.
//
// # Collectors
//
// A [ContextRegistry] gathers from all its collectors at the same time. The type of a collector
// determines how the registry runs it:
//
//   - It reads an instrument of this package directly, without a goroutine or a channel.
//   - A [CollectorWithContext] gets the context of the scrape: its deadline, its cancellation when
//     the client goes away, and its values.
//   - A [StreamCollector] writes very many series straight into the response. [NewStreamFunc] makes
//     one from a function.
//   - Any other [Collector] runs without a context. Scrapes that overlap share a run.
//
// # Failures
//
// A collector that is slow, stuck, panics or sends invalid samples costs only its own metrics. The
// registry serves the rest on time, and a [GatherError] says which collector failed and why. The
// registry leaves a collector that does not return behind, and does not start it again before it has
// returned. Until then, the collector fails with [ErrStillRunning]. A panic becomes a [PanicError]. A
// sample that is a duplicate or not valid is left out and reported.
//
// # Policies
//
// The options of [ContextRegistry.RegisterWith] say how the registry runs one collector: its name
// ([WithName]), a time limit ([WithTimeout]), whether an earlier result is served again ([WithCache],
// [WithStale]), a schedule instead of scrapes ([WithBackground]), and when the collector is not run or
// waits ([WithBreaker], [WithRateLimit], [WithGroup], [WithPriority]). [RegisterWith] does the same
// for the default registry, and [RegistererWith] for everything that a library registers. [Select]
// and the parameters of a request choose the collectors to run.
//
// # Observing scrapes
//
// The options of [NewContextRegistry] make scrapes visible: [WithSelfMetrics] in metrics,
// [WithLogger] in the log, and [WithHooks] in traces. [ContextRegistry.Status] and [StatusHandler]
// show the current state of each collector. The page docs/operations.md explains them and has alert
// rules.
//
// # Serving
//
// [HandlerFor] and [HandlerForContext] serve a registry or any other gatherer in the text format,
// OpenMetrics or protobuf, compressed or not, as the client asks. The deadline of the scrape comes
// from the header in which Prometheus announces its own timeout. [Handler] serves the default
// registry together with client_golang's.
//
// # Joining gatherers
//
// There are several ways to gather from more than one source as if it were one. All of them gather
// from the sources at the same time, under one context and deadline, keep the partial result if a
// source fails, and name the source in the error.
//
//   - Register a registry with another one, when a part of a program has a registry of its own. A
//     [ContextRegistry] is a [Collector]: use [WithName] to select and name its collectors as
//     "part/collector", and [WrapRegistererWith] or [WrapRegistererWithPrefix] to add labels or a
//     prefix. This is the usual choice.
//   - [DefaultGatherers] joins the default registry and client_golang's, when libraries still
//     register there. [Handler] serves it.
//   - [Gatherers] joins a fixed list, such as your registry and the registry of a library. It
//     replaces client_golang's type of that name, and errors name the source by its position.
//     [NewShardedGatherer] is the same for gatherers that all take a context.
//   - [NewMultiGatherer] joins named gatherers that come and go while the program runs. It leaves
//     their names and labels alone. [NewPrefixGatherer] and [NewLabelGatherer] do the same for
//     sources that have the same families, and tell them apart by a prefix or a label.
//   - Package remote gathers from other processes. A target or group of targets is both a Collector
//     and a gatherer, so it can be registered, or joined in any of these ways.
//
// [NewMultiTRegistry] is client_golang's way to join gatherers that reuse their memory. It takes no
// context and runs its sources one after the other.
//
// A gatherer can be adapted before it is joined or served. [BindGatherer] binds a context to it, for
// an API that takes a plain [Gatherer]. A pipeline of package relabel returns a gatherer that drops,
// renames or aggregates its metrics.
//
// # Documenting metrics
//
// [Catalog] lists the metrics that a program exports, as Go values, Markdown or JSON. Packages
// catalog/grafana and catalog/rules turn the list into a dashboard and Prometheus rules. The analyzer
// cmd/metricvet checks how a program uses metrics.
package metric
