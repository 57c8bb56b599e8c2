package otelmetric_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/goleak"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/otelmetric"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// recorder records the spans of OpenTelemetry's SDK.
type recorder struct {
	*tracetest.SpanRecorder

	provider *sdktrace.TracerProvider
}

func newRecorder() recorder {
	r := tracetest.NewSpanRecorder()
	return recorder{r, sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(r))}
}

// ended returns the span called name. The span must have ended.
func (r recorder) ended(t *testing.T, name string) sdktrace.ReadOnlySpan {
	t.Helper()
	all := r.Ended()
	i := slices.IndexFunc(all, func(s sdktrace.ReadOnlySpan) bool { return s.Name() == name })
	if i < 0 {
		t.Fatalf("there is no span %q that has ended, of %d", name, len(all))
	}
	return all[i]
}

// register registers a collector that calls do and sends nothing.
func register(t *testing.T, r *metric.ContextRegistry, name string, do func(context.Context) error) {
	t.Helper()
	d := metric.NewDesc(name, "Of a test.", nil, nil)
	c := metric.NewCollectorFunc(func(ch chan<- *metric.Desc) { ch <- d }, func(ctx context.Context, ch chan<- metric.Metric) {
		if err := do(ctx); err != nil {
			ch <- metric.NewInvalidMetric(d, err)
		}
	})
	if err := r.RegisterWith(c, metric.WithName(name)); err != nil {
		t.Fatal(err)
	}
}

// failedCollectors returns the names of the collectors in the events of a span.
func failedCollectors(s sdktrace.ReadOnlySpan) []string {
	var names []string
	for _, e := range s.Events() {
		for _, a := range e.Attributes {
			if a.Key == otelmetric.CollectorKey {
				names = append(names, a.Value.AsString())
			}
		}
	}
	slices.Sort(names)
	return names
}

func hasAttribute(attributes []attribute.KeyValue, key, part string) bool {
	return slices.ContainsFunc(attributes, func(a attribute.KeyValue) bool {
		return string(a.Key) == key && strings.Contains(a.Value.AsString(), part)
	})
}

var errLuck = errors.New("no luck")

func TestHooks(t *testing.T) {
	spans := newRecorder()
	r := metric.NewContextRegistry(metric.WithHooks(otelmetric.Hooks(spans.provider)))
	var inside trace.SpanContext
	register(t, r, "good", func(ctx context.Context) error {
		inside = trace.SpanContextFromContext(ctx)
		return nil
	})
	register(t, r, "bad", func(context.Context) error { return errLuck })
	register(t, r, "crash", func(context.Context) error { panic("on purpose") })
	r.MustRegister(metric.NewCounter(metric.CounterOpts{Name: "requests_total", Help: "Requests."}))

	ctx, request := spans.provider.Tracer("server").Start(t.Context(), "request")
	w := httptest.NewRecorder()
	handler := metric.HandlerForContext(r, metric.HandlerOpts{ErrorHandling: metric.ContinueOnError})
	handler.ServeHTTP(w, httptest.NewRequestWithContext(ctx, http.MethodGet, "/metrics", http.NoBody))
	request.End()

	if n := len(spans.Ended()); n != 5 {
		t.Errorf("%d spans have ended, want those of the request, the scrape and three runs", n)
	}
	scrape := spans.ended(t, "scrape")
	if got, want := scrape.Parent().SpanID(), request.SpanContext().SpanID(); got != want {
		t.Errorf("the scrape's parent is %v, want the request's %v", got, want)
	}
	for name, want := range map[string]codes.Code{"good": codes.Unset, "bad": codes.Error, "crash": codes.Error} {
		run := spans.ended(t, "collect "+name)
		if run.Parent().SpanID() != scrape.SpanContext().SpanID() || run.SpanContext().TraceID() != request.SpanContext().TraceID() {
			t.Errorf("the run of %s is not a child of the scrape", name)
		}
		if got := run.Status(); got.Code != want {
			t.Errorf("the run of %s has status %v", name, got)
		}
		if !hasAttribute(run.Attributes(), "metric.collector", name) {
			t.Errorf("the run of %s has the attributes %v", name, run.Attributes())
		}
		if scrape.EndTime().Before(run.EndTime()) {
			t.Errorf("the scrape has ended before the run of %s", name)
		}
	}
	if !inside.Equal(spans.ended(t, "collect good").SpanContext()) {
		t.Error("the collector did not get the context with its span")
	}
	if status := spans.ended(t, "collect bad").Status(); !strings.Contains(status.Description, "no luck") {
		t.Errorf("the status does not tell what has failed: %v", status)
	}
	crash := spans.ended(t, "collect crash").Events()
	if len(crash) != 1 || !hasAttribute(crash[0].Attributes, "exception.stacktrace", "TestHooks") {
		t.Errorf("the panic has the events %v", crash)
	}
	if got := failedCollectors(scrape); scrape.Status().Code != codes.Error || !slices.Equal(got, []string{"bad", "crash"}) {
		t.Errorf("the scrape has status %v and events of %q", scrape.Status(), got)
	}
}

func TestHooksOfGoodScrape(t *testing.T) {
	spans := newRecorder()
	r := metric.NewContextRegistry(metric.WithHooks(otelmetric.Hooks(spans.provider)))
	register(t, r, "good", func(context.Context) error { return nil })
	if _, err := r.Gather(); err != nil {
		t.Fatal(err)
	}
	scrape := spans.ended(t, "scrape")
	if scrape.Status().Code != codes.Unset || len(scrape.Events()) != 0 || scrape.Parent().IsValid() {
		t.Errorf("got status %v, events %v and parent %v", scrape.Status(), scrape.Events(), scrape.Parent())
	}
}

// TestHooksOfLateCollector checks the span of a run that outlives its scrape.
func TestHooksOfLateCollector(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		spans := newRecorder()
		r := metric.NewContextRegistry(metric.WithHooks(otelmetric.Hooks(spans.provider)))
		register(t, r, "late", func(context.Context) error { time.Sleep(time.Hour); return nil })
		for range 2 { // The second scrape does not start a run.
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			if _, err := r.GatherWithContext(ctx); err == nil {
				t.Error("there was no error")
			}
			cancel()
		}
		if started, ended := spans.Started(), spans.Ended(); len(started) != 3 || len(ended) != 2 {
			t.Fatalf("%d spans were started and %d have ended, want 3 and 2", len(started), len(ended))
		}
		for _, scrape := range spans.Ended() {
			if got := failedCollectors(scrape); !slices.Equal(got, []string{"late"}) {
				t.Errorf("a scrape has events of %q", got)
			}
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		run := spans.ended(t, "collect late")
		if took := run.EndTime().Sub(run.StartTime()); took != time.Hour || run.Status().Code != codes.Error {
			t.Errorf("the run took %v and has status %v", took, run.Status())
		}
		if run.Parent().SpanID() != spans.Ended()[0].SpanContext().SpanID() {
			t.Error("the run is not a child of the first scrape")
		}
	})
}

// TestHooksBoundEvents checks that a span has a limited number of events.
func TestHooksBoundEvents(t *testing.T) {
	spans := newRecorder()
	r := metric.NewContextRegistry(metric.WithHooks(otelmetric.Hooks(spans.provider)))
	for i := range 150 {
		register(t, r, "bad_"+string(rune('a'+i/26))+string(rune('a'+i%26)), func(context.Context) error { return errLuck })
	}
	if _, err := r.Gather(); err == nil {
		t.Error("there was no error")
	}
	if n := len(spans.ended(t, "scrape").Events()); n != 100 {
		t.Errorf("the scrape has %d events, want 100", n)
	}
}

// TestHooksWithoutTracing checks the hooks with a provider that records nothing.
func TestHooksWithoutTracing(t *testing.T) {
	provider := sdktrace.NewTracerProvider(sdktrace.WithSampler(sdktrace.NeverSample()))
	r := metric.NewContextRegistry(metric.WithHooks(otelmetric.Hooks(provider)))
	register(t, r, "bad", func(context.Context) error { return errLuck })
	if _, err := r.Gather(); !errors.Is(err, errLuck) {
		t.Errorf("got error %v", err)
	}
}
