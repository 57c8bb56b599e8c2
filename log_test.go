package metric_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/promhttp"
)

// testRuns makes names that no other run of a test has used, as with -count=2.
var testRuns atomic.Int64

// TestDefaultHandlersLog checks that a handler without options does not swallow what
// goes wrong, and does not flood the log with it.
func TestDefaultHandlersLog(t *testing.T) {
	var logged bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&logged, nil)))
	defer slog.SetDefault(before)

	failing := plain{"failing", func(ch chan<- metric.Metric) {
		ch <- metric.NewInvalidMetric(desc("failing"), errors.New("no database"))
	}}
	run := testRuns.Add(1) // The limits of handlers without options are those of the process.
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

// TestDefaultHandlerSelects checks that the collectors of the default registry have their
// own names in the default handler.
func TestDefaultHandlerSelects(t *testing.T) {
	r := metric.DefaultRegisterer.(*metric.Registry)
	c := plain{"chosen", func(ch chan<- metric.Metric) { ch <- one("chosen") }}
	if err := r.RegisterWith(c, metric.WithName("chosen")); err != nil {
		t.Fatal(err)
	}
	defer r.UnregisterNamed("chosen")
	w := requestTo(metric.Handler(), "/metrics?collect[]=chosen")
	if names := namesIn(w.Body); len(names) != 1 || names[0] != "chosen" {
		t.Errorf("status %d, families %q, want the one that was chosen", w.Code, names)
	}
}
