//go:build e2e

package e2e

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// exporters has the paths of the exporters that the tests start.
type exporters struct{ sql, prober string }

var buildExporters = sync.OnceValues(func() (exporters, error) {
	dir, err := filepath.Abs(filepath.Join("..", ".cache", "e2e"))
	if err != nil {
		return exporters{}, err
	}
	err = errors.Join(
		goBuild(filepath.Join("..", "examples"), dir, "./sqlexporter"),
		goBuild(".", dir, "./prober"),
	)
	return exporters{executable(dir, "sqlexporter"), executable(dir, "prober")}, err
})

func builtExporters(t *testing.T) exporters {
	t.Helper()
	built, err := buildExporters()
	if err != nil {
		t.Fatal(err)
	}
	return built
}

// exporterProcess is an exporter that a test has started.
type exporterProcess struct {
	*process
	dir           string // folder of its files
	address, base string // the address that it listens on, and the beginning of its URLs
	client        *http.Client
	user          string // user for basic authentication, if any; with webPassword
}

// The files of an exporter.
const (
	configFile = "exporter.yml"
	webFile    = "web.yml"
)

// startExporter starts an exporter with the files in a folder: a configuration and, if present, a web
// configuration. It returns when the exporter listens.
func startExporter(t *testing.T, program, dir string, args ...string) *exporterProcess {
	t.Helper()
	args = append(args, "--web.listen-address=127.0.0.1:0", "--config.file="+filepath.Join(dir, configFile))
	e := &exporterProcess{dir: dir, base: "http://"}
	transport := &http.Transport{MaxIdleConnsPerHost: 100}
	web := filepath.Join(dir, webFile)
	if _, err := os.Stat(web); err == nil {
		args = append(args, "--web.config.file="+web)
		e.base = "https://"
		transport.TLSClientConfig = &tls.Config{RootCAs: readCA(t, dir)}
	}
	e.client = &http.Client{Transport: transport, Timeout: maxWait}
	t.Cleanup(transport.CloseIdleConnections)
	e.process = start(t, program, args...)
	t.Cleanup(func() {
		if strings.Contains(e.out.String(), postgresPassword) {
			t.Error("there is a password in the log")
		}
	})
	e.address = e.said(t, `msg="Listening on" .*address=(\S+:\d+)`)
	e.base += e.address
	return e
}

// startSQLExporter starts sqlexporter on a database that it calls shop. The database server need not run.
func startSQLExporter(t *testing.T, pg *postgres, database string, files ...string) *exporterProcess {
	t.Helper()
	dir := t.TempDir()
	copyFiles(t, dir, append(files, "exporter_sql.yml", configFile)...)
	replaceFile(t, filepath.Join(dir, "dsn"), pg.dsn(database, sqlExporter)+"\n")
	return startExporter(t, builtExporters(t).sql, dir)
}

// sqlExporter is the application name that sqlexporter gives to the database. maxConnections is the most
// connections that it may have: those that its configuration allows for queries, and one for sql_up.
const (
	sqlExporter    = "sqlexporter"
	maxConnections = 2 + 1
)

// copyFiles copies files of testdata to a folder. The names come in pairs of source and destination.
func copyFiles(t *testing.T, dir string, fromTo ...string) {
	t.Helper()
	for pair := range slices.Chunk(fromTo, 2) {
		replaceFile(t, filepath.Join(dir, pair[1]), readTestdata(t, pair[0]))
	}
}

func readTestdata(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// answer is the response to a request.
type answer struct {
	status int
	header http.Header
	body   string
}

// do makes a request. It announces the timeout in the header, as Prometheus does.
func (e *exporterProcess) do(ctx context.Context, method, path string, timeout time.Duration) (answer, error) {
	req, err := http.NewRequestWithContext(ctx, method, e.base+path, http.NoBody)
	if err != nil {
		return answer{}, err
	}
	if timeout > 0 {
		req.Header.Set("X-Prometheus-Scrape-Timeout-Seconds", fmt.Sprint(timeout.Seconds()))
	}
	if e.user != "" {
		req.SetBasicAuth(e.user, webPassword)
	}
	response, err := e.client.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return answer{response.StatusCode, response.Header, string(body)}, err
}

// scrape asks for the metrics of some collectors, or of all if none are given. It returns an error if
// the status is not 200.
func (e *exporterProcess) scrape(ctx context.Context, timeout time.Duration, collectors ...string) (exposition, error) {
	path := "/metrics"
	for i, name := range collectors {
		path += []string{"?", "&"}[min(i, 1)] + "collect[]=" + name
	}
	a, err := e.do(ctx, http.MethodGet, path, timeout)
	if err != nil {
		return exposition{}, err
	}
	if a.status != http.StatusOK {
		return exposition{}, fmt.Errorf("%s: status %d: %s", path, a.status, a.body)
	}
	return parse([]byte(a.body), a.header.Get("Content-Type"))
}

// success returns the key of the series that reports whether a query on the database shop succeeded.
func success(query string) string {
	return series("sql_scrape_collector_success", "collector", query+"@shop")
}

// sqlUp is the key of the series that reports whether the database shop can be reached.
var sqlUp = series("sql_up", "database", "shop")

// shopSeries returns the key of a series of the database shop.
func shopSeries(name string, labelPairs ...string) string {
	return series("shop_"+name, append(labelPairs, "database", "shop")...)
}

// shopWithout returns the values that the queries of exporter_sql.yml find in exporter_shop.sql, except
// for the clock and for the queries that fail.
func shopWithout(failing ...string) map[string]float64 {
	want := map[string]float64{sqlUp: 1, success("clock"): 1, success("orders"): 1, success("stock"): 1}
	for _, query := range failing {
		want[success(query)] = 0
	}
	if !slices.Contains(failing, "orders") {
		want[shopSeries("orders", "status", "new")] = 2
		want[shopSeries("orders", "status", "paid")] = 1
		want[shopSeries("orders_value_euros", "status", "new")] = 12.5
		want[shopSeries("orders_value_euros", "status", "paid")] = 100
	}
	if !slices.Contains(failing, "stock") {
		want[shopSeries("stock_items", "item", "tea")] = 3
		want[shopSeries("stock_items", "item", "coffee")] = 7
	}
	return want
}

// clock is the key of the series with the database's time.
var clock = shopSeries("clock_seconds")

// hasShop returns an error unless a scrape has the wanted values and no others of the shop.
func hasShop(got exposition, want map[string]float64) error {
	var errs []error
	for key, value := range want {
		if v, ok := got.floats[key]; !ok || v != value {
			errs = append(errs, fmt.Errorf("%s is %v (there: %t), want %v", key, v, ok, value))
		}
	}
	for key := range got.floats {
		if _, ok := want[key]; !ok && strings.Contains(key, `"shop_`) && key != clock {
			errs = append(errs, fmt.Errorf("unexpected %s", key))
		}
	}
	return errors.Join(errs...)
}
