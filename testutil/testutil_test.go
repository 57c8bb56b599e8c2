package testutil_test

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/collectors"
	"github.com/luxfi/metric/testutil"
	"github.com/luxfi/metric/testutil/promlint"
)

func Example() {
	requests := metric.NewCounterVec(metric.CounterOpts{Name: "requests_total", Help: "Requests served."}, []string{"path"})
	requests.WithLabelValues("/").Add(2)

	fmt.Println(testutil.ToFloat64(requests.WithLabelValues("/")))
	fmt.Println(testutil.CollectAndCompare(requests, strings.NewReader(`
# HELP requests_total Requests served.
# TYPE requests_total counter
requests_total{path="/"} 2
`)))
	// Output:
	// 2
	// <nil>
}

// TestRegistry checks that the functions for gatherers accept registries of this module.
func TestRegistry(t *testing.T) {
	r := metric.NewRegistry()
	camel := metric.NewGauge(metric.GaugeOpts{Name: "camelCase", Help: "A gauge."})
	camel.Set(1.5)
	r.MustRegister(camel, collectors.NewBuildInfoCollector())

	const want = "# HELP camelCase A gauge.\n# TYPE camelCase gauge\ncamelCase 1.5\n"
	if err := testutil.GatherAndCompare(r, strings.NewReader(want), "camelCase"); err != nil {
		t.Error(err)
	}
	server := httptest.NewServer(metric.HandlerFor(r))
	defer server.Close()
	if err := testutil.ScrapeAndCompare(server.URL, strings.NewReader(want), "camelCase"); err != nil {
		t.Error(err)
	}
	if err := testutil.ScrapeAndCompare(server.URL, strings.NewReader(strings.Replace(want, "1.5", "2", 1)), "camelCase"); err == nil {
		t.Error("another value makes no difference")
	}
	if n, err := testutil.GatherAndCount(r); n != 2 || err != nil {
		t.Errorf("GatherAndCount = %d, %v; want 2", n, err)
	}
	problems, err := testutil.GatherAndLint(r)
	wantProblem := promlint.Problem{Metric: "camelCase", Text: "metric names should be written in 'snake_case' not 'camelCase'"}
	if err != nil || len(problems) != 1 || problems[0] != wantProblem {
		t.Errorf("GatherAndLint = %v, %v; want %v", problems, err, wantProblem)
	}
}
