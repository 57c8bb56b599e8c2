package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/dashboard"

	_ "modernc.org/sqlite" // driver "sqlite"
)

type config struct {
	addr           string
	database       string        // path of the file; if empty, a temporary file
	out            io.Writer     // destination of messages; nil means none
	oldOrders      int           // orders to add to an empty database
	firstVisits    int           // requests that customers send before the shop reports that it is open
	customerPause  time.Duration // time between two requests of a customer; if zero, there are no customers
	warehouseDelay time.Duration // how long the warehouse takes every other time
	salesPause     time.Duration // time between two renewals of the sales report; if zero, it is not renewed
	salesOutage    time.Duration // how long the report is missing during each renewal
	history        time.Duration // length of the dashboard's history; if zero, it begins when the dashboard is opened
}

// shop is the service with its database and its servers.
type shop struct {
	cfg       config
	db        *sql.DB
	tempDir   string // holds the database if the database is temporary
	listener  net.Listener
	server    *http.Server
	registry  *metric.ContextRegistry
	dashboard *dashboard.Dashboard
	url       string
	known     figures
	closing   chan struct{} // closed when the shop closes
}

// openShop opens the database and the port. The caller must call serve.
func openShop(ctx context.Context, cfg config) (_ *shop, err error) {
	if cfg.out == nil {
		cfg.out = io.Discard
	}
	s := &shop{cfg: cfg, registry: newRegistry(), known: figures{sums: make(map[string]float64)}, closing: make(chan struct{})}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.cleanUp())
		}
	}()
	if err := s.listen(ctx); err != nil {
		return nil, err
	}
	if err := s.openDatabase(ctx); err != nil {
		return nil, err
	}

	requests := newRequestMetrics(s.registry)
	if err := s.registerCollectors(); err != nil {
		return nil, err
	}
	if s.dashboard, err = dashboard.New(s.registry, dashboard.Opts{
		Title:      "shop",
		History:    cfg.history,
		MetricsURL: "../metrics",
	}); err != nil {
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
		ErrorHandling:     metric.ContinueOnError, // A bad collector affects only its own metrics.
		EnableOpenMetrics: true,
		Timeout:           3 * time.Second, // for clients that send no timeout, such as browsers
		ErrorLog: func(err error) {
			if _, ok := errors.AsType[*metric.GatherError](err); !ok { // The registry logs those.
				log.Printf("scrape: %v", err)
			}
		},
	}))
	mux.Handle("GET /status", metric.StatusHandler(s.registry))
	mux.Handle("/dashboard/", s.dashboard)
	mux.HandleFunc("GET /{$}", s.showIndex)
	s.addUp(ctx) // The index needs figures from the start.
	s.server = &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	s.server.RegisterOnShutdown(func() { _ = s.dashboard.Close() }) // Open pages must not delay the shutdown.
	return s, nil
}

// listen opens the port. openShop calls it first, so that the program reports immediately that a port is in
// use.
func (s *shop) listen(ctx context.Context) (err error) {
	if s.listener, err = new(net.ListenConfig).Listen(ctx, "tcp", s.cfg.addr); err != nil {
		if errors.Is(err, syscall.EADDRINUSE) {
			err = fmt.Errorf("another program uses %s already (%w)", s.cfg.addr, err)
		}
		return fmt.Errorf("%w; choose an address with -listen, such as -listen 127.0.0.1:0 for any free port", err)
	}
	s.url = "http://" + s.listener.Addr().String()
	return nil
}

func (s *shop) openDatabase(ctx context.Context) (err error) {
	file := s.cfg.database
	if file == "" {
		if s.tempDir, err = os.MkdirTemp("", "quickstart"); err != nil {
			return err
		}
		file = filepath.Join(s.tempDir, "shop.db")
	}
	s.say("Opening the database %s", file)
	if s.db, err = sql.Open("sqlite", file+"?_pragma=journal_mode(wal)&_pragma=busy_timeout(5000)"); err != nil {
		return err
	}
	if _, err = s.db.ExecContext(ctx, schema); err == nil {
		err = s.addOldOrders(ctx)
	}
	if err == nil {
		_, err = s.db.ExecContext(ctx, `DROP TABLE IF EXISTS sales;`+salesReport)
	}
	if err != nil {
		return fmt.Errorf("database %s: %w", file, err)
	}
	return nil
}

// say prints a message for the user.
func (s *shop) say(format string, args ...any) { fmt.Fprintf(s.cfg.out, format+"\n", args...) }

// serve serves until ctx is done, and closes the shop.
func (s *shop) serve(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var life sync.WaitGroup
	served := make(chan error, 1)
	go func() { served <- s.server.Serve(s.listener) }()
	if s.cfg.firstVisits > 0 {
		s.say("Letting the first customers in: %d requests", s.cfg.firstVisits)
		firstVisits(ctx, s.url, s.cfg.firstVisits)
	}
	if s.cfg.customerPause > 0 {
		for range 3 {
			life.Go(func() { shopping(ctx, s.url, s.cfg.customerPause) })
		}
	}
	if s.cfg.salesPause > 0 {
		life.Go(func() { s.renewSales(ctx) })
	}
	s.say("%s", greeting(s.url))

	var err error
	select {
	case err = <-served:
	case <-ctx.Done():
		s.say("The shop is closing.")
	}
	cancel()
	life.Wait()
	close(s.closing)
	shutdownCtx, stop := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer stop()
	return errors.Join(err, s.server.Shutdown(shutdownCtx), s.cleanUp())
}

// cleanUp releases everything that openShop has opened so far.
func (s *shop) cleanUp() error {
	var errs []error
	if s.dashboard != nil {
		errs = append(errs, s.dashboard.Close())
	}
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
