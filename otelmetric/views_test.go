package otelmetric_test

import (
	"math"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	api "go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/x"
	"go.opentelemetry.io/otel/sdk/instrumentation"
	sdk "go.opentelemetry.io/otel/sdk/metric"

	"github.com/luxfi/metric/otelmetric"
)

// explicit is an aggregation with buckets.
func explicit(boundaries ...float64) sdk.Aggregation {
	return sdk.AggregationExplicitBucketHistogram{Boundaries: boundaries}
}

// viewOf returns a view for the instruments whose names match a pattern.
func viewOf(pattern string, stream sdk.Stream) sdk.View {
	return sdk.NewView(sdk.Instrument{Name: pattern}, stream)
}

// raw returns a view that returns stream for all instruments. Unlike NewView, it does not check stream.
func raw(stream sdk.Stream) sdk.View {
	return func(sdk.Instrument) (sdk.Stream, bool) { return stream, true }
}

// bought adds one to a counter, with the attributes color and size.
func bought(t *testing.T, m api.Meter, options ...api.Int64CounterOption) {
	t.Helper()
	counter(m, "shop.bought", options...).Add(t.Context(), 1, api.WithAttributes(attribute.String("color", "red"), attribute.Int("size", 2)))
}

// TestViews checks how views change a counter.
func TestViews(t *testing.T) {
	allow, deny := attribute.NewAllowKeysFilter, attribute.NewDenyKeysFilter
	for _, test := range []struct {
		name    string
		views   []sdk.View
		options []api.Int64CounterOption
		want    []string
		reports []string
	}{
		{"none", nil, nil, []string{`shop_bought_total{color="red",size="2"} 1`}, nil},
		{"no match", []sdk.View{viewOf("other", sdk.Stream{Name: "x"})}, nil, []string{`shop_bought_total{color="red",size="2"} 1`}, nil},
		{"no criteria", []sdk.View{viewOf("", sdk.Stream{Name: "x"})}, nil, []string{`shop_bought_total{color="red",size="2"} 1`}, nil},
		{"rename", []sdk.View{viewOf("shop.bought", sdk.Stream{Name: "sold"})}, nil, []string{`sold_total{color="red",size="2"} 1`}, nil},
		{"drop", []sdk.View{viewOf("*", sdk.Stream{Aggregation: sdk.AggregationDrop{}})}, nil, nil, nil},
		{"drop one of two", []sdk.View{
			viewOf("*", sdk.Stream{Aggregation: sdk.AggregationDrop{}}), viewOf("shop.bought", sdk.Stream{Name: "kept"}),
		}, nil, []string{`kept_total{color="red",size="2"} 1`}, nil},
		{"keep attributes", []sdk.View{viewOf("shop.*", sdk.Stream{AttributeFilter: allow("size")})}, nil, []string{`shop_bought_total{size="2"} 1`}, nil},
		{"drop attributes", []sdk.View{viewOf("shop.b?ught", sdk.Stream{AttributeFilter: deny("size")})}, nil, []string{`shop_bought_total{color="red"} 1`}, nil},
		{"two streams", []sdk.View{
			viewOf("shop.bought", sdk.Stream{Name: "a", AttributeFilter: allow()}), viewOf("shop.bought", sdk.Stream{Name: "b", AttributeFilter: allow("size")}),
		}, nil, []string{`a_total 1`, `b_total{size="2"} 1`}, nil},
		{"two streams of one name", []sdk.View{
			viewOf("*", sdk.Stream{AttributeFilter: allow("size")}), viewOf("shop.bought", sdk.Stream{Name: "shop_bought"}),
		}, nil, []string{`shop_bought_total{size="2"} 1`}, []string{`has the metric "shop_bought_total" by several views`}},
		{"the instrument's keys", nil, []api.Int64CounterOption{x.WithDefaultAttributes("color")}, []string{`shop_bought_total{color="red"} 1`}, nil},
		{"the instrument's keys of two options", nil, []api.Int64CounterOption{x.WithDefaultAttributes("color"), x.WithDefaultAttributes("size")},
			[]string{`shop_bought_total{color="red",size="2"} 1`}, nil},
		{"no keys of the instrument", nil, []api.Int64CounterOption{x.WithDefaultAttributes()}, []string{`shop_bought_total 1`}, nil},
		{"the instrument's keys beside a view", []sdk.View{viewOf("*", sdk.Stream{Unit: "By"})}, []api.Int64CounterOption{x.WithDefaultAttributes("color")},
			[]string{`shop_bought_bytes_total{color="red"} 1`}, nil},
		{"the instrument's keys under a view", []sdk.View{viewOf("*", sdk.Stream{AttributeFilter: allow("size")})},
			[]api.Int64CounterOption{x.WithDefaultAttributes("color")}, []string{`shop_bought_total{size="2"} 1`}, nil},
		{"nil", []sdk.View{nil}, nil, []string{`shop_bought_total{color="red",size="2"} 1`}, nil},
		{"no name", []sdk.View{raw(sdk.Stream{AttributeFilter: allow()})}, nil, []string{`shop_bought_total 1`}, nil},
		{"panic", []sdk.View{func(sdk.Instrument) (sdk.Stream, bool) { panic("oops") }}, nil,
			[]string{`shop_bought_total{color="red",size="2"} 1`}, []string{"view that failed: panic: oops"}},
		{"panic beside another", []sdk.View{func(sdk.Instrument) (sdk.Stream, bool) { panic("oops") }, viewOf("*", sdk.Stream{Unit: "By"})}, nil,
			[]string{`shop_bought_bytes_total{color="red",size="2"} 1`}, []string{"view that failed: panic: oops"}},
		{"last value", []sdk.View{viewOf("*", sdk.Stream{Aggregation: sdk.AggregationLastValue{}})}, nil, nil,
			[]string{`instrument "shop.bought" of meter "shop" is dropped: instruments of the kind Counter cannot have AggregationLastValue`}},
		{"unknown aggregation", []sdk.View{raw(sdk.Stream{Aggregation: struct{ sdk.Aggregation }{}})}, nil, nil, []string{"is dropped"}},
		{"histogram", []sdk.View{viewOf("*", sdk.Stream{Aggregation: explicit(5), AttributeFilter: allow()})}, nil,
			[]string{`shop_bought_bucket{le="5"} 1`, `shop_bought_bucket{le="+Inf"} 1`, `shop_bought_sum 1`, `shop_bought_count 1`}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := newScraped(otelmetric.WithView(test.views...))
			bought(t, r.Meter("shop"), test.options...)
			r.wantSamples(t, test.want...)
			r.wantReports(t, test.reports...)
		})
	}
}

// TestViewsSeeInstruments checks the properties by which a view can select instruments.
func TestViewsSeeInstruments(t *testing.T) {
	scope := instrumentation.Scope{Name: "shop", Version: "v1", SchemaURL: "https://example.com"}
	for name, criteria := range map[string]sdk.Instrument{
		"name": {Name: "shop.bought"}, "description": {Description: "Sales."}, "unit": {Unit: "{sale}"},
		"kind": {Kind: sdk.InstrumentKindCounter}, "scope": {Scope: scope}, "scope name": {Scope: instrumentation.Scope{Name: "shop"}},
		"all": {Name: "shop.*", Description: "Sales.", Unit: "{sale}", Kind: sdk.InstrumentKindCounter, Scope: scope},
	} {
		t.Run(name, func(t *testing.T) {
			r := newScraped(otelmetric.WithView(sdk.NewView(criteria, sdk.Stream{Aggregation: sdk.AggregationDrop{}})))
			shop := r.Meter("shop", api.WithInstrumentationVersion("v1"), api.WithSchemaURL("https://example.com"))
			bought(t, shop, api.WithDescription("Sales."), api.WithUnit("{sale}"))
			must(r.Meter("other").Int64Gauge("other")).Record(t.Context(), 1)
			r.wantSamples(t, "other 1")
		})
	}
}

// TestViewsOfHelp checks that a view's description becomes the help, even if it is empty.
func TestViewsOfHelp(t *testing.T) {
	r := newScraped(otelmetric.WithView(
		viewOf("a", sdk.Stream{Description: "Another."}),
		func(i sdk.Instrument) (sdk.Stream, bool) { return sdk.Stream{Name: i.Name}, i.Name == "b" },
	))
	for _, name := range []string{"a", "b", "c"} {
		counter(r.Meter(""), name, api.WithDescription("One."), api.WithUnit("By")).Add(t.Context(), 1)
	}
	page := r.page(t, textFormat)
	for _, want := range []string{"# HELP a_bytes_total Another.\n", "# HELP c_bytes_total One.\n", "\nb_total 1\n"} {
		if !strings.Contains(page, want) {
			t.Errorf("want %q in\n%s", want, page)
		}
	}
	if strings.Contains(page, "HELP b_total One.") {
		t.Errorf("b has the help that its view takes away:\n%s", page)
	}
}

// bounds returns the bucket boundaries of the only series of a histogram.
func bounds(t *testing.T, r *scraped, name string) (bounds []string) {
	t.Helper()
	for _, sample := range r.samples(t) {
		if rest, ok := strings.CutPrefix(sample, name+`_bucket{le="`); ok {
			bound, _, _ := strings.Cut(rest, `"`)
			bounds = append(bounds, bound)
		}
	}
	return bounds
}

const defaultBounds = "0 5 10 25 50 75 100 250 500 750 1000 2500 5000 7500 10000 +Inf"

// TestBuckets checks where the buckets of a histogram come from.
func TestBuckets(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	selector := func(a sdk.Aggregation) otelmetric.Option {
		return otelmetric.WithAggregationSelector(func(sdk.InstrumentKind) sdk.Aggregation { return a })
	}
	view := func(a sdk.Aggregation) otelmetric.Option { return otelmetric.WithView(raw(sdk.Stream{Aggregation: a})) }
	const notView, notAsked, notSelected = "does not get the aggregation of a view", "instead of those it asks for", "instead of that of the aggregation selector"
	for _, test := range []struct {
		name    string
		asked   []float64
		options []otelmetric.Option
		want    string
		reports []string
	}{
		{"default", nil, nil, defaultBounds, nil},
		{"asked", []float64{1, 2}, nil, "1 2 +Inf", nil},
		{"asked for one bucket", []float64{}, nil, "+Inf", nil},
		{"asked unsorted", []float64{2, 1}, nil, defaultBounds, []string{notAsked}},
		{"asked NaN", []float64{nan}, nil, defaultBounds, []string{notAsked}},
		{"asked twice", []float64{1, 1}, nil, defaultBounds, []string{notAsked}},
		{"asked infinite", []float64{1, inf}, nil, defaultBounds, []string{notAsked}},
		{"view", []float64{1, 2}, []otelmetric.Option{view(explicit(3))}, "3 +Inf", nil},
		{"view with one bucket", []float64{1, 2}, []otelmetric.Option{view(explicit())}, "+Inf", nil},
		{"view without an aggregation", []float64{1, 2}, []otelmetric.Option{view(nil)}, "1 2 +Inf", nil},
		{"view with the default", []float64{1, 2}, []otelmetric.Option{view(sdk.AggregationDefault{})}, "1 2 +Inf", nil},
		{"view with the default over the selector", nil, []otelmetric.Option{view(sdk.AggregationDefault{}), selector(explicit(4))}, defaultBounds, nil},
		{"view unsorted", []float64{7}, []otelmetric.Option{view(explicit(2, 1))}, "7 +Inf", []string{notView}},
		{"view NaN", nil, []otelmetric.Option{view(explicit(nan))}, defaultBounds, []string{notView}},
		{"view twice", nil, []otelmetric.Option{view(explicit(1, 1))}, defaultBounds, []string{notView}},
		{"view infinite", nil, []otelmetric.Option{view(explicit(-inf, 1))}, defaultBounds, []string{notView}},
		{"view too fine", nil, []otelmetric.Option{view(sdk.AggregationBase2ExponentialHistogram{MaxSize: 1, MaxScale: 21})}, defaultBounds, []string{notView}},
		{"view without room", nil, []otelmetric.Option{view(sdk.AggregationBase2ExponentialHistogram{})}, defaultBounds, []string{notView}},
		{"view of NewView unsorted", []float64{7}, []otelmetric.Option{otelmetric.WithView(viewOf("*", sdk.Stream{Aggregation: explicit(2, 1)}))}, "7 +Inf", nil},
		{"selector", nil, []otelmetric.Option{selector(explicit(4))}, "4 +Inf", nil},
		{"selector and asked", []float64{1, 2}, []otelmetric.Option{selector(explicit(4))}, "1 2 +Inf", nil},
		{"selector and view", nil, []otelmetric.Option{selector(explicit(4)), view(explicit(3))}, "3 +Inf", nil},
		{"selector nil", nil, []otelmetric.Option{otelmetric.WithAggregationSelector(nil)}, defaultBounds, nil},
		{"selector of nil", nil, []otelmetric.Option{selector(nil)}, defaultBounds, nil},
		{"selector of the default", []float64{1}, []otelmetric.Option{selector(sdk.AggregationDefault{})}, "1 +Inf", nil},
		{"selector unsorted", nil, []otelmetric.Option{selector(explicit(2, 1))}, defaultBounds, []string{notSelected}},
		{"selector panics", []float64{8}, []otelmetric.Option{otelmetric.WithAggregationSelector(func(sdk.InstrumentKind) sdk.Aggregation { panic("oops") })},
			"8 +Inf", []string{"panic: oops"}},
		{"selector drops", nil, []otelmetric.Option{selector(sdk.AggregationDrop{})}, "", nil},
		{"selector drops, and a view does not", nil, []otelmetric.Option{selector(sdk.AggregationDrop{}), view(explicit(3))}, "3 +Inf", nil},
		{"selector of the last value", nil, []otelmetric.Option{selector(sdk.AggregationLastValue{})}, "", []string{"is dropped"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := newScraped(test.options...)
			var options []api.Float64HistogramOption
			if test.asked != nil {
				options = append(options, api.WithExplicitBucketBoundaries(test.asked...))
			}
			histogram(r.Meter(""), "h", options...).Record(t.Context(), 1)
			if got := strings.Join(bounds(t, r, "h"), " "); got != test.want {
				t.Errorf("got the bounds %q, want %q", got, test.want)
			}
			r.wantReports(t, test.reports...)
		})
	}
}

// TestAggregations checks the aggregations that each kind of instrument can have. Each instrument measures
// 3.
func TestAggregations(t *testing.T) {
	kinds := map[string]func(t *testing.T, m api.Meter){
		"counter":   func(t *testing.T, m api.Meter) { must(m.Float64Counter("x")).Add(t.Context(), 3) },
		"updown":    func(t *testing.T, m api.Meter) { must(m.Int64UpDownCounter("x")).Add(t.Context(), 3) },
		"histogram": func(t *testing.T, m api.Meter) { must(m.Int64Histogram("x")).Record(t.Context(), 3) },
		"gauge":     func(t *testing.T, m api.Meter) { must(m.Float64Gauge("x")).Record(t.Context(), 3) },
	}
	const buckets = `x_bucket{le="5"} 1;x_bucket{le="+Inf"} 1;x_sum 3;x_count 1`
	const native = `x_bucket{le="+Inf"} 1;x_sum 3;x_count 1`
	for _, test := range []struct {
		kind        string
		aggregation sdk.Aggregation
		want        string // empty if the instrument cannot have the aggregation
	}{
		{"counter", sdk.AggregationSum{}, "x_total 3"},
		{"counter", sdk.AggregationLastValue{}, ""},
		{"counter", explicit(5), buckets},
		{"counter", sdk.AggregationBase2ExponentialHistogram{MaxSize: 10, MaxScale: 3}, native},
		{"updown", sdk.AggregationSum{}, "x 3"},
		{"updown", sdk.AggregationLastValue{}, ""},
		{"updown", explicit(5), buckets},
		{"updown", sdk.AggregationBase2ExponentialHistogram{MaxSize: 10, MaxScale: 3}, native},
		{"histogram", sdk.AggregationSum{}, "x_total 3"},
		{"histogram", sdk.AggregationLastValue{}, ""},
		{"histogram", explicit(5), buckets},
		{"histogram", sdk.AggregationBase2ExponentialHistogram{MaxSize: 10, MaxScale: 3}, native},
		{"gauge", sdk.AggregationSum{}, ""},
		{"gauge", sdk.AggregationLastValue{}, "x 3"},
		{"gauge", explicit(5), buckets},
		{"gauge", sdk.AggregationBase2ExponentialHistogram{MaxSize: 10, MaxScale: 3}, native},
	} {
		t.Run(test.kind+"/"+strings.TrimPrefix(aggregationName(test.aggregation), "Aggregation"), func(t *testing.T) {
			r := newScraped(otelmetric.WithView(viewOf("*", sdk.Stream{Aggregation: test.aggregation})))
			kinds[test.kind](t, r.Meter(""))
			if test.want == "" {
				r.wantSamples(t)
				r.wantReports(t, "cannot have "+aggregationName(test.aggregation))
				return
			}
			r.wantSamples(t, strings.Split(test.want, ";")...)
			r.wantReports(t)
		})
	}
}

// TestViewsMayMakeInstruments checks that a view may create instruments of the same meter, so no lock may
// be held while views run.
func TestViewsMayMakeInstruments(t *testing.T) {
	var r *scraped
	r = newScraped(otelmetric.WithView(func(i sdk.Instrument) (sdk.Stream, bool) {
		if i.Name == "outer" {
			counter(r.Meter("shop"), "inner").Add(t.Context(), 1)
		}
		return sdk.Stream{}, false
	}))
	counter(r.Meter("shop"), "outer").Add(t.Context(), 1)
	r.wantSamples(t, "inner_total 1", "outer_total 1")
}
