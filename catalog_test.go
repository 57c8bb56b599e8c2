package metric_test

import (
	"encoding/json"
	"os"
	"reflect"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/catalog"
)

// catalogRegistry has instruments of every kind, vectors with and without series, and collectors
// of other people.
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

// dynamicCollector describes nothing.
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
