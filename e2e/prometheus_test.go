//go:build e2e

package e2e

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"testing"

	promv1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"
)

// minScrapes is how many scrapes of each job the tests wait for.
const minScrapes = 10

// configHeader sets the timeout so that a handler which takes all the time that it is
// allowed to has a quarter of a second left for the way back.
const configHeader = `
global:
  scrape_interval: 3s
  scrape_timeout: 2500ms
  scrape_native_histograms: true
  always_scrape_classic_histograms: true
scrape_configs:
`

// job is a scrape job of Prometheus.
type job struct {
	format                 // How its names and families arrive.
	settings, path, target string
	hanging                bool // Beside the instruments are collectors of every bad sort.
}

// requests tells how Prometheus asks for a format.
var requests = []struct {
	format   format
	settings string
}{
	{format{name: "text004"}, `scrape_protocols: [PrometheusText0.0.4]`},
	{format{name: "text100", utf8: true}, `scrape_protocols: [PrometheusText1.0.0]`},
	{format{name: "openmetrics001", openMetrics: true}, `scrape_protocols: [OpenMetricsText0.0.1]`},
	{format{name: "openmetrics100", openMetrics: true, utf8: true}, `scrape_protocols: [OpenMetricsText1.0.0]`},
	{format{name: "protobuf", protobuf: true}, `scrape_protocols: [PrometheusProto]`},
	{format{name: "legacy", openMetrics: true}, `{scrape_protocols: [OpenMetricsText1.0.0], metric_name_validation_scheme: legacy}`},
	{format{name: "default", protobuf: true}, `{}`},
}

// config returns the configuration of Prometheus.
func config(jobs []job) string {
	var b strings.Builder
	b.WriteString(configHeader)
	for _, j := range jobs {
		settings := strings.TrimSuffix(strings.TrimPrefix(j.settings, "{"), "}")
		if settings != "" {
			settings = ", " + settings
		}
		fmt.Fprintf(&b, "  - {job_name: %s, metrics_path: %s, static_configs: [{targets: ['%s']}]%s}\n",
			j.name, j.path, strings.TrimPrefix(j.target, "http://"), settings)
	}
	return b.String()
}

// TestPrometheus lets Prometheus scrape the program in every format, both when all is
// well and while collectors hang, panic and fail, and compares what it has stored.
func TestPrometheus(t *testing.T) {
	builtTools(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	healthy, hanging := newProgram(), newProgram()
	hanging.misbehave(ctx)
	programs := map[bool]*program{false: healthy, true: hanging}
	for _, p := range programs {
		p.observe()
	}
	mux := http.NewServeMux()
	mux.Handle("/healthy", healthy.handler(func(err error) { t.Errorf("unexpected error: %v", err) }))
	mux.Handle("/hanging", hanging.handler(nil))
	server := httptest.NewServer(mux)
	defer server.Close()

	var jobs []job
	for _, r := range requests {
		jobs = append(jobs, job{format: r.format, settings: r.settings, path: "/healthy", target: server.URL})
		r.format.name += "-hanging"
		jobs = append(jobs, job{format: r.format, settings: r.settings, path: "/hanging", target: server.URL, hanging: true})
	}
	prom := startPrometheus(t, config(jobs))
	for _, j := range jobs {
		waitForScrapes(t, prom, j.name, minScrapes/2)
	}
	for _, p := range programs { // The jobs must see this, too.
		p.observe()
	}
	for _, j := range jobs {
		t.Run(j.name, func(t *testing.T) {
			seen := waitForScrapes(t, prom, j.name, 0)
			// The scrape after the next one has certainly begun after the observation.
			s := waitForScrapes(t, prom, j.name, max(minScrapes, len(seen.scrapes)+2))
			compareStored(t, prom, programs[j.hanging], j, s)
		})
	}
}

func compareStored(t *testing.T, prom promv1.API, p *program, j job, s stored) {
	t.Helper()
	for _, up := range s.scrapes {
		if up.Value != 1 {
			t.Errorf("up was %v at %v", up.Value, up.Timestamp.Time())
		}
	}
	got, err := s.latest()
	if err != nil {
		t.Error(err)
	}
	want := p.floats(j.utf8, j.protobuf)
	if j.hanging {
		want[series("e2e_bad_duplicate")] = 1
	}
	compareFloats(t, got.floats, want)
	natives := map[string]float64{}
	if j.protobuf {
		natives = p.natives()
	}
	compareStoredHistograms(t, p, s, natives)
	compareCreated(t, p, got, j.format)
	got.exemplars = storedExemplars(t, prom, j.name)
	compareExemplars(t, p, got, j.format)
	wantMetadata := p.metadata(j.utf8, j.openMetrics, j.openMetrics || j.protobuf)
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

// waitForScrapes waits until a job has been scraped n times, and returns what is stored.
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

// TestQuickstart lets Prometheus scrape the quickstart while its warehouse hangs.
func TestQuickstart(t *testing.T) {
	shop := startQuickstart(t)
	var jobs []job
	for _, r := range requests {
		jobs = append(jobs, job{format: r.format, settings: r.settings, path: "/metrics", target: shop})
	}
	prom := startPrometheus(t, config(jobs))
	scrapes, stocked := 0, 0
	for _, j := range jobs {
		s := waitForScrapes(t, prom, j.name, minScrapes)
		scrapes += len(s.scrapes)
		t.Run(j.name, func(t *testing.T) { stocked += checkShop(t, prom, j, s) })
	}
	t.Logf("the warehouse was there in %d of %d scrapes", stocked, scrapes)
	if stocked == 0 || stocked == scrapes {
		t.Errorf("the warehouse was there in %d of %d scrapes, want it to hang in some", stocked, scrapes)
	}
}

// checkShop compares a job of the quickstart, and returns in how many scrapes the
// warehouse was there.
func checkShop(t *testing.T, prom promv1.API, j job, s stored) int {
	t.Helper()
	stock := s.series[series("shop_warehouse_stock_items", "item", "teapot")]
	delete(s.series, series("shop_warehouse_stock_items", "item", "teapot"))
	delete(s.series, series("shop_warehouse_stock_items", "item", "kettle"))
	for key, stream := range s.series {
		all, values, histograms := s.scrapes, stream.Values, stream.Histograms
		// The zero that tells when the series was created.
		if len(values) > 0 && values[0].Timestamp != all[0].Timestamp && values[0].Value == 0 {
			values = values[1:]
		}
		if len(histograms) > 0 && histograms[0].Histogram.Count == 0 {
			histograms = histograms[1:]
		}
		// What has come once comes in every scrape from then on.
		if n := len(values) + len(histograms); n == 0 || len(values) > 0 && all[len(all)-n].Timestamp != values[0].Timestamp ||
			len(histograms) > 0 && all[len(all)-n].Timestamp != histograms[0].Timestamp {
			t.Errorf("%s is missing in some scrapes: %v", key, stream)
		}
	}
	for _, up := range s.scrapes {
		if up.Value != 1 {
			t.Errorf("up was %v at %v", up.Value, up.Timestamp.Time())
		}
	}
	latency := series("shop_http_request_duration_seconds", "method", "GET", "route", "/orders/{id}")
	if native := s.series[latency] != nil; native != j.protobuf {
		t.Errorf("there is a native histogram: %t, want %t", native, j.protobuf)
	}
	if has := len(storedExemplars(t, prom, j.name)) > 0; has != (j.openMetrics || j.protobuf) {
		t.Errorf("there are exemplars: %t, want %t", has, !has)
	}
	if stock == nil {
		return 0
	}
	return len(stock.Values)
}

// TestPromtool asks promtool what it thinks of the quickstart's metrics.
func TestPromtool(t *testing.T) {
	shop := startQuickstart(t)
	var body []byte
	eventually(t, func() error {
		resp, err := http.Get(shop + "/metrics")
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		if body, err = io.ReadAll(resp.Body); err == nil && !strings.Contains(string(body), `shop_orders{status="paid"}`) {
			err = errors.New("nobody has paid an order")
		}
		return err
	})
	cmd := exec.Command(builtTools(t).promtool, "check", "metrics")
	cmd.Stdin = strings.NewReader(string(body))
	if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("promtool check metrics: %v\n%s", err, out)
	}
}
