package middleware

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
)

// The metrics about handlers are client_golang's instruments. Its handlers share metrics of these names
// if they find them in a registry, and panic if these have a different type.

// InstrumentMetricHandler implements the function of the same name in package metric.
func InstrumentMetricHandler(reg prometheus.Registerer, h http.Handler) http.Handler {
	return instrument(reg, h, func(w http.ResponseWriter) (*Writer, http.ResponseWriter) { return Wrap(w, nil) })
}

// InstrumentOwnHandler is [InstrumentMetricHandler] for a handler of package metric. Such a handler
// finds optional interfaces through Unwrap, as an http.ResponseController does, so its Writer need not
// implement them. That saves 90 kB, for the types of [Wrap], in programs that instrument only such handlers.
func InstrumentOwnHandler(reg prometheus.Registerer, h http.Handler) http.Handler {
	return instrument(reg, h, func(w http.ResponseWriter) (*Writer, http.ResponseWriter) {
		sent := &Writer{ResponseWriter: w}
		return sent, sent
	})
}

// instrument instruments h. The writer that h gets is the second result of wrap.
func instrument(
	reg prometheus.Registerer, h http.Handler, wrap func(http.ResponseWriter) (*Writer, http.ResponseWriter),
) http.Handler {
	requests := RegisterOrShare(reg, prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "promhttp_metric_handler_requests_total",
		Help: "Total number of scrapes by HTTP status code.",
	}, []string{"code"}))
	for _, code := range []string{"200", "500", "503"} {
		requests.WithLabelValues(code)
	}
	inFlight := RegisterOrShare(reg, prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "promhttp_metric_handler_requests_in_flight",
		Help: "Current number of scrapes being served.",
	}))
	serve := func(w http.ResponseWriter, r *http.Request) {
		inFlight.Inc()
		defer inFlight.Dec()
		h.ServeHTTP(w, r)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sent, w := wrap(w)
		serve(w, r)
		requests.WithLabelValues(Code(sent.Status())).Inc()
	})
}

// RegisterOrShare registers a collector, or returns the equal collector that is already registered. It
// panics if neither is possible.
func RegisterOrShare[C prometheus.Collector](reg prometheus.Registerer, c C) C {
	shared, _, err := Share(reg, c)
	if err != nil {
		panic(err)
	}
	return shared
}

// Share registers a collector, or returns the equal collector that is already registered. It reports
// whether it has registered c.
func Share[C prometheus.Collector](reg prometheus.Registerer, c C) (shared C, registered bool, err error) {
	err = reg.Register(c)
	if err == nil {
		return c, true, nil
	}
	existing := existingIn(err)
	shared, ok := existing.(C)
	if !ok {
		return c, false, notShared(err, existing, c)
	}
	return shared, false, nil
}

// existingIn returns the already registered collector that err contains, or nil. Like notShared, it is
// not a part of Share because the compiler generates Share for each type.
func existingIn(err error) prometheus.Collector {
	already, _ := errors.AsType[prometheus.AlreadyRegisteredError](err)
	return already.ExistingCollector
}

func notShared(err error, existing, wanted prometheus.Collector) error {
	if existing == nil {
		return err
	}
	return fmt.Errorf("registered already is a %T where a %T is needed: %w", existing, wanted, err)
}
