package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/luxfi/metric"

	_ "modernc.org/sqlite" // The database driver "sqlite".
)

type config struct {
	addr           string
	database       string        // A file; if empty, a temporary one.
	customerPause  time.Duration // Between two requests of a customer; if zero, there are no customers.
	warehouseDelay time.Duration // How long the warehouse takes every other time.
	salesPause     time.Duration // Between two renewals of the sales report; if zero, there are none.
	salesOutage    time.Duration // How long the report is away each time.
}

// shop is the service and all that belongs to it.
type shop struct {
	cfg      config
	db       *sql.DB
	tempDir  string // Holds the database, if that is temporary.
	listener net.Listener
	server   *http.Server
	registry *metric.ContextRegistry
	url      string
	closing  chan struct{} // Closed when the shop closes.
}

// openShop opens the database and the port. The caller must call serve.
func openShop(ctx context.Context, cfg config) (_ *shop, err error) {
	s := &shop{cfg: cfg, registry: newRegistry(), closing: make(chan struct{})}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.cleanUp())
		}
	}()
	if err := s.openDatabase(ctx); err != nil {
		return nil, err
	}
	var listen net.ListenConfig
	if s.listener, err = listen.Listen(ctx, "tcp", cfg.addr); err != nil {
		return nil, err
	}
	s.url = "http://" + s.listener.Addr().String()

	requests := newRequestMetrics(s.registry)
	if err := s.registerCollectors(); err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	for pattern, handler := range map[string]http.HandlerFunc{
		"POST /orders":          s.placeOrder,
		"GET /orders/{id}":      s.showOrder,
		"POST /orders/{id}/pay": s.payOrder,
	} {
		mux.Handle(pattern, requests.instrument(pattern, handler))
	}
	mux.Handle("GET /metrics", metric.HandlerForContext(s.registry, metric.HandlerOpts{
		ErrorHandling:     metric.ContinueOnError, // One bad collector costs only itself.
		EnableOpenMetrics: true,
		Timeout:           3 * time.Second, // For those who announce none, such as a browser.
		ErrorLog: func(err error) {
			if _, ok := errors.AsType[*metric.GatherError](err); !ok { // The registry logs those.
				log.Printf("scrape: %v", err)
			}
		},
	}))
	mux.Handle("GET /status", metric.StatusHandler(s.registry))
	s.server = &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	return s, nil
}

func (s *shop) openDatabase(ctx context.Context) (err error) {
	file := s.cfg.database
	if file == "" {
		if s.tempDir, err = os.MkdirTemp("", "quickstart"); err != nil {
			return err
		}
		file = filepath.Join(s.tempDir, "shop.db")
	}
	if s.db, err = sql.Open("sqlite", file+"?_pragma=journal_mode(wal)&_pragma=busy_timeout(5000)"); err != nil {
		return err
	}
	if _, err = s.db.ExecContext(ctx, schema+`DROP TABLE IF EXISTS sales;`+salesReport); err != nil {
		return fmt.Errorf("database %s: %w", file, err)
	}
	return nil
}

// serve serves until ctx is done, and closes the shop.
func (s *shop) serve(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var life sync.WaitGroup
	if s.cfg.customerPause > 0 {
		for range 3 {
			life.Go(func() { shopping(ctx, s.url, s.cfg.customerPause) })
		}
	}
	if s.cfg.salesPause > 0 {
		life.Go(func() { s.renewSales(ctx) })
	}
	served := make(chan error, 1)
	go func() { served <- s.server.Serve(s.listener) }()

	var err error
	select {
	case err = <-served:
	case <-ctx.Done():
		fmt.Println("The shop is closing.")
	}
	cancel()
	life.Wait()
	close(s.closing)
	patience, stop := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer stop()
	return errors.Join(err, s.server.Shutdown(patience), s.cleanUp())
}

// cleanUp gives back what openShop has opened, as far as it came.
func (s *shop) cleanUp() error {
	var errs []error
	if s.listener != nil {
		if err := s.listener.Close(); !errors.Is(err, net.ErrClosed) {
			errs = append(errs, err)
		}
	}
	if s.db != nil {
		errs = append(errs, s.db.Close())
	}
	if s.tempDir != "" {
		errs = append(errs, os.RemoveAll(s.tempDir))
	}
	return errors.Join(errs...)
}
