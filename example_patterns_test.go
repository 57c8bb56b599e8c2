package metric_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/luxfi/metric"
)

var answerDesc = metric.NewDesc("answer", "The answer.", nil, nil)

func describeAnswer(ch chan<- *metric.Desc) { ch <- answerDesc }

func answer(value float64) metric.Metric {
	return metric.MustNewConstMetric(answerDesc, metric.GaugeValue, value)
}

// A collector written for client_golang needs one more method to support contexts. Its Collect method calls
// the new one, for registries that do not support contexts.
func Example_migration() {
	reg := metric.NewContextRegistry() // formerly prometheus.NewRegistry()
	db := openCountDB()
	defer db.Close()
	reg.MustRegister(&DBCollector{db: db})
	handler := metric.HandlerFor(reg) // formerly promhttp.HandlerFor(reg, promhttp.HandlerOpts{})

	response := httptest.NewRecorder()
	handler.ServeHTTP(response, httptest.NewRequest(http.MethodGet, "/metrics", http.NoBody))
	fmt.Print(response.Body)
	// Output:
	// # HELP users Users in the database.
	// # TYPE users gauge
	// users 42
}

// If a collector cannot cancel an operation, it stops waiting for it when the scrape ends.
func Example_gracefulDegradation() {
	release := make(chan struct{})
	expensiveOperation := func() float64 {
		<-release // This takes far too long.
		return 42
	}
	collect := func(ctx context.Context, ch chan<- metric.Metric) {
		results := make(chan float64, 1) // The buffer lets the operation end after the collector has returned.
		go func() { results <- expensiveOperation() }()
		select {
		case result := <-results:
			ch <- answer(result)
		case <-ctx.Done(): // Send partial results or nothing.
		}
	}
	reg := metric.NewContextRegistry()
	reg.MustRegister(metric.NewCollectorFunc(describeAnswer, collect))

	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	families, err := reg.GatherWithContext(ctx)
	fmt.Println(len(families), errors.Is(err, context.DeadlineExceeded))
	close(release)
	// Output: 0 true
}

// Sends should stop when the scrape ends, too. In a registry of this package, a send never blocks for long,
// but the collector may be registered with a registry of another package.
func Example_sendUntilDone() {
	collect := func(ctx context.Context, ch chan<- metric.Metric) {
		for i := range 1000 {
			select {
			case ch <- answer(float64(i)):
			case <-ctx.Done():
				return
			}
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	nobodyReceives := make(chan metric.Metric)
	metric.CollectorWithContextFunc(collect).CollectWithContext(ctx, nobodyReceives)
	fmt.Println("returned")
	// Output: returned
}

// A collector that panics costs only its own metrics. Collectors need not recover.
func Example_panic() {
	reg := metric.NewContextRegistry()
	reg.MustRegister(metric.NewCollectorFunc(describeAnswer, func(_ context.Context, ch chan<- metric.Metric) { ch <- answer(42) }))
	crash := metric.NewCollectorFunc(nil, func(context.Context, chan<- metric.Metric) { panic("index out of range") })
	if err := reg.RegisterWith(crash, metric.WithName("crash")); err != nil {
		log.Fatal(err)
	}
	families, err := reg.Gather()
	printFamilies(families)
	if panicked, ok := errors.AsType[*metric.PanicError](err); ok {
		fmt.Println(panicked.Value, len(panicked.Stack) > 0)
	}
	// Output:
	// answer{} 42
	// index out of range true
}

// A program joins gatherers with its own type. [NewShardedGatherer] does the same.
func Example_customGatherer() {
	sharded := &ShardedGatherer{} // The type is in the tests of this package.
	for _, name := range []string{"eu", "us"} {
		shard := metric.NewContextRegistry()
		metric.NewWithRegistry(name, shard).NewCounter("orders_total", "Orders.").Inc()
		sharded.shards = append(sharded.shards, shard)
	}
	families, err := sharded.GatherWithContext(context.Background())
	printFamilies(families)
	fmt.Println(err)
	// Output:
	// eu_orders_total{} 1
	// us_orders_total{} 1
	// <nil>
}

// Collectors can be registered, replaced and removed by name while scrapes are running.
func Example_dynamicRegistration() {
	reg := metric.NewContextRegistry()
	constant := func(value float64) metric.Collector {
		return metric.NewCollectorFunc(describeAnswer, func(_ context.Context, ch chan<- metric.Metric) { ch <- answer(value) })
	}
	show := func() {
		families, err := reg.Gather()
		fmt.Println(len(families), err)
		printFamilies(families)
	}
	if err := reg.RegisterWith(constant(41), metric.WithName("answer")); err != nil {
		log.Fatal(err)
	}
	show()
	if err := reg.ReplaceNamed("answer", constant(42)); err != nil {
		log.Fatal(err)
	}
	show()
	reg.UnregisterNamed("answer")
	show()
	// Output:
	// 1 <nil>
	// answer{} 41
	// 1 <nil>
	// answer{} 42
	// 0 <nil>
}

type filterKey struct{}

// filteredCollector sends the metrics whose names contain the filter in the context.
type filteredCollector struct{ all map[string]metric.Metric }

func (c *filteredCollector) Describe(chan<- *metric.Desc) {} // The metrics depend on the context.
func (c *filteredCollector) Collect(ch chan<- metric.Metric) {
	c.CollectWithContext(context.Background(), ch)
}

func (c *filteredCollector) CollectWithContext(ctx context.Context, ch chan<- metric.Metric) {
	filter, _ := ctx.Value(filterKey{}).(string) // Without a filter, send everything.
	for name, m := range c.all {
		if strings.Contains(name, filter) {
			ch <- m
		}
	}
}

// A collector can read the caller's wishes from the context.
func Example_filtering() {
	c := &filteredCollector{all: make(map[string]metric.Metric)}
	for i, name := range []string{"disk_reads", "disk_writes", "net_errors"} {
		c.all[name] = metric.MustNewConstMetric(metric.NewDesc(name, "A number.", nil, nil), metric.GaugeValue, float64(i))
	}
	reg := metric.NewContextRegistry()
	reg.MustRegister(c)
	families, err := reg.GatherWithContext(context.WithValue(context.Background(), filterKey{}, "disk"))
	printFamilies(families)
	fmt.Println(err)
	// Output:
	// disk_reads{} 0
	// disk_writes{} 1
	// <nil>
}

// ErrorLog receives all errors of every scrape.
func ExampleHandlerOpts_errorLog() {
	reg := metric.NewContextRegistry()
	broken := metric.NewCollectorFunc(nil, func(_ context.Context, ch chan<- metric.Metric) {
		ch <- metric.NewInvalidMetric(answerDesc, errors.New("no such table"))
	})
	if err := reg.RegisterWith(broken, metric.WithName("answers")); err != nil {
		log.Fatal(err)
	}
	logger := log.New(os.Stdout, "", 0)
	handler := metric.HandlerForContext(reg, metric.HandlerOpts{
		ErrorHandling: metric.ContinueOnError,
		ErrorLog: func(err error) {
			if gathered, ok := errors.AsType[*metric.GatherError](err); ok {
				logger.Printf("[METRICS DEBUG] %d failed, first %s", len(gathered.Failures), gathered.Failures[0].Collector)
			}
		},
	})
	handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/metrics", http.NoBody))
	// Output: [METRICS DEBUG] 1 failed, first answers
}

// The collector sees the deadline of the scrape. Here it is the timeout that the server announces, less the
// time to send the response.
func Example_traceContext() {
	reg := metric.NewContextRegistry()
	start := time.Now()
	reg.MustRegister(metric.NewCollectorFunc(nil, func(ctx context.Context, _ chan<- metric.Metric) {
		deadline, ok := ctx.Deadline()
		fmt.Println("collector: context deadline in", deadline.Sub(start).Round(100*time.Millisecond), ok)
	}))
	request := httptest.NewRequest(http.MethodGet, "/metrics", http.NoBody)
	request.Header.Set("X-Prometheus-Scrape-Timeout-Seconds", "60")
	metric.HandlerFor(reg).ServeHTTP(httptest.NewRecorder(), request)
	// Output: collector: context deadline in 59.4s true
}

// monitored is a gatherer that logs whether another gatherer leaves many goroutines behind.
type monitored struct {
	metric.GathererWithContext

	log *log.Logger
}

func (m monitored) Gather() ([]*metric.MetricFamily, error) {
	return m.GatherWithContext(context.Background())
}

func (m monitored) GatherWithContext(ctx context.Context) ([]*metric.MetricFamily, error) {
	before := runtime.NumGoroutine()
	defer func() {
		m.log.Printf("more than ten goroutines were left behind: %v", runtime.NumGoroutine() > before+10)
	}()
	return m.GathererWithContext.GatherWithContext(ctx)
}

// The registry abandons a collector that ignores its context, together with two goroutines. It does so only
// once, because it does not start the collector again before it has returned.
func Example_monitorGoroutines() {
	release := make(chan struct{})
	defer close(release)
	reg := metric.NewContextRegistry()
	reg.MustRegister(metric.NewCollectorFunc(nil, func(context.Context, chan<- metric.Metric) { <-release }))
	g := monitored{reg, log.New(os.Stdout, "", 0)}
	for range 2 {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
		_, err := g.GatherWithContext(ctx)
		cancel()
		fmt.Println(errors.Is(err, context.DeadlineExceeded), errors.Is(err, metric.ErrStillRunning))
	}
	// Output:
	// more than ten goroutines were left behind: false
	// true false
	// more than ten goroutines were left behind: false
	// false true
}
