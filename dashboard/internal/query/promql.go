package query

import (
	"slices"
	"strings"

	"github.com/luxfi/metric/dashboard/internal/api"
	"github.com/luxfi/metric/dashboard/internal/store"
	"github.com/luxfi/metric/internal/model"
	"github.com/luxfi/metric/internal/promql"
)

// maxGrouped limits the labels by which a query groups.
const maxGrouped = 10

// maxQueryName limits the length of names in queries. Longer ones would be unreadable.
const maxQueryName = 1000

// expressions makes PromQL expressions for a family, using the names that Prometheus gives its series.
type expressions struct {
	family *store.Family
	labels []string // as Prometheus stores them
}

// queriesOf returns expressions that show a family in Prometheus. The result is not nil.
func queriesOf(f *store.Family) []api.Query {
	queries := []api.Query{}
	if len(f.Name) > maxQueryName {
		return queries
	}
	e := expressions{f, groupedLabels(f)}
	switch f.Type {
	case model.Counter:
		return append(queries, e.counter()...)
	case model.Histogram:
		if isNative(f) {
			return append(queries, e.native()...)
		}
		return append(queries, e.classic()...)
	case model.GaugeHistogram:
		return append(queries, e.gaugeHistogram()...)
	case model.Summary:
		return append(queries, e.summary()...)
	case model.StateSet:
		return append(queries, e.states()...)
	case model.Info:
		return append(queries, e.info()...)
	case model.Gauge:
		if strings.HasSuffix(f.Name, model.InfoSuffix) {
			return append(queries, e.info()...)
		}
	}
	return append(queries, e.gauge()...)
}

// groupedLabels returns the names of the labels of series, sorted.
func groupedLabels(f *store.Family) []string {
	var names []string
	for _, s := range f.Series {
		for i, l := range s.Labels {
			if i < len(names) && names[i] == l.Name || len(l.Name) > maxQueryName || slices.Contains(names, l.Name) {
				continue
			}
			if names = append(names, l.Name); len(names) == maxGrouped {
				break
			}
		}
		if len(names) == maxGrouped {
			break
		}
	}
	slices.Sort(names)
	for i := range names {
		names[i] = promql.Scraped(names[i])
	}
	return names
}

func (e *expressions) selector(suffix string) string { return promql.Selector(e.family.Name + suffix) }

func (e *expressions) rate(suffix string) string { return "rate(" + e.selector(suffix) + "[5m])" }

// sumBy returns a sum by labels.
func sumBy(expr string, labels ...string) string {
	if len(labels) == 0 {
		return "sum(" + expr + ")"
	}
	return "sum " + promql.By(labels...) + "(" + expr + ")"
}

// sum returns a sum by the labels of the family and extra.
func (e *expressions) sum(expr string, extra ...string) string {
	return sumBy(expr, append(extra, e.labels...)...)
}

func quantileOf(q float64, expr string) string {
	return "histogram_quantile(" + formatFloat(q) + ", " + expr + ")"
}

func (e *expressions) counter() []api.Query {
	return []api.Query{
		{Title: "Rate per second", Expr: e.sum(e.rate(""))},
		{Title: "Increase in an hour", Expr: e.sum("increase(" + e.selector("") + "[1h])")},
	}
}

func (e *expressions) gauge() []api.Query {
	queries := []api.Query{{Title: "Value", Expr: e.selector("")}}
	if isTimestamp(e.family.Family) {
		return append(queries, api.Query{Title: "Age in seconds", Expr: "time() - " + e.selector("")})
	}
	return append(queries,
		api.Query{Title: "Sum", Expr: e.sum(e.selector(""))},
		api.Query{Title: "Average over an hour", Expr: "avg_over_time(" + e.selector("") + "[1h])"},
	)
}

func (e *expressions) classic() []api.Query {
	const le = "le"
	return []api.Query{
		{Title: "99th percentile", Expr: quantileOf(0.99, e.sum(e.rate("_bucket"), le))},
		{Title: "Median", Expr: quantileOf(0.5, e.sum(e.rate("_bucket"), le))},
		{Title: "Average", Expr: e.sum(e.rate("_sum")) + " / " + e.sum(e.rate("_count"))},
		{Title: "Observations per second", Expr: e.sum(e.rate("_count"))},
		{Title: "Heatmap", Expr: sumBy(e.rate("_bucket"), le)},
	}
}

func (e *expressions) native() []api.Query {
	sum := e.sum(e.rate(""))
	return []api.Query{
		{Title: "99th percentile", Expr: quantileOf(0.99, sum)},
		{Title: "Median", Expr: quantileOf(0.5, sum)},
		{Title: "Average", Expr: "histogram_avg(" + sum + ")"},
		{Title: "Observations per second", Expr: "histogram_count(" + sum + ")"},
		{Title: "Heatmap", Expr: sumBy(e.rate(""))},
	}
}

func (e *expressions) gaugeHistogram() []api.Query {
	if isNative(e.family) {
		return []api.Query{
			{Title: "99th percentile", Expr: quantileOf(0.99, e.sum(e.selector("")))},
			{Title: "Count", Expr: "histogram_count(" + e.sum(e.selector("")) + ")"},
		}
	}
	return []api.Query{
		{Title: "99th percentile", Expr: quantileOf(0.99, e.sum(e.selector("_bucket"), "le"))},
		{Title: "Count", Expr: e.sum(e.selector("_count"))},
	}
}

func (e *expressions) summary() []api.Query {
	queries := []api.Query{
		{Title: "Average", Expr: e.sum(e.rate("_sum")) + " / " + e.sum(e.rate("_count"))},
		{Title: "Observations per second", Expr: e.sum(e.rate("_count"))},
	}
	if len(allQuantiles(e.family.Series)) > 0 {
		queries = append(queries, api.Query{Title: "Quantiles", Expr: e.selector("")})
	}
	return queries
}

// states uses the label that each state has, whose name is the family's.
func (e *expressions) states() []api.Query {
	return []api.Query{
		{Title: "Current states", Expr: e.selector("") + " == 1"},
		{Title: "Series in each state", Expr: sumBy(e.selector(""), e.family.Name)},
		{Title: "Share of the last hour in each state", Expr: "avg_over_time(" + e.selector("") + "[1h])"},
	}
}

// info shows how to add the labels to another metric of the same process. It lists them, because
// group_left needs names.
func (e *expressions) info() []api.Query {
	queries := []api.Query{{Title: "Labels", Expr: e.selector("")}}
	if len(e.labels) == 0 {
		return queries
	}
	quoted := make([]string, len(e.labels))
	for i, l := range e.labels {
		quoted[i] = promql.Label(l)
	}
	return append(queries, api.Query{
		Title: "Add its labels to another metric",
		Expr:  "up * on (job, instance) group_left (" + strings.Join(quoted, ", ") + ") " + e.selector(""),
	})
}
