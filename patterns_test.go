package metric_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/luxfi/metric"
)

// The tests in this file use patterns of context-aware collectors, gatherers and registries in complete
// programs.

// countDB is a database driver. Every query returns the number at the beginning of the data source
// name. If the number is negative, a query lasts until its context is done.
type countDB struct{}

func init() { sql.Register("countdb", countDB{}) }

func (countDB) Open(source string) (driver.Conn, error) {
	first, _, _ := strings.Cut(source, " ")
	n, err := strconv.ParseInt(first, 10, 64)
	return countConn{n}, err
}

type countConn struct{ n int64 }

func (countConn) Prepare(string) (driver.Stmt, error) { return nil, errors.ErrUnsupported }
func (countConn) Close() error                        { return nil }
func (countConn) Begin() (driver.Tx, error)           { return nil, errors.ErrUnsupported }
func (c countConn) QueryContext(ctx context.Context, _ string, _ []driver.NamedValue) (driver.Rows, error) {
	if c.n < 0 {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return &countRows{n: c.n}, nil
}

type countRows struct {
	n    int64
	done bool
}

func (*countRows) Columns() []string { return []string{"count"} }
func (*countRows) Close() error      { return nil }
func (r *countRows) Next(to []driver.Value) error {
	if r.done {
		return io.EOF
	}
	r.done = true
	to[0] = r.n
	return nil
}

// TestQueryEndsWithScrape checks that a query that would never return by itself ends with the
// scrape.
func TestQueryEndsWithScrape(t *testing.T) {
	db, err := sql.Open("countdb", "-1")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	r := metric.NewContextRegistry()
	r.MustRegister(&DBCollector{db})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := r.GatherWithContext(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got error %v", err)
	}
	for end := time.Now().Add(time.Minute); db.Stats().InUse > 0; runtime.Gosched() {
		if time.Now().After(end) {
			t.Fatal("the query did not end")
		}
	}
}

// SlowCollector waits for its delay, or until its context ends.
type SlowCollector struct{ delay time.Duration }

func (c *SlowCollector) Describe(ch chan<- *metric.Desc) { ch <- desc("slow") }
func (c *SlowCollector) Collect(ch chan<- metric.Metric) {
	c.CollectWithContext(context.Background(), ch)
}
func (c *SlowCollector) CollectWithContext(ctx context.Context, ch chan<- metric.Metric) {
	select {
	case <-time.After(c.delay):
		ch <- one("slow")
	case <-ctx.Done():
	}
}

// TestPatternSlowCollector checks that a scrape of a collector that obeys its context ends at the
// deadline.
func TestPatternSlowCollector(t *testing.T) {
	reg := metric.NewContextRegistry()
	reg.MustRegister(&SlowCollector{delay: time.Minute})
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := reg.GatherWithContext(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got error %v", err)
	}
}

// TestPatternCollectorAlone checks that a collector can be called without a registry.
func TestPatternCollectorAlone(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	ch := make(chan metric.Metric, 10)
	(&SlowCollector{}).CollectWithContext(ctx, ch)
	close(ch)
	n := 0
	for range ch {
		n++
	}
	if n != 1 {
		t.Errorf("collected %d metrics", n)
	}
}

// TestPatternHandler checks that a handler serves what has been gathered when a collector is slow.
func TestPatternHandler(t *testing.T) {
	registry := metric.NewContextRegistry()
	registry.MustRegister(counterNamed("requests_total"), &SlowCollector{delay: time.Hour})
	server := httptest.NewServer(metric.HandlerForContext(registry, metric.HandlerOpts{ErrorHandling: metric.ContinueOnError}))
	defer server.Close()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Prometheus-Scrape-Timeout-Seconds", "1")
	start := time.Now()
	resp, err := server.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || !strings.Contains(string(body), "requests_total 0") {
		t.Errorf("got %q and error %v", body, err)
	}
	if took := time.Since(start); took > 30*time.Second {
		t.Errorf("it took %v", took)
	}
}

// ShardedGatherer is a program's own gatherer.
type ShardedGatherer struct{ shards []metric.GathererWithContext }

func (g *ShardedGatherer) Gather() ([]*metric.MetricFamily, error) {
	return g.GatherWithContext(context.Background())
}

func (g *ShardedGatherer) GatherWithContext(ctx context.Context) ([]*metric.MetricFamily, error) {
	var wg sync.WaitGroup
	results := make([][]*metric.MetricFamily, len(g.shards))
	errs := make([]error, len(g.shards))
	for i, shard := range g.shards {
		wg.Go(func() { results[i], errs[i] = shard.GatherWithContext(ctx) })
	}
	wg.Wait()
	var all []*metric.MetricFamily
	for _, families := range results {
		all = append(all, families...)
	}
	return all, errors.Join(errs...)
}

// TestPatternShardedGatherer checks that a gatherer of the program's own can be served.
func TestPatternShardedGatherer(t *testing.T) {
	g := &ShardedGatherer{[]metric.GathererWithContext{gathererOf("b", nil), gathererOf("a", nil)}}
	w := request(metric.HandlerForContext(g, metric.HandlerOpts{}))
	if got := strings.Join(namesIn(w.Body), " "); got != "a b" {
		t.Errorf("served %q", got)
	}
}

// DynamicRegistry registers by name, while scrapes run.
type DynamicRegistry struct{ *metric.ContextRegistry }

func (r *DynamicRegistry) RegisterDynamic(name string, c metric.Collector) error {
	return r.RegisterWith(c, metric.WithName(name))
}

// TestPatternDynamicRegistry checks that a type that embeds a registry can be served, and that
// collectors come and go by name.
func TestPatternDynamicRegistry(t *testing.T) {
	r := &DynamicRegistry{metric.NewContextRegistry()}
	if err := r.RegisterDynamic("a", counterNamed("a_total")); err != nil {
		t.Fatal(err)
	}
	if w := request(metric.HandlerFor(r)); !strings.Contains(w.Body.String(), "a_total 0") {
		t.Errorf("served %s", w.Body)
	}
	if !r.UnregisterNamed("a") {
		t.Error("it was not there")
	}
}
