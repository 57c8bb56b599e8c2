package metric_test

import (
	"context"
	"database/sql"
	"errors"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/luxfi/metric"
)

// warehouse is a collector of several families.
type warehouse struct{}

func (*warehouse) Describe(ch chan<- *metric.Desc) { describing("warehouse_a", "warehouse_b")(ch) }
func (*warehouse) Collect(chan<- metric.Metric)    {}
func (*warehouse) stock(context.Context, chan<- metric.Metric) {
}

// shelf is a generic collector.
type shelf[T any] struct{ warehouse }

func collectStock(context.Context, chan<- metric.Metric) {}

var closure = func(context.Context, chan<- metric.Metric) {}

// TestDefaultNames checks the names of collectors that were registered without a name.
func TestDefaultNames(t *testing.T) {
	one := func() float64 { return 1 }
	for name, tc := range map[string]struct {
		c    metric.Collector
		want string
	}{
		"counter":         {metric.NewCounter(metric.CounterOpts{Name: "c"}), "c"},
		"labeled":         {metric.NewCounter(metric.CounterOpts{Name: "c", ConstLabels: metric.Labels{"a": "1"}}), "c"},
		"vector":          {metric.NewGaugeVec(metric.GaugeOpts{Name: "v"}, []string{"a"}), "v"},
		"function":        {metric.NewGaugeFunc(metric.GaugeOpts{Name: "f"}, one), "f"},
		"their counter":   {prometheus.NewCounter(metric.CounterOpts{Name: "c"}), "c"},
		"their function":  {prometheus.NewGaugeFunc(metric.GaugeOpts{Name: "f"}, one), "f"},
		"wrapped":         {metric.WrapCollectorWithPrefix("x_", metric.NewGaugeFunc(metric.GaugeOpts{Name: "f"}, one)), "x_f"},
		"wrapped by them": {prometheus.WrapCollectorWithPrefix("x_", &warehouse{}), "metric_test.warehouse"},

		"go":             {metric.NewGoCollector(), "go"},
		"process":        {metric.NewProcessCollector(metric.ProcessCollectorOpts{}), "process"},
		"build info":     {metric.NewBuildInfoCollector(), "build_info"},
		"expvar":         {metric.NewExpvarCollector(nil), "expvar"},
		"database":       {collectors.NewDBStatsCollector(new(sql.DB), "x"), "db_stats"},
		"go, wrapped":    {metric.WrapCollectorWith(metric.Labels{"a": "1"}, metric.NewGoCollector()), "go"},
		"their registry": {prometheus.NewRegistry(), "prometheus.Registry"},

		"family":      {metric.NewCollectorFunc(describing("fam"), collectStock), "fam"},
		"type":        {&warehouse{}, "metric_test.warehouse"},
		"value":       {uncomparable{}, "metric_test.uncomparable"},
		"generic":     {&shelf[metric.ContextRegistry]{}, "metric_test.shelf"},
		"no name":     {struct{ *warehouse }{}, "warehouse_a"},
		"nothing":     {struct{ metric.Collector }{metric.NewCollectorFunc(nil, collectStock)}, "collector"},
		"named func":  {metric.NewCollectorFunc(nil, collectStock), "metric_test.collectStock"},
		"method":      {metric.NewCollectorFunc(describing("a", "b"), (&warehouse{}).stock), "metric_test.warehouse.stock"},
		"closure":     {metric.CollectorWithContextFunc(func(context.Context, chan<- metric.Metric) {}), "metric_test.TestDefaultNames"},
		"global":      {metric.CollectorWithContextFunc(closure), "metric_test"},
		"their func":  {metric.CollectorFunc(func(chan<- metric.Metric) {}), "metric_test.TestDefaultNames"},
		"adapter":     {metric.NewCollectorAdapter(&warehouse{}), "metric_test.warehouse"},
		"bound":       {metric.BindCollector(context.Background(), metric.NewCollectorFunc(nil, collectStock)), "metric_test.collectStock"},
		"all of them": {metric.WrapCollectorWith(metric.Labels{"a": "1"}, metric.NewCollectorAdapter(metric.NewCollectorAdapter(&warehouse{}))), "metric_test.warehouse"},
	} {
		t.Run(name, func(t *testing.T) {
			r := metric.NewContextRegistry()
			r.MustRegister(tc.c)
			if got := collectorNames(r); !slices.Equal(got, []string{tc.want}) {
				t.Errorf("the name is %q, want %q", got, tc.want)
			}
			if strings.Contains(tc.want, "/") {
				t.Error("a name with a slash cannot be selected")
			}
		})
	}
}

// TestNumbersStartAgain checks that a name gets a number only while the name itself is taken.
func TestNumbersStartAgain(t *testing.T) {
	r := metric.NewContextRegistry()
	a, b, c := &shelf[int]{}, metric.WrapCollectorWithPrefix("b_", &shelf[int]{}), metric.WrapCollectorWithPrefix("c_", &shelf[int]{})
	r.MustRegister(a, b)
	r.Unregister(a)
	r.MustRegister(c, a)
	if got, want := collectorNames(r), []string{"metric_test.shelf#2", "metric_test.shelf", "metric_test.shelf#3"}; !slices.Equal(got, want) {
		t.Errorf("the names are %q, want %q", got, want)
	}
	for _, c := range []metric.Collector{a, b, c} {
		r.Unregister(c)
	}
	r.MustRegister(a, b)
	if got, want := collectorNames(r), []string{"metric_test.shelf", "metric_test.shelf#2"}; !slices.Equal(got, want) {
		t.Errorf("the names are %q, want %q", got, want)
	}
}

// TestSelectDefaultNames checks that requests can select the collectors of the default registry by the
// names in the documentation.
func TestSelectDefaultNames(t *testing.T) {
	for query, want := range map[string]string{
		"collect[]=go":            "go_goroutines",
		"collect[]=process":       "process_start_time_seconds",
		"collect[]=client_golang": "",
	} {
		t.Run(query, func(t *testing.T) {
			w := httptest.NewRecorder()
			metric.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics?"+query, nil))
			if w.Code != 200 || !strings.Contains(w.Body.String(), want) {
				t.Errorf("got status %d and\n%s", w.Code, w.Body)
			}
		})
	}
	w := httptest.NewRecorder()
	metric.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics?collect[]=nobody", nil))
	for _, name := range []string{"client_golang", "go", "process"} {
		if !strings.Contains(w.Body.String(), name) {
			t.Errorf("%s is not in the names of an error: %s", name, w.Body)
		}
	}
}

// TestSoleGatherersHaveNames checks that a gatherer that is the only source has a name, and that the text
// of its error does not contain it.
func TestSoleGatherersHaveNames(t *testing.T) {
	boom := errors.New("boom")
	failing := metric.GathererWithContextFunc(func(context.Context) ([]*metric.MetricFamily, error) { return nil, boom })
	_, err := metric.BindGatherer(t.Context(), failing).Gather()
	if err == nil || err.Error() != "boom" {
		t.Errorf("got error %v, want boom", err)
	}
	twice := metric.NewContextRegistry()
	twice.MustRegister(metric.NewGauge(metric.GaugeOpts{Name: "g"}))
	worse := metric.GathererWithContextFunc(func(ctx context.Context) ([]*metric.MetricFamily, error) {
		families, _ := twice.GatherWithContext(ctx)
		return append(families, families...), boom
	})
	failed, ok := errors.AsType[*metric.GatherError](func() error {
		_, err := metric.BindGatherer(t.Context(), worse).Gather()
		return err
	}())
	if !ok || len(failed.Failures) != 2 {
		t.Fatalf("got error %v, want two failures", failed)
	}
	for _, f := range failed.Failures {
		if f.Collector != "metric_test.TestSoleGatherersHaveNames" || strings.Contains(f.Error(), f.Collector) {
			t.Errorf("the failure %q is one of %q", f, f.Collector)
		}
	}
	_, err = metric.NewShardedGatherer(failing).GatherWithContext(t.Context())
	if err == nil || !strings.Contains(err.Error(), "collector shard 0: boom") {
		t.Errorf("got error %v", err)
	}
}
