package metric_test

import (
	"fmt"
	"net/http/httptest"
	"strings"

	"github.com/luxfi/metric"
)

// printOpenMetrics prints the exposition of a registry in OpenMetrics.
func printOpenMetrics(registry *metric.ContextRegistry) {
	request := httptest.NewRequest("GET", "/metrics", nil)
	request.Header.Set("Accept", "application/openmetrics-text;version=1.0.0")
	response := httptest.NewRecorder()
	metric.HandlerFor(registry, metric.HandlerOpts{EnableOpenMetrics: true}).ServeHTTP(response, request)
	fmt.Print(strings.TrimSuffix(response.Body.String(), "# EOF\n"))
}

func ExampleNewInfo() {
	config := metric.NewInfo(metric.InfoOpts{
		Namespace: "app",
		Name:      "config",
		Help:      "The configuration that is in use.",
	}, metric.Labels{"file": "app.yml", "revision": "17"})

	registry := metric.NewContextRegistry()
	registry.MustRegister(config)

	// The configuration is reloaded.
	config.Set(metric.Labels{"file": "app.yml", "revision": "18"})
	printOpenMetrics(registry)
	// Output:
	// # HELP app_config The configuration that is in use.
	// # TYPE app_config info
	// app_config_info{file="app.yml",revision="18"} 1.0
}

func ExampleNewInfoVec() {
	disks := metric.NewInfoVec(metric.InfoOpts{
		Name: "disk",
		Help: "The disks of this machine.",
	}, []string{"device"}, []string{"model", "firmware"})

	registry := metric.NewContextRegistry()
	registry.MustRegister(disks)

	disks.WithLabelValues("sda").Set(metric.Labels{"model": "X1", "firmware": "1.0"})
	disks.WithLabelValues("sdb").Set(metric.Labels{"model": "X2", "firmware": "3.1"})
	disks.WithLabelValues("sda").Set(metric.Labels{"model": "X1", "firmware": "1.1"}) // The firmware has been updated.
	printOpenMetrics(registry)
	// Output:
	// # HELP disk The disks of this machine.
	// # TYPE disk info
	// disk_info{device="sda",firmware="1.1",model="X1"} 1.0
	// disk_info{device="sdb",firmware="3.1",model="X2"} 1.0
}

func ExampleNewStateSet() {
	state := metric.NewStateSet(metric.StateSetOpts{
		Namespace: "app",
		Name:      "state",
		Help:      "What the program does.",
		States:    []string{"starting", "running", "stopping"},
		Initial:   "starting",
	})

	registry := metric.NewContextRegistry()
	registry.MustRegister(state)

	state.Set("running")
	printOpenMetrics(registry)
	// Output:
	// # HELP app_state What the program does.
	// # TYPE app_state stateset
	// app_state{app_state="starting"} 0.0
	// app_state{app_state="running"} 1.0
	// app_state{app_state="stopping"} 0.0
}

func ExampleNewStateSetVec() {
	features := metric.NewStateSetVec(metric.StateSetOpts{
		Name:   "feature",
		Help:   "The features that a tenant uses.",
		States: []string{"export", "search"},
	}, []string{"tenant"})

	registry := metric.NewContextRegistry()
	registry.MustRegister(features)

	features.WithLabelValues("acme").Enable("export")
	features.WithLabelValues("acme").Enable("search")
	printOpenMetrics(registry)
	// Output:
	// # HELP feature The features that a tenant uses.
	// # TYPE feature stateset
	// feature{feature="export",tenant="acme"} 1.0
	// feature{feature="search",tenant="acme"} 1.0
}
