package snippets

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/promhttp"
	"github.com/luxfi/metric/remote"
)

// The snippets of docs/remote.md.
var _ = []any{remoteTarget, remoteGroup}

func remoteTarget(registry *metric.ContextRegistry) error {
	target, err := remote.New("http://127.0.0.1:9100/metrics", remote.Opts{})
	if err != nil {
		return err
	}
	return registry.RegisterWith(target, metric.WithTimeout(2*time.Second), metric.WithStale(time.Minute))
}

func remoteGroup(registry *metric.ContextRegistry) {
	group := remote.NewGroup(remote.GroupOpts{
		Source:   remote.File("/etc/program/targets.yml"),
		Policies: []metric.CollectorOption{metric.WithTimeout(3 * time.Second), metric.WithStale(time.Minute)},
	})
	registry.MustRegister(group)
}

// remoteJobs returns a registry with a metric that is called jobs.
func remoteJobs(c metric.Collector) *metric.ContextRegistry {
	registry := metric.NewContextRegistry()
	registry.MustRegister(c)
	return registry
}

// Of three targets, one fails, and one disagrees with another about the type of a family.
func Example_remotePartialFailure() {
	hosts := map[string]http.Handler{
		"db1:9187": http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, "busy", http.StatusServiceUnavailable)
		}),
		"db2:9187": metric.HandlerFor(remoteJobs(metric.NewCounter(metric.CounterOpts{Name: "jobs"}))),
		"db3:9187": metric.HandlerFor(remoteJobs(metric.NewGauge(metric.GaugeOpts{Name: "jobs"}))),
	}
	network := promhttp.RoundTripperFunc(func(r *http.Request) (*http.Response, error) {
		recorder := httptest.NewRecorder()
		hosts[r.URL.Host].ServeHTTP(recorder, r)
		return recorder.Result(), nil
	})

	group := remote.NewGroup(remote.GroupOpts{
		Opts: remote.Opts{Client: &http.Client{Transport: network}},
		Targets: []remote.GroupTarget{
			{URL: "http://db1:9187/metrics"}, {URL: "http://db2:9187/metrics"}, {URL: "http://db3:9187/metrics"},
		},
	})
	defer group.Close()
	_, err := group.Gather()
	fmt.Println(err)
	// Output:
	// 2 error(s) occurred:
	// * collector db1:9187: gathering from http://db1:9187/metrics: the status is 503 Service Unavailable: "busy"
	// * collector db3:9187: collected metric jobs has type GAUGE but should have COUNTER
}

// TestRemoteYAML checks that remote.File reads the files that docs/remote.md shows.
func TestRemoteYAML(t *testing.T) {
	blocks := yamlOfPage(t, "remote.md")
	if len(blocks) == 0 {
		t.Fatal("the page shows no file")
	}
	for _, block := range blocks {
		name := filepath.Join(t.TempDir(), "targets.yml")
		if err := os.WriteFile(name, []byte(block), 0o600); err != nil {
			t.Fatal(err)
		}
		if targets, err := remote.File(name)(t.Context()); err != nil || len(targets) == 0 {
			t.Errorf("%d targets, %v, in\n%s", len(targets), err, block)
		}
	}
}

var yamlBlockOfPage = regexp.MustCompile("(?ms)^```yaml\n(.*?\n)```$")

// yamlOfPage returns the YAML that a page shows.
func yamlOfPage(t *testing.T, name string) []string {
	t.Helper()
	var blocks []string
	for _, block := range yamlBlockOfPage.FindAllStringSubmatch(page(t, name), -1) {
		blocks = append(blocks, block[1])
	}
	return blocks
}
