// Quickstart is a small shop: an HTTP service that takes orders into a SQLite
// database, is its own customer, and serves its metrics on /metrics.
//
// It shows request metrics with exemplars (requests.go), a collector that asks the
// database under the context of the scrape (orders.go), what a scrape with a short
// timeout gets while another collector hangs (warehouse.go), and one that fails again
// and again, behind a cache, a stale result and a circuit breaker (sales.go,
// collectors.go). The page /status and the metrics shop_scrape_… tell how the
// collectors do.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	var cfg config
	flag.StringVar(&cfg.addr, "addr", "127.0.0.1:8080", "`address` to listen on")
	flag.StringVar(&cfg.database, "db", "", "database `file` (default a temporary one)")
	flag.Parse()
	if flag.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "unexpected arguments %q: there are only flags\n", flag.Args())
		flag.Usage()
		os.Exit(2)
	}
	cfg.customerPause = 50 * time.Millisecond
	cfg.warehouseDelay = 5 * time.Second
	cfg.salesPause, cfg.salesOutage = 20*time.Second, 10*time.Second

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, cfg)
	stop()
	if err != nil {
		log.Fatal(err)
	}
}

// run serves the shop until ctx is done.
func run(ctx context.Context, cfg config) error {
	s, err := openShop(ctx, cfg)
	if err != nil {
		return err
	}
	fmt.Printf(hello, s.url)
	return s.serve(ctx)
}

const hello = `The shop is open on %[1]s and keeps itself busy.

Open %[1]s/metrics, or %[1]s/status for how the collectors do, or try:

  # One second for the scrape. Every other time the warehouse takes five, and all the rest arrives in time.
  curl -s -H 'X-Prometheus-Scrape-Timeout-Seconds: 1' %[1]s/metrics | grep ^shop_

  # Every 30 seconds, the sales report is away for the last 10 of them. Look for it a few times:
  # what was read last is served, with its age, and the breaker opens.
  curl -s %[1]s/metrics | grep -E '^shop_(sales|scrape_collector_(success|result_age|breaker_state).*sales)'

  # Everything about the collectors.
  curl -s %[1]s/status

  # The orders alone: nothing else is run.
  curl -sg '%[1]s/metrics?collect[]=orders'

  # OpenMetrics, with exemplars.
  curl -s -H 'Accept: application/openmetrics-text; version=1.0.0' %[1]s/metrics | grep trace_id

  # An order.
  curl -s -d euros=9.99 %[1]s/orders

Ctrl-C closes it.
`
