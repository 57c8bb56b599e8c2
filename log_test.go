package metric_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/metrictest"
	"github.com/luxfi/metric/promhttp"
)

// testRuns numbers the runs of tests, for names that no earlier run has used, for example with
// -count=2.
var testRuns atomic.Int64

// TestDefaultHandlersLog checks that a handler without options logs failures, and does not flood
// the log with them.
func TestDefaultHandlersLog(t *testing.T) {
	var logged bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&logged, nil)))
	defer slog.SetDefault(before)

	failing := plain{"failing", func(ch chan<- metric.Metric) {
		ch <- metric.NewInvalidMetric(desc("failing"), errors.New("no database"))
	}}
	run := testRuns.Add(1) // Handlers without options share the limits of the process.
	own := metric.NewRegistry()
	if err := own.RegisterWith(failing, metric.WithName(fmt.Sprint("culprit", run))); err != nil {
		t.Fatal(err)
	}
	logging := metric.NewContextRegistry(metric.WithLogger(nil))
	logging.MustRegister(failing)
	if err := metric.DefaultRegisterer.(*metric.Registry).RegisterWith(failing, metric.WithName(fmt.Sprint("default culprit", run))); err != nil {
		t.Fatal(err)
	}
	defer metric.Unregister(failing)

	for name, handler := range map[string]http.Handler{
		"Handler":              metric.Handler(),
		"HandlerFor":           metric.HandlerFor(own),
		"a registry that logs": metric.HandlerFor(logging),
		"promhttp.Handler":     promhttp.Handler(),
	} {
		logged.Reset()
		request(handler)
		request(handler)
		if n := strings.Count(logged.String(), "no database"); n != 1 || strings.Count(logged.String(), "\n") != 1 {
			t.Errorf("%s: logged %d lines, want one of the failure:\n%s", name, n, logged.String())
		}
	}
	body := request(metric.Handler()).Body.String()
	if !strings.Contains(body, `promhttp_metric_handler_errors_total{cause="gathering"} `) {
		t.Errorf("the errors are not counted:\n%s", body)
	}
}

// logLines parses what was logged.
func logLines(t *testing.T, log *bytes.Buffer) (lines []map[string]any) {
	t.Helper()
	for d := json.NewDecoder(log); d.More(); {
		var line map[string]any
		if err := d.Decode(&line); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, line)
	}
	return lines
}

// TestLogger checks that a failure is logged once, and not for each scrape.
func TestLogger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		r := metric.NewContextRegistry(metric.WithLogger(slog.New(slog.NewJSONHandler(&log, nil))))
		failing := metrictest.New("failing", metrictest.Failing(errTest))
		panicking := metrictest.New("panicking", metrictest.Panicking("boom"))
		for name, c := range map[string]*metrictest.Collector{"f": failing, "p": panicking, "good": metrictest.New("good", metrictest.Healthy())} {
			if err := r.RegisterWith(c, metric.WithName(name)); err != nil {
				t.Fatal(err)
			}
		}
		scrapes := func(n int) []map[string]any {
			t.Helper()
			for range n {
				_, _ = r.GatherWithContext(t.Context())
			}
			lines := logLines(t, &log)
			log.Reset()
			slices.SortFunc(lines, func(a, b map[string]any) int {
				return strings.Compare(fmt.Sprint(a["collector"]), fmt.Sprint(b["collector"]))
			})
			return lines
		}
		lines := scrapes(100)
		if len(lines) != 2 {
			t.Fatalf("%d lines were logged: %v", len(lines), lines)
		}
		f, p := lines[0], lines[1]
		if f["collector"] != "f" || f["kind"] != "error" || !strings.Contains(fmt.Sprint(f["error"]), "no luck") || f["level"] != "ERROR" || f["suppressed"] != nil {
			t.Errorf("got %v", f)
		}
		if p["collector"] != "p" || p["kind"] != "panic" || !strings.Contains(fmt.Sprint(p["stack"]), "metrictest") {
			t.Errorf("got %v", p)
		}

		failing.Become(metrictest.Panicking("boom")) // A failure of another kind is logged.
		if lines = scrapes(10); len(lines) != 1 || lines[0]["kind"] != "panic" || lines[0]["collector"] != "f" {
			t.Errorf("got %v", lines)
		}
		time.Sleep(time.Minute)
		lines = scrapes(1)
		if len(lines) != 2 || lines[0]["suppressed"] != 9.0 || lines[1]["suppressed"] != 109.0 {
			t.Errorf("after a minute: %v", lines)
		}
		time.Sleep(time.Minute)
		failing.Become(metrictest.Healthy())
		panicking.Become(metrictest.Healthy())
		if lines = scrapes(10); len(lines) != 0 {
			t.Errorf("nothing is wrong, but logged was %v", lines)
		}
	})
}

// panickyHandler is a slog.Handler that panics.
type panickyHandler struct{ slog.Handler }

func (panickyHandler) Enabled(context.Context, slog.Level) bool { return true }

func (panickyHandler) Handle(context.Context, slog.Record) error { panic("boom") }

// TestLoggerThatPanics checks that a logger that panics does not change the result of a scrape.
func TestLoggerThatPanics(t *testing.T) {
	r := metric.NewContextRegistry(metric.WithLogger(slog.New(panickyHandler{})))
	r.MustRegister(metrictest.New("failing", metrictest.Failing(errTest)), metrictest.New("good", metrictest.Healthy()))
	families, err := r.Gather()
	wantFamilies(t, families, []string{"good"})
	if !errors.Is(err, errTest) {
		t.Errorf("got error %v", err)
	}
}

// TestLoggerOfFloods checks that a collector with very many bad samples causes one line.
func TestLoggerOfFloods(t *testing.T) {
	var log bytes.Buffer
	r := metric.NewContextRegistry(metric.WithLogger(slog.New(slog.NewJSONHandler(&log, nil))))
	r.MustRegister(plain{"a", func(ch chan<- metric.Metric) {
		for range 1000 {
			ch <- one("a")
		}
	}})
	_, _ = r.Gather()
	if lines := logLines(t, &log); len(lines) != 1 {
		t.Errorf("%d lines were logged", len(lines))
	}
}
