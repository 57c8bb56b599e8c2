package expvar_test

import (
	"context"
	"encoding/json"
	"errors"
	"expvar"
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/luxfi/metric"
	adapter "github.com/luxfi/metric/adapters/expvar"
)

// publishMetrics publishes g under a name that is unique to the test.
func publishMetrics(t *testing.T, g metric.Gatherer, timeout time.Duration) expvar.Var {
	t.Helper()
	name := t.Name()
	for expvar.Get(name) != nil {
		name += "x"
	}
	if err := adapter.Publish(name, g, timeout); err != nil {
		t.Fatal(err)
	}
	return expvar.Get(name)
}

// TestPublishKinds checks metrics of all kinds.
func TestPublishKinds(t *testing.T) {
	r := metric.NewRegistry()
	g := metric.NewGaugeVec(metric.GaugeOpts{Name: "g", Help: "h"}, []string{"a", "b"})
	h := metric.NewHistogram(metric.HistogramOpts{Name: "h", Help: "h", Buckets: []float64{0.5, 1}})
	s := metric.NewSummary(metric.SummaryOpts{Name: "s", Help: "h", Objectives: map[float64]float64{0.5: 0.1}})
	native := metric.NewHistogram(metric.HistogramOpts{Name: "native", Help: "h", NativeHistogramBucketFactor: 1.1})
	r.MustRegister(g, h, s, native, metric.NewUntypedFunc(metric.UntypedOpts{Name: "u", Help: "h"}, func() float64 { return 4 }))
	g.WithLabelValues("x\"", "y").Set(math.NaN())
	g.WithLabelValues("x", "z").Set(math.Inf(-1))
	h.Observe(0.75)
	native.Observe(2)

	text := publishMetrics(t, r, 0).String()
	golden(t, "testdata/published.json", text+"\n")
	if !json.Valid([]byte(text)) {
		t.Error("invalid JSON")
	}
}

// TestPublishErrors checks that a read of the variable ends in time and shows the error, even if the
// gatherer hangs.
func TestPublishErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		r := metric.NewRegistry()
		r.MustRegister(metric.NewGauge(metric.GaugeOpts{Name: "up", Help: "h"}), metric.CollectorWithContextFunc(func(context.Context, chan<- metric.Metric) { <-release }))
		v := publishMetrics(t, r, 2*time.Second)
		begin := time.Now()
		text := v.String()
		if took := time.Since(begin); took != 2*time.Second {
			t.Errorf("it took %v", took)
		}
		if !strings.Contains(text, `"up":{"type":"gauge","series":[{"value":0}]}`) || !strings.Contains(text, `"error":"`) || !strings.Contains(text, "deadline") {
			t.Error(text)
		}
		close(release)
	})

	failing := publishMetrics(t, metric.GathererWithContextFunc(nil), 0)
	if text := failing.String(); !strings.Contains(text, `"error":"`) || !json.Valid([]byte(text)) {
		t.Error(text)
	}
}

func TestPublishRefuses(t *testing.T) {
	var none *metric.Registry
	r := metric.NewRegistry()
	for name, err := range map[string]error{
		"nil":              adapter.Publish("refused", nil, 0),
		"nil pointer":      adapter.Publish("refused", none, 0),
		"negative timeout": adapter.Publish("refused", r, -1),
		"published":        adapter.Publish("memstats", r, 0),
	} {
		if err == nil || !strings.Contains(err.Error(), `"refused"`) && !strings.Contains(err.Error(), `"memstats"`) {
			t.Errorf("%s: error %v", name, err)
		}
	}
	if expvar.Get("refused") != nil {
		t.Error(errors.New("it was published"))
	}
}
