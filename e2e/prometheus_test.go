//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	promv1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"
)

// minScrapes is the number of scrapes of each job that the tests wait for.
const minScrapes = 10

// configHeader begins a configuration with the interval and the timeout of scrapes.
const configHeader = `
global:
  scrape_interval: %s
  scrape_timeout: %s
  evaluation_interval: 5s
  scrape_native_histograms: true
  always_scrape_classic_histograms: true
scrape_configs:
`

// job is a scrape job of Prometheus.
type job struct {
	format              // format in which names and families arrive
	settings     string // further settings of the job
	target, path string
	program      *program // scraped program; nil if the target is no program of this test
	hanging      bool     // The program also has collectors that misbehave in every way.
}

// requests are jobs that ask for each format.
var requests = []job{
	{format: format{name: "text004"}, settings: `scrape_protocols: [PrometheusText0.0.4]`},
	{format: format{name: "text100", utf8: true}, settings: `scrape_protocols: [PrometheusText1.0.0]`},
	{format: format{name: "openmetrics001", openMetrics: true}, settings: `scrape_protocols: [OpenMetricsText0.0.1]`},
	{format: format{name: "openmetrics100", openMetrics: true, utf8: true}, settings: `scrape_protocols: [OpenMetricsText1.0.0]`},
	{format: format{name: "openmetrics200", openMetrics2: true, utf8: true}, settings: `scrape_protocols: [OpenMetricsText2.0.0]`},
	{format: format{name: "protobuf", protobuf: true}, settings: `scrape_protocols: [PrometheusProto]`},
	{
		format:   format{name: "legacy", openMetrics: true},
		settings: `scrape_protocols: [OpenMetricsText1.0.0], metric_name_validation_scheme: legacy`,
	},
	// the default Accept header of a Prometheus that scrapes native histograms
	{format: format{name: "default", protobuf: true}},
}

// config returns a configuration of Prometheus with the given interval and timeout of scrapes. A handler that
// uses all of its time ends before the timeout by its timeout offset, so that the answer arrives in time.
func config(jobs []job, interval, timeout time.Duration) string {
	var b strings.Builder
	fmt.Fprintf(&b, configHeader, model.Duration(interval), model.Duration(timeout))
	for _, j := range jobs {
		fmt.Fprintf(&b, "  - {job_name: %s, metrics_path: %s, static_configs: [{targets: ['%s']}], %s}\n",
			j.name, j.path, strings.TrimPrefix(j.target, "http://"), j.settings)
	}
	return b.String()
}

// TestPrometheus has Prometheus scrape the program in every format, both when all is well and while
// collectors hang, panic and fail, and checks the stored samples.
func TestPrometheus(t *testing.T) {
	t.Parallel() // The test mostly waits.
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	healthy, hanging := newProgram(), newProgram()
	hanging.misbehave(ctx)
	mux := http.NewServeMux()
	mux.Handle("/healthy", healthy.handler(func(err error) { t.Errorf("unexpected error: %v", err) }))
	mux.Handle("/hanging", hanging.handler(nil))
	server := httptest.NewServer(mux)
	defer server.Close()

	var jobs []job
	for _, j := range requests {
		j.target, j.path, j.program = server.URL, "/healthy", healthy
		jobs = append(jobs, j)
		j.name, j.path, j.program, j.hanging = j.name+"-hanging", "/hanging", hanging, true
		jobs = append(jobs, j)
	}
	healthy.observe()
	hanging.observe()
	prom := startPrometheus(t, config(jobs, 3*time.Second, 2500*time.Millisecond))
	for _, j := range jobs {
		waitForScrapes(t, prom, j.name, minScrapes/2)
	}
	healthy.observe()
	hanging.observe()
	enough := make(map[string]int)
	for _, j := range jobs {
		// The next scrape may have begun already, but not the one after it.
		enough[j.name] = max(minScrapes, len(waitForScrapes(t, prom, j.name, 1).scrapes)+2)
	}
	for _, j := range jobs {
		t.Run(j.name, func(t *testing.T) {
			compareStored(t, prom, j, waitForScrapes(t, prom, j.name, enough[j.name]))
		})
	}
}

// waitForScrapes waits until a job has been scraped n times and returns the stored samples.
func waitForScrapes(t *testing.T, prom promv1.API, job string, n int) (s stored) {
	t.Helper()
	eventually(t, func() (err error) {
		if s, err = readStored(t.Context(), prom, job); err == nil && len(s.scrapes) < n {
			err = fmt.Errorf("%s has been scraped %d times, want %d", job, len(s.scrapes), n)
		}
		return err
	})
	return s
}

func compareStored(t *testing.T, prom promv1.API, j job, s stored) {
	t.Helper()
	s.checkUp(t)
	for key := range s.series {
		s.checkArrivals(t, key, false)
	}
	got, want := s.latest(), j.program.floats(j.utf8)
	if j.hanging {
		want[series("e2e_bad_duplicate")] = 1
	}
	compareFloats(t, got.floats, want)
	natives := map[string]float64{}
	if j.native() {
		natives = j.program.natives()
	}
	compareStoredHistograms(t, j.program, s, natives)
	compareCreated(t, j.program, got, j.format)
	got.exemplars = storedExemplars(t, prom, j.name)
	compareExemplars(t, j.program, got, j.format)

	wantMetadata := j.program.metadata(j.format)
	if j.hanging {
		wantMetadata["e2e_bad_duplicate"] = metadata{model.MetricTypeGauge, "Seen once.", ""}
	}
	if gotMetadata := storedMetadata(t, prom, j.name); !maps.Equal(gotMetadata, wantMetadata) {
		t.Errorf("got metadata\n%v, want\n%v", gotMetadata, wantMetadata)
	}
	for _, v := range s.series[series("scrape_samples_scraped")].Values {
		if int(v.Value) != len(want)+len(natives) {
			t.Errorf("%v samples were scraped at %v, want %d", v.Value, v.Timestamp.Time(), len(want)+len(natives))
		}
	}
}
