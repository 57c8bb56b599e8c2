package dashboard_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/dashboard"
)

func TestAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := metric.NewContextRegistry()
		requests := metric.NewCounterVec(metric.CounterOpts{Name: "requests_total", Help: "Requests."}, []string{"code"})
		r.MustRegister(requests)
		requests.WithLabelValues("200").Add(5)
		d := newDashboard(t, r, dashboard.Opts{})
		open(t, d, "/api/stream")
		time.Sleep(3 * second)
		requests.WithLabelValues("500").Add(20)
		time.Sleep(2 * second)
		for _, test := range []struct {
			path   string
			status int
			want   string
		}{
			{"/api/metrics?q=requ", 200, `"name":"requests_total"`},
			{"/api/metrics?q=nothing", 200, `"rows":[]`},
			{"/api/metrics?q=" + strings.Repeat("x", 3000), 400, "at most 2000"},
			{"/api/metrics?limit=x", 400, "from 1 to"},
			{"/api/family?name=requests_total", 200, `"total":2`},
			{"/api/family?name=requests_total&limit=1&offset=1", 200, `["code","500"]`},
			{"/api/family?name=requests_total&offset=-1", 400, "offset"},
			{"/api/family?name=nope", 404, `nope`},
			{"/api/family", 400, "name is missing"},
			{"/api/plot?spec=" + url.QueryEscape(`{"family":"requests_total","by":["code"]}`), 200, `"kind":"rate"`},
			{"/api/plot?spec=" + url.QueryEscape(`{"family":"requests_total","by":["code"]}`), 200, `"first":true`},
			{"/api/plot?spec=x", 400, "JSON"},
			{"/api/plot", 400, "JSON"},
			{"/api/cardinality", 200, `"grown":1`},
			{"/api/cardinality/values?name=requests_total&label=code", 200, `"values":2`},
			{"/api/cardinality/values?name=requests_total&label=x", 404, `x`},
			{"/api/cardinality/values?name=requests_total", 400, "label is missing"},
			{"/api/changes?since=x", 404, "this mark is gone"},
			{"/api/changes", 400, "since is missing"},
			{"/api/history", 200, `"samples":3`},
			{"/api/history", 200, `"viewers":1`},
			{"/api/collectors", 200, `"name":"requests_total"`},
			{"/collectors.txt", 200, `Instruments: 1 with 2 series`},
			{"/metrics?name[]=requests_total", 200, `requests_total{code="500"} 20`},
		} {
			w := get(d, test.path)
			if w.Code != test.status || !strings.Contains(w.Body.String(), test.want) {
				t.Errorf("%.100s: %d %s, not %d … %s …", test.path, w.Code, w.Body, test.status, test.want)
			}
		}
	})
}

// size has the fields of an api.Size that the tests read.
type size struct {
	Family                 struct{ Name string }
	Memory, Limit, Grown   int
	Overflowed, LongValues uint64
	Full                   bool
	ExpiryMs               float64
	Series, RegistryLimit  int
	Expired                uint64
}

func TestVectorsInCardinality(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := metric.NewContextRegistry()
		inner := metric.NewContextRegistry()
		if err := r.Register(inner); err != nil {
			t.Fatal(err)
		}
		users := metric.NewGaugeVec(metric.GaugeOpts{Name: "users", Help: "Users."}, []string{"name"})
		users.SetLimit(3)
		users.SetExpiry(time.Hour)
		inner.MustRegister(users)
		for i := range 10 {
			users.WithLabelValues(fmt.Sprint(i)).Set(1)
		}
		d := newDashboard(t, r, dashboard.Opts{})
		answer := read[struct{ Rows []size }](t, get(d, "/api/cardinality").Body.String())
		if len(answer.Rows) != 1 {
			t.Fatalf("%+v", answer)
		}
		got := answer.Rows[0]
		if got.Family.Name != "users" || got.Memory <= 0 || got.Limit != 3 || got.Overflowed != 7 || !got.Full || got.ExpiryMs != 3.6e6 {
			t.Errorf("%+v", got)
		}
	})
}

// TestWrappedVectorsInCardinality checks the sizes of vectors behind prefixes and labels.
func TestWrappedVectorsInCardinality(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, inner, innermost := metric.NewContextRegistry(), metric.NewContextRegistry(), metric.NewContextRegistry()
		metric.WrapRegistererWithPrefix("b_", inner).MustRegister(innermost)
		metric.WrapRegistererWith(metric.Labels{"zone": "1"}, metric.WrapRegistererWithPrefix("a_", r)).MustRegister(inner)
		vector := func(name string) *metric.GaugeVec {
			v := metric.NewGaugeVec(metric.GaugeOpts{Name: name, Help: "h"}, []string{"l"})
			v.SetLimit(3)
			v.WithLabelValues("x").Set(1)
			return v
		}
		innermost.MustRegister(vector("users"))
		metric.WrapRegistererWithPrefix("c_", inner).MustRegister(vector("users"))
		r.MustRegister(vector("users"))
		d := newDashboard(t, r, dashboard.Opts{})
		answer := read[struct{ Rows []size }](t, get(d, "/api/cardinality").Body.String())
		var names []string
		for _, row := range answer.Rows {
			names = append(names, row.Family.Name)
			if row.Memory <= 0 || row.Limit != 3 {
				t.Errorf("%+v", row)
			}
		}
		slices.Sort(names)
		if got := strings.Join(names, " "); got != "a_b_users a_c_users users" {
			t.Errorf("the families are %s", got)
		}
	})
}

func TestOtherGatherers(t *testing.T) {
	theirs := prometheus.NewRegistry()
	theirs.MustRegister(prometheus.NewGauge(prometheus.GaugeOpts{Name: "theirs"}))
	ours := registryOf(t, map[string]*probe{"ours": newProbe("ours")})
	multi := metric.NewMultiGatherer()
	if err := multi.Register("a", ours); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name     string
		gatherer metric.Gatherer
		want     []string
	}{
		{"client_golang", theirs, []string{"theirs"}},
		{"both", metric.Gatherers{theirs, ours}, []string{"theirs", "ours"}},
		{"several", multi, []string{"ours"}},
		{"function", prometheus.GathererFunc(theirs.Gather), []string{"theirs"}},
		{"function with context", metric.GathererWithContextFunc(func(context.Context) ([]*metric.MetricFamily, error) { return theirs.Gather() }), []string{"theirs"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := newDashboard(t, test.gatherer, dashboard.Opts{})
			for _, path := range []string{"/api/metrics", "/metrics"} {
				w := get(d, path)
				for _, want := range test.want {
					if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), want) {
						t.Errorf("%s: %d %s", path, w.Code, w.Body)
					}
				}
			}
			if w := get(d, "/api/collectors"); !strings.Contains(w.Body.String(), `"name":`) {
				t.Errorf("there is no collector: %s", w.Body)
			}
		})
	}
}
