package dropin_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"io"
	"net"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/collectors/version"
	"github.com/prometheus/client_golang/prometheus/graphite"
	"github.com/prometheus/client_golang/prometheus/push"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"github.com/luxfi/metric"
)

// TestTestutil uses client_golang's testutil with instruments and registries of both libraries, and with
// collectors that take a context.
func TestTestutil(t *testing.T) {
	for maker, instruments := range libraries {
		t.Run(maker, func(t *testing.T) {
			r := metric.NewPedanticContextRegistry()
			count := 0
			for _, c := range instruments.instruments() {
				r.MustRegister(c)
				count += testutil.CollectAndCount(c)
				if problems, err := testutil.CollectAndLint(c); err != nil || len(problems) > 0 {
					t.Errorf("%T: got problems %v and error %v", c, problems, err)
				}
			}
			if n, err := testutil.GatherAndCount(r); err != nil || n != count || n != 5 {
				t.Errorf("got %d series, %d by themselves, and error %v", n, count, err)
			}
			if err := testutil.GatherAndCompare(r, strings.NewReader(instrumentsText)); err != nil {
				t.Error(err)
			}
			if err := testutil.CollectAndCompare(r, strings.NewReader(instrumentsText)); err != nil {
				t.Error(err)
			}
			if err := testutil.GatherAndCompare(r, strings.NewReader(strings.Replace(instrumentsText, "f 5", "f 6", 1))); err == nil {
				t.Error("a difference is not found")
			}
			server := httptest.NewServer(metric.HandlerFor(r))
			defer server.Close()
			if err := testutil.ScrapeAndCompare(server.URL, strings.NewReader(instrumentsText), "c_total", "f", "g", "h", "s"); err != nil {
				t.Error(err)
			}
			if problems, err := testutil.GatherAndLint(r); err != nil || len(problems) > 0 {
				t.Errorf("got problems %v and error %v", problems, err)
			}
			if problems, err := promlint.New(strings.NewReader(ourText(t, r))).Lint(); err != nil || len(problems) > 0 {
				t.Errorf("got problems %v and error %v", problems, err)
			}
		})
	}
	t.Run("collector with context", func(t *testing.T) {
		desc := metric.NewDesc("answer", "H.", nil, nil)
		c := metric.NewCollectorFunc(func(ch chan<- *metric.Desc) { ch <- desc }, func(_ context.Context, ch chan<- metric.Metric) {
			ch <- metric.MustNewConstMetric(desc, metric.GaugeValue, 42)
		})
		if v := testutil.ToFloat64(c); v != 42 {
			t.Errorf("got %v", v)
		}
	})
}

type contextKey struct{}

// remembering is a collector that records a value of its context.
func remembering(got *any, wait bool) metric.CollectorWithContext {
	desc := metric.NewDesc("remembering", "H.", nil, nil)
	return metric.NewCollectorFunc(func(ch chan<- *metric.Desc) { ch <- desc }, func(ctx context.Context, ch chan<- metric.Metric) {
		*got = ctx.Value(contextKey{})
		if wait {
			<-ctx.Done()
			return
		}
		ch <- metric.MustNewConstMetric(desc, metric.GaugeValue, 1)
	})
}

// TestPush pushes instruments of both libraries together, under a context.
func TestPush(t *testing.T) {
	g := startGateway(t)
	var got any
	r := metric.NewContextRegistry()
	r.MustRegister(remembering(&got, false))
	for _, c := range libraries["ours"].instruments() {
		r.MustRegister(c)
	}
	ctx := context.WithValue(t.Context(), contextKey{}, "here")
	theirs := prometheus.NewCounter(prometheus.CounterOpts{Name: "theirs_total", Help: "H."})
	ours := metric.NewCounter(metric.CounterOpts{Name: "ours_total", Help: "H."})
	pusher := push.New(g.URL, "job").Gatherer(metric.BindGatherer(ctx, r)).Collector(theirs).Collector(ours)
	if err := pusher.PushContext(ctx); err != nil {
		t.Fatal(err)
	}
	if got != "here" {
		t.Errorf("the collector has got %v", got)
	}
	for _, name := range []string{"remembering", "c_total", "s", "theirs_total", "ours_total"} {
		if !strings.Contains(g.seen[0], "name: \""+name+"\"\n") {
			t.Errorf("%s was not pushed in\n%s", name, g.seen[0])
		}
	}

	// The gathering ends at the deadline, and the incomplete result is not pushed.
	slow := metric.NewContextRegistry()
	slow.MustRegister(remembering(&got, true))
	short, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	err := push.New(g.URL, "job").Gatherer(metric.BindGatherer(short, slow)).Push()
	if !errors.Is(err, context.DeadlineExceeded) || len(g.seen) != 1 {
		t.Errorf("got error %v and %d pushes", err, len(g.seen))
	}
}

// TestGraphite checks that client_golang's bridge sends the metrics of registries of both libraries.
func TestGraphite(t *testing.T) {
	var sent []string
	for _, keeper := range []string{"ours", "client_golang's"} {
		r := libraries[keeper].registry()
		for _, c := range libraries["ours"].instruments() {
			r.MustRegister(c)
		}
		sent = append(sent, sentToGraphite(t, r))
	}
	if sent[0] != sent[1] || !strings.Contains(sent[0], "prefix.c_total.a.x 2\n") {
		t.Errorf("got\n%s\nwant\n%s", sent[0], sent[1])
	}
}

// sentToGraphite returns the lines that a bridge pushes, without timestamps and sorted.
func sentToGraphite(t *testing.T, g prometheus.Gatherer) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	received := make(chan []byte, 1)
	go func() {
		defer close(received)
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		text, _ := io.ReadAll(conn)
		received <- text
	}()
	bridge, err := graphite.NewBridge(&graphite.Config{
		URL: listener.Addr().String(), Gatherer: g, Prefix: "prefix", Timeout: time.Minute, ErrorHandling: graphite.AbortOnError,
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := bridge.Push(); err != nil {
		t.Fatal(err)
	}
	var lines []string
	for line := range bytes.Lines(<-received) {
		lines = append(lines, string(line[:bytes.LastIndexByte(line, ' ')])+"\n")
	}
	slices.Sort(lines)
	return strings.Join(lines, "")
}

// TestCollectors registers client_golang's collectors with registries of both libraries and compares the
// families.
func TestCollectors(t *testing.T) {
	db := sql.OpenDB(noDatabase{})
	defer db.Close()
	var names [2][]string
	for i, keeper := range []string{"ours", "client_golang's"} {
		r := libraries[keeper].registry()
		r.MustRegister(
			collectors.NewGoCollector(collectors.WithGoCollectorRuntimeMetrics(collectors.MetricsAll)),
			collectors.NewProcessCollector(collectors.ProcessCollectorOpts{Namespace: "p"}),
			collectors.NewBuildInfoCollector(),
			collectors.NewDBStatsCollector(db, "main"),
			collectors.NewExpvarCollector(map[string]*prometheus.Desc{"memstats": prometheus.NewDesc("expvar_memstats", "H.", []string{"name"}, nil)}),
			version.NewCollector("test"),
		)
		families, err := r.Gather()
		if err != nil {
			t.Errorf("%s: got error %v", keeper, err)
		}
		for _, f := range families {
			names[i] = append(names[i], f.GetName())
		}
	}
	if !slices.Equal(names[0], names[1]) || !slices.Contains(names[0], "go_sql_open_connections") {
		t.Errorf("got %q, want %q", names[0], names[1])
	}
}

// TestConcurrentUse scrapes a registry with the handlers of both libraries while instruments of both
// change.
func TestConcurrentUse(t *testing.T) {
	r := metric.NewRegistry()
	ours := metric.NewCounterVec(metric.CounterOpts{Name: "ours_total", Help: "H."}, []string{"a"})
	theirs := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "theirs_total", Help: "H."}, []string{"a"})
	r.MustRegister(ours, theirs)
	values := []string{"a", "b", "c", "d", "e", "f", "g", "h"}
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for range 100 {
				ours.WithLabelValues(values[i]).Inc()
				theirs.WithLabelValues(values[i]).Inc()
				if i == 0 {
					ourText(t, r)
				}
				if i == 1 {
					theirText(t, r)
				}
			}
		})
	}
	all.Wait()
	wantLines(t, ourText(t, r), `ours_total{a="h"} 100`, `theirs_total{a="h"} 100`)
}
