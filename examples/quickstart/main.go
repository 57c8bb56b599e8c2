// Quickstart is a small shop: an HTTP service that stores orders in a SQLite database, simulates its own
// customers, and serves its metrics on /metrics.
//
// It shows request metrics with exemplars (requests.go), a collector that queries the database under the
// scrape's context (orders.go), a slow collector that a scrape with a short timeout does not wait for
// (warehouse.go), and a collector that often fails, with the policies cache, stale result and circuit breaker
// (sales.go, collectors.go). The pages /dashboard/ and /status and the metrics shop_scrape_… show the state
// of the collectors. The page / lists what to try (index.go).
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	var cfg config
	flag.StringVar(&cfg.addr, "listen", "127.0.0.1:8080", "`address` to listen on; port 0 is any free one")
	flag.StringVar(&cfg.database, "db", "", "database `file` (default a temporary one)")
	flag.Parse()
	if flag.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "unexpected arguments %q: there are only flags\n", flag.Args())
		flag.Usage()
		os.Exit(2)
	}
	cfg.out = os.Stdout
	cfg.oldOrders, cfg.firstVisits = 5000, 200
	cfg.customerPause = 50 * time.Millisecond
	cfg.warehouseDelay = 5 * time.Second
	cfg.history = 15 * time.Minute
	cfg.salesPause, cfg.salesOutage = 20*time.Second, 10*time.Second

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, cfg)
	stop()
	if err != nil {
		fmt.Fprintf(os.Stderr, "quickstart: %v\n", err)
		os.Exit(1)
	}
}

// run serves the shop until ctx is done.
func run(ctx context.Context, cfg config) error {
	s, err := openShop(ctx, cfg)
	if err != nil {
		return err
	}
	return s.serve(ctx)
}
