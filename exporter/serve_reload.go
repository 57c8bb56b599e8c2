package exporter

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"runtime/debug"
	"time"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/internal/redact"
)

// reloader loads the configuration, one load at a time, and exports metrics about the outcome.
type reloader struct {
	load   func(ctx context.Context) error
	logger *slog.Logger
	now    func() time.Time

	turn       chan struct{} // holds a token while a load is in progress
	successful metric.ReadableGauge
	timestamp  metric.ReadableGauge
}

// newReloader returns a reloader whose metrics have the prefix namespace. The first load counts as a
// reload.
func newReloader(namespace string, logger *slog.Logger, load func(ctx context.Context) error) *reloader {
	return &reloader{
		load: load, logger: logger, now: time.Now, turn: make(chan struct{}, 1),
		successful: metric.NewGauge(metric.GaugeOpts{
			Namespace: namespace, Name: "config_last_reload_successful",
			Help: "Whether the last configuration reload attempt was successful.",
		}),
		timestamp: metric.NewGauge(metric.GaugeOpts{
			Namespace: namespace, Name: "config_last_reload_success_timestamp_seconds",
			Help: "Timestamp of the last successful configuration reload.",
		}),
	}
}

// collectors returns the reloader's metrics, to be registered.
func (r *reloader) collectors() []metric.Collector {
	return []metric.Collector{r.successful, r.timestamp}
}

// reload waits for its turn and loads the configuration. If it returns an error, nothing has changed. A
// panic of load counts as an error.
func (r *reloader) reload(ctx context.Context) error {
	select {
	case r.turn <- struct{}{}:
	case <-ctx.Done():
		return fmt.Errorf("waiting for another reload: %w", context.Cause(ctx))
	}
	defer func() { <-r.turn }()
	err := r.try(ctx)
	if err != nil {
		r.successful.Set(0)
		r.logger.Error("Loading the configuration failed; the previous configuration stays in use", "err", err)
		return err
	}
	r.succeed()
	r.logger.Info("Loaded the configuration")
	return nil
}

// succeed records a successful load.
func (r *reloader) succeed() {
	r.successful.Set(1)
	r.timestamp.Set(float64(r.now().UnixMilli()) / 1000)
}

func (r *reloader) try(ctx context.Context) (err error) {
	defer func() {
		if v := recover(); v != nil {
			r.logger.Error("Loading the configuration panicked", "panic", v, "stack", string(debug.Stack()))
			err = fmt.Errorf("loading the configuration panicked: %v", v)
		}
	}()
	return r.load(ctx)
}

// reloadOn reloads for each signal until ctx is done. The channel should have room for one signal, so that
// all signals that arrive during a reload cause one more reload.
func (s *webServer) reloadOn(ctx context.Context, hangups <-chan os.Signal) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-hangups:
			_ = s.reload(ctx) // reload logs the error.
		}
	}
}

// crossOrigin refuses requests that a browser sends on behalf of another site's page.
var crossOrigin = http.NewCrossOriginProtection()

// serveReload serves POST /-/reload.
func (s *webServer) serveReload(w http.ResponseWriter, r *http.Request) {
	if err := crossOrigin.Check(r); err != nil {
		http.Error(w, err.Error(), http.StatusForbidden)
		return
	}
	if err := s.reload(r.Context()); err != nil {
		http.Error(w, "failed to reload the configuration: "+redact.Text(err.Error()), http.StatusInternalServerError)
	}
}
