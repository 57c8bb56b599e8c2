package snippets

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/luxfi/metric"
)

// The snippets of docs/instruments.md, in its order.

// Snippets that change the default mux, or take an unknown time, are only compiled.
var _ = []any{serveInstruments, measureCheckout, countRoutes}

// printExposition prints the exposition that a client without an Accept header gets from a
// registry.
func printExposition(registry *metric.ContextRegistry) {
	response := httptest.NewRecorder()
	metric.HandlerFor(registry).ServeHTTP(response, httptest.NewRequest(http.MethodGet, "/metrics", http.NoBody))
	fmt.Print(response.Body)
}

// newInstruments returns the two variables that the programs of the page have in common.
func newInstruments() (*metric.ContextRegistry, metric.Metrics) {
	registry := metric.NewContextRegistry()
	return registry, metric.NewWithRegistry("shop", registry)
}

func serveInstruments() metric.Metrics {
	registry := metric.NewContextRegistry()
	shop := metric.NewWithRegistry("shop", registry)
	http.Handle("GET /metrics", metric.HandlerFor(registry))
	return shop
}

func Example_instrumentCounter() {
	registry, shop := newInstruments()

	orders := shop.NewCounterVec("orders_total", "Orders that were placed.", []string{"payment"})
	revenue := shop.NewCounter("revenue_euros_total", "Value of all orders.")

	orders.WithLabelValues("card").Inc()
	revenue.Add(59.5)
	orders.WithLabelValues("invoice").Inc()
	revenue.Add(20)

	printExposition(registry)
	// Output:
	// # HELP shop_orders_total Orders that were placed.
	// # TYPE shop_orders_total counter
	// shop_orders_total{payment="card"} 1
	// shop_orders_total{payment="invoice"} 1
	// # HELP shop_revenue_euros_total Value of all orders.
	// # TYPE shop_revenue_euros_total counter
	// shop_revenue_euros_total 79.5
}

func Example_instrumentGauge() {
	registry, shop := newInstruments()

	stock := shop.NewGaugeVec("stock_items", "Items in stock.", []string{"warehouse"})
	carts := shop.NewGauge("open_carts", "Carts that customers are filling.")

	stock.WithLabelValues("north").Set(120)
	stock.WithLabelValues("north").Sub(3)
	carts.Inc()
	carts.Inc()
	carts.Dec()

	printExposition(registry)
	// Output:
	// # HELP shop_open_carts Carts that customers are filling.
	// # TYPE shop_open_carts gauge
	// shop_open_carts 1
	// # HELP shop_stock_items Items in stock.
	// # TYPE shop_stock_items gauge
	// shop_stock_items{warehouse="north"} 117
}

func Example_instrumentHistogram() {
	registry, shop := newInstruments()

	seconds := shop.NewHistogram("checkout_duration_seconds", "Time to check out.", []float64{0.1, 0.5, 1})

	seconds.Observe(0.05)
	seconds.Observe(0.25)
	seconds.Observe(1.25)

	printExposition(registry)
	// Output:
	// # HELP shop_checkout_duration_seconds Time to check out.
	// # TYPE shop_checkout_duration_seconds histogram
	// shop_checkout_duration_seconds_bucket{le="0.1"} 1
	// shop_checkout_duration_seconds_bucket{le="0.5"} 2
	// shop_checkout_duration_seconds_bucket{le="1"} 2
	// shop_checkout_duration_seconds_bucket{le="+Inf"} 3
	// shop_checkout_duration_seconds_sum 1.55
	// shop_checkout_duration_seconds_count 3
}

func measureCheckout(seconds metric.Histogram) {
	timer := metric.NewTimer(seconds)
	defer timer.ObserveDuration()

	time.Sleep(rand.N(time.Second))
}

func Example_instrumentNativeHistogram() {
	registry, _ := newInstruments()

	seconds := metric.NewHistogram(metric.HistogramOpts{
		Name:                            "shop_search_duration_seconds",
		Help:                            "Time to search.",
		NativeHistogramBucketFactor:     1.1,
		NativeHistogramMaxBucketNumber:  160,
		NativeHistogramMinResetDuration: time.Hour,
	})
	registry.MustRegister(seconds)

	seconds.Observe(0.07)
	seconds.Observe(0.3)

	printExposition(registry)
	// Output:
	// # HELP shop_search_duration_seconds Time to search.
	// # TYPE shop_search_duration_seconds histogram
	// shop_search_duration_seconds_bucket{le="+Inf"} 2
	// shop_search_duration_seconds_sum 0.37
	// shop_search_duration_seconds_count 2
}

func Example_instrumentSummary() {
	registry, shop := newInstruments()

	objectives := map[float64]float64{0.5: 0.05, 0.9: 0.01}
	pages := shop.NewSummary("report_pages", "Pages of the reports.", objectives)

	for n := range 100 {
		pages.Observe(float64(n + 1))
	}

	printExposition(registry)
	// Output:
	// # HELP shop_report_pages Pages of the reports.
	// # TYPE shop_report_pages summary
	// shop_report_pages{quantile="0.5"} 50
	// shop_report_pages{quantile="0.9"} 90
	// shop_report_pages_sum 5050
	// shop_report_pages_count 100
}

func Example_instrumentInfo() {
	registry, shop := newInstruments()

	prices := metric.NewInfoIn(shop, "prices", "The price list in use.",
		metric.Labels{"currency": "EUR", "edition": "17"})

	prices.Set(metric.Labels{"currency": "EUR", "edition": "18"}) // The program has loaded a new list.

	printExposition(registry)
	// Output:
	// # HELP shop_prices_info The price list in use.
	// # TYPE shop_prices_info gauge
	// shop_prices_info{currency="EUR",edition="18"} 1
}

func Example_instrumentStateSet() {
	registry, shop := newInstruments()

	state := metric.NewStateSetIn(shop, "state", "Whether customers can order.",
		[]string{"opening", "open", "closed"})

	state.Set("open")

	printExposition(registry)
	// Output:
	// # HELP shop_state Whether customers can order.
	// # TYPE shop_state gauge
	// shop_state{shop_state="opening"} 0
	// shop_state{shop_state="open"} 1
	// shop_state{shop_state="closed"} 0
}

// pool stands for a pool of connections.
type pool struct{}

func (pool) Open() int { return 4 }

func Example_instrumentFunc() {
	registry, shop := newInstruments()
	var database pool

	metric.NewGaugeFuncIn(shop, "database_connections", "Open connections to the database.",
		func() float64 { return float64(database.Open()) })

	printExposition(registry)
	// Output:
	// # HELP shop_database_connections Open connections to the database.
	// # TYPE shop_database_connections gauge
	// shop_database_connections 4
}

func Example_instrumentConstMetrics() {
	registry, _ := newInstruments()
	waiting := func(context.Context) (map[string]float64, error) {
		return map[string]float64{"mail": 3, "billing": 0}, nil
	}

	depth := metric.NewDesc("shop_queue_messages", "Messages that wait.", []string{"queue"}, nil)
	registry.MustRegister(metric.NewCollectorFunc(
		func(ch chan<- *metric.Desc) { ch <- depth },
		func(ctx context.Context, ch chan<- metric.Metric) {
			queues, err := waiting(ctx) // It asks the broker, until ctx ends.
			if err != nil {
				ch <- metric.NewInvalidMetric(depth, err)
				return
			}
			for queue, n := range queues {
				ch <- metric.MustNewConstMetric(depth, metric.GaugeValue, n, queue)
			}
		},
	))

	printExposition(registry)
	// Output:
	// # HELP shop_queue_messages Messages that wait.
	// # TYPE shop_queue_messages gauge
	// shop_queue_messages{queue="billing"} 0
	// shop_queue_messages{queue="mail"} 3
}

func countRoutes(shop metric.Metrics, mux *http.ServeMux) {
	requests := shop.NewCounterVec("requests_total", "Requests by route.", []string{"route"})
	mux.HandleFunc("GET /items/{id}", func(w http.ResponseWriter, r *http.Request) {
		requests.WithLabelValues(r.Pattern).Inc() // Not r.URL.Path: clients choose that.
		w.WriteHeader(http.StatusNoContent)
	})
}

// traceKey is the key of the trace in a context.
type traceKey struct{}

func Example_instrumentExemplar() {
	_, shop := newInstruments()
	seconds := shop.NewHistogram("checkout_duration_seconds", "Time to check out.", []float64{0.1, 0.5, 1})
	ctx := context.WithValue(context.Background(), traceKey{}, "0af7651916cd43dd")
	defer metric.SetExemplarFromContext(nil)

	metric.SetExemplarFromContext(func(ctx context.Context) metric.Labels {
		trace, ok := ctx.Value(traceKey{}).(string)
		if !ok {
			return nil // No exemplar.
		}
		return metric.Labels{"trace_id": trace}
	})

	seconds.(metric.ContextObserver).ObserveWithContext(ctx, 0.3)

	var written metric.MetricData
	if err := seconds.Write(&written); err != nil {
		fmt.Println(err)
	}
	for _, label := range written.GetHistogram().GetBucket()[1].GetExemplar().GetLabel() {
		fmt.Println(label.GetName(), label.GetValue())
	}
	// Output:
	// trace_id 0af7651916cd43dd
}
