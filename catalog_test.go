package metric_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/catalog"
	"github.com/luxfi/metric/metrictest"
)

// catalogRegistry returns a registry with instruments of every kind, vectors with and without series, and
// foreign collectors.
func catalogRegistry() *metric.ContextRegistry {
	r := metric.NewContextRegistry()
	requests := metric.NewCounterVec(metric.CounterOpts{
		Name: "shop_requests_total", Help: "Requests that were served.", ConstLabels: metric.Labels{"zone": "a"},
	}, []string{"method", "code"})
	requests.WithLabelValues("GET", "200").Inc()
	requests.WithLabelValues("GET", "500").Inc()
	requests.WithLabelValues("PUT", "200").Inc()
	state := metric.NewStateSet(metric.StateSetOpts{Name: "shop_state", Help: "State of the shop.", States: []string{"open", "closed"}, Initial: "open"})
	version := metric.NewInfo(metric.InfoOpts{Name: "shop_build_info", Help: "Build."}, metric.Labels{"version": "1.2"})
	r.MustRegister(
		requests, state, version,
		metric.NewGaugeVec(metric.GaugeOpts{Name: "shop_queue_bytes", Help: "Length of the queue.", Unit: "bytes"}, []string{"queue"}),
		metric.NewHistogramVec(metric.HistogramOpts{
			Name: "shop_wait_seconds", Help: "Wait.", Buckets: []float64{0.1, 1, 10}, NativeHistogramBucketFactor: 1.1,
		}, []string{"queue"}),
		metric.NewHistogram(metric.HistogramOpts{Name: "shop_size_bytes", Help: "Size.", NativeHistogramBucketFactor: 1.1}),
		metric.NewSummaryVec(metric.SummaryOpts{Name: "shop_price_euros", Help: "Price.", Objectives: map[float64]float64{0.9: 0.01, 0.5: 0.05}}, nil),
		metric.NewInfoVec(metric.InfoOpts{Name: "shop_shelf_info", Help: "Shelf."}, []string{"shelf"}, []string{"kind"}),
		metric.NewStateSetVec(metric.StateSetOpts{Name: "shop_door", Help: "Door.", States: []string{"locked", "ajar"}}, []string{"door"}),
		metric.NewGaugeFunc(metric.GaugeOpts{Name: "shop_temperature_celsius", Help: "Temperature."}, func() float64 { return 20 }),
		prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "shop_foreign_seconds", Help: "Of another library."}, []string{"x"}),
	)
	metric.WrapRegistererWith(metric.Labels{"shard": "7"}, metric.WrapRegistererWithPrefix("shop_", r)).
		MustRegister(metric.NewCounterVec(metric.CounterOpts{Name: "wrapped_total", Help: "Wrapped."}, []string{"who"}))
	r.MustRegisterWith(&dynamicCollector{}, metric.WithName("dynamic"))
	nested := metric.NewContextRegistry()
	nested.MustRegister(metric.NewGauge(metric.GaugeOpts{Name: "nested_value", Help: "Nested."}))
	r.MustRegisterWith(metric.WrapCollectorWithPrefix("shop_", nested), metric.WithName("inner"))
	return r
}

// dynamicCollector is a collector that describes nothing.
type dynamicCollector struct{}

func (*dynamicCollector) Describe(chan<- *metric.Desc) {}

func (*dynamicCollector) Collect(ch chan<- metric.Metric) {
	desc := metric.NewDesc("shop_dynamic", "Found while it runs.", []string{"disk"}, nil)
	for _, disk := range []string{"sda", "sdb"} {
		ch <- metric.MustNewConstMetric(desc, metric.GaugeValue, 1, disk)
	}
}

// TestCatalogGolden compares the catalog of every kind of metric with a file, as JSON and as Markdown.
func TestCatalogGolden(t *testing.T) {
	c, err := metric.Catalog(catalogRegistry())
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	for file, got := range map[string]string{
		"catalog/testdata/shop.json":      string(text) + "\n",
		"catalog/testdata/shop.md":        c.Markdown(),
		"catalog/testdata/shop_counts.md": c.MarkdownWithCounts(),
	} {
		if os.Getenv("UPDATE_GOLDEN") != "" {
			if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			t.Errorf("%s differs from the file (UPDATE_GOLDEN=1 writes it):\n%s", file, got)
		}
	}
	var read catalog.Catalog
	if err := json.Unmarshal(text, &read); err != nil || !reflect.DeepEqual(&read, c) {
		t.Errorf("reading the JSON again gives %v and\n%+v\nwant\n%+v", err, read, *c)
	}
}

// TestCatalogDoesNotChange checks that the catalog is the same for a second call, and for another registry
// that was filled in the same way.
func TestCatalogDoesNotChange(t *testing.T) {
	r := catalogRegistry()
	first, err := metric.Catalog(r)
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range []metric.Gatherer{r, catalogRegistry()} {
		if again, err := metric.Catalog(g); err != nil || !reflect.DeepEqual(again, first) {
			t.Errorf("got %+v, %v, want %+v", again, err, first)
		}
	}
}

// foreign is a gatherer that is not a registry.
type foreign struct{ metric.Gatherer }

func TestCatalogOfGatherers(t *testing.T) {
	plain := prometheus.NewRegistry()
	plain.MustRegister(
		prometheus.NewCounterVec(prometheus.CounterOpts{Name: "empty_total"}, []string{"x"}),
		prometheus.NewGauge(prometheus.GaugeOpts{Name: "there", Help: "It is there.", ConstLabels: metric.Labels{"zone": "a"}}),
	)
	ours := metric.NewContextRegistry()
	ours.MustRegister(metric.NewCounterVec(metric.CounterOpts{Name: "empty_total"}, []string{"x"}))
	prefixed := metric.NewPrefixGatherer()
	for name, g := range map[string]metric.Gatherer{"plain": plain, "ours": ours} {
		if err := prefixed.Register(name, g); err != nil {
			t.Fatal(err)
		}
	}
	labeled := metric.NewLabelGatherer("shard")
	for _, shard := range []string{"1", "2"} {
		r := metric.NewContextRegistry()
		r.MustRegister(metric.NewGaugeVec(metric.GaugeOpts{Name: "g"}, []string{"x"}))
		if err := labeled.Register(shard, r); err != nil {
			t.Fatal(err)
		}
	}
	for _, test := range []struct {
		name     string
		gatherer metric.Gatherer
		want     string
	}{
		{"empty registry", metric.NewContextRegistry(), ""},
		{"registry", ours, "empty_total counter [{x false  0}] 0 [{empty_total instrument}]\n"},
		{"client_golang", plain, "there gauge [{zone false  1}] 1 [{prometheus.Registry gatherer}]\n"},
		{"foreign", foreign{plain}, "there gauge [{zone false  1}] 1 [{metric_test.foreign gatherer}]\n"},
		{"foreign around ours", foreign{ours}, ""},
		{
			"gatherers", metric.Gatherers{ours, plain},
			"empty_total counter [{x false  0}] 0 [{[from Gatherer #1]/empty_total instrument}]\n" +
				"there gauge [{zone false  1}] 1 [{[from Gatherer #2] gatherer}]\n",
		},
		{
			"prefixed", prefixed,
			"ours_empty_total counter [{x false  0}] 0 [{ours/empty_total instrument}]\n" +
				"plain_there gauge [{zone false  1}] 1 [{plain gatherer}]\n",
		},
		// The value of the label shard differs between the gatherers.
		{"labeled", labeled, "g gauge [{shard false  0} {x false  0}] 0 [{1/g instrument} {2/g instrument}]\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			c, err := metric.Catalog(test.gatherer)
			if err != nil {
				t.Fatal(err)
			}
			if got := familyLines(c); got != test.want {
				t.Errorf("got\n%swant\n%s", got, test.want)
			}
		})
	}
	for _, g := range []metric.Gatherer{nil, (*metric.ContextRegistry)(nil), new(metric.ContextRegistry)} {
		if c, err := metric.Catalog(g); err == nil || c == nil || len(c.Families) > 0 {
			t.Errorf("the catalog of %#v is %v, with error %v", g, c, err)
		}
	}
}

// familyLines returns a line for each family of the catalog.
func familyLines(c *catalog.Catalog) string {
	var b strings.Builder
	for _, f := range c.Families {
		fmt.Fprintln(&b, f.Name, f.Type, f.Labels, f.Series, f.Collectors)
	}
	return b.String()
}

// TestCatalogIsPartial checks that collectors that fail or hang cost the catalog only the families that
// they do not describe.
func TestCatalogIsPartial(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := metric.NewContextRegistry()
		r.MustRegister(metric.NewCounter(metric.CounterOpts{Name: "good_total"}))
		stuck := metrictest.New("stuck_total", metrictest.Stuck())
		defer stuck.Release()
		r.MustRegisterWith(stuck, metric.WithName("stuck"))
		failure := errors.New("backend is gone")
		r.MustRegisterWith(metrictest.New("failing_total", metrictest.Failing(failure)), metric.WithName("failing"))
		r.MustRegister(metric.NewGaugeFunc(metric.GaugeOpts{Name: "panicking"}, func() float64 { panic("no") }))

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		c, err := metric.CatalogWithContext(ctx, r)
		if took := time.Since(began); took > 2*time.Second {
			t.Errorf("it took %v", took)
		}
		gathered, ok := errors.AsType[*metric.GatherError](err)
		if !ok || len(gathered.Failures) != 3 || !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, failure) {
			t.Errorf("got error %v", err)
		}
		want := "failing_total unknown [{series false  0}] 0 [{failing collector with context}]\n" +
			"good_total counter [] 1 [{good_total instrument}]\n" +
			"panicking gauge [] 0 [{panicking function}]\n" +
			"stuck_total unknown [{series false  0}] 0 [{stuck collector with context}]\n"
		if got := familyLines(c); got != want {
			t.Errorf("got\n%swant\n%s", got, want)
		}
	})
}

func TestCatalogOfSelection(t *testing.T) {
	r := catalogRegistry()
	for _, test := range []struct {
		name      string
		selection metric.Selection
		want      string
	}{
		{"family", metric.Selection{Families: []string{"shop_door"}}, "shop_door stateset [{door false  0}] 0 [{shop_door instrument}]\n"},
		{"collector", metric.Selection{Collectors: []string{"dynamic"}}, "shop_dynamic gauge [{disk false  2}] 2 [{dynamic collector}]\n"},
	} {
		c, err := metric.CatalogWithContext(metric.Select(t.Context(), test.selection), r)
		if got := familyLines(c); got != test.want || err != nil {
			t.Errorf("%s: got %v and\n%swant\n%s", test.name, err, got, test.want)
		}
	}
	c, err := metric.CatalogWithContext(metric.Select(t.Context(), metric.Selection{Collectors: []string{"unknown"}}), r)
	if err == nil || c == nil || len(c.Families) > 0 {
		t.Errorf("an unknown collector gives %v and %v", c, err)
	}
}

// TestCatalogOfSelfMetrics checks the collector that the catalog names for the self-metrics of a registry.
func TestCatalogOfSelfMetrics(t *testing.T) {
	r := metric.NewContextRegistry(metric.WithSelfMetrics("shop"))
	r.MustRegisterWith(&dynamicCollector{}, metric.WithName("dynamic"))
	c, err := metric.Catalog(r)
	if err != nil {
		t.Fatal(err)
	}
	f := c.Find("shop_scrape_collector_success")
	if f == nil || f.Label("collector") == nil || len(f.Collectors) != 1 || f.Collectors[0].Kind != "registry" {
		t.Errorf("got %+v", f)
	}
}

// TestCatalogSeries checks the numbers of series and label values of a family to which several collectors
// contribute.
func TestCatalogSeries(t *testing.T) {
	r := metric.NewContextRegistry()
	for _, zone := range []string{"a", "b"} {
		vec := metric.NewCounterVec(metric.CounterOpts{Name: "x_total", Help: "X.", ConstLabels: metric.Labels{"zone": zone, "app": "shop\n\""}}, []string{"id"})
		r.MustRegister(vec)
		for i := range 100 {
			vec.WithLabelValues(fmt.Sprint(zone, i)).Inc()
		}
	}
	c, err := metric.Catalog(r)
	if err != nil {
		t.Fatal(err)
	}
	want := []catalog.Label{{Name: "app", Constant: true, Value: "shop\n\""}, {Name: "id", Values: 200}, {Name: "zone", Values: 2}}
	if f := c.Find("x_total"); f.Series != 200 || !reflect.DeepEqual(f.Labels, want) {
		t.Errorf("got %+v", f)
	}
	if f := c.Static().Find("x_total"); f.Series != 0 || f.Labels[1].Values != 0 || !f.Labels[0].Constant {
		t.Errorf("Static returns %+v", f)
	}
	if f := c.Find("x_total"); f.Series != 200 || f.Labels[1].Values != 200 {
		t.Errorf("Static has changed the catalog: %+v", f)
	}
}
