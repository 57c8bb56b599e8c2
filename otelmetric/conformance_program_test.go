package otelmetric_test

import (
	"context"
	"math"
	"strconv"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	api "go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/x"
	sdk "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
	"go.opentelemetry.io/otel/trace"
)

// program is an instrumented program that uses the whole API, in one goroutine and always in the same
// order.
type program struct {
	t        *testing.T
	provider api.MeterProvider
	ctx      context.Context // context without a span
	span     context.Context // context with a sampled span
}

// seriesLimit is the program's cardinality limit.
const seriesLimit = 40

// runProgram runs the program with a provider. The provider must have the program's views and resource, and
// seriesLimit.
func runProgram(t *testing.T, provider api.MeterProvider) {
	t.Helper()
	p := program{t: t, provider: provider, ctx: t.Context(), span: trace.ContextWithSpanContext(t.Context(), trace.NewSpanContext(
		trace.SpanContextConfig{TraceID: trace.TraceID{0x4b, 15: 0x36}, SpanID: trace.SpanID{0x00, 7: 0xb7}, TraceFlags: trace.FlagsSampled}))}
	for _, part := range []func(api.Meter){
		p.synchronous, p.observables, p.sharedCallbacks, p.attributes, p.collidingKeys, p.names, p.units, p.values, p.buckets, p.viewed,
		p.exponential, p.exemplars, p.overflow, p.conflicts,
	} {
		part(provider.Meter("app", api.WithInstrumentationVersion("1.2.0")))
	}
	p.scopes()
}

// programResource returns the resource that the program's metrics describe.
func programResource() *resource.Resource {
	return resource.NewWithAttributes("https://opentelemetry.io/schemas/1.37.0",
		attribute.String("service.name", "shop"), attribute.String("service.version", "3.1"), attribute.Int("process.pid", 4711),
		attribute.StringSlice("process.command_args", []string{"shop", "-v"}), attribute.String("k8s.pod.uid", ""))
}

// programViews returns the views for the instruments in viewed and exponential.
func programViews() []sdk.View {
	view := func(name string, s sdk.Stream) sdk.View { return sdk.NewView(sdk.Instrument{Name: name}, s) }
	return []sdk.View{
		view("view.renamed", sdk.Stream{Name: "view.other", Description: "Renamed.", Unit: "s"}),
		view("view.dropped", sdk.Stream{Aggregation: sdk.AggregationDrop{}}),
		view("view.filtered*", sdk.Stream{AttributeFilter: attribute.NewAllowKeysFilter("kept")}),
		view("view.buckets", sdk.Stream{Aggregation: sdk.AggregationExplicitBucketHistogram{Boundaries: []float64{1, 10}}}),
		view("view.twice", sdk.Stream{}),
		view("view.twice", sdk.Stream{Name: "view.twice.again", AttributeFilter: attribute.NewAllowKeysFilter()}),
		view("view.sum", sdk.Stream{Aggregation: sdk.AggregationSum{}}),
		view("exponential*", sdk.Stream{Aggregation: sdk.AggregationBase2ExponentialHistogram{MaxSize: 160, MaxScale: 20}}),
	}
}

func having(kvs ...attribute.KeyValue) api.MeasurementOption { return api.WithAttributes(kvs...) }

// synchronous uses the synchronous instruments.
func (p *program) synchronous(m api.Meter) {
	ic := must(m.Int64Counter("sync.int.counter", api.WithDescription("Whole things."), api.WithUnit("{thing}")))
	fc := must(m.Float64Counter("sync.float.counter", api.WithDescription("Time."), api.WithUnit("s")))
	iu := must(m.Int64UpDownCounter("sync.int.updown", api.WithDescription("Connections.")))
	fu := must(m.Float64UpDownCounter("sync.float.updown", api.WithUnit("By")))
	ih := must(m.Int64Histogram("sync.int.histogram", api.WithUnit("ms")))
	fh := must(m.Float64Histogram("sync.float.histogram", api.WithUnit("s"), api.WithDescription(`"Quoted", with \ and`+"\na line.")))
	ig := must(m.Int64Gauge("sync.int.gauge", api.WithUnit("1")))
	fg := must(m.Float64Gauge("sync.float.gauge", api.WithUnit("Cel")))
	for i, option := range []api.MeasurementOption{having(), having(attribute.String("method", "GET"), attribute.Int("status", 200)),
		api.WithAttributeSet(attribute.NewSet(attribute.String("method", "PUT")))} {
		n, f := int64(i+1), float64(i)+0.25
		ic.Add(p.ctx, n, option)
		ic.Add(p.ctx, n, option)
		fc.Add(p.ctx, f, option)
		iu.Add(p.ctx, n-3, option)
		fu.Add(p.ctx, -f, option)
		for k := range int64(12) {
			ih.Record(p.ctx, n<<k, option)
			fh.Record(p.ctx, f*float64(k), option)
		}
		ig.Record(p.ctx, -n, option)
		fg.Record(p.ctx, f, option)
	}
	ic.Add(p.ctx, 7, having(attribute.Int("status", 200), attribute.String("method", "POST")), having(attribute.String("method", "GET")))
	ic.Add(p.ctx, 5, x.WithUnsafeAttributes(attribute.String("method", "GET"), attribute.Int("status", 200)))
}

// observables uses the observable instruments, each with its own callback.
func (p *program) observables(m api.Meter) {
	method := having(attribute.String("method", "GET"))
	ints := api.WithInt64Callback(func(_ context.Context, o api.Int64Observer) error {
		o.Observe(12)
		o.Observe(-3, method)
		o.Observe(4, method)
		return nil
	})
	floats := api.WithFloat64Callback(func(_ context.Context, o api.Float64Observer) error {
		o.Observe(1.5)
		o.Observe(2.5, method)
		return nil
	})
	must(m.Int64ObservableCounter("observed.int.counter", ints, api.WithDescription("Counted elsewhere.")))
	must(m.Float64ObservableCounter("observed.float.counter", floats, api.WithUnit("s")))
	must(m.Int64ObservableUpDownCounter("observed.int.updown", ints))
	must(m.Float64ObservableUpDownCounter("observed.float.updown", floats))
	must(m.Int64ObservableGauge("observed.int.gauge", ints, api.WithUnit("1")))
	must(m.Float64ObservableGauge("observed.float.gauge", floats, api.WithUnit("%")))
}

// sharedCallbacks uses a callback that observes several instruments, several callbacks that observe one
// instrument, and a callback that is unregistered.
func (p *program) sharedCallbacks(m api.Meter) {
	ints := must(m.Int64ObservableCounter("shared.ints"))
	floats := must(m.Float64ObservableGauge("shared.floats"))
	must(m.RegisterCallback(func(_ context.Context, o api.Observer) error {
		o.ObserveInt64(ints, 3, having(attribute.String("of", "both")))
		o.ObserveFloat64(floats, 0.5, having(attribute.String("of", "both")))
		return nil
	}, ints, floats))
	must(m.RegisterCallback(func(_ context.Context, o api.Observer) error {
		o.ObserveInt64(ints, 8, having(attribute.String("of", "one")))
		return nil
	}, ints))
	gone := must(m.RegisterCallback(func(_ context.Context, o api.Observer) error {
		o.ObserveInt64(ints, 100, having(attribute.String("of", "none")))
		return nil
	}, ints))
	if err := gone.Unregister(); err != nil {
		p.t.Error(err)
	}
}

// attributes uses attribute values of all types.
func (p *program) attributes(m api.Meter) {
	c := must(m.Int64Counter("attributes"))
	for _, kv := range []attribute.KeyValue{
		attribute.Bool("bool", true), attribute.Int64("int", math.MinInt64), attribute.Float64("float", 0.1), attribute.Float64("float", 1e21),
		attribute.Float64("float", math.Inf(-1)), attribute.Float64("float", math.NaN()), attribute.String("string", "a"),
		attribute.String("string", "\"quoted\", \\ and\nlines"), attribute.String("string", "größer ≥ 世界"), attribute.String("string", " "),
		attribute.BoolSlice("bools", []bool{true, false}), attribute.Int64Slice("ints", []int64{1, -2}), attribute.IntSlice("ints", nil),
		attribute.Float64Slice("floats", []float64{0.5, 1e-9}), attribute.StringSlice("strings", []string{"a;b", `c"d`, ""}),
		attribute.ByteSlice("bytes", []byte{0, 255}), attribute.Slice("values", attribute.IntValue(1), attribute.StringValue("x")),
		attribute.Map("map", attribute.Int("k", 1)), attribute.String("empty", ""), attribute.String("größe", "m"),
		attribute.String("ünïcode.κλειδί", "x"), attribute.String("1st", "digit"), attribute.String("_under", "x"),
		attribute.String("__two", "x"),
		attribute.String("Upper.Case-Key/1", "x"), attribute.String("a..b", "x"),
	} {
		c.Add(p.ctx, 1, having(kv))
	}
	many := make([]attribute.KeyValue, 30)
	for i := range many {
		many[len(many)-1-i] = attribute.Int("many."+strconv.Itoa(i), i)
	}
	c.Add(p.ctx, 1, having(many...))
	c.Add(p.ctx, 2, having(attribute.String("string", "a"), attribute.String("string", "b"))) // The last value counts.
}

// collidingKeys uses attributes whose label names are equal after escaping, or equal to a label of the
// scope.
func (p *program) collidingKeys(m api.Meter) {
	c := must(m.Int64Counter("colliding"))
	c.Add(p.ctx, 1, having(attribute.String("a.b", "dot"), attribute.String("a_b", "under"), attribute.String("a-b", "dash")))
	c.Add(p.ctx, 1, having(attribute.String("a_b", "x"), attribute.String("a.b", "y")))
	c.Add(p.ctx, 1, having(attribute.String("a.b", "alone")))
	h := must(m.Int64Histogram("colliding.histogram", api.WithExplicitBucketBoundaries(1)))
	h.Record(p.ctx, 1, having(attribute.String("a/b", "1"), attribute.Int("a.b", 2)))
}

// names uses names with all allowed characters.
func (p *program) names(m api.Meter) {
	for _, name := range []string{
		"Name.Upper", "name.2.digits", "name-with/all_of.it", "name..twice", "name_total", "name.total.of", "name.ratio", "name.seconds", "n",
	} {
		c := must(m.Int64Counter(name, api.WithDescription("Counts "+name+"."), api.WithUnit("s")))
		c.Add(p.ctx, 1)
		g := must(m.Int64Gauge(name+".gauge", api.WithUnit("1")))
		g.Record(p.ctx, 1)
	}
}

// units uses units of all kinds.
func (p *program) units(m api.Meter) {
	for i, unit := range []string{
		"", "1", "%", "By", "KiBy", "MiBy", "GiBy", "TiBy", "kBy", "MBy", "TBy", "KBy", "d", "h", "min", "s", "ms", "us", "ns", "m",
		"V", "A", "J", "W", "g", "Cel", "Hz",
		"m/s", "By/s", "1/s", "{request}", "{request}/s", "By{kept}", "/s", "m/m", "fortnight", "kg.m2", "°F",
	} {
		name := "unit." + string(rune('a'+i/26)) + string(rune('a'+i%26))
		c := must(m.Float64Counter(name+".counter", api.WithUnit(unit)))
		c.Add(p.ctx, 1)
		g := must(m.Float64Gauge(name+".gauge", api.WithUnit(unit)))
		g.Record(p.ctx, 1)
		u := must(m.Float64UpDownCounter(name+".updown", api.WithUnit(unit)))
		u.Add(p.ctx, 1)
	}
}

// values uses values at and beyond the limits.
func (p *program) values(m api.Meter) {
	g := must(m.Float64Gauge("value.gauge"))
	u := must(m.Float64UpDownCounter("value.updown"))
	c := must(m.Float64Counter("value.counter"))
	h := must(m.Float64Histogram("value.histogram", api.WithExplicitBucketBoundaries(0, 1)))
	big := must(m.Int64Counter("value.big"))
	for _, v := range []struct {
		name  string
		value float64
	}{
		{"nan", math.NaN()}, {"inf", math.Inf(1)}, {"minus inf", math.Inf(-1)}, {"max", math.MaxFloat64}, {"tiny", math.SmallestNonzeroFloat64},
		{"minus one", -1}, {"zero", 0},
	} {
		value, of := v.value, having(attribute.String("of", v.name))
		g.Record(p.ctx, value, of)
		u.Add(p.ctx, value, of)
		c.Add(p.ctx, 1, of)
		c.Add(p.ctx, value, of)
		h.Record(p.ctx, 0.5, of)
		h.Record(p.ctx, value, of)
	}
	big.Add(p.ctx, math.MaxInt64)
	big.Add(p.ctx, 1<<53+1, having(attribute.String("of", "odd")))
}
