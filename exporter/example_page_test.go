package exporter_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/alecthomas/kingpin/v2"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/exporter"
	"github.com/luxfi/metric/exporter/probe"
)

// The snippets of docs/exporters.md are parts of this file or of examples/exporter.

// newShop describes an exporter for tests and snippets.
func newShop() exporter.Config {
	return exporter.Config{Name: "shop_exporter"}
}

var ordersDesc = metric.NewDesc("shop_orders", "Orders by state.", []string{"state"}, nil)

// orders is a collector that keeps a connection.
type orders struct {
	metric.StreamCollector

	db *sql.DB
}

// Close closes the connection. The exporter calls it after the collector's last run.
func (o *orders) Close() error { return o.db.Close() }

// newOrders connects to a database.
func newOrders(ctx context.Context, dsn string) (*orders, error) {
	db, err := sql.Open("pgx", dsn)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", exporter.ErrInvalid, err) // A retry cannot help.
	}
	if err := db.PingContext(ctx); err != nil {
		return nil, errors.Join(err, db.Close()) // The next scrape tries again.
	}
	o := &orders{db: db}
	o.StreamCollector = metric.NewStreamFunc([]*metric.Desc{ordersDesc}, o.collect)
	return o, nil
}

func (o *orders) collect(ctx context.Context, sink *metric.Sink) error {
	rows, err := o.db.QueryContext(ctx, "SELECT state, count(*) FROM orders GROUP BY state")
	if err != nil {
		return err
	}
	defer rows.Close()
	empty := true
	for rows.Next() {
		var state string
		var n float64
		if err := errors.Join(rows.Scan(&state, &n), sink.Gauge(ordersDesc, n, state)); err != nil {
			return err
		}
		empty = false
	}
	if empty && rows.Err() == nil {
		return exporter.ErrNoData
	}
	return rows.Err()
}

func ordersCollector() exporter.Collector {
	var dsn *string
	return exporter.Collector{
		Name: "orders",
		Flags: func(f exporter.Flagger) {
			dsn = f.Flag("dsn", "Where the orders are.").Required().String()
		},
		New: func(ctx context.Context, _ *slog.Logger) (metric.Collector, error) {
			return newOrders(ctx, *dsn)
		},
		Policy: exporter.Policy{
			Timeout: 5 * time.Second,
			Cache:   30 * time.Second,
			Breaker: exporter.Breaker{Failures: 3, Cooldown: time.Minute},
		},
	}
}

// settings are the shop's part of the configuration file.
type settings struct {
	Databases map[string]database `yaml:"databases"`
}

type database struct {
	Address  string          `yaml:"address"`
	Password exporter.Secret `yaml:"password"`
}

// url returns the URL of the database.
func (d database) url() string {
	u := url.URL{Scheme: "postgres", User: url.UserPassword("shop", d.Password.Reveal()), Host: d.Address}
	return u.String()
}

func withSettings() exporter.Config {
	config := newShop()
	config.Settings = func() any { return new(settings) }
	config.Configure = configure
	return config
}

func configure(_ context.Context, s *exporter.Setup) error {
	for name, d := range s.Settings.(*settings).Databases {
		if d.Address == "" {
			return fmt.Errorf("database %q has no address", name)
		}
		s.Add(exporter.Collector{
			Name:     "orders_" + name,
			Settings: d, // The exporter keeps the collector until d changes.
			New: func(ctx context.Context, _ *slog.Logger) (metric.Collector, error) {
				return newOrders(ctx, d.url())
			},
		})
	}
	return nil
}

func share(s *exporter.Setup, d database) error {
	pool, err := exporter.Share(s, "database "+d.Address, d, func() (*sql.DB, error) {
		return sql.Open("pgx", d.url())
	})
	if err != nil {
		return err
	}
	s.Add(exporter.Collector{
		Name:     "ping",
		Settings: d,
		New: func(context.Context, *slog.Logger) (metric.Collector, error) {
			labels := metric.Labels{"address": d.Address}
			return exporter.NewUp("shop_database_up", labels, pool.PingContext), nil
		},
	})
	return nil
}

// pageSettings are the prober's part of a module.
type pageSettings struct {
	Path string `yaml:"path"`
}

func pageProber() probe.Prober {
	return probe.Prober{
		Name:     "page",
		Settings: func() any { return &pageSettings{Path: "/"} },
		New: func(m *probe.Module) (probe.Func, error) {
			path := m.Settings.(*pageSettings).Path
			if !strings.HasPrefix(path, "/") {
				return nil, fmt.Errorf("path %q does not begin with a slash", path)
			}
			return func(ctx context.Context, p *probe.Probe) error {
				return probePage(ctx, p, path)
			}, nil
		},
	}
}

func probePage(ctx context.Context, p *probe.Probe, path string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+p.Target+path, http.NoBody)
	if err != nil {
		return err
	}
	resp, err := p.Client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	n, err := io.Copy(io.Discard, resp.Body)
	p.Metrics.NewGauge("page_status", "Status of the response.").Set(float64(resp.StatusCode))
	p.Metrics.NewGauge("page_bytes", "Size of the body.").Set(float64(n))
	return err
}

func parts() error {
	app := kingpin.New("shop", "A shop with a main of its own.")
	e, err := exporter.New(newShop())
	if err != nil {
		return err
	}
	e.AddFlags(app)
	kingpin.MustParse(app.Parse(os.Args[1:]))

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := e.Load(ctx); err != nil {
		return err
	}
	e.Registry().MustRegister(metric.NewCounter(metric.CounterOpts{Name: "shop_visits_total", Help: "Visits."}))
	err = e.Serve(ctx) // Or serve e.Handler() with your own server.

	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	return errors.Join(err, e.Close(ctx))
}

// updater is a collector in the style of node_exporter.
type updater interface {
	Update(ch chan<- metric.Metric) error
}

// adapt turns an updater into a collector for package exporter.
func adapt(u updater) metric.Collector {
	return metric.NewCollectorFunc(
		func(chan<- *metric.Desc) {},
		func(_ context.Context, ch chan<- metric.Metric) {
			if err := u.Update(ch); err != nil {
				ch <- metric.NewInvalidMetric(metric.NewInvalidDesc(err), err)
			}
		},
	)
}

func inProcess(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	config := newShop()
	addresses := make(chan net.Addr, 1)
	config.Listening = func(all []net.Addr) { addresses <- all[0] }
	ended := make(chan error, 1)
	go func() { ended <- exporter.Run(ctx, config, []string{"--web.listen-address=127.0.0.1:0"}) }()

	url := "http://" + (<-addresses).String() // Scrape url + "/metrics", and compare.
	t.Log(url)

	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
