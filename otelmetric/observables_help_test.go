package otelmetric_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	dto "github.com/prometheus/client_model/go"
	"go.opentelemetry.io/otel/attribute"
	api "go.opentelemetry.io/otel/metric"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/otelmetric"
)

// handled collects the errors that an error handler receives.
type handled struct {
	mu   sync.Mutex
	errs []error
}

func (h *handled) handle(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.errs = append(h.errs, err)
}

// mention returns how many errors contain text.
func (h *handled) mention(text string) (n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, err := range h.errs {
		if strings.Contains(err.Error(), text) {
			n++
		}
	}
	return n
}

// observed is a provider whose series have only the labels of their attributes.
type observed struct {
	*otelmetric.MeterProvider

	registry *metric.ContextRegistry
	meter    api.Meter
	handled  *handled
}

func newObserved(t *testing.T, options ...otelmetric.Option) *observed {
	t.Helper()
	o := &observed{registry: metric.NewContextRegistry(), handled: new(handled)}
	o.MeterProvider = otelmetric.NewMeterProvider(o.registry, append([]otelmetric.Option{
		otelmetric.WithoutScopeInfo(), otelmetric.WithoutTargetInfo(), otelmetric.WithErrorHandler(o.handled.handle),
	}, options...)...)
	o.meter = o.Meter("test")
	return o
}

// gather returns the values of all series, and the error of the scrape.
func (o *observed) gather(ctx context.Context) (map[string]float64, error) {
	families, err := o.registry.GatherWithContext(ctx)
	return valuesOf(families), err
}

// expect compares the values of all series with want.
func (o *observed) expect(t *testing.T, want map[string]float64) {
	t.Helper()
	got, err := o.gather(t.Context())
	if err != nil {
		t.Errorf("the scrape has failed: %v", err)
	}
	expectValues(t, got, want)
}

func expectValues(t *testing.T, got, want map[string]float64) {
	t.Helper()
	if !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// valuesOf returns the values of series by their names and labels, such as hits_total{a="1"}. The value of
// a histogram is its count.
func valuesOf(families []*dto.MetricFamily) map[string]float64 {
	values := make(map[string]float64)
	for _, f := range families {
		for _, m := range f.GetMetric() {
			var labels []string
			for _, l := range m.GetLabel() {
				labels = append(labels, fmt.Sprintf("%s=%q", l.GetName(), l.GetValue()))
			}
			name := f.GetName()
			if len(labels) > 0 {
				slices.Sort(labels)
				name += "{" + strings.Join(labels, ",") + "}"
			}
			values[name] = m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount())
		}
	}
	return values
}

// with returns an option with attributes, which are given as alternating keys and values.
func with(keysAndValues ...string) api.MeasurementOption {
	var list []attribute.KeyValue
	for i := 0; i < len(keysAndValues); i += 2 {
		list = append(list, attribute.String(keysAndValues[i], keysAndValues[i+1]))
	}
	return api.WithAttributes(list...)
}

// intCounter creates a counter with a callback.
func (o *observed) intCounter(t *testing.T, name string, f api.Int64Callback) api.Int64ObservableCounter {
	t.Helper()
	c, err := o.meter.Int64ObservableCounter(name, api.WithInt64Callback(f))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// failures returns the errors of a scrape by collector.
func failures(t *testing.T, err error) map[string]error {
	t.Helper()
	gathered, ok := errors.AsType[*metric.GatherError](err)
	if !ok {
		t.Fatalf("the scrape has the error %v, want a GatherError", err)
	}
	all := make(map[string]error)
	for _, f := range gathered.Failures {
		all[f.Collector] = f.Err
	}
	return all
}
