package expvar_test

import (
	"expvar"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"

	"github.com/luxfi/metric"
	adapter "github.com/luxfi/metric/adapters/expvar"
)

func Example() {
	// This can be anywhere in the program and its libraries:
	expvar.NewInt("example/jobs-total").Add(3)
	hits := expvar.NewMap("example_hits")
	hits.Add("/index", 2)
	hits.AddFloat("/search", 0.5)
	expvar.Publish("example.pool", expvar.Func(func() any {
		return struct{ Idle, Open int }{1, 4}
	}))

	registry := metric.NewRegistry()
	registry.MustRegister(adapter.NewCollector(
		adapter.WithCounters(regexp.MustCompile(`_total$`)),
		adapter.WithLabels("example_hits", "path"),
		adapter.WithSelect(func(name string) bool { return strings.HasPrefix(name, "example") }),
	))

	w := httptest.NewRecorder()
	metric.HandlerFor(registry).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", http.NoBody))
	fmt.Print(w.Body)
	// Output:
	// # HELP example_hits Variable "example_hits" of package expvar.
	// # TYPE example_hits untyped
	// example_hits{path="/index"} 2
	// example_hits{path="/search"} 0.5
	// # HELP example_jobs_total Variable "example/jobs-total" of package expvar.
	// # TYPE example_jobs_total counter
	// example_jobs_total 3
	// # HELP example_pool_Idle Variable "example.pool".Idle of package expvar.
	// # TYPE example_pool_Idle untyped
	// example_pool_Idle 1
	// # HELP example_pool_Open Variable "example.pool".Open of package expvar.
	// # TYPE example_pool_Open untyped
	// example_pool_Open 4
}

func ExamplePublish() {
	registry := metric.NewRegistry()
	requests := metric.NewCounterVec(metric.CounterOpts{Name: "requests_total", Help: "Requests."}, []string{"code"})
	registry.MustRegister(requests)
	requests.WithLabelValues("200").Add(5)

	if err := adapter.Publish("example_metrics", registry, 0); err != nil {
		fmt.Println(err)
	}
	fmt.Println(expvar.Get("example_metrics"))
	// Output:
	// {"metrics":{"requests_total":{"type":"counter","series":[{"labels":{"code":"200"},"value":5}]}}}
}
