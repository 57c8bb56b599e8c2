package main

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/luxfi/metric/exporter"
)

// program is the running exporter.
type program struct {
	t    *testing.T
	base string // URL without a path
	file string // path of the configuration file
}

// start runs the exporter with a configuration file until the test ends.
func start(t *testing.T, file string) *program {
	t.Helper()
	listening := make(chan net.Addr, 1)
	c := config()
	c.Logger = slog.New(slog.DiscardHandler)
	c.Listening = func(addresses []net.Addr) { listening <- addresses[0] }
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- exporter.Run(ctx, c, []string{"--config.file=" + file, "--web.listen-address=127.0.0.1:0"})
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	select {
	case address := <-listening:
		return &program{t, "http://" + address.String(), file}
	case err := <-ended:
		ended <- nil
		t.Fatalf("it ended with error %v", err)
	case <-time.After(time.Minute):
		t.Fatal("it does not listen")
	}
	return nil
}

// startWith runs the exporter with the given configuration.
func startWith(t *testing.T, text string) *program {
	t.Helper()
	file := filepath.Join(t.TempDir(), "sql.yml")
	write(t, file, text)
	return start(t, file)
}

// write writes a file.
func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// do sends a request and returns the status and the body.
func (p *program) do(method, path string) (status int, body string) {
	p.t.Helper()
	request, err := http.NewRequestWithContext(p.t.Context(), method, p.base+path, http.NoBody)
	if err != nil {
		p.t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return response.StatusCode, string(text)
}

// scrape checks that a page has all given lines, and no line that contains one of the texts in without.
func (p *program) scrape(path string, lines, without []string) {
	p.t.Helper()
	status, body := p.do(http.MethodGet, path)
	if status != http.StatusOK {
		p.t.Fatalf("GET %s: status %d: %s", path, status, body)
	}
	for _, line := range lines {
		if !strings.Contains(body, line+"\n") {
			p.t.Errorf("GET %s: got\n%s\nwithout the line %s", path, body, line)
		}
	}
	for _, none := range without {
		if strings.Contains(body, none) {
			p.t.Errorf("GET %s: got\n%s\nwith %s", path, body, none)
		}
	}
}

// TestDemo checks that the demo configuration works.
func TestDemo(t *testing.T) {
	p := start(t, "sqlexporter.yml")
	p.scrape("/metrics", []string{
		`sql_up{database="demo",team="shop"} 1`,
		`shop_orders{database="demo",status="sent",team="shop"} 17`,
		`shop_stock_items{database="demo",item="bolt",state="reserved",team="shop"} 7`,
		`shop_stock_counted_timestamp_seconds{database="demo",item="bolt",team="shop"} 1.7524944e+09`,
		`shop_stock_count_duration_seconds{database="demo",item="bolt",team="shop"} 1.5`,
		`shop_basket_price_euros_bucket{database="demo",team="shop",le="50"} 4`,
		`shop_basket_price_euros_sum{database="demo",team="shop"} 314`,
		`sql_scrape_collector_success{collector="orders@demo"} 1`,
		`sql_scrape_collector_success{collector="stock@demo"} 1`,
		`sql_scrape_collector_success{collector="baskets@demo"} 1`,
		`sql_scrape_collector_success{collector="version@demo"} 1`,
	}, []string{`item="nut",state="reserved"`})
	p.scrape("/metrics?collect[]=orders@demo",
		[]string{`shop_orders{database="demo",status="sent",team="shop"} 17`}, []string{"shop_stock", "sql_up"})
}

// TestFiles checks that the files in this directory are valid.
func TestFiles(t *testing.T) {
	t.Setenv("SHOP_DSN", "postgres://monitoring:s3cret@localhost:5432/shop")
	for _, file := range []string{"sqlexporter.yml", "postgres.yml"} {
		t.Run(file, func(t *testing.T) {
			c := config()
			var output bytes.Buffer
			c.Output = &output
			if err := exporter.Run(t.Context(), c, []string{"--config.file=" + file, "--config.check"}); err != nil {
				t.Error(err)
			}
			if strings.Contains(output.String(), "s3cret") {
				t.Errorf("got %s, with the password", &output)
			}
		})
	}
}

// TestInvalid checks that the exporter exits with an invalid configuration and names the line.
func TestInvalid(t *testing.T) {
	file := filepath.Join(t.TempDir(), "sql.yml")
	for _, test := range []struct{ name, text, want string }{
		{"type", "queries:\n  q:\n    sql: SELECT 1\n    metrics:\n      - {name: m, type: level, help: M., value: n}\n", `sql.yml:5: queries.q.metrics[0].type: "level" is unknown`},
		{"key", "databases:\n  a:\n    driver: sqlite\n    dns: x\n", "sql.yml:4: databases.a.dns: unknown key"},
	} {
		t.Run(test.name, func(t *testing.T) {
			write(t, file, test.text)
			err := exporter.Run(t.Context(), config(), []string{"--config.file=" + file, "--web.listen-address=127.0.0.1:0"})
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got error %v, want %q", err, test.want)
			}
		})
	}
}

// slowConfig has a query that never ends and one that does. Only one query may run at a time.
const slowConfig = `
databases: {shop: {driver: sqlite, dsn: ":memory:", max_connections: 1}}
queries:
  slow:
    timeout: 300ms
    sql: ` + endless + `
    metrics: [{name: slow, type: gauge, help: S., value: "max(n)"}]
  quick:
    sql: SELECT 1 AS n
    metrics: [{name: quick, type: gauge, help: Q., value: n}]
`

// TestTimeout checks that a query that never ends fails alone and is interrupted. Otherwise the next scrape
// could run neither of the two queries.
func TestTimeout(t *testing.T) {
	p := startWith(t, slowConfig)
	for range 3 {
		p.scrape("/metrics", []string{
			`quick{database="shop"} 1`,
			`sql_up{database="shop"} 1`,
			`sql_scrape_collector_success{collector="quick@shop"} 1`,
			`sql_scrape_collector_success{collector="slow@shop"} 0`,
		}, []string{"slow{"})
	}
}

// TestReload checks that a reload adds a query, and that a reload with an invalid file changes nothing.
func TestReload(t *testing.T) {
	const before = "databases: {shop: {driver: sqlite, dsn: ':memory:'}}\nqueries:\n  a: {sql: SELECT 1 AS n, metrics: [{name: a, type: gauge, help: A., value: n}]}\n"
	p := startWith(t, before)
	p.scrape("/metrics", []string{`a{database="shop"} 1`}, []string{"b{"})

	write(t, p.file, before+"  b: {sql: SELECT 2 AS n, metrics: [{name: b, type: level, help: B., value: n}]}\n")
	if status, body := p.do(http.MethodPost, "/-/reload"); status == http.StatusOK || !strings.Contains(body, "sql.yml:4") {
		t.Errorf("an invalid file: got status %d: %s", status, body)
	}
	p.scrape("/metrics", []string{`a{database="shop"} 1`}, []string{"b{"})

	write(t, p.file, before+"  b: {sql: SELECT 2 AS n, metrics: [{name: b, type: gauge, help: B., value: n}]}\n")
	if status, body := p.do(http.MethodPost, "/-/reload"); status != http.StatusOK {
		t.Errorf("got status %d: %s", status, body)
	}
	p.scrape("/metrics", []string{`a{database="shop"} 1`, `b{database="shop"} 2`}, nil)
}

// TestDatabaseDown checks that the exporter connects later to a database that is down at first.
func TestDatabaseDown(t *testing.T) {
	p := startWith(t, "databases: {shop: {driver: sqlite, dsn: later.db}}\nqueries: {q: {sql: SELECT n FROM t, metrics: [{name: q, type: gauge, help: Q., value: n}]}}")
	p.scrape("/metrics", []string{`sql_up{database="shop"} 0`, `sql_scrape_collector_success{collector="q@shop"} 0`}, []string{"q{"})
	makeFile(t, filepath.Join(filepath.Dir(p.file), "later.db"))
	p.scrape("/metrics", []string{`sql_up{database="shop"} 1`, `q{database="shop"} 7`}, nil)
}
