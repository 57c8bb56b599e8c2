package main

// intended maps intended differences, by package.Name or package.Name.Member, to their reasons. A
// difference that is not in this list fails the check, and so does an entry that is no longer a
// difference.
var intended = map[string]string{
	"prometheus.MetricVec":    "written here: finding a series takes no lock",
	"prometheus.CounterVec":   "a struct there, which cannot hold our counters",
	"prometheus.GaugeVec":     "a struct there, which cannot hold our gauges",
	"prometheus.HistogramVec": "a struct there, which cannot hold our histograms",
	"prometheus.SummaryVec":   "a struct there, which cannot hold our summaries",

	"prometheus.Registry":  "an alias of ContextRegistry, which has more methods",
	"prometheus.Gatherers": "it has GatherWithContext",
	"promauto.Factory":     "its methods return our instruments",

	"prometheus.NewGoCollector":                         goOption,
	"collectors.NewGoCollector":                         goOption,
	"collectors.WithGoCollections":                      goOption,
	"collectors.WithGoCollectorMemStatsMetricsDisabled": goOption,
	"collectors.WithGoCollectorRuntimeMetrics":          goOption,
	"collectors.WithoutGoCollectorRuntimeMetrics":       goOption,
}

const goOption = "a variable: the type of the options is private to client_golang"
