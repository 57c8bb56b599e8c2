//go:build e2e

package e2e

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"strings"
	"testing"
	"time"

	promv1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"
)

// TestQuickstart checks the samples that Prometheus scrapes from the quickstart while its warehouse hangs.
func TestQuickstart(t *testing.T) {
	t.Parallel() // The test mostly waits.
	shop := startProcess(t, `The shop is open on (http://\S+)`, builtTools(t).quickstart, "-listen", "127.0.0.1:0")
	text := waitForOrders(t, shop)
	t.Run("promtool", func(t *testing.T) {
		cmd := exec.Command(builtTools(t).promtool, "check", "metrics")
		cmd.Stdin = bytes.NewReader(text)
		if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
			t.Errorf("promtool check metrics: %v\n%s", err, out)
		}
	})

	var jobs []job
	for _, j := range requests {
		j.target, j.path = shop, "/metrics"
		j.openMetrics2 = false // The quickstart does not offer it, so Prometheus gets the text format.
		jobs = append(jobs, j)
	}
	// With so long a timeout, the default offset is almost half a second. On a busy machine,
	// the way back may take that long.
	prom := startPrometheus(t, config(jobs, 5*time.Second, 4500*time.Millisecond)+"rule_files: ["+shopRules(t)+"]\n")
	scrapes, stocked := 0, 0
	for _, j := range jobs {
		t.Run(j.name, func(t *testing.T) {
			s := waitForScrapes(t, prom, j.name, minScrapes)
			scrapes += len(s.scrapes)
			stocked += checkShop(t, prom, j, s)
		})
	}
	t.Logf("the warehouse was there in %d of %d scrapes", stocked, scrapes)
	if stocked == 0 || stocked == scrapes {
		t.Errorf("the warehouse was there in %d of %d scrapes, want it to hang in some", stocked, scrapes)
	}
	checkSelfMetrics(t, prom)
	checkRules(t, prom)
}

// checkSelfMetrics waits until Prometheus has seen the sales report fail behind its policies. checkShop
// has checked that the report's series arrived all the time.
func checkSelfMetrics(t *testing.T, prom promv1.API) {
	t.Helper()
	for _, query := range []string{
		`min_over_time(shop_scrape_collector_success{collector="sales"}[1h]) == 0`,
		`max_over_time(shop_scrape_collector_success{collector="sales"}[1h]) == 1`,
		`min_over_time(shop_scrape_collector_success{collector="orders"}[1h]) == 1`,
		`max_over_time(shop_scrape_collector_result_age_seconds{collector="sales"}[1h]) > 2`,
		`max_over_time(shop_scrape_collector_breaker_trips_total{collector="sales"}[1h]) > 0`,
		`max_over_time(shop_scrape_collector_timeout{collector="warehouse"}[1h]) == 1`,
		`ALERTS{alertname="CollectorTimesOut", alertstate="firing", collector="warehouse"}`,
	} {
		eventually(t, func() error {
			got, _, _, err := prom.Query(t.Context(), query, time.Now())
			if err != nil {
				return err
			}
			if v, ok := got.(model.Vector); !ok || len(v) == 0 {
				return fmt.Errorf("%s: there is nothing of the kind", query)
			}
			return nil
		})
	}
}

// waitForOrders waits until there are orders of each status, so many that no status runs out of them.
func waitForOrders(t *testing.T, shop string) (text []byte) {
	t.Helper()
	eventually(t, func() error {
		resp, err := http.Get(shop + "/metrics")
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		if text, err = io.ReadAll(resp.Body); err != nil {
			return err
		}
		got, err := parse(text, resp.Header.Get("Content-Type"))
		if err != nil {
			return err
		}
		// With so many new orders, the few customers must have forgotten some.
		const plenty = 5
		orders := func(status string) float64 { return got.floats[series("shop_orders", "status", status)] }
		if orders("new") < plenty || orders("paid") < plenty {
			return fmt.Errorf("got %v new and %v paid orders, want %d", orders("new"), orders("paid"), plenty)
		}
		return nil
	})
	return text
}

// checkShop checks the samples of the quickstart that Prometheus has stored, and returns the number of
// scrapes that include the warehouse.
func checkShop(t *testing.T, prom promv1.API, j job, s stored) (stocked int) {
	t.Helper()
	s.checkUp(t)
	for key, stream := range s.series {
		switch {
		case strings.Contains(key, "shop_warehouse_stock_items"):
			stocked = len(stream.Values)
		case strings.Contains(key, "code="), strings.Contains(key, "shop_scrape_collector_"):
			// A status code or a self-metric may appear for the first time in any scrape.
			s.checkArrivals(t, key, true)
		default:
			s.checkArrivals(t, key, false)
		}
	}
	for _, status := range []string{"new", "paid"} {
		for _, name := range []string{"shop_orders", "shop_orders_value_euros"} {
			if key := series(name, "status", status); s.series[key] == nil {
				t.Errorf("%s is missing", key)
			}
		}
	}
	latency := series("shop_http_request_duration_seconds", "method", "GET", "route", "/orders/{id}")
	if native := s.series[latency] != nil; native != j.protobuf {
		t.Errorf("there is a native histogram: %t, want %t", native, j.protobuf)
	}
	if has, want := len(storedExemplars(t, prom, j.name)) > 0, j.openMetrics || j.protobuf; has != want {
		t.Errorf("there are exemplars: %t, want %t", has, want)
	}
	return stocked
}
