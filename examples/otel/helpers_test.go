package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"maps"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"go.opentelemetry.io/otel"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// failures collects the errors that OpenTelemetry's error handler receives.
type failures struct {
	mu  sync.Mutex
	all []error
}

func (f *failures) Handle(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.all = append(f.all, err)
}

// take returns the errors since the last call.
func (f *failures) take() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	defer func() { f.all = nil }()
	return errors.Join(f.all...)
}

// drop removes the errors that wrap target.
func (f *failures) drop(target error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.all = slices.DeleteFunc(f.all, func(err error) bool { return errors.Is(err, target) })
}

// watchFailures collects the errors during a test. The test fails if it does not take all of them.
func watchFailures(t *testing.T) *failures {
	t.Helper()
	f := new(failures)
	otel.SetErrorHandler(f)
	t.Cleanup(func() {
		if err := f.take(); err != nil {
			t.Errorf("OpenTelemetry's error handler got: %v", err)
		}
	})
	return f
}

// open returns a shop that closes at the end of the test, and a recorder of its spans.
func open(t *testing.T) (*shop, *telemetry, *tracetest.SpanRecorder) {
	t.Helper()
	watchFailures(t)
	spans := tracetest.NewSpanRecorder()
	all, err := startTelemetry(sdktrace.WithSpanProcessor(spans))
	if err != nil {
		t.Fatal(err)
	}
	s, err := openShop(t.Context(), all, "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return s, all, spans
}

// scrape returns the shop's exposition for a client that accepts the given format.
func scrape(t *testing.T, s *shop, accept string) (body string, format expfmt.Format) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+"/metrics", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Accept", accept)
	transport := new(http.Transport)
	defer transport.CloseIdleConnections()
	response, err := transport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	read, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("the scrape got %s, %v:\n%s", response.Status, err, read)
	}
	return string(read), expfmt.ResponseFormat(response.Header)
}

// parse returns the families in a body by name.
func parse(t *testing.T, body string, format expfmt.Format) map[string]*dto.MetricFamily {
	t.Helper()
	if format.FormatType() == expfmt.TypeTextPlain {
		parser := expfmt.NewTextParser(model.UTF8Validation)
		families, err := parser.TextToMetricFamilies(bytes.NewReader([]byte(body)))
		if err != nil {
			t.Fatal(err)
		}
		return families
	}
	families := make(map[string]*dto.MetricFamily)
	decoder := expfmt.NewDecoder(bytes.NewReader([]byte(body)), format)
	for {
		f := new(dto.MetricFamily)
		if err := decoder.Decode(f); errors.Is(err, io.EOF) {
			return families
		} else if err != nil {
			t.Fatal(err)
		}
		families[f.GetName()] = f
	}
}

// labels are the labels of a series.
type labels map[string]string

func labelsOf(m *dto.Metric) labels {
	l := make(labels)
	for _, pair := range m.GetLabel() {
		l[pair.GetName()] = pair.GetValue()
	}
	return l
}

// only returns the only series of a family that has all the given labels.
func only(t *testing.T, f *dto.MetricFamily, some labels) *dto.Metric {
	t.Helper()
	var found []*dto.Metric
	for _, m := range f.GetMetric() {
		all := labelsOf(m)
		all2 := maps.Clone(all)
		maps.Copy(all2, some)
		if maps.Equal(all, all2) {
			found = append(found, m)
		}
	}
	if len(found) != 1 {
		t.Fatalf("%s has %d series with the labels %v, of %v", f.GetName(), len(found), some, f.GetMetric())
	}
	return found[0]
}

// valueOf returns the value of a series, or the count of a histogram.
func valueOf(m *dto.Metric) float64 {
	switch {
	case m.GetCounter() != nil:
		return m.GetCounter().GetValue()
	case m.GetGauge() != nil:
		return m.GetGauge().GetValue()
	default:
		return float64(m.GetHistogram().GetSampleCount())
	}
}

// exemplarsOf returns all exemplars of a series.
func exemplarsOf(m *dto.Metric) []*dto.Exemplar {
	all := slices.Clone(m.GetHistogram().GetExemplars())
	if e := m.GetCounter().GetExemplar(); e != nil {
		all = append(all, e)
	}
	for _, b := range m.GetHistogram().GetBucket() {
		if b.GetExemplar() != nil {
			all = append(all, b.GetExemplar())
		}
	}
	return all
}

// eventually waits until ready returns true.
func eventually(t *testing.T, what string, ready func() bool) {
	t.Helper()
	for range 2000 {
		if ready() {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatalf("in vain waited for %s", what)
}
