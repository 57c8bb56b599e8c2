package remote_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"time"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/remote"
)

// sidecar starts a server that stands for another process.
func sidecar(jobs float64) *httptest.Server {
	registry := metric.NewContextRegistry()
	gauge := metric.NewGauge(metric.GaugeOpts{Name: "queued_jobs", Help: "Jobs that wait."})
	gauge.Set(jobs)
	registry.MustRegister(gauge)
	return httptest.NewServer(metric.HandlerFor(registry))
}

// A program serves the metrics of another process together with its own.
func ExampleNew() {
	server := sidecar(3)
	defer server.Close()

	target, err := remote.New(server.URL, remote.Opts{})
	if err != nil {
		panic(err)
	}
	registry := metric.NewContextRegistry()
	registry.MustRegisterWith(target, metric.WithTimeout(2*time.Second), metric.WithStale(time.Minute))

	response := httptest.NewRecorder()
	metric.HandlerFor(registry).ServeHTTP(response, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	fmt.Print(response.Body)
	// Output:
	// # HELP queued_jobs Jobs that wait.
	// # TYPE queued_jobs gauge
	// queued_jobs 3
}

// A program gathers from several processes at the same time. If a process fails, only its own metrics are
// missing.
func ExampleNewGroup() {
	one, two := sidecar(3), sidecar(5)
	defer one.Close()
	two.Close() // This process is down.

	group := remote.NewGroup(remote.GroupOpts{
		Targets: []remote.GroupTarget{
			{URL: one.URL, Labels: metric.Labels{"instance": "one"}},
			{URL: two.URL, Labels: metric.Labels{"instance": "two"}},
		},
		Policies: []metric.CollectorOption{metric.WithTimeout(2 * time.Second)},
	})
	defer group.Close()

	families, err := group.Gather()
	fmt.Println("complete:", err == nil)
	for _, family := range families {
		switch family.GetName() {
		case "queued_jobs", "remote_target_success":
			for _, m := range family.GetMetric() {
				fmt.Printf("%s{%s=%q} %g\n", family.GetName(), m.GetLabel()[0].GetName(), m.GetLabel()[0].GetValue(), m.GetGauge().GetValue())
			}
		}
	}
	// Output:
	// complete: false
	// queued_jobs{instance="one"} 3
	// remote_target_success{instance="one"} 1
	// remote_target_success{instance="two"} 0
}

// A file lists the targets of a group. It may change at any time.
func ExampleFile() {
	group := remote.NewGroup(remote.GroupOpts{Source: remote.File("testdata/targets.yml")})
	defer group.Close()
	http.Handle("/metrics", metric.HandlerFor(group)) // serves the metrics of all targets

	targets, err := remote.File("testdata/targets.yml")(context.Background())
	if err != nil {
		panic(err)
	}
	for _, target := range targets {
		fmt.Println(target.URL, target.Labels)
	}
	// Output:
	// http://db1:9187/metrics map[job:postgres]
	// http://db2:9187/metrics map[job:postgres]
	// https://host.example.com/node/metrics map[instance:host job:node]
}

// A group leaves out a target that is not valid and returns an error.
func ExampleGroup_Set() {
	group := remote.NewGroup(remote.GroupOpts{})
	defer group.Close()
	err := group.Set([]remote.GroupTarget{{URL: "http://127.0.0.1:9100/metrics"}, {URL: "127.0.0.1:9200"}})
	fmt.Println(err)
	for _, target := range group.Targets() {
		fmt.Println(target.URL, target.Labels)
	}
	// Output:
	// target 2: cannot gather from "127.0.0.1:9200": the URL must begin with http:// or https:// and a host
	// http://127.0.0.1:9100/metrics map[instance:127.0.0.1:9100]
}

// The target requires a token.
func ExampleTarget() {
	// The client handles TLS, credentials and additional headers.
	client := &http.Client{Transport: authorized{os.Getenv("TOKEN"), http.DefaultTransport}}
	target, err := remote.New("https://example.com/metrics", remote.Opts{Client: client, MaxSeries: 50_000})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(target)
	// Output: https://example.com/metrics
}

// authorized adds an Authorization header to each request.
type authorized struct {
	token string
	next  http.RoundTripper
}

func (a authorized) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+a.token)
	return a.next.RoundTrip(r)
}
