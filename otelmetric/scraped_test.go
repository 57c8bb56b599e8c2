package otelmetric_test

import (
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	api "go.opentelemetry.io/otel/metric"
	sdk "go.opentelemetry.io/otel/sdk/metric"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/otelmetric"
)

// scraped is a meter provider with its registry and its reports.
type scraped struct {
	*otelmetric.MeterProvider

	registry *metric.ContextRegistry
	mu       sync.Mutex
	reports  []string
}

// newScraped returns a provider whose series have only the labels of their attributes.
func newScraped(options ...otelmetric.Option) *scraped {
	r := &scraped{registry: metric.NewContextRegistry()}
	options = append([]otelmetric.Option{
		otelmetric.WithoutTargetInfo(), otelmetric.WithoutScopeInfo(),
		otelmetric.WithErrorHandler(r.report),
	}, options...)
	r.MeterProvider = otelmetric.NewMeterProvider(r.registry, options...)
	return r
}

func (r *scraped) report(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.reports = append(r.reports, err.Error())
}

// wantReports checks that there is exactly one report for each text, in the same order, and that the report
// contains the text.
func (r *scraped) wantReports(t *testing.T, texts ...string) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.reports) != len(texts) {
		t.Fatalf("got %d reports %q, want %d", len(r.reports), r.reports, len(texts))
	}
	for i, text := range texts {
		if !strings.Contains(r.reports[i], text) {
			t.Errorf("got the report %q, want %q in it", r.reports[i], text)
		}
	}
}

// Formats for which the tests ask.
const (
	textFormat        = "text/plain;version=1.0.0"
	openMetricsFormat = "application/openmetrics-text;version=1.0.0"
)

// page returns the body of a scrape in the given format.
func (r *scraped) page(t *testing.T, format string) string {
	t.Helper()
	request := httptest.NewRequest("GET", "/metrics", nil)
	request.Header.Set("Accept", format)
	response := httptest.NewRecorder()
	metric.HandlerFor(r.registry, metric.HandlerOpts{EnableOpenMetrics: true, EnableOpenMetricsTextCreatedSamples: true}).
		ServeHTTP(response, request)
	if response.Code != 200 {
		t.Fatalf("status %d: %s", response.Code, response.Body)
	}
	return response.Body.String()
}

// samples returns the samples of a scrape, without comments.
func (r *scraped) samples(t *testing.T) []string {
	t.Helper()
	var samples []string
	for line := range strings.Lines(r.page(t, textFormat)) {
		if !strings.HasPrefix(line, "#") {
			samples = append(samples, strings.TrimSuffix(line, "\n"))
		}
	}
	return samples
}

// wantSamples checks the samples of a scrape, which may be in any order.
func (r *scraped) wantSamples(t *testing.T, want ...string) {
	t.Helper()
	if got := r.samples(t); !slices.Equal(slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(want))) {
		t.Errorf("got the samples\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// family returns a gathered family, which is also the content of the protobuf format.
func (r *scraped) family(t *testing.T, name string) *dto.MetricFamily {
	t.Helper()
	return familyOf(t, r.registry, name)
}

func familyOf(t *testing.T, g prometheus.Gatherer, name string) *dto.MetricFamily {
	t.Helper()
	families, err := g.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == name {
			return f
		}
	}
	t.Fatalf("there is no family %q", name)
	return nil
}

// counter returns a counter of a meter.
func counter(m api.Meter, name string, options ...api.Int64CounterOption) api.Int64Counter {
	return must(m.Int64Counter(name, options...))
}

// histogram returns a histogram of a meter.
func histogram(m api.Meter, name string, options ...api.Float64HistogramOption) api.Float64Histogram {
	return must(m.Float64Histogram(name, options...))
}

// aggregationName returns the name of an aggregation's type.
func aggregationName(a sdk.Aggregation) string {
	_, name, _ := strings.Cut(fmt.Sprintf("%T", a), ".")
	return name
}
