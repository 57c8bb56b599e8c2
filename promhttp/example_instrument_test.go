package promhttp_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/promhttp"
)

// printCounts prints the number of observations of each series of a histogram. It leaves out labels without a
// value.
func printCounts(g metric.Gatherer, name string) {
	families, err := g.Gather()
	if err != nil {
		panic(err)
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if f.GetName() != name {
				continue
			}
			for _, l := range m.GetLabel() {
				if l.GetValue() != "" && l.GetName() != "server_port" {
					fmt.Printf("%s=%s ", l.GetName(), l.GetValue())
				}
			}
			fmt.Println(m.GetHistogram().GetSampleCount())
		}
	}
}

// get requests a page and discards the response.
func get(client *http.Client, url string) {
	resp, err := client.Get(url)
	if err != nil {
		panic(err)
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, resp.Body)
}

func ExampleInstrumentServer() {
	reg := metric.NewRegistry()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /items/{id}", func(w http.ResponseWriter, r *http.Request) { fmt.Fprintln(w, "item", r.PathValue("id")) })

	server := httptest.NewServer(promhttp.InstrumentServer(reg, mux))
	get(server.Client(), server.URL+"/items/1")
	get(server.Client(), server.URL+"/items/2")
	get(server.Client(), server.URL+"/wp-admin/setup.php")
	server.Close()

	printCounts(reg, "http_server_request_duration_seconds")
	// Output:
	// http_request_method=GET http_response_status_code=200 http_route=/items/{id} network_protocol_version=1.1 url_scheme=http 2
	// http_request_method=GET http_response_status_code=404 network_protocol_version=1.1 url_scheme=http 1
}

func ExampleServerMetrics_Handler() {
	reg := metric.NewRegistry()
	metrics, err := promhttp.NewServerMetrics(reg, promhttp.ServerOpts{
		Names:              promhttp.ClassicNames,
		DurationBuckets:    []float64{.01, .1, 1, 10},
		NativeBucketFactor: 1.1,
	})
	if err != nil {
		panic(err)
	}
	public, admin := http.NewServeMux(), http.NewServeMux()
	public.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "welcome") })
	admin.HandleFunc("POST /restart", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusAccepted) })

	for _, mux := range []http.Handler{public, admin} { // One set of metrics for both servers.
		server := httptest.NewServer(metrics.Handler(mux))
		get(server.Client(), server.URL)
		server.Close()
	}
	printCounts(reg, "http_request_duration_seconds")
	// Output:
	// code=200 method=get route=/{$} 1
	// code=404 method=get route=unmatched 1
}

// http.TimeoutHandler gives the mux a copy of the request.
func ExampleMuxRoute() {
	reg := metric.NewRegistry()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /slow", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	metrics, err := promhttp.NewServerMetrics(reg, promhttp.ServerOpts{Route: promhttp.MuxRoute(mux)})
	if err != nil {
		panic(err)
	}

	server := httptest.NewServer(metrics.Handler(http.TimeoutHandler(mux, time.Millisecond, "try again later")))
	get(server.Client(), server.URL+"/slow")
	server.Close()

	printCounts(reg, "http_server_request_duration_seconds")
	// Output:
	// error_type=503 http_request_method=GET http_response_status_code=503 http_route=/slow network_protocol_version=1.1 url_scheme=http 1
}

func ExampleSetRoute() {
	reg := metric.NewRegistry()
	pages := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		promhttp.SetRoute(w, "/pages/{name}") // the route that a router has found
		fmt.Fprintln(w, "a page")
	})

	server := httptest.NewServer(promhttp.InstrumentServer(reg, pages))
	get(server.Client(), server.URL+"/pages/about")
	server.Close()

	printCounts(reg, "http_server_response_body_size_bytes")
	// Output:
	// http_request_method=GET http_response_status_code=200 http_route=/pages/{name} network_protocol_version=1.1 url_scheme=http 1
}

// http.StripPrefix gives the inner mux a copy of the request, so the outer mux's pattern would be the
// route: /admin/.
func ExampleSetRoute_stripPrefix() {
	reg := metric.NewRegistry()
	admin := http.NewServeMux()
	admin.HandleFunc("/users/{id}", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "a user") })
	mux := http.NewServeMux()
	mux.Handle("/admin/", http.StripPrefix("/admin", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		admin.ServeHTTP(w, r)
		if r.Pattern != "" {
			promhttp.SetRoute(w, "/admin"+r.Pattern)
		}
	})))

	server := httptest.NewServer(promhttp.InstrumentServer(reg, mux))
	get(server.Client(), server.URL+"/admin/users/7")
	server.Close()

	printCounts(reg, "http_server_request_duration_seconds")
	// Output:
	// http_request_method=GET http_response_status_code=200 http_route=/admin/users/{id} network_protocol_version=1.1 url_scheme=http 1
}

func ExampleInstrumentClient() {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()

	reg := metric.NewRegistry()
	client := server.Client()
	client.Transport = promhttp.InstrumentClient(reg, client.Transport)
	get(client, server.URL)

	printCounts(reg, "http_client_request_duration_seconds")
	// Output:
	// error_type=404 http_request_method=GET http_response_status_code=404 network_protocol_version=1.1 server_address=127.0.0.1 1
}

func ExampleWithRoute() {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()

	reg := metric.NewRegistry()
	metrics, err := promhttp.NewClientMetrics(reg, promhttp.ClientOpts{
		Names: promhttp.ClassicNames,
		Host:  func(*http.Request) string { return "" }, // One series for all servers.
	})
	if err != nil {
		panic(err)
	}
	client := &http.Client{Transport: metrics.RoundTripper(server.Client().Transport)}
	ctx := promhttp.WithRoute(context.Background(), "/items/{id}")
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+"/items/42", http.NoBody)
	if err != nil {
		panic(err)
	}
	resp, err := client.Do(r)
	if err != nil {
		panic(err)
	}
	resp.Body.Close()

	printCounts(reg, "http_client_request_duration_seconds")
	// Output:
	// code=404 method=get route=/items/{id} 1
}
