package probe

import (
	"context"
	"log/slog"
	"net/http"
	"slices"
	"strings"

	"github.com/luxfi/metric"
)

// Names of the metrics in each answer.
const (
	successName  = "probe_success"
	durationName = "probe_duration_seconds"
)

// familiesKey is the context key of the families of an answer.
type familiesKey struct{}

// newAnswerer returns a handler that serves the families in the request's context in the format that the
// client asks for.
func newAnswerer(log *slog.Logger) http.Handler {
	families := func(ctx context.Context) ([]*metric.MetricFamily, error) {
		all, _ := ctx.Value(familiesKey{}).([]*metric.MetricFamily)
		return all, nil
	}
	return metric.HandlerForContext(metric.GathererWithContextFunc(families), metric.HandlerOpts{
		ErrorLog:                  metric.LogErrors(log),
		EnableOpenMetrics:         true,
		DisableCollectorSelection: true,
	})
}

// serveFamilies answers a request with the families.
func (h *Handler) serveFamilies(w http.ResponseWriter, r *http.Request, families []*metric.MetricFamily) {
	ctx := context.WithValue(context.WithoutCancel(r.Context()), familiesKey{}, families)
	plain := r.Clone(ctx)
	plain.URL.RawQuery = "" // The parameters are for the prober.
	plain.Header.Del("X-Prometheus-Scrape-Timeout-Seconds")
	h.answerer.ServeHTTP(w, plain)
}

// exposed returns the families of an answer: the families that the prober has set, and the two that
// every probe has. The two replace families of the prober with the same names.
func exposed(out outcome, log *slog.Logger) []*metric.MetricFamily {
	own, err := ownFamilies(out)
	if err != nil {
		log.Error("The answer lacks probe_success and probe_duration_seconds: they could not be gathered", "err", err) // This cannot happen.
	}
	all := make([]*metric.MetricFamily, 0, len(own)+len(out.families))
	for _, f := range out.families {
		if name := f.GetName(); name == successName || name == durationName {
			log.Warn("The prober has a metric that each probe has; it is left out", "metric", name)
			continue
		}
		all = append(all, f)
	}
	all = append(all, own...)
	slices.SortFunc(all, func(a, b *metric.MetricFamily) int { return strings.Compare(a.GetName(), b.GetName()) })
	return all
}

func ownFamilies(out outcome) ([]*metric.MetricFamily, error) {
	reg := metric.NewContextRegistry()
	m := metric.NewWithRegistry("", reg)
	succeeded := m.NewGauge(successName, "Displays whether or not the probe was a success")
	if out.result == success {
		succeeded.Set(1)
	}
	m.NewGauge(durationName, "Returns how long the probe took to complete in seconds").Set(out.duration.Seconds())
	return reg.Gather()
}
