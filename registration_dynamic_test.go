package metric_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/metrictest"
)

// TestDynamicRegistration changes a registry as fast as it can during scrapes. No scrape may fail.
// Each scrape must have either all series of a collector or none, and, if a collector is replaced,
// the series of either the old or the new one.
func TestDynamicRegistration(t *testing.T) {
	const parts = 5
	r := metric.NewContextRegistry(metric.WithSelfMetrics("app"))
	permanent := metrictest.New("permanent", metrictest.Healthy())
	r.MustRegister(permanent, counterNamed("permanent_total"))
	var (
		stop    atomic.Bool
		changes atomic.Int64
		all     sync.WaitGroup
	)
	start := time.Now()
	replaced := []string{"context", "stream", "plain", "instrument"}
	for i, name := range replaced {
		replace := func(generation int) {
			if err := r.ReplaceNamed(name, generationOf(i, name, generation, parts)); err != nil {
				t.Error(err)
			}
		}
		replace(1)
		all.Go(func() {
			for generation := 2; !stop.Load(); generation++ {
				replace(generation)
				changes.Add(1)
			}
		})
	}
	all.Go(func() {
		for n := 0; !stop.Load(); n++ {
			name := fmt.Sprint("comes and goes ", n%10)
			if err := r.RegisterWith(metrictest.New("guest", metrictest.Flooding(parts)), metric.WithName(name)); err != nil {
				t.Error(err)
			}
			if !r.UnregisterNamed(name) {
				t.Errorf("%s was not there", name)
			}
			changes.Add(2)
		}
	})
	h := metric.HandlerForContext(r, metric.HandlerOpts{ErrorHandling: metric.HTTPErrorOnError})
	for range 50 {
		families, err := scrapeFor(t, r, time.Minute)
		if err != nil {
			t.Error(err)
		}
		wantWhole(t, seriesOfFamilies(families), replaced, parts)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody))
		series, err := seriesOfExposition("text/plain", w.Body.Bytes())
		if err != nil || w.Code != http.StatusOK {
			t.Errorf("status %d, error %v", w.Code, err)
		}
		wantWhole(t, series, replaced, parts)
	}
	stop.Store(true)
	all.Wait()
	t.Logf("%d changes in %v, while there were 100 scrapes", changes.Load(), time.Since(start).Round(time.Millisecond))
}

// generationOf returns a collector of the given kind. The value of all its series is generation.
func generationOf(kind int, name string, generation, parts int) metric.Collector {
	if kind == 3 {
		vec := metric.NewGaugeVec(metric.GaugeOpts{Name: name}, []string{"series"})
		for part := range parts {
			vec.WithLabelValues(fmt.Sprint(part)).Set(float64(generation))
		}
		return vec
	}
	c := metrictest.New(name, func(ctx context.Context, r *metrictest.Run) error {
		for part := range parts {
			if err := r.Send(ctx, fmt.Sprint(part), float64(generation)); err != nil {
				return err
			}
		}
		return nil
	})
	return []metric.Collector{c, c.Stream(), c.Plain()}[kind]
}

// wantWhole checks that no series is missing, and that all series of a collector have the same generation.
func wantWhole(t *testing.T, series map[string]float64, replaced []string, parts int) {
	t.Helper()
	if _, there := series["permanent_total"]; !there || series[`permanent{series="healthy"}`] == 0 {
		t.Errorf("what is not touched is missing")
	}
	for _, name := range replaced {
		generation := series[name+`{series="0"}`]
		for part := range parts {
			if got, ok := series[fmt.Sprintf("%s{series=\"%d\"}", name, part)]; !ok || got != generation {
				t.Errorf("part %d of %s is of generation %v (there: %v), but part 0 of %v", part, name, got, ok, generation)
			}
		}
	}
	guests := 0
	for part := range parts {
		if _, ok := series[fmt.Sprintf("guest{series=\"%d\"}", part)]; ok {
			guests++
		}
	}
	if guests != 0 && guests != parts {
		t.Errorf("%d of %d parts of a collector that comes and goes", guests, parts)
	}
}
