package metric_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/luxfi/metric"
)

// TestLogOfRegistriesPerRequest checks that registries and handlers that are made for one
// request each do not flood the log together.
func TestLogOfRegistriesPerRequest(t *testing.T) {
	var logged bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&logged, nil)))
	defer slog.SetDefault(before)

	name := fmt.Sprint("probe", testRuns.Add(1))
	failing := func(opts ...metric.RegistryOption) *metric.ContextRegistry {
		r := metric.NewContextRegistry(opts...)
		c := plain{"probe", func(ch chan<- metric.Metric) { ch <- metric.NewInvalidMetric(desc("probe"), errTest) }}
		if err := r.RegisterWith(c, metric.WithName(name)); err != nil {
			t.Fatal(err)
		}
		return r
	}
	var limits, others metric.LogLimits
	for name, probe := range map[string]func() http.Handler{
		"WithLogger": func() http.Handler {
			return metric.HandlerFor(failing(metric.WithLogger(nil, &limits)))
		},
		"LogErrors": func() http.Handler {
			return metric.HandlerFor(failing(), metric.HandlerOpts{ErrorLog: metric.LogErrors(nil, &others)})
		},
		"no options": func() http.Handler { return metric.HandlerFor(failing()) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				logged.Reset()
				for range 1000 {
					request(probe())
				}
				if n := strings.Count(logged.String(), "\n"); n != 1 || strings.Contains(logged.String(), "suppressed") {
					t.Fatalf("1,000 registries have logged %d lines:\n%.1000s", n, logged.String())
				}
				logged.Reset()
				time.Sleep(time.Minute)
				request(probe())
				if n := strings.Count(logged.String(), "\n"); n != 1 || !strings.Contains(logged.String(), "suppressed=999") {
					t.Errorf("after a minute there are %d lines, want one that tells of 999:\n%.1000s", n, logged.String())
				}
			})
		})
	}
}

// TestLogLimitsOfBlockedLogger checks that a logger that blocks does not pile up goroutines of
// handlers and registries that are made for one request each, whatever fails in them.
func TestLogLimitsOfBlockedLogger(t *testing.T) {
	for name, inHandler := range map[string]bool{"LogErrors": true, "WithLogger": false} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var (
					limits   metric.LogLimits
					released = make(chan struct{})
					lines    atomic.Int64
					logger   = slog.New(blockingHandler{block: func() { lines.Add(1); <-released }})
					before   = goroutines()
				)
				probe := func(name string) {
					opts := metric.HandlerOpts{Timeout: time.Second}
					r := metric.NewContextRegistry(metric.WithLogger(logger, &limits))
					if inHandler {
						opts.ErrorLog, r = metric.LogErrors(logger, &limits), metric.NewContextRegistry()
					}
					c := plain{"probe", func(ch chan<- metric.Metric) { ch <- metric.NewInvalidMetric(desc("probe"), errTest) }}
					if err := r.RegisterWith(c, metric.WithName(name)); err != nil {
						t.Fatal(err)
					}
					request(metric.HandlerFor(r, opts))
				}
				for i := range 100 {
					probe(fmt.Sprint("probe", i))
				}
				synctest.Wait()
				if n := goroutines() - before; n > 10 || lines.Load() > 3 {
					t.Errorf("%d goroutines and %d calls of the logger are left", n, lines.Load())
				}
				close(released)
				synctest.Wait()
				had := lines.Load()
				probe("another")
				if lines.Load() != had+1 {
					t.Error("nothing is logged after the logger has returned")
				}
			})
		})
	}
}

// TestLogLimitsTwice checks that one log with two LogLimits panics, and that nil means no
// LogLimits.
func TestLogLimitsTwice(t *testing.T) {
	var a, b metric.LogLimits
	for name, f := range map[string]func(){
		"WithLogger": func() { metric.WithLogger(nil, &a, &b) },
		"LogErrors":  func() { metric.LogErrors(nil, &a, &b) },
	} {
		if got := recovered(f); got == nil || !strings.Contains(fmt.Sprint(got), "takes one LogLimits, not 2") {
			t.Errorf("%s: panicked with %v", name, got)
		}
	}
	metric.LogErrors(slog.New(slog.DiscardHandler), nil)(context.Canceled) // nil means no LogLimits
}
