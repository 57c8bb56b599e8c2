package query_test

import (
	"slices"
	"testing"

	"github.com/luxfi/metric/dashboard/internal/query"
	"github.com/luxfi/metric/dashboard/internal/store"
	"github.com/luxfi/metric/internal/model"
)

var (
	nativeShape  = &store.Shape{Kind: store.Histogram, Native: true, Buckets: []store.Bucket{{Lower: 1, Upper: 2}}}
	classicShape = &store.Shape{Kind: store.Histogram, Buckets: []store.Bucket{{Lower: -inf, Upper: 1}, {Lower: 1, Upper: inf}}}
	summaryShape = &store.Shape{Kind: store.Summary, Quantiles: []float64{0.5, 0.99}}
	stateShape   = &store.Shape{Kind: store.StateSet, States: []string{"idle", "busy"}}
)

func TestQueries(t *testing.T) {
	for _, test := range []struct {
		name   string
		kind   model.Type
		labels string
		shape  *store.Shape
		want   []string
	}{
		{"x_total", model.Counter, "code=1,method=2", nil, []string{
			`sum by (code, method) (rate(x_total[5m]))`,
			`sum by (code, method) (increase(x_total[1h]))`,
		}},
		{"a.b", model.Counter, "sum=1,ü=2,job=3", nil, []string{
			`sum by (exported_job, "sum", "ü") (rate({"a.b"}[5m]))`,
			`sum by (exported_job, "sum", "ü") (increase({"a.b"}[1h]))`,
		}},
		{"x", model.Gauge, "", nil, []string{`x`, `sum(x)`, `avg_over_time(x[1h])`}},
		{"x_timestamp_seconds", model.Gauge, "", nil, []string{`x_timestamp_seconds`, `time() - x_timestamp_seconds`}},
		{"sum", model.Untyped, "", nil, []string{`{"sum"}`, `sum({"sum"})`, `avg_over_time({"sum"}[1h])`}},
		{"x", model.Histogram, "code=1", classicShape, []string{
			`histogram_quantile(0.99, sum by (le, code) (rate(x_bucket[5m])))`,
			`histogram_quantile(0.5, sum by (le, code) (rate(x_bucket[5m])))`,
			`sum by (code) (rate(x_sum[5m])) / sum by (code) (rate(x_count[5m]))`,
			`sum by (code) (rate(x_count[5m]))`,
			`sum by (le) (rate(x_bucket[5m]))`,
		}},
		{"x", model.Histogram, "", nativeShape, []string{
			`histogram_quantile(0.99, sum(rate(x[5m])))`,
			`histogram_quantile(0.5, sum(rate(x[5m])))`,
			`histogram_avg(sum(rate(x[5m])))`,
			`histogram_count(sum(rate(x[5m])))`,
			`sum(rate(x[5m]))`,
		}},
		{"x", model.GaugeHistogram, "", classicShape, []string{`histogram_quantile(0.99, sum by (le) (x_bucket))`, `sum(x_count)`}},
		{"x", model.GaugeHistogram, "", nativeShape, []string{`histogram_quantile(0.99, sum(x))`, `histogram_count(sum(x))`}},
		{"x", model.Summary, "code=1", summaryShape, []string{
			`sum by (code) (rate(x_sum[5m])) / sum by (code) (rate(x_count[5m]))`,
			`sum by (code) (rate(x_count[5m]))`,
			`x`,
		}},
		{"x", model.Summary, "", &store.Shape{Kind: store.Summary}, []string{
			`sum(rate(x_sum[5m])) / sum(rate(x_count[5m]))`, `sum(rate(x_count[5m]))`,
		}},
		{"x_info", model.Info, "revision=1,version=2", nil, []string{
			`x_info`, `up * on (job, instance) group_left (revision, version) x_info`,
		}},
		{"x_info", model.Gauge, "on=1", nil, []string{`x_info`, `up * on (job, instance) group_left ("on") x_info`}},
		{"x_info", model.Info, "", nil, []string{`x_info`}},
		{"x", model.StateSet, "", stateShape, []string{`x == 1`, `sum by (x) (x)`, `avg_over_time(x[1h])`}},
		{"a.x", model.StateSet, "", stateShape, []string{
			`{"a.x"} == 1`, `sum by ("a.x") ({"a.x"})`, `avg_over_time({"a.x"}[1h])`,
		}},
	} {
		t.Run(test.name+" "+test.kind.String(), func(t *testing.T) {
			w := newWorld(0)
			w.series(w.family(test.name, test.kind), test.labels, test.shape, []float64{1}, []float64{1}, []float64{1}, []float64{1})
			var got []string
			for _, q := range query.Detail(w.last(), nil, query.DetailOptions{Family: test.name}).Queries {
				if got = append(got, q.Expr); q.Title == "" {
					t.Errorf("%s has no title", q.Expr)
				}
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("got\n%q, want\n%q", got, test.want)
			}
		})
	}
}
