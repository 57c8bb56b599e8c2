//go:build e2e

package e2e

import (
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"
)

// slowest is the longest time that the answer to a scrape with a timeout of one second may take on a busy
// machine. The warehouse takes five seconds.
const slowest = 3 * time.Second

// TestManyScrapes scrapes the quickstart five hundred times in a row while its warehouse hangs. It checks
// that every answer comes in time with everything else, and that nothing piles up.
func TestManyScrapes(t *testing.T) {
	shop := startProcess(t, `The shop is open on (http://\S+)`, builtTools(t).quickstart, "-listen", "127.0.0.1:0")
	waitForOrders(t, shop)
	goroutines := func() float64 { return scrapeShop(t, shop).floats[series("go_goroutines")] }
	// the largest number of goroutines before the scrapes; it varies with the number of customers
	before := 0.0
	for range 20 {
		before = max(before, goroutines())
	}
	longest, stocked := time.Duration(0), 0
	for i := range 500 {
		if i%50 == 0 {
			time.Sleep(time.Second) // Let the warehouse begin to hang more than once.
		}
		start := time.Now()
		got := scrapeShop(t, shop)
		longest = max(longest, time.Since(start))
		if _, ok := got.floats[series("shop_warehouse_stock_items", "item", "teapot")]; ok {
			stocked++
		}
		for _, key := range []string{
			series("shop_orders", "status", "paid"),
			series("shop_sales_euros", "basket", "small"),
			series("shop_http_requests_in_flight"),
			series("shop_scrape_collector_success", "collector", "warehouse"),
		} {
			if _, ok := got.floats[key]; !ok {
				t.Errorf("scrape %d lacks %s", i, key)
			}
		}
	}
	t.Logf("the slowest answer took %v; %d of 500 had the warehouse", longest, stocked)
	if longest > slowest {
		t.Errorf("an answer took %v", longest)
	}
	if stocked > 250 {
		t.Errorf("%d of 500 scrapes had the warehouse, want it to hang in most", stocked)
	}
	eventually(t, func() error {
		if n := goroutines(); n > before {
			return fmt.Errorf("there are %v goroutines, and %v before", n, before)
		}
		return nil
	})
}

// scrapeShop scrapes like a server whose timeout is one second.
func scrapeShop(t *testing.T, shop string) exposition {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, shop+"/metrics", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Prometheus-Scrape-Timeout-Seconds", "1")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("status %d (%v): %s", resp.StatusCode, err, text)
	}
	got, err := parse(text, resp.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	return got
}
