//go:build e2e

package e2e

import (
	"crypto/tls"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	promv1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"
)

// exporterJobs are jobs that scrape sqlexporter with basic authentication, and that probe through another
// exporter with certificates. Their relabel_configs are those in blackbox_exporter's README.md.
const exporterJobs = `
  - job_name: sql
    scheme: https
    basic_auth: {username: prometheus, password: a password}
    tls_config: {ca_file: %[1]s/ca.crt}
    static_configs: [{targets: ['%[2]s']}]
  - job_name: blackbox
    scheme: https
    tls_config: {ca_file: %[3]s/ca.crt, cert_file: %[3]s/prometheus.example.crt, key_file: %[3]s/prometheus.example.key}
    metrics_path: /probe
    params:
      module: [http_2xx]  # Look for a HTTP 200 response.
    static_configs:
      - targets: [%[5]s]
    relabel_configs:
      - source_labels: [__address__]
        target_label: __param_target
      - source_labels: [__param_target]
        target_label: instance
      - target_label: __address__
        replacement: '%[4]s'  # The blackbox exporter's real hostname:port.
  - job_name: blackbox_exporter  # Collect the exporter's operational metrics.
    scheme: https
    tls_config: {ca_file: %[3]s/ca.crt, cert_file: %[3]s/prometheus.example.crt, key_file: %[3]s/prometheus.example.key}
    static_configs: [{targets: ['%[4]s']}]
`

// exporterTimeout is the timeout of the scrapes and the interval between them. A probe that takes all its
// time leaves half a second for the way back.
const exporterTimeout = 4 * time.Second

// testPrometheus has Prometheus scrape exporters and checks the stored samples.
func testPrometheus(t *testing.T, pg *postgres) {
	pg.newDatabase(t, "scraped", readTestdata(t, "exporter_shop.sql"))
	sqlDir, proberDir := t.TempDir(), t.TempDir()
	newAuthority(t, sqlDir).server(t, sqlDir)
	copyFiles(t, sqlDir, "exporter_sql.yml", configFile, "exporter_web_basic.yml", webFile)
	replaceFile(t, filepath.Join(sqlDir, "dsn"), pg.dsn("scraped", sqlExporter))
	sql := startExporter(t, builtExporters(t).sql, sqlDir)
	ca := newAuthority(t, proberDir)
	ca.server(t, proberDir)
	certificate := ca.client(t, proberDir, "prometheus.example")
	copyFiles(t, proberDir, "exporter_prober.yml", configFile, "exporter_web_mtls.yml", webFile)
	prober := startExporter(t, builtExporters(t).prober, proberDir)

	targets := probedServer(t)
	ok, missing, hanging, refused := targets+"/ok", targets+"/missing", targets+"/hanging", "http://127.1.2.3:1/"
	prom := startPrometheus(t, fmt.Sprintf(configHeader, model.Duration(exporterTimeout), model.Duration(exporterTimeout))+
		fmt.Sprintf(exporterJobs, sqlDir, sql.address, proberDir, prober.address,
			"'"+strings.Join([]string{ok, missing, hanging, refused}, "', '")+"'"))
	const scrapes = 3
	eventually(t, func() error {
		return hasStored(t, prom, fmt.Sprintf("count(count_over_time(up[1h]) >= %d) by (job)", scrapes), map[string]float64{
			`{job="sql"}`: 1, `{job="blackbox"}`: 4, `{job="blackbox_exporter"}`: 1,
		})
	})
	probe := func(target string) string { return fmt.Sprintf(`{instance=%q, job="blackbox"}`, target) }
	shop := func(more string) string { return fmt.Sprintf(`{%sinstance=%q, job="sql"}`, more, sql.address) }
	up := map[string]float64{
		shop(""): 1, fmt.Sprintf(`{instance=%q, job="blackbox_exporter"}`, prober.address): 1,
		probe(ok): 1, probe(missing): 1, probe(hanging): 1, probe(refused): 0,
	}
	for _, test := range []struct {
		query string
		want  map[string]float64
	}{
		{`min_over_time(up[1h])`, up},
		{`max_over_time(up[1h])`, up},
		{`min_over_time(probe_success[1h])`, map[string]float64{probe(ok): 1, probe(missing): 0, probe(hanging): 0}},
		{`max_over_time(probe_success[1h])`, map[string]float64{probe(ok): 1, probe(missing): 0, probe(hanging): 0}},
		{
			`count_over_time(up[1h]) - on (job, instance) count_over_time(probe_success[1h])`,
			map[string]float64{probe(ok): 0, probe(missing): 0, probe(hanging): 0},
		},
		{`max_over_time(probe_duration_seconds{instance=~".*hanging"}[1h]) > bool 4`, map[string]float64{probe(hanging): 0}},
		{`min_over_time(probe_duration_seconds{instance=~".*hanging"}[1h]) > bool 3`, map[string]float64{probe(hanging): 1}},
		{`min_over_time(probe_duration_seconds{instance!~".*hanging"}[1h]) < bool 3`, map[string]float64{probe(ok): 1, probe(missing): 1}},
		{`last_over_time(probe_http_status_code[1h]) > 0`, map[string]float64{probe(ok): 200, probe(missing): 404}},
		{`last_over_time(probe_http_content_length{instance=~".*ok"}[1h])`, map[string]float64{probe(ok): float64(len("hello"))}},
		{`min_over_time(sql_up[1h])`, map[string]float64{shop(`database="shop", `): 1}},
		{`min(min_over_time(sql_scrape_collector_success[1h]))`, map[string]float64{`{}`: 1}},
		{`sum(last_over_time(shop_stock_items[1h])) without (item)`, map[string]float64{shop(`database="shop", `): 10}},
		{
			`last_over_time(shop_orders_value_euros[1h])`,
			map[string]float64{storedShop(sql, "new"): 12.5, storedShop(sql, "paid"): 100},
		},
		{`count(changes(shop_clock_seconds[1h]) + 1 == count_over_time(shop_clock_seconds[1h]))`, map[string]float64{`{}`: 1}},
	} {
		if err := hasStored(t, prom, test.query, test.want); err != nil {
			t.Error(err)
		}
	}
	sql.user = "prometheus"
	prober.client.Transport.(*http.Transport).TLSClientConfig.Certificates = []tls.Certificate{certificate}
	checkPromtool(t, sql)
	checkPromtool(t, prober)
}

// storedShop returns the labels with which Prometheus stores the series of the orders with a status.
func storedShop(sql *exporterProcess, status string) string {
	return fmt.Sprintf(`{database="shop", instance=%q, job="sql", status=%q}`, sql.address, status)
}

// probedServer starts the server to be probed and returns its URL.
func probedServer(t *testing.T) string {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("/ok", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "hello") })
	mux.HandleFunc("/hanging", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL
}

// hasStored returns an error unless a query to Prometheus returns the wanted values, keyed by their labels.
func hasStored(t *testing.T, prom promv1.API, query string, want map[string]float64) error {
	t.Helper()
	value, _, _, err := prom.Query(t.Context(), query, time.Now())
	if err != nil {
		return fmt.Errorf("%s: %w", query, err)
	}
	vector, ok := value.(model.Vector)
	if !ok {
		return fmt.Errorf("%s: got a %T", query, value)
	}
	got := make(map[string]float64, len(vector))
	for _, sample := range vector {
		delete(sample.Metric, model.MetricNameLabel) // Some functions keep it.
		got[sample.Metric.String()] = float64(sample.Value)
	}
	if fmt.Sprint(got) != fmt.Sprint(want) { // Maps are printed sorted by key.
		return fmt.Errorf("%s: got %v, want %v", query, got, want)
	}
	return nil
}

// checkPromtool checks that promtool finds nothing wrong with the metrics of an exporter.
func checkPromtool(t *testing.T, e *exporterProcess) {
	t.Helper()
	a, err := e.do(t.Context(), http.MethodGet, "/metrics", 0)
	if err != nil || a.status != http.StatusOK {
		t.Fatalf("/metrics: status %d, %v", a.status, err)
	}
	cmd := exec.Command(builtTools(t).promtool, "check", "metrics")
	cmd.Stdin = strings.NewReader(a.body)
	if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("promtool check metrics: %v\n%s", err, out)
	}
}
