package query_test

import (
	"slices"
	"testing"

	"github.com/luxfi/metric/dashboard/internal/api"
	"github.com/luxfi/metric/dashboard/internal/query"
	"github.com/luxfi/metric/dashboard/internal/store"
	"github.com/luxfi/metric/internal/model"
)

// column returns the numbers of a row.
func column(d *api.Detail, row int) []api.Number { return d.Rows[row].Values }

func TestDetailNumbers(t *testing.T) {
	w := newWorld(0, 10)
	counter := w.family("c_total", model.Counter)
	w.series(counter, "a=1", nil, []float64{100, 150})
	w.series(counter, "a=2", nil, []float64{100, 30}) // a reset
	w.series(counter, "a=3", nil, []float64{none, 30})
	w.series(counter, "a=4", nil, []float64{none, 30}).Created = instant(5)
	w.series(counter, "a=5", nil, []float64{none, 30}).Created = instant(-5)
	w.series(w.family("g", model.Gauge), "", nil, []float64{1, inf})
	states := w.family("s", model.StateSet)
	w.series(states, "", stateShape, []float64{0, 1}, []float64{1, 0})
	w.series(states, "a=1", &store.Shape{Kind: store.StateSet, States: []string{"down"}}, []float64{1, 1})
	sums := w.family("sums", model.Summary)
	w.series(sums, "", summaryShape, []float64{10, 14}, []float64{100, 120}, []float64{1, 2}, []float64{3, 4})
	w.series(sums, "a=1", &store.Shape{Kind: store.Summary}, []float64{10, 10}, []float64{100, 100})

	for _, test := range []struct {
		family  string
		columns []string
		rows    [][]float64
	}{
		{"c_total", []string{"value", "rate"}, [][]float64{{150, 5}, {30, 3}, {30, none}, {30, 3}, {30, none}}},
		{"g", []string{"value"}, [][]float64{{inf}}},
		{"s", []string{"idle", "busy", "down"}, [][]float64{{1, 0, none}, {none, none, 1}}},
		{"sums", []string{"count", "rate", "avg", "0.5", "0.99"}, [][]float64{{14, 0.4, 5, 2, 4}, {10, 0, 10, none, none}}},
	} {
		t.Run(test.family, func(t *testing.T) {
			d := query.Detail(w.snapshot(1), w.snapshot(0), query.DetailOptions{Family: test.family})
			if !slices.Equal(d.Columns, test.columns) || len(d.Rows) != len(test.rows) || d.Total != len(test.rows) {
				t.Fatalf("got columns %v and %d rows", d.Columns, len(d.Rows))
			}
			for i, want := range test.rows {
				same(t, "row", column(d, i), want...)
			}
		})
	}
	d := query.Detail(w.snapshot(1), nil, query.DetailOptions{Family: "c_total"})
	same(t, "without an earlier sample", column(d, 0), 150, none)
	d = query.Detail(w.snapshot(1), w.snapshot(1), query.DetailOptions{Family: "c_total"})
	same(t, "with itself", column(d, 0), 150, none)
}

func instant(seconds float64) model.Instant {
	return model.Instant{Nanos: at(seconds).UnixNano(), Valid: true}
}

func TestDetailHistograms(t *testing.T) {
	w := newWorld(0, 10)
	f := w.family("h_seconds", model.Histogram)
	shape := &store.Shape{Kind: store.Histogram, Buckets: []store.Bucket{
		{Lower: -inf, Upper: 1}, {Lower: 1, Upper: 2}, {Lower: 2, Upper: inf},
	}}
	// Ten observations between 1 and 2 since the first sample.
	w.series(f, "a=1", shape, []float64{10, 20}, []float64{5, 20}, []float64{10, 10}, []float64{0, 10}, []float64{0, 0})
	// There were no observations since the first sample, so all observations count.
	w.series(f, "a=2", shape, []float64{10, 10}, []float64{5, 5}, []float64{10, 10}, []float64{0, 0}, []float64{0, 0})
	// A reset: all observations are new.
	w.series(f, "a=3", shape, []float64{10, 2}, []float64{5, 2}, []float64{10, 0}, []float64{0, 2}, []float64{0, 0})
	// There are no observations at all.
	w.series(f, "a=4", shape, []float64{0, 0}, []float64{0, 0}, []float64{0, 0}, []float64{0, 0}, []float64{0, 0})
	// Only a bucket shows this reset.
	w.series(f, "a=5", shape, []float64{10, 20}, []float64{5, 40}, []float64{10, 0}, []float64{0, 20}, []float64{0, 0})
	d := query.Detail(w.snapshot(1), w.snapshot(0), query.DetailOptions{Family: "h_seconds"})
	if want := []string{"count", "rate", "avg", "p50", "p90", "p99"}; !slices.Equal(d.Columns, want) {
		t.Errorf("got columns %v", d.Columns)
	}
	if d.Family.Unit != "seconds" {
		t.Errorf("got unit %q", d.Family.Unit)
	}
	same(t, "increase", column(d, 0), 20, 1, 1.5, 1.5, 1.9, 1.99)
	same(t, "no increase", column(d, 1), 10, 0, 0.5, 0.5, 0.9, 0.99)
	same(t, "reset", column(d, 2), 2, 0.2, 1, 1.5, 1.9, 1.99)
	same(t, "nothing", column(d, 3), 0, 0, none, none, none, none)
	same(t, "reset of buckets", column(d, 4), 20, 2, 2, 1.5, 1.9, 1.99)

	gauges := w.family("gh", model.GaugeHistogram)
	w.series(gauges, "", shape, []float64{10, 4}, []float64{5, 6}, []float64{10, 0}, []float64{0, 4}, []float64{0, 0})
	d = query.Detail(w.snapshot(1), w.snapshot(0), query.DetailOptions{Family: "gh"})
	same(t, "gauge histogram", column(d, 0), 4, 1.5, 1.5, 1.9, 1.99)
}

// TestDetailGrownHistogram checks a native histogram with a new bucket. In the store, the bucket makes it a
// new series.
func TestDetailGrownHistogram(t *testing.T) {
	before, after := newWorld(0), newWorld(10)
	small := &store.Shape{Kind: store.Histogram, Native: true, Buckets: []store.Bucket{{Lower: 4, Upper: 8}}}
	large := &store.Shape{Kind: store.Histogram, Native: true, Buckets: []store.Bucket{{Lower: 1, Upper: 2}, {Lower: 4, Upper: 8}}}
	before.series(before.family("h", model.Histogram), "", small, []float64{10}, []float64{50}, []float64{10})
	after.series(after.family("h", model.Histogram), "", large, []float64{20}, []float64{65}, []float64{8}, []float64{12})
	d := query.Detail(after.last(), before.last(), query.DetailOptions{Family: "h"})
	// Eight observations in (1, 2] and two in (4, 8].
	same(t, "numbers", column(d, 0), 20, 1, 1.5, 1.5422108254079407, 5.656854249492380, 7.727490631128763)
}

func TestDetailPages(t *testing.T) {
	s := shop().last()
	if d := query.Detail(s, nil, query.DetailOptions{Family: "unknown"}); d != nil {
		t.Errorf("got %v for a family that does not exist", d)
	}
	if d := query.Detail(nil, nil, query.DetailOptions{Family: "x"}); d != nil {
		t.Errorf("got %v without a sample", d)
	}
	for _, test := range []struct {
		opts        query.DetailOptions
		rows, total int
	}{
		{query.DetailOptions{}, 4, 4},
		{query.DetailOptions{Limit: 2}, 2, 4},
		{query.DetailOptions{Limit: 3, Offset: 3}, 1, 4},
		{query.DetailOptions{Offset: 100}, 0, 4},
		{query.DetailOptions{Offset: -1, Limit: -1}, 4, 4},
		{query.DetailOptions{Words: "method=get"}, 3, 3},
		{query.DetailOptions{Words: "method=get", Offset: 2}, 1, 3},
		{query.DetailOptions{Words: "nowhere"}, 0, 0},
	} {
		test.opts.Family = "http_requests_total"
		d := query.Detail(s, nil, test.opts)
		if len(d.Rows) != test.rows || d.Rows == nil || d.Total != test.total {
			t.Errorf("%+v: got %d rows of %d", test.opts, len(d.Rows), d.Total)
		}
	}
}

func TestExemplars(t *testing.T) {
	w := newWorld(0)
	series := w.series(w.family("c_total", model.Counter), "", nil, []float64{1})
	s := w.last()
	exemplar := func(second float64, labels ...model.Label) *model.Exemplar {
		l, err := model.NewLabels(labels)
		if err != nil {
			t.Fatal(err)
		}
		return &model.Exemplar{Labels: l, Value: second, Timestamp: instant(second)}
	}
	trace, span := model.Label{Name: "trace_id", Value: "a/b c"}, model.Label{Name: "spanID", Value: "12"}
	s.Exemplars[series] = []*model.Exemplar{exemplar(1, trace, span), exemplar(3), exemplar(2, model.Label{Name: "TraceID", Value: "7"})}
	for _, test := range []struct {
		template string
		want     [3]string // URLs of the exemplars, newest first
	}{
		{"", [3]string{}},
		{"https://traces/{trace_id}", [3]string{"", "https://traces/7", "https://traces/a%2Fb+c"}},
		{"http://traces/?t={trace_id}&s={span_id}", [3]string{"", "", "http://traces/?t=a%2Fb+c&s=12"}},
		{"javascript:alert({trace_id})", [3]string{}},
		{"//traces/{trace_id}", [3]string{}},
		{"{trace_id}", [3]string{}},
		{"HTTPS://traces/", [3]string{"HTTPS://traces/", "HTTPS://traces/", "HTTPS://traces/"}},
	} {
		d := query.Detail(s, nil, query.DetailOptions{Family: "c_total", TraceURL: test.template})
		var got [3]string
		for i, e := range d.Rows[0].Exemplars {
			got[i] = e.URL
		}
		if got != test.want {
			t.Errorf("%s: got %q, want %q", test.template, got, test.want)
		}
	}
	d := query.Detail(s, nil, query.DetailOptions{Family: "c_total"})
	if e := d.Rows[0].Exemplars[2]; e.Value != 1 || e.T != at(1).UnixMilli() || !slices.Equal(e.Labels, []api.Label{{"spanID", "12"}, {"trace_id", "a/b c"}}) {
		t.Errorf("got %+v", e)
	}
}
