package metric_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/luxfi/metric"
)

// printFamilies prints the series of families.
func printFamilies(families []*metric.MetricFamily) {
	for _, f := range families {
		for _, m := range f.GetMetric() {
			labels := make([]string, 0, len(m.GetLabel()))
			for _, l := range m.GetLabel() {
				labels = append(labels, fmt.Sprintf("%s=%q", l.GetName(), l.GetValue()))
			}
			value := m.GetCounter().GetValue() + m.GetGauge().GetValue()
			fmt.Printf("%s{%s} %v\n", f.GetName(), strings.Join(labels, ","), value)
		}
	}
}

func Example() {
	registry := metric.NewContextRegistry()
	app := metric.NewWithRegistry("app", registry)
	requests := app.NewCounterVec("requests_total", "Requests served.", []string{"code"})
	requests.WithLabelValues("200").Inc()
	requests.WithLabelValues("404").Inc()

	server := httptest.NewServer(metric.HandlerFor(registry))
	defer server.Close()
	response, err := http.Get(server.URL)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	fmt.Print(string(body))
	if err != nil {
		fmt.Println(err)
	}
	// Output:
	// # HELP app_requests_total Requests served.
	// # TYPE app_requests_total counter
	// app_requests_total{code="200"} 1
	// app_requests_total{code="404"} 1
}

// Handler serves the instruments that New creates.
func ExampleNew() {
	m := metric.New("app")
	counter := m.NewCounter("requests", "Total requests")
	counter.Inc()
	fmt.Println(counter.Get())
	// A second call returns the same counter.
	fmt.Println(metric.New("app").NewCounter("requests", "Total requests").Get())
	// Output:
	// 1
	// 1
}

// The labels are the fields of a struct. The compiler checks their types.
func ExampleNewCounterVecOf() {
	type labels struct {
		Method string
		Code   int
		Cached bool `label:"from_cache"`
	}
	requests := metric.NewCounterVecOf[labels](metric.CounterOpts{Name: "requests_total", Help: "Requests."})
	requests.With(labels{Method: "GET", Code: 200}).Inc()
	requests.With(labels{Method: "GET", Code: 200, Cached: true}).Add(2)

	registry := metric.NewRegistry()
	registry.MustRegister(requests)
	families, err := registry.Gather()
	printFamilies(families)
	if err != nil {
		fmt.Println(err)
	}
	// Output:
	// requests_total{code="200",from_cache="false",method="GET"} 1
	// requests_total{code="200",from_cache="true",method="GET"} 2
}

func ExampleLabelNames() {
	type peer struct {
		Zone string
		Port uint16
	}
	type labels struct {
		HTTPMethod string
		Peer       peer
	}
	names, err := metric.LabelNames[labels]()
	fmt.Println(names, err)

	type wrong struct {
		Peer   peer
		Amount float64
	}
	_, err = metric.LabelNames[wrong]()
	fmt.Println(err)
	// Output:
	// [http_method peer_zone peer_port] <nil>
	// labels cannot be of type metric_test.wrong: field Amount is of type float64: a label value is a string, an integer, a bool, a type with a String method, or a struct of these
}

var usersDesc = metric.NewDesc("users", "Users in the database.", nil, nil)

// DBCollector queries a database under the context of the scrape.
type DBCollector struct {
	db *sql.DB
}

func (c *DBCollector) Describe(ch chan<- *metric.Desc) { ch <- usersDesc }

// Collect is for registries that do not support contexts.
func (c *DBCollector) Collect(ch chan<- metric.Metric) {
	c.CollectWithContext(context.Background(), ch)
}

func (c *DBCollector) CollectWithContext(ctx context.Context, ch chan<- metric.Metric) {
	var count float64
	if err := c.db.QueryRowContext(ctx, "SELECT COUNT(*) FROM users").Scan(&count); err != nil {
		ch <- metric.NewInvalidMetric(usersDesc, err)
		return
	}
	ch <- metric.MustNewConstMetric(usersDesc, metric.GaugeValue, count)
}

// A collector that queries a database passes on the context of the scrape, so that the query ends with the
// scrape.
func ExampleCollectorWithContext() {
	db, err := sql.Open("countdb", "42 users") // The driver belongs to this package's tests.
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	registry := metric.NewContextRegistry()
	registry.MustRegister(&DBCollector{db: db})
	families, err := registry.GatherWithContext(context.Background())
	printFamilies(families)
	fmt.Println(err)
	// Output:
	// users{} 42
	// <nil>
}

// A slow collector costs only its own metrics.
func ExampleContextRegistry_GatherWithContext() {
	registry := metric.NewContextRegistry()
	temperature := metric.NewGauge(metric.GaugeOpts{Name: "temperature_celsius", Help: "Temperature."})
	temperature.Set(21)
	slow := metric.NewCollectorFunc(nil, func(ctx context.Context, _ chan<- metric.Metric) { <-ctx.Done() })
	registry.MustRegister(temperature)
	if err := registry.RegisterWith(slow, metric.WithName("warehouse")); err != nil {
		log.Fatal(err)
	}

	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	families, err := registry.GatherWithContext(ctx)
	printFamilies(families)
	if gatherError, ok := errors.AsType[*metric.GatherError](err); ok {
		for _, failure := range gatherError.Failures {
			fmt.Println(failure.Collector, errors.Is(failure, context.DeadlineExceeded))
		}
	}
	// Output:
	// temperature_celsius{} 21
	// warehouse true
}

// Request parameters can reach collectors through the context.
func ExampleHandlerOpts_contextFunc() {
	type includeKey struct{}
	registry := metric.NewContextRegistry()
	registry.MustRegister(metric.NewCollectorFunc(nil, func(ctx context.Context, ch chan<- metric.Metric) {
		include, _ := ctx.Value(includeKey{}).([]string)
		for _, name := range []string{"cpu", "disk", "net"} {
			if slices.Contains(include, name) {
				ch <- metric.MustNewConstMetric(metric.NewDesc(name, "A part.", nil, nil), metric.GaugeValue, 1)
			}
		}
	}))
	handler := metric.HandlerForContext(registry, metric.HandlerOpts{
		ErrorHandling: metric.ContinueOnError,
		ContextFunc: func(r *http.Request) context.Context {
			return context.WithValue(r.Context(), includeKey{}, r.URL.Query()["include"])
		},
		ErrorLog: func(err error) { log.Printf("[METRICS DEBUG] %v", err) },
	})
	response := httptest.NewRecorder()
	handler.ServeHTTP(response, httptest.NewRequest(http.MethodGet, "/metrics?include=cpu&include=net", http.NoBody))
	fmt.Print(response.Body)
	// Output:
	// # HELP cpu A part.
	// # TYPE cpu gauge
	// cpu 1
	// # HELP net A part.
	// # TYPE net gauge
	// net 1
}

// fileCollector is a StreamCollector. It writes many series without creating a Metric for each.
type fileCollector struct{ sizes map[string]int64 }

var fileDesc = metric.NewDesc("file_size_bytes", "Size of a file.", []string{"path"}, nil)

func (c fileCollector) Describe(ch chan<- *metric.Desc) { ch <- fileDesc }

func (c fileCollector) Collect(ch chan<- metric.Metric) {
	metric.CollectStream(context.Background(), c, ch)
}

func (c fileCollector) CollectTo(_ context.Context, sink *metric.Sink) error {
	for path, size := range c.sizes {
		if err := sink.Gauge(fileDesc, float64(size), path); err != nil {
			return err // The scrape has ended.
		}
	}
	return nil
}

func ExampleStreamCollector() {
	registry := metric.NewContextRegistry()
	registry.MustRegister(fileCollector{map[string]int64{"/etc/hosts": 174, "/etc/motd": 0}})
	families, err := registry.Gather()
	printFamilies(families)
	fmt.Println(err)
	// Output:
	// file_size_bytes{path="/etc/hosts"} 174
	// file_size_bytes{path="/etc/motd"} 0
	// <nil>
}

// Collectors can be registered and removed by name.
func ExampleContextRegistry_UnregisterNamed() {
	registry := metric.NewContextRegistry()
	up := metric.NewGauge(metric.GaugeOpts{Name: "target_up", Help: "Whether it is up.", ConstLabels: metric.Labels{"target": "a"}})
	if err := registry.RegisterWith(up, metric.WithName("target a")); err != nil {
		log.Fatal(err)
	}
	fmt.Println(registry.UnregisterNamed("target a"), registry.UnregisterNamed("target a"))
	// Output: true false
}

func ExampleNewPrefixGatherer() {
	chains := metric.NewPrefixGatherer()
	for _, name := range []string{"c", "x"} {
		registry, err := metric.MakeAndRegister(chains, name)
		if err != nil {
			log.Fatal(err)
		}
		blocks := metric.NewWithRegistry("", registry).NewCounter("blocks_total", "Blocks accepted.")
		blocks.Inc()
	}
	families, err := chains.Gather()
	printFamilies(families)
	fmt.Println(err)
	// Output:
	// c_blocks_total{} 1
	// x_blocks_total{} 1
	// <nil>
}

func ExampleNewLabelGatherer() {
	chains := metric.NewLabelGatherer("chain")
	registry, err := metric.MakeAndRegister(chains, "c")
	if err != nil {
		log.Fatal(err)
	}
	metric.NewWithRegistry("", registry).NewGauge("height", "Height.").Set(7)
	families, err := chains.Gather()
	printFamilies(families)
	fmt.Println(err)
	// Output:
	// height{chain="c"} 7
	// <nil>
}

// The adapter returns in time, although the collector takes no context.
func ExampleNewCollectorAdapter() {
	adapted := metric.NewCollectorAdapter(metric.NewBuildInfoCollector())
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	ch := make(chan metric.Metric, 1)
	adapted.CollectWithContext(ctx, ch)
	fmt.Println(len(ch))
	// Output: 1
}

func ExampleNewNoOp() {
	m := metric.NewNoOp()
	m.NewCounterVec("requests_total", "Requests.", []string{"code"}).WithLabelValues("200").Inc()
	fmt.Fprintln(os.Stdout, m.NewCounter("errors_total", "Errors.").Get())
	// Output: 0
}
