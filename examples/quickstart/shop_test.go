package main

import (
	"context"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// warehouseDelay is how long the warehouse hangs in these tests. It is much longer than the scrape timeout
// of one second, so that the tests also work on a busy machine.
const warehouseDelay = 5 * time.Second

// TestScrapeWhileWarehouseHangs scrapes the shop while one collector takes longer than the scrape timeout.
// All other metrics must arrive in time.
func TestScrapeWhileWarehouseHangs(t *testing.T) {
	s, client := start(t, config{warehouseDelay: warehouseDelay})
	trade(t, s, client)

	whole, _ := s.scrape(t, client)
	for _, want := range []string{
		`shop_http_requests_in_flight 0`,
		`shop_http_requests_total{code="200",method="POST",route="/orders/{id}/pay"} 1`,
		`shop_http_requests_total{code="201",method="POST",route="/orders"} 3`,
		`shop_http_requests_total{code="400",method="POST",route="/orders"} 1`,
		`shop_http_requests_total{code="404",method="GET",route="/orders/{id}"} 1`,
		`shop_http_request_duration_seconds_count{method="POST",route="/orders"} 4`,
		`shop_orders{status="new"} 2`,
		`shop_orders{status="paid"} 1`,
		`shop_orders_value_euros{status="new"} 5`,
		`shop_orders_value_euros{status="paid"} 1`,
		`shop_sales_euros{basket="small"} 0`,
		`shop_warehouse_stock_items{item="kettle"} 7`,
		`shop_warehouse_stock_items{item="teapot"} 120`,
	} {
		if !slices.Contains(whole, want) {
			t.Errorf("the first scrape lacks %s", want)
		}
	}

	// The warehouse begins to hang in the second scrape, and still hangs in the third.
	whole = business(whole)
	rest := slices.DeleteFunc(slices.Clone(whole), func(line string) bool { return strings.Contains(line, "warehouse") })
	for _, name := range []string{"hanging", "still hanging"} {
		got, elapsed := s.scrape(t, client)
		for _, want := range []string{
			`shop_scrape_collector_success{collector="orders"} 1`,
			`shop_scrape_collector_success{collector="warehouse"} 0`,
			`shop_scrape_collector_timeout{collector="warehouse"} 1`,
		} {
			if !slices.Contains(got, want) {
				t.Errorf("%s: the scrape lacks %s", name, want)
			}
		}
		got = business(got)
		if !slices.Equal(got, rest) {
			t.Errorf("%s: got\n%s\n\nwant\n%s", name, strings.Join(got, "\n"), strings.Join(rest, "\n"))
		}
		t.Logf("%s: the answer took %v", name, elapsed)
		// The answer takes less than a second. The margin is for busy machines.
		if elapsed > warehouseDelay/2 {
			t.Errorf("%s: the answer took %v, want less than a second", name, elapsed)
		}
	}
}

// TestManyScrapes checks that repeated scrapes while the warehouse hangs do not pile up.
func TestManyScrapes(t *testing.T) {
	s, client := start(t, config{warehouseDelay: warehouseDelay})
	trade(t, s, client)
	whole, _ := s.scrape(t, client)
	whole = business(whole)
	client.CloseIdleConnections()
	before := settled()

	began, complete := time.Now(), 0
	for i := range 500 {
		got, elapsed := s.scrape(t, client)
		if elapsed > warehouseDelay/2 { // The answer takes less than a second. The margin is for busy machines.
			t.Errorf("scrape %d took %v", i, elapsed)
		}
		if got = business(got); len(got) == len(whole) {
			complete++
		} else if len(got) != len(whole)-2 {
			t.Fatalf("scrape %d has %d samples, want all %d, or two less", i, len(got), len(whole))
		}
	}
	t.Logf("500 scrapes took %v, %d of them had the warehouse", time.Since(began), complete)
	if complete > 250 {
		t.Errorf("%d of 500 scrapes had the warehouse, want it to hang in most", complete)
	}
	client.CloseIdleConnections()
	waitForGoroutines(t, before)
}

// TestSalesOutage drops the sales report. Scrapes must get the last one, and the self-metrics and the
// status page must show the failure.
func TestSalesOutage(t *testing.T) {
	s, client := start(t, config{})
	trade(t, s, client)
	for _, query := range []string{`DROP TABLE sales`, salesReport} { // what the nightly job does once
		if _, err := s.db.ExecContext(t.Context(), query); err != nil {
			t.Fatal(err)
		}
	}
	s.scrapeUntil(t, client, `shop_sales_euros{basket="small"} 1`)
	if _, err := s.db.ExecContext(t.Context(), `DROP TABLE sales`); err != nil {
		t.Fatal(err)
	}
	lines := s.scrapeUntil(t, client, `shop_scrape_collector_breaker_state{collector="sales"} 1`)
	for _, want := range []string{
		`shop_sales_euros{basket="small"} 1`,
		`shop_scrape_collector_success{collector="sales"} 0`,
		`shop_scrape_collector_success{collector="orders"} 1`,
		`shop_scrape_collector_breaker_trips_total{collector="sales"} 1`,
	} {
		if !slices.Contains(lines, want) {
			t.Errorf("the scrape lacks %s:\n%s", want, strings.Join(lines, "\n"))
		}
	}
	if page, _ := s.get(t, client, "/status", nil); !strings.Contains(page, "rests (breaker open)") {
		t.Errorf("the status page does not say that the breaker is open:\n%s", page)
	}
	if _, err := s.db.ExecContext(t.Context(), salesReport); err != nil {
		t.Fatal(err)
	}
	s.scrapeUntil(t, client, `shop_scrape_collector_success{collector="sales"} 1`)
}

// TestNightJob scrapes while the report is renewed continuously.
func TestNightJob(t *testing.T) {
	s, client := start(t, config{customerPause: time.Millisecond, salesPause: time.Millisecond, salesOutage: time.Millisecond})
	for deadline := time.Now().Add(time.Minute); ; {
		lines, _ := s.scrape(t, client)
		if !slices.Contains(lines, `shop_sales_euros{basket="medium"} 0`) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("nothing was sold within a minute:\n%s", strings.Join(lines, "\n"))
		}
	}
}

// TestExemplars checks that exemplars lead from a latency to a trace.
func TestExemplars(t *testing.T) {
	s, client := start(t, config{})
	trade(t, s, client)
	body, _ := s.get(t, client, "/metrics", http.Header{"Accept": {"application/openmetrics-text; version=1.0.0"}})
	if want := ` # {trace_id="` + strings.Repeat("ab", 16) + `"} `; !strings.Contains(body, want) {
		t.Errorf("the scrape lacks an exemplar with%s in\n%s", want, body)
	}
	if !strings.HasSuffix(body, "\n# EOF\n") {
		t.Error("the scrape does not end with # EOF")
	}
}

// TestBusyShop closes the shop while customers are sending requests.
func TestBusyShop(t *testing.T) {
	s, client := start(t, config{customerPause: time.Millisecond, warehouseDelay: warehouseDelay})
	for deadline := time.Now().Add(time.Minute); ; {
		lines, _ := s.scrape(t, client)
		if slices.ContainsFunc(lines, func(line string) bool { return strings.HasPrefix(line, `shop_orders{status="paid"}`) }) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("no customer has paid within a minute:\n%s", strings.Join(lines, "\n"))
		}
	}
}

// TestClosedStreet opens a shop on a port that is in use, and checks that it leaves nothing behind.
func TestClosedStreet(t *testing.T) {
	s, _ := start(t, config{})
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	t.Setenv("TMP", temp) // for Windows
	if err := run(t.Context(), config{addr: s.listener.Addr().String()}); err == nil {
		t.Error("a second shop at the same address was opened")
	}
	if left, err := os.ReadDir(temp); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// start opens a shop and returns it with a client. When the test ends, the shop closes and must leave no
// files and no goroutines behind.
func start(t *testing.T, cfg config) (*shop, *http.Client) {
	t.Helper()
	before := settled()
	cfg.addr = "127.0.0.1:0"
	ctx, cancel := context.WithCancel(context.Background())
	s, err := openShop(ctx, cfg)
	if err != nil {
		cancel()
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- s.serve(ctx) }()
	client := &http.Client{Transport: &http.Transport{}, Timeout: time.Minute}
	t.Cleanup(func() {
		client.CloseIdleConnections()
		cancel()
		if err := <-served; err != nil {
			t.Errorf("closing the shop: %v", err)
		}
		if _, err := os.Stat(s.tempDir); !os.IsNotExist(err) {
			t.Errorf("the database is still there: %v", err)
		}
		waitForGoroutines(t, before)
	})
	return s, client
}

// trade places three orders, pays one, and makes two mistakes.
func trade(t *testing.T, s *shop, client *http.Client) {
	t.Helper()
	for _, step := range []struct {
		method, path, euros string
		want                int
	}{
		{http.MethodPost, "/orders", "1", http.StatusCreated},
		{http.MethodPost, "/orders", "2", http.StatusCreated},
		{http.MethodPost, "/orders", "3", http.StatusCreated},
		{http.MethodPost, "/orders", "-4", http.StatusBadRequest},
		{http.MethodPost, "/orders/1/pay", "", http.StatusOK},
		{http.MethodGet, "/orders/9", "", http.StatusNotFound},
	} {
		form := url.Values{"euros": {step.euros}}
		req, err := http.NewRequestWithContext(t.Context(), step.method, s.url+step.path, strings.NewReader(form.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Traceparent", "00-"+strings.Repeat("ab", 16)+"-"+strings.Repeat("cd", 8)+"-01")
		resp, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_, err = io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		if err != nil || resp.StatusCode != step.want {
			t.Errorf("%s %s: status %d (%v), want %d", step.method, step.path, resp.StatusCode, err, step.want)
		}
	}
}

// scrape scrapes the shop with a timeout of one second. It returns the samples and the time that the scrape
// took.
func (s *shop) scrape(t *testing.T, client *http.Client) ([]string, time.Duration) {
	t.Helper()
	body, elapsed := s.get(t, client, "/metrics", http.Header{"X-Prometheus-Scrape-Timeout-Seconds": {"1"}})
	lines := strings.Split(strings.TrimSuffix(body, "\n"), "\n")
	return slices.DeleteFunc(lines, func(line string) bool { return strings.HasPrefix(line, "#") }), elapsed
}

// scrapeUntil scrapes until the samples include a line, and returns the samples.
func (s *shop) scrapeUntil(t *testing.T, client *http.Client, line string) []string {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		lines, _ := s.scrape(t, client)
		if slices.Contains(lines, line) {
			return lines
		}
		if time.Now().After(deadline) {
			t.Fatalf("after a minute there is no %s in\n%s", line, strings.Join(lines, "\n"))
		}
	}
}

// business returns the samples about the shop itself.
func business(lines []string) []string {
	return slices.DeleteFunc(slices.Clone(lines), func(line string) bool {
		return !strings.HasPrefix(line, "shop_") || strings.HasPrefix(line, "shop_scrape_")
	})
}

// get returns a page and the time that the response took.
func (s *shop) get(t *testing.T, client *http.Client, path string, header http.Header) (string, time.Duration) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	maps.Copy(req.Header, header)
	start := time.Now()
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("status %d (%v): %s", resp.StatusCode, err, body)
	}
	return string(body), time.Since(start)
}

// settled returns the number of goroutines after those that are about to end have ended.
func settled() int {
	n := runtime.NumGoroutine()
	for range 20 {
		time.Sleep(5 * time.Millisecond)
		n = min(n, runtime.NumGoroutine())
	}
	return n
}

// waitForGoroutines waits until at most n goroutines exist.
func waitForGoroutines(t *testing.T, n int) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); runtime.NumGoroutine() > n; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			stacks := make([]byte, 1<<20)
			t.Fatalf("%d goroutines, want %d:\n%s", runtime.NumGoroutine(), n, stacks[:runtime.Stack(stacks, true)])
		}
	}
}
