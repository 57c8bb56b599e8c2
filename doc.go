// Package metric is a Prometheus metrics library in which a scrape is one cancellable
// operation with a deadline, from the HTTP request down to the last collector.
//
// It works with everything that exists: any collector of client_golang registers
// unchanged, and code written for client_golang moves over by changing the import path.
//
// # Instruments
//
// [NewCounter], [NewGauge], [NewHistogram] and [NewSummary] make instruments, their
// …Vec siblings sets of them that differ in the values of labels. They are safe for
// concurrent use, scale with the cores and do not allocate when they are used. [New]
// makes them with a namespace, registered, and in one line.
//
// [NewCounterVecOf] and its siblings make vectors whose labels are the fields of a struct. The compiler
// checks them, and finding a series takes less time.
//
// [NewInfo] makes a metric whose labels tell something, such as the version of a program, and
// [NewStateSet] one with states that are on or off. OpenMetrics has types for both; elsewhere
// they are gauges.
//
// Replace of a vector, such as [GaugeVec.Replace], replaces all its series at once. A [Bundle]
// makes changes of several instruments that every scrape sees together. [GetOrRegister] registers
// an instrument or returns the one that is there, and [ObserverN] counts many observations at once.
//
// # Series that end, and limits
//
// [MetricVec.SetExpiry] lets series end that are not updated any more, and [MetricVec.SetLimit] bounds
// how many a vector has. [WithSeriesExpiry] and [WithSeriesLimit] do the same for all vectors of a registry.
// [ContextRegistry.Cardinality] lists the largest vectors. The page docs/vectors.md shows all of
// this.
//
// # Collectors
//
// A [ContextRegistry] gathers from all its collectors at the same time. What kind a
// collector is, the registry sees when it is registered:
//
//   - An instrument of this package is read directly, without a goroutine or a channel.
//   - A [CollectorWithContext] gets the context of the scrape: its deadline, its end if
//     the client goes away, and its values.
//   - A [StreamCollector] writes very many series straight into the response; [NewStreamFunc]
//     makes one of a function.
//   - Any other Collector is run without a context. Scrapes that overlap share a run.
//
// # What can go wrong
//
// A collector that is slow, stuck, panics or sends nonsense costs only itself. The rest
// is served, on time, and a [GatherError] tells which collector failed and why. One that
// does not return is left behind and not started again before it has returned; until
// then it fails with [ErrStillRunning]. A sample that is a duplicate or not valid is left
// out and reported.
//
// # How collectors are run
//
// The options of [ContextRegistry.RegisterWith] say how one collector is run: its name, a
// limit of its own ([WithTimeout]), results that are served again ([WithCache],
// [WithStale]), a schedule instead of scrapes ([WithBackground]), and when it is not run
// ([WithBreaker], [WithRateLimit], [WithGroup], [WithPriority]). [RegisterWith] does the same
// for the default registry, and [RegistererWith] for all that a library registers. [Select]
// and the parameters of a request choose what is run at all.
//
// # Seeing what happens
//
// The options of [NewContextRegistry] make scrapes visible: [WithSelfMetrics] as metrics,
// [WithLogger] in the log, [WithHooks] to traces. [ContextRegistry.Status] and
// [StatusHandler] tell how each collector does at the moment. The page docs/operations.md
// explains all of it, and has alert rules.
//
// # Serving
//
// [HandlerFor] and [HandlerForContext] serve what a registry or any other gatherer has,
// in the text format, OpenMetrics or protobuf, compressed or not, as the client asks. The
// deadline of the scrape comes from the header in which Prometheus announces its own
// timeout. [Handler] serves the default registry, and client_golang's beside it.
//
// # Documenting what is served
//
// [Catalog] lists what a program exports, as Go values, Markdown or JSON. Packages catalog/grafana and
// catalog/rules make a dashboard and Prometheus rules of it. The analyzer cmd/metricvet checks how a
// program uses metrics.
package metric
