package snippets

import (
	"context"
	"database/sql"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	clientauto "github.com/prometheus/client_golang/prometheus/promauto"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/promauto"
	"github.com/luxfi/metric/push"
	"github.com/luxfi/metric/testutil"
)

// The snippets of docs/migration.md.

// These snippets need a server, or change the default registry.
var _ = []any{pushBound, shareDefault}

func pushBound(ctx context.Context, url string, reg *metric.ContextRegistry) error {
	err := push.New(url, "job").Gatherer(metric.BindGatherer(ctx, reg)).PushContext(ctx)
	return err
}

func shareDefault() {
	prometheus.DefaultRegisterer, prometheus.DefaultGatherer = metric.DefaultRegisterer, metric.DefaultGatherer
}

// clientLibrary stands for a package that uses client_golang.
type clientLibrary struct{}

// New takes a registry.
func (clientLibrary) New(r *prometheus.Registry) {
	r.MustRegister(prometheus.NewCounter(prometheus.CounterOpts{Name: "library_total", Help: "A counter."}))
}

// Instrument takes a vector.
func (clientLibrary) Instrument(v *prometheus.CounterVec) { v.WithLabelValues("200").Inc() }

func TestClientRegistry(t *testing.T) {
	var library clientLibrary
	reg := metric.NewRegistry()

	theirs := prometheus.NewRegistry() // client_golang's
	library.New(theirs)
	reg.MustRegister(theirs)

	if n, err := testutil.GatherAndCount(reg, "library_total"); n != 1 || err != nil {
		t.Errorf("got %d series, %v; want 1", n, err)
	}
}

func TestClientVector(t *testing.T) {
	var library clientLibrary

	requests := promauto.NewCounterVec(metric.CounterOpts{Name: "library_requests_total"}, []string{"code"})
	library.Instrument(metric.BridgeCounterVec(requests)) // It takes client_golang's *CounterVec.

	if got := requests.WithLabelValues("200").Get(); got != 1 {
		t.Errorf("got %v, want 1", got)
	}
}

func TestClientFactory(t *testing.T) {
	opts := metric.CounterOpts{Name: "client_requests_total"}

	requests := clientauto.With(metric.DefaultRegisterer).NewCounterVec(opts, []string{"code"})

	requests.WithLabelValues("200").Inc()
	if got := testutil.ToFloat64(requests); got != 1 {
		t.Errorf("got %v, want 1", got)
	}
}

// Orders counts the orders in a database.
type Orders struct{ db *sql.DB }

var ordersByStatus = prometheus.NewDesc("orders", "Orders by status.", []string{"status"}, nil)

// Describe implements [metric.Collector].
func (c *Orders) Describe(ch chan<- *prometheus.Desc) { ch <- ordersByStatus }

// CollectWithContext implements [metric.CollectorWithContext].
func (c *Orders) CollectWithContext(ctx context.Context, ch chan<- prometheus.Metric) {
	rows, err := c.db.QueryContext(ctx, "SELECT status, COUNT(*) FROM orders GROUP BY status")
	if err != nil {
		ch <- prometheus.NewInvalidMetric(ordersByStatus, err)
		return
	}
	defer rows.Close()
	for rows.Next() {
		var status string
		var n float64
		if err := rows.Scan(&status, &n); err != nil {
			ch <- prometheus.NewInvalidMetric(ordersByStatus, err)
			return
		}
		ch <- prometheus.MustNewConstMetric(ordersByStatus, prometheus.GaugeValue, n, status)
	}
	if err := rows.Err(); err != nil {
		ch <- prometheus.NewInvalidMetric(ordersByStatus, err)
	}
}

// Collect implements [metric.Collector].
func (c *Orders) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	c.CollectWithContext(ctx, ch)
}

func TestOrdersTakeContext(t *testing.T) {
	var c prometheus.Collector = &Orders{}
	if _, ok := c.(metric.CollectorWithContext); !ok {
		t.Error("a registry calls Collect")
	}
}
