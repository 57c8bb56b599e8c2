package metric_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/luxfi/metric"
)

// openCountDB opens a database of 42 users, with a driver from the tests of this package.
func openCountDB() *sql.DB {
	db, err := sql.Open("countdb", "42 users")
	if err != nil {
		log.Fatal(err)
	}
	return db
}

// A collector that queries a database has the policies of a typical exporter.
func ExampleContextRegistry_RegisterWith() {
	db := openCountDB()
	defer db.Close()
	registry := metric.NewContextRegistry()
	database := metric.NewGroup("database", 2) // At most two collectors query the database at the same time.
	err := registry.RegisterWith(&DBCollector{db: db},
		metric.WithName("users"),
		metric.WithGroup(database),
		metric.WithTimeout(5*time.Second),
		metric.WithCache(30*time.Second),
		metric.WithStale(5*time.Minute),
		metric.WithBreaker(5, time.Minute),
	)
	if err != nil {
		fmt.Println(err)
	}
	for range 3 {
		if _, err := registry.Gather(); err != nil {
			fmt.Println(err)
		}
	}
	status := registry.Status()[0]
	fmt.Println(status.Name, "ran", status.Runs, "time for 3 scrapes")
	fmt.Println(strings.Join(status.Policies, "; "))
	// Output:
	// users ran 1 time for 3 scrapes
	// group database; timeout 5s; cache 30s; stale 5m0s; breaker 5, 1m0s
}

// When the collector fails, the scrape serves the last good result, and the self-metrics show the failure.
func ExampleWithSelfMetrics() {
	registry := metric.NewContextRegistry(metric.WithSelfMetrics("app"))
	scrapes := 0
	flaky := metric.NewCollectorFunc(describeAnswer, func(_ context.Context, ch chan<- metric.Metric) {
		if scrapes++; scrapes > 1 {
			ch <- metric.NewInvalidMetric(answerDesc, errors.New("connection refused"))
			return
		}
		ch <- answer(42)
	})
	if err := registry.RegisterWith(flaky, metric.WithName("flaky"), metric.WithStale(time.Minute)); err != nil {
		log.Fatal(err)
	}
	for range 2 {
		response := httptest.NewRecorder()
		metric.HandlerFor(registry).ServeHTTP(response, httptest.NewRequest(http.MethodGet, "/metrics", http.NoBody))
		for line := range strings.Lines(response.Body.String()) {
			if strings.HasPrefix(line, "answer ") || strings.HasPrefix(line, "app_scrape_collector_success") {
				fmt.Print(line)
			}
		}
	}
	// Output:
	// answer 42
	// app_scrape_collector_success{collector="flaky"} 1
	// answer 42
	// app_scrape_collector_success{collector="flaky"} 0
}

// The registry runs only the selected collectors.
func ExampleSelect() {
	registry := metric.NewContextRegistry()
	for _, name := range []string{"cheap", "expensive"} {
		c := metric.NewCollectorFunc(nil, func(context.Context, chan<- metric.Metric) { fmt.Println(name, "is run") })
		if err := registry.RegisterWith(c, metric.WithName(name)); err != nil {
			log.Fatal(err)
		}
	}
	ctx := metric.Select(context.Background(), metric.Selection{Exclude: []string{"expensive"}})
	if _, err := registry.GatherWithContext(ctx); err != nil {
		log.Fatal(err)
	}
	_, err := registry.GatherWithContext(metric.Select(context.Background(), metric.Selection{Collectors: []string{"cheep"}}))
	fmt.Println(err)
	// Output:
	// cheap is run
	// the selection is not valid: there is no collector named "cheep"; there are cheap, expensive
}

// Hooks receive each scrape and each run of a collector, with the context. The module otelmetric has hooks
// that create OpenTelemetry spans.
func ExampleWithHooks() {
	registry := metric.NewContextRegistry(metric.WithHooks(metric.Hooks{
		ScrapeStart: func(ctx context.Context) context.Context {
			fmt.Println("scrape")
			return ctx
		},
		CollectorEnd: func(_ context.Context, collector string, end metric.CollectorEnd) {
			fmt.Println("ran", collector, end.Err)
		},
		ScrapeEnd: func(_ context.Context, end metric.ScrapeEnd) { fmt.Println("done", end.Err) },
	}))
	c := metric.NewCollectorFunc(describeAnswer, func(_ context.Context, ch chan<- metric.Metric) { ch <- answer(42) })
	if err := registry.RegisterWith(c, metric.WithName("answers")); err != nil {
		log.Fatal(err)
	}
	if _, err := registry.Gather(); err != nil {
		log.Fatal(err)
	}
	// Output:
	// scrape
	// ran answers <nil>
	// done <nil>
}

// The status page shows operators the state of each collector.
func ExampleStatusHandler() {
	registry := metric.NewContextRegistry()
	registry.MustRegister(metric.NewCounter(metric.CounterOpts{Name: "requests_total", Help: "Requests."}))
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", metric.HandlerFor(registry))
	mux.Handle("GET /status", metric.StatusHandler(registry))

	response := httptest.NewRecorder()
	mux.ServeHTTP(response, httptest.NewRequest(http.MethodGet, "/status", http.NoBody))
	fmt.Println(strings.Fields(response.Body.String())[0])
	// Output: Collector
}
