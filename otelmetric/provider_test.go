package otelmetric_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/attribute"
	api "go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/x"
	sdk "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/otelmetric"
	"github.com/luxfi/metric/testutil"
)

// newProvider returns a provider that exposes only the metrics of its instruments. The test fails if the
// provider reports an error.
func newProvider(t *testing.T, options ...otelmetric.Option) (*otelmetric.MeterProvider, *metric.ContextRegistry) {
	t.Helper()
	registry := metric.NewContextRegistry()
	options = append([]otelmetric.Option{
		otelmetric.WithoutTargetInfo(),
		otelmetric.WithErrorHandler(func(err error) { t.Errorf("reported: %v", err) }),
	}, options...)
	return otelmetric.NewMeterProvider(registry, options...), registry
}

// reports collects the errors that a provider reports.
type reports struct {
	mu   sync.Mutex
	list []string
}

func (r *reports) handle(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.list = append(r.list, err.Error())
}

// all returns the reports, one per line.
func (r *reports) all() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return strings.Join(r.list, "\n")
}

// compare compares the exposition of g in the text format with want.
func compare(t *testing.T, g metric.Gatherer, want string) {
	t.Helper()
	if err := testutil.GatherAndCompare(g, strings.NewReader(want)); err != nil {
		t.Error(err)
	}
}

// must returns v. It panics if err is not nil.
func must[V any](v V, err error) V {
	if err != nil {
		panic(err)
	}
	return v
}

// recordAll uses each synchronous instrument of a meter once.
func recordAll(m api.Meter) {
	ctx, a := context.Background(), api.WithAttributes(attribute.String("a", "1"))
	must(m.Int64Counter("ints", api.WithDescription("Whole numbers."), api.WithUnit("By"))).Add(ctx, 3, a)
	must(m.Float64Counter("floats")).Add(ctx, 0.5, a)
	must(m.Int64UpDownCounter("open.ints")).Add(ctx, -2, a)
	must(m.Float64UpDownCounter("open.floats")).Add(ctx, -0.5, a)
	must(m.Int64Gauge("level.ints")).Record(ctx, 7, a)
	must(m.Float64Gauge("level.floats", api.WithUnit("1"))).Record(ctx, 0.25, a)
	must(m.Int64Histogram("size", api.WithExplicitBucketBoundaries(10, 20))).Record(ctx, 15, a)
	must(m.Float64Histogram("took", api.WithUnit("s"), api.WithExplicitBucketBoundaries(1))).Record(ctx, 1.5, a)
}

const recorded = `# HELP floats_total 
# TYPE floats_total counter
floats_total{a="1",otel_scope_name="scope"} 0.5
# HELP ints_bytes_total Whole numbers.
# TYPE ints_bytes_total counter
ints_bytes_total{a="1",otel_scope_name="scope"} 3
# HELP level_floats_ratio 
# TYPE level_floats_ratio gauge
level_floats_ratio{a="1",otel_scope_name="scope"} 0.25
# HELP level_ints 
# TYPE level_ints gauge
level_ints{a="1",otel_scope_name="scope"} 7
# HELP open_floats 
# TYPE open_floats gauge
open_floats{a="1",otel_scope_name="scope"} -0.5
# HELP open_ints 
# TYPE open_ints gauge
open_ints{a="1",otel_scope_name="scope"} -2
# HELP size 
# TYPE size histogram
size_bucket{a="1",otel_scope_name="scope",le="10"} 0
size_bucket{a="1",otel_scope_name="scope",le="20"} 1
size_bucket{a="1",otel_scope_name="scope",le="+Inf"} 1
size_sum{a="1",otel_scope_name="scope"} 15
size_count{a="1",otel_scope_name="scope"} 1
# HELP took_seconds 
# TYPE took_seconds histogram
took_seconds_bucket{a="1",otel_scope_name="scope",le="1"} 0
took_seconds_bucket{a="1",otel_scope_name="scope",le="+Inf"} 1
took_seconds_sum{a="1",otel_scope_name="scope"} 1.5
took_seconds_count{a="1",otel_scope_name="scope"} 1
`

func TestSynchronousInstruments(t *testing.T) {
	p, registry := newProvider(t)
	recordAll(p.Meter("scope"))
	compare(t, registry, recorded)
}

// TestRegisterers registers a provider with other implementations of registerers.
func TestRegisterers(t *testing.T) {
	client, own := prometheus.NewRegistry(), metric.NewContextRegistry()
	tests := []struct {
		name    string
		reg     metric.Registerer
		g       metric.Gatherer
		changed *strings.Replacer
	}{
		{"a registry of client_golang", client, client, strings.NewReplacer()},
		{
			"a wrapping", metric.WrapRegistererWith(metric.Labels{"zone": "z"}, own), own,
			strings.NewReplacer(`otel_scope_name="scope"`, `otel_scope_name="scope",zone="z"`),
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := otelmetric.NewMeterProvider(test.reg, otelmetric.WithoutTargetInfo())
			recordAll(p.Meter("scope"))
			compare(t, test.g, test.changed.Replace(recorded))
			if err := p.Shutdown(t.Context()); err != nil {
				t.Error(err)
			}
			compare(t, test.g, "")
		})
	}
}

// TestRefusedProvider checks that instruments can be used if the registerer refuses the provider, and that
// the error is reported.
func TestRefusedProvider(t *testing.T) {
	var reported reports
	p := otelmetric.NewMeterProvider(refusing{}, otelmetric.WithErrorHandler(reported.handle))
	recordAll(p.Meter("scope"))
	if got := reported.all(); !strings.Contains(got, "cannot register the meter provider: refused") {
		t.Errorf("reported %q", got)
	}
}

// refusing is a registerer that refuses all collectors.
type refusing struct{ metric.Registerer }

func (refusing) Register(metric.Collector) error { return errors.New("refused") }

func TestMetersAndInstrumentsAreShared(t *testing.T) {
	p, registry := newProvider(t)
	ctx := t.Context()
	same := []api.MeterOption{api.WithInstrumentationVersion("1"), api.WithInstrumentationAttributes(attribute.Int("i", 1))}
	if p.Meter("a", same...) != p.Meter("a", same...) || p.Meter("a", same...) == p.Meter("a") {
		t.Error("meters are not told apart by what they are made with")
	}
	m := p.Meter("a")
	first, second := must(m.Int64Counter("c")), must(m.Int64Counter("C"))
	if first != second {
		t.Error("the names of instruments depend on the case")
	}
	first.Add(ctx, 1)
	must(m.Float64Counter("c")).Add(ctx, 2)
	must(m.Int64Counter("c", api.WithDescription("Another help."))).Add(ctx, 3)
	must(p.Meter("b").Int64Counter("c")).Add(ctx, 4)
	compare(t, registry, `# HELP c_total 
# TYPE c_total counter
c_total{otel_scope_name="a"} 6
c_total{otel_scope_name="b"} 4
`)
}

func TestWithoutScopeInfo(t *testing.T) {
	p, registry := newProvider(t, otelmetric.WithoutScopeInfo())
	for _, name := range []string{"a", "b"} {
		must(p.Meter(name).Int64Counter("c")).Add(t.Context(), 1)
	}
	compare(t, registry, `# HELP c_total 
# TYPE c_total counter
c_total 2
`)
}

func TestResource(t *testing.T) {
	registry := metric.NewContextRegistry()
	p := otelmetric.NewMeterProvider(registry,
		otelmetric.WithResource(resource.NewSchemaless(attribute.String("service.name", "shop"), attribute.String("host.name", "h"))),
		otelmetric.WithResourceAsConstantLabels(attribute.NewAllowKeysFilter("service.name")),
	)
	must(p.Meter("a").Int64Counter("c")).Add(t.Context(), 1, api.WithAttributes(attribute.String("b", "2")))
	compare(t, registry, `# HELP c_total 
# TYPE c_total counter
c_total{b="2",otel_scope_name="a",service_name="shop"} 1
# HELP target_info Target metadata
# TYPE target_info gauge
target_info{host_name="h",service_name="shop"} 1
`)
}

// TestTargetInfoIsTaken checks an instrument whose metric would be called target_info.
func TestTargetInfoIsTaken(t *testing.T) {
	var reported reports
	p := otelmetric.NewMeterProvider(metric.NewContextRegistry(), otelmetric.WithErrorHandler(reported.handle))
	if must(p.Meter("a").Int64Gauge("target.info")).Enabled(t.Context()) {
		t.Error("the instrument is enabled")
	}
	if got := reported.all(); !strings.Contains(got, `the metric "target_info" has the type info already, in the resource`) {
		t.Errorf("reported %q", got)
	}
}

func TestConflictingTypes(t *testing.T) {
	var reported reports
	p, registry := newProvider(t, otelmetric.WithErrorHandler(reported.handle), otelmetric.WithTranslationStrategy("NoTranslation"))
	must(p.Meter("a").Int64Counter("n")).Add(t.Context(), 1)
	g := must(p.Meter("b").Int64Gauge("n"))
	g.Record(t.Context(), 5)
	if g.Enabled(t.Context()) {
		t.Error("the instrument that came second is enabled")
	}
	compare(t, registry, `# HELP n 
# TYPE n counter
n{otel_scope_name="a"} 1
`)
	if got := reported.all(); !strings.Contains(got, `"n"`) || !strings.Contains(got, `meter "a"`) || strings.Contains(got, "\n") {
		t.Errorf("reported %q", got)
	}
}

func TestShutdown(t *testing.T) {
	p, registry := newProvider(t)
	ctx := t.Context()
	if err := p.ForceFlush(ctx); err != nil {
		t.Error(err)
	}
	c := must(p.Meter("a").Int64Counter("c"))
	c.Add(ctx, 1)
	if !c.Enabled(ctx) {
		t.Error("an instrument is not enabled")
	}
	if err := p.Shutdown(ctx); err != nil {
		t.Error(err)
	}
	c.Add(ctx, 1)
	if c.Enabled(ctx) || must(p.Meter("b").Int64Counter("c")).Enabled(ctx) {
		t.Error("an instrument is enabled after the shutdown")
	}
	compare(t, registry, "")
	if err := p.Shutdown(ctx); !errors.Is(err, otelmetric.ErrShutdown) {
		t.Errorf("the second shutdown returns %v", err)
	}
	if err := p.ForceFlush(ctx); !errors.Is(err, otelmetric.ErrShutdown) {
		t.Errorf("ForceFlush returns %v", err)
	}
	again := otelmetric.NewMeterProvider(registry, otelmetric.WithoutTargetInfo())
	must(again.Meter("a").Int64Counter("c")).Add(ctx, 5)
	compare(t, registry, "# HELP c_total \n# TYPE c_total counter\nc_total{otel_scope_name=\"a\"} 5\n")
}

func TestInstrumentNames(t *testing.T) {
	p, registry := newProvider(t, otelmetric.WithErrorHandler(func(error) {})) // Some names cannot be translated.
	m := p.Meter("a")
	for _, name := range []string{"", "1st", "_x", "with space", "ä", strings.Repeat("x", 256)} {
		if _, err := m.Int64Histogram(name); !errors.Is(err, sdk.ErrInstrumentName) {
			t.Errorf("the name %q: got error %v", name, err)
		}
	}
	for _, name := range []string{"a", "a_b.c-d/e9", strings.Repeat("x", 255)} {
		if _, err := m.Int64Histogram(name); err != nil {
			t.Errorf("the name %q: got error %v", name, err)
		}
	}
	c, _ := m.Int64Counter("1st")
	c.Add(t.Context(), 1)
	compare(t, registry, "# HELP _1st_total \n# TYPE _1st_total counter\n_1st_total{otel_scope_name=\"a\"} 1\n")
}

// TestMeasurementAllocations counts the allocations of a measurement, without the allocations of
// OpenTelemetry's options.
func TestMeasurementAllocations(t *testing.T) {
	p, _ := newProvider(t)
	m, ctx := p.Meter("a"), context.Background()
	kvs := []attribute.KeyValue{attribute.String("a", "1"), attribute.Int("b", 200)}
	add := []api.AddOption{api.WithAttributeSet(attribute.NewSet(kvs...))}
	record := []api.RecordOption{api.WithAttributeSet(attribute.NewSet(kvs...))}
	raw := []api.AddOption{x.WithUnsafeAttributes(kvs...)}
	c, u := must(m.Int64Counter("c")), must(m.Float64UpDownCounter("u"))
	h, g := must(m.Float64Histogram("h")), must(m.Int64Gauge("g"))
	for name, f := range map[string]func(){
		"counter":               func() { c.Add(ctx, 1, add...) },
		"counter, raw":          func() { c.Add(ctx, 1, raw...) },
		"counter, no attribute": func() { c.Add(ctx, 1) },
		"up-down counter":       func() { u.Add(ctx, -0.5, add...) },
		"histogram":             func() { h.Record(ctx, 0.3, record...) },
		"gauge":                 func() { g.Record(ctx, 3, record...) },
	} {
		f()
		if n := testing.AllocsPerRun(1000, f); n > 0 {
			t.Errorf("%s: a measurement allocates %v times", name, n)
		}
	}
}

// TestScrapeAllocations compares the allocations of scrapes with few and with many series.
func TestScrapeAllocations(t *testing.T) {
	allocations := func(series int) float64 {
		p, registry := newProvider(t, otelmetric.WithCardinalityLimit(0))
		c := must(p.Meter("a").Int64Counter("c"))
		for i := range series {
			c.Add(t.Context(), 1, api.WithAttributes(attribute.Int("i", i)))
		}
		handler := metric.HandlerFor(registry)
		return testing.AllocsPerRun(20, func() { handler.ServeHTTP(discard(), scrapeRequest()) })
	}
	few, many := allocations(10), allocations(5000)
	if more := many - few; more > 100 {
		t.Errorf("a scrape of 4,990 more series allocates %v times more often", more)
	}
}

// TestBucketLabelOfResource checks a resource whose attribute le becomes a constant label. Histograms have
// a label with that name.
func TestBucketLabelOfResource(t *testing.T) {
	p, registry := newProvider(t,
		otelmetric.WithResource(resource.NewSchemaless(attribute.String("le", "r"))),
		otelmetric.WithResourceAsConstantLabels(attribute.NewAllowKeysFilter("le")),
		otelmetric.WithoutScopeInfo(),
	)
	h := must(p.Meter("").Float64Histogram("took", api.WithExplicitBucketBoundaries(1)))
	h.Record(t.Context(), 0.5)
	h.Record(t.Context(), 2, api.WithAttributes(attribute.String("le", "a")))
	compare(t, registry, `# HELP took
# TYPE took histogram
took_bucket{exported_le="r",le="1"} 1
took_bucket{exported_le="r",le="+Inf"} 1
took_sum{exported_le="r"} 0.5
took_count{exported_le="r"} 1
took_bucket{exported_exported_le="a",exported_le="r",le="1"} 0
took_bucket{exported_exported_le="a",exported_le="r",le="+Inf"} 1
took_sum{exported_exported_le="a",exported_le="r"} 2
took_count{exported_exported_le="a",exported_le="r"} 1
`)
}

// TestSeveralProviders checks providers with the same resource and the same registry. The registry must not
// have target_info twice.
func TestSeveralProviders(t *testing.T) {
	registry := metric.NewContextRegistry()
	var r reports
	for i, name := range []string{"first", "refused", "third"} {
		options := []otelmetric.Option{otelmetric.WithoutScopeInfo(), otelmetric.WithErrorHandler(r.handle)}
		if name == "third" {
			options = append(options, otelmetric.WithoutTargetInfo())
		}
		p := otelmetric.NewMeterProvider(registry, options...)
		must(p.Meter("").Int64Gauge(name)).Record(t.Context(), int64(i))
	}
	if got := r.all(); strings.Count(got, "\n") != 0 || !strings.Contains(got, "target_info of the same resource") || !strings.Contains(got, "WithoutTargetInfo") {
		t.Errorf("got the reports %q, want one that says what helps", got)
	}
	if err := testutil.GatherAndCompare(registry, strings.NewReader(`# HELP first
# TYPE first gauge
first 0
# HELP third
# TYPE third gauge
third 2
`), "first", "refused", "third"); err != nil {
		t.Error(err)
	}
}
