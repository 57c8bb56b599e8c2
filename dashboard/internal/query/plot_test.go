package query_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/luxfi/metric/dashboard/internal/api"
	"github.com/luxfi/metric/dashboard/internal/query"
	"github.com/luxfi/metric/dashboard/internal/store"
	"github.com/luxfi/metric/internal/model"
)

// wantLine is the expected content of a line.
type wantLine struct {
	key    string
	values []float64
}

func check(t *testing.T, p *api.Plot, want ...wantLine) {
	t.Helper()
	var keys []string
	for _, l := range p.Lines {
		keys = append(keys, l.Key)
		if len(l.V) != len(p.T) {
			t.Errorf("line %s has %d values for %d times", l.Key, len(l.V), len(p.T))
		}
	}
	if len(p.Lines) != len(want) {
		t.Fatalf("got lines %q, want %d", keys, len(want))
	}
	for i, w := range want {
		if keys[i] != w.key {
			t.Errorf("line %d is %q, want %q", i, keys[i], w.key)
		}
		same(t, "line "+w.key, p.Lines[i].V, w.values...)
	}
}

func plot(w *world, spec api.Spec) *api.Plot { return query.Plot(w.last(), w, spec, time.Time{}) }

func TestPlotCounters(t *testing.T) {
	w := newWorld(0, 2, 4, 8, 10)
	f := w.family("c_bytes_total", model.Counter)
	w.series(f, "code=200,m=get", nil, []float64{0, 10, 30, 70, 10})     // a reset at the end
	w.series(f, "code=200,m=put", nil, []float64{none, none, 8, 16, 20}) // unknown start
	w.series(f, "code=500,m=get", nil, []float64{none, none, 8, 16, 20}).Created = instant(3)
	w.series(f, "code=501,m=get", nil, []float64{1, 2, none, none, 4}) // a gap

	p := plot(w, api.Spec{Family: "c_bytes_total"})
	if p.Kind != api.Rates || p.Unit != "bytes" || !p.First || p.Heat != nil || p.Hidden != 0 {
		t.Errorf("got %+v", p)
	}
	if want := []int64{at(0).UnixMilli(), at(2).UnixMilli(), at(4).UnixMilli(), at(8).UnixMilli(), at(10).UnixMilli()}; !slices.Equal(p.T, want) {
		t.Errorf("got times %v", p.T)
	}
	check(t, p, wantLine{"", []float64{none, 5.5, 14, 14, 9}})
	check(t, plot(w, api.Spec{Family: "c_bytes_total", By: []string{"code"}}),
		wantLine{`code="200"`, []float64{none, 5, 10, 12, 7}},
		wantLine{`code="500"`, []float64{none, none, 4, 2, 2}},
		wantLine{`code="501"`, []float64{none, 0.5, none, none, none}},
	)
	check(t, plot(w, api.Spec{Family: "c_bytes_total", Each: true, By: []string{"code"}, Match: []api.Label{{"code", "200"}}}),
		wantLine{`code="200",m="get"`, []float64{none, 5, 10, 10, 5}},
		wantLine{`code="200",m="put"`, []float64{none, none, none, 2, 2}},
	)
	check(t, plot(w, api.Spec{Family: "c_bytes_total", Match: []api.Label{{"code", "200"}, {"m", "get"}, {"x", ""}}}),
		wantLine{"", []float64{none, 5, 10, 10, 5}})
	check(t, plot(w, api.Spec{Family: "c_bytes_total", Match: []api.Label{{"code", "2"}}}))
	check(t, plot(w, api.Spec{Family: "c_bytes_total", By: []string{"x"}}), wantLine{`x=""`, []float64{none, 5.5, 14, 14, 9}})

	// A short window begins with a point that has no rate.
	check(t, plot(w, api.Spec{Family: "c_bytes_total", Seconds: 6, Match: []api.Label{{"code", "501"}}}),
		wantLine{"", []float64{none, none, none}})
	check(t, plot(w, api.Spec{Family: "c_bytes_total", Seconds: 2, By: []string{"m"}, Match: []api.Label{{"code", "200"}}}),
		wantLine{`m="get"`, []float64{none, 5}}, wantLine{`m="put"`, []float64{none, 2}})
}

// TestPlotGoesOn checks that a plot that begins after a given time has exactly the samples that the page
// lacks.
func TestPlotGoesOn(t *testing.T) {
	w := newWorld(0, 2.0005, 4.0007, 8)
	f := w.family("c_total", model.Counter)
	w.series(f, "", nil, []float64{0, 10, 30, 70})
	w.series(w.family("g", model.Gauge), "", nil, []float64{1, 2, 3, 4})
	first := plot(w, api.Spec{Family: "c_total"})
	// The page knows only milliseconds.
	since := time.UnixMilli(first.T[1])
	p := query.Plot(w.last(), w, api.Spec{Family: "c_total"}, since)
	if p.First || !slices.Equal(p.T, first.T[2:]) {
		t.Errorf("got times %v after %v", p.T, since.UnixMilli())
	}
	check(t, p, wantLine{"", floats(first.Lines[0].V[2:])})
	check(t, query.Plot(w.last(), w, api.Spec{Family: "g"}, since), wantLine{"", []float64{3, 4}})
	// A plot shows no samples that are later than the snapshot.
	check(t, query.Plot(w.snapshot(2), w, api.Spec{Family: "g"}, since), wantLine{"", []float64{3}})
	check(t, query.Plot(w.snapshot(2), w, api.Spec{Family: "g"}, w.times[2]), wantLine{"", []float64{}})
}

func TestPlotGauges(t *testing.T) {
	w := newWorld(0, 2, 4)
	f := w.family("g_celsius", model.Gauge)
	w.series(f, "room=a", nil, []float64{1, none, 3})
	w.series(f, "room=b", nil, []float64{none, none, inf})
	p := plot(w, api.Spec{Family: "g_celsius"})
	if p.Kind != api.Values || p.Unit != "celsius" {
		t.Errorf("got %+v", p)
	}
	check(t, p, wantLine{"", []float64{1, none, inf}})
	if len(p.Lines[0].Labels) != 0 || p.Lines[0].Labels == nil {
		t.Errorf("got labels %v", p.Lines[0].Labels)
	}
	p = plot(w, api.Spec{Family: "g_celsius", Match: []api.Label{{"room", "a"}}})
	check(t, p, wantLine{"", []float64{1, none, 3}})
	if !slices.Equal(p.Lines[0].Labels, []api.Label{{"room", "a"}}) {
		t.Errorf("got labels %v of the only series", p.Lines[0].Labels)
	}
}

func TestPlotHistograms(t *testing.T) {
	w := newWorld(0, 10, 20)
	f := w.family("h_seconds", model.Histogram)
	shape := &store.Shape{Kind: store.Histogram, Buckets: []store.Bucket{
		{Lower: -inf, Upper: 1}, {Lower: 1, Upper: 2}, {Lower: 2, Upper: inf},
	}}
	w.series(f, "a=1", shape, []float64{10, 20, 20}, []float64{5, 20, 20}, []float64{10, 10, 10}, []float64{0, 10, 10}, []float64{0, 0, 0})
	w.series(f, "a=2", shape, []float64{50, 20, 40}, []float64{5, 20, 20}, []float64{50, 10, 30}, []float64{0, 10, 10}, []float64{0, 0, 0})
	p := plot(w, api.Spec{Family: "h_seconds", By: []string{"a"}})
	if p.Kind != api.Quantiles || p.Unit != "seconds" {
		t.Errorf("got %+v", p)
	}
	check(t, p,
		wantLine{`a="1"#p50`, []float64{none, 1.5, none}},
		wantLine{`a="1"#p90`, []float64{none, 1.9, none}},
		wantLine{`a="1"#p99`, []float64{none, 1.99, none}},
		wantLine{`a="2"#p50`, []float64{none, 1, 0.5}}, // After a reset, all observations are new.
		wantLine{`a="2"#p90`, []float64{none, 1.8, 0.9}},
		wantLine{`a="2"#p99`, []float64{none, 1.98, 0.99}},
	)
	if p.Lines[0].Name != "p50" || !slices.Equal(p.Lines[0].Labels, []api.Label{{"a", "1"}}) {
		t.Errorf("got %+v", p.Lines[0])
	}
	same(t, "lower bounds", p.Heat.Lower, -inf, 1, 2)
	same(t, "upper bounds", p.Heat.Upper, 1, 2, inf)
	want := [][][2]api.Number{{}, {{0, 1}, {1, 2}}, {{0, 2}}}
	if fmt.Sprint(p.Heat.Rows) != fmt.Sprint(want) {
		t.Errorf("got rows %v, want %v", p.Heat.Rows, want)
	}
	same(t, "p50 of both", plot(w, api.Spec{Family: "h_seconds"}).Lines[0].V, none, 1.25, 0.5)

	gauges := w.family("gh", model.GaugeHistogram)
	w.series(gauges, "", shape, []float64{0, 4, 4}, []float64{0, 6, 2}, []float64{0, 0, 4}, []float64{0, 4, 0}, []float64{0, 0, 0})
	if !plot(w, api.Spec{Family: "gh"}).Heat.Counts || p.Heat.Counts {
		t.Error("the heat maps of gauge histograms, and only those, have counts")
	}
	check(t, plot(w, api.Spec{Family: "gh"}),
		wantLine{"#p50", []float64{none, 1.5, 0.5}},
		wantLine{"#p90", []float64{none, 1.9, 0.9}},
		wantLine{"#p99", []float64{none, 1.99, 0.99}})
}

// TestPlotNativeHistogram checks a histogram with a bucket that appears later, and with more buckets than a
// heat map has rows.
func TestPlotNativeHistogram(t *testing.T) {
	w := newWorld(0, 10)
	shape := &store.Shape{Kind: store.Histogram, Native: true, Buckets: []store.Bucket{{Lower: 1, Upper: 2}, {Lower: 2, Upper: 4}}}
	w.series(w.family("h", model.Histogram), "", shape, []float64{10, 20}, []float64{10, 50}, []float64{10, 10}, []float64{none, 10})
	check(t, plot(w, api.Spec{Family: "h"}),
		wantLine{"#p50", []float64{none, 2.8284271247461903}},
		wantLine{"#p90", []float64{none, 3.7321319661472296}},
		wantLine{"#p99", []float64{none, 3.9723699817481437}})

	many := &store.Shape{Kind: store.Histogram, Native: true}
	columns := [][]float64{{0, 200}, {0, 0}}
	for i := range 100 {
		many.Buckets = append(many.Buckets, store.Bucket{Lower: float64(1 + i), Upper: float64(2 + i)})
		columns = append(columns, []float64{0, 2})
	}
	w.series(w.family("many", model.Histogram), "", many, columns...)
	heat := plot(w, api.Spec{Family: "many"}).Heat
	if len(heat.Upper) != 50 || heat.Upper[0] != 3 || heat.Lower[0] != 1 || heat.Upper[49] != 101 || len(heat.Rows[1]) != 50 || heat.Rows[1][49] != [2]api.Number{49, 0.4} {
		t.Errorf("got %v", heat)
	}
}

func TestPlotSummaries(t *testing.T) {
	w := newWorld(0, 10)
	f := w.family("s", model.Summary)
	w.series(f, "a=1", summaryShape, []float64{10, 20}, []float64{10, 50}, []float64{1, 2}, []float64{3, 4})
	w.series(f, "a=2", summaryShape, []float64{10, 20}, []float64{10, 70}, []float64{1, 2}, []float64{3, 4})
	check(t, plot(w, api.Spec{Family: "s"}), wantLine{"#avg", []float64{none, 5}})
	check(t, plot(w, api.Spec{Family: "s", Match: []api.Label{{"a", "1"}}}),
		wantLine{"#p50", []float64{1, 2}}, wantLine{"#p99", []float64{3, 4}})
	check(t, plot(w, api.Spec{Family: "s", Each: true}),
		wantLine{`a="1"#p50`, []float64{1, 2}}, wantLine{`a="1"#p99`, []float64{3, 4}},
		wantLine{`a="2"#p50`, []float64{1, 2}}, wantLine{`a="2"#p99`, []float64{3, 4}})
}

func TestPlotStates(t *testing.T) {
	w := newWorld(0, 10)
	f := w.family("s", model.StateSet)
	w.series(f, "", stateShape, []float64{0, 1}, []float64{1, 0})
	p := plot(w, api.Spec{Family: "s"})
	check(t, p, wantLine{"#idle", []float64{0, 1}}, wantLine{"#busy", []float64{1, 0}})
	if p.Kind != api.States || p.Lines[1].Name != "busy" {
		t.Errorf("got %+v", p)
	}
}

// TestPlotThinned checks that a plot of many samples has only every third one, and that later events have
// every sample.
func TestPlotThinned(t *testing.T) {
	w := newWorld(every(1, 1202)...)
	counter, gauge := make([]float64, 1202), make([]float64, 1202)
	for i := range counter {
		counter[i], gauge[i] = float64(i%500), float64(i) // with two resets
	}
	w.series(w.family("c_total", model.Counter), "", nil, counter)
	w.series(w.family("g", model.Gauge), "", nil, gauge)
	p := plot(w, api.Spec{Family: "c_total", Seconds: 5000})
	if len(p.T) != 401 || p.T[400] != at(1201).UnixMilli() || p.T[399] != at(1198).UnixMilli() {
		t.Fatalf("got %d points, the last ones %v", len(p.T), p.T[len(p.T)-2:])
	}
	want := make([]float64, 401)
	for k := range want {
		want[k] = 1
	}
	for _, reset := range []int{500, 1000} { // From 499 to 0, the increase is 0.
		want[(reset+1)/3] = 2.0 / 3
	}
	same(t, "rates", p.Lines[0].V, want...)
	p = plot(w, api.Spec{Family: "g", Seconds: 5000})
	if v := p.Lines[0].V; v[400] != 1201 || v[399] != 1198 || v[0] != 1 {
		t.Errorf("got %v", v)
	}
	// Later events have every sample.
	if p := query.Plot(w.last(), w, api.Spec{Family: "g"}, at(1199)); len(p.T) != 2 {
		t.Errorf("got %d points", len(p.T))
	}
}

func TestPlotGroups(t *testing.T) {
	w := newWorld(0, 10, 20)
	f := w.family("g", model.Gauge)
	for i := range 30 {
		v := float64(i)
		w.series(f, fmt.Sprintf("a=%02d", i), nil, []float64{v, v, -v})
	}
	p := plot(w, api.Spec{Family: "g", By: []string{"a"}})
	if len(p.Lines) != api.MaxLines || p.Hidden != 10 || p.Lines[0].Key != `a="10"` || p.Lines[19].Key != `a="29"` {
		t.Errorf("got %d lines from %s to %s, %d hidden", len(p.Lines), p.Lines[0].Key, p.Lines[len(p.Lines)-1].Key, p.Hidden)
	}
	keys := func(p *api.Plot) (keys []string) {
		for _, l := range p.Lines {
			keys = append(keys, l.Key)
		}
		return keys
	}
	next := query.Plot(w.last(), w, api.Spec{Family: "g", By: []string{"a"}, Keys: keys(p)}, at(10))
	if !slices.Equal(keys(next), keys(p)) || next.Hidden != 10 || len(next.T) != 1 {
		t.Errorf("the next plot has lines %v, want %v", keys(next), keys(p))
	}
	// Lines that are already shown stay even if the plot begins again.
	again := plot(w, api.Spec{Family: "g", By: []string{"a"}, Keys: []string{`a="03"`}})
	if got := keys(again); got[0] != `a="03"` || got[1] != `a="11"` {
		t.Errorf("got %v", got)
	}
	empty := query.Plot(w.last(), w, api.Spec{Family: "g", By: []string{"a"}}, at(20))
	if len(empty.T) != 0 || len(empty.Lines) != api.MaxLines || empty.Hidden != 10 {
		t.Errorf("got %d lines, %d hidden", len(empty.Lines), empty.Hidden)
	}
}

// TestPlotLongLabels checks label values of which the page knows only the beginning.
func TestPlotLongLabels(t *testing.T) {
	w := newWorld(0)
	f := w.family("g", model.Gauge)
	long := strings.Repeat("x", 1<<20)
	w.series(f, "a=y"+long, nil, []float64{1})
	w.series(f, "a=z"+long+"1", nil, []float64{2})
	w.series(f, "a=z"+long+"2", nil, []float64{4})
	p := plot(w, api.Spec{Family: "g", By: []string{"a"}})
	if len(p.Lines) != 3 || p.Lines[1].Key == p.Lines[2].Key {
		t.Fatalf("got %d lines", len(p.Lines))
	}
	for _, l := range p.Lines {
		if len(l.Key) > 500 || len(l.Labels[0][1]) > 210 {
			t.Errorf("a key has %d bytes, and a label %d", len(l.Key), len(l.Labels[0][1]))
		}
	}
	same(t, "one", plot(w, api.Spec{Family: "g", Match: p.Lines[0].Labels}).Lines[0].V, 1)
	same(t, "those that look alike", plot(w, api.Spec{Family: "g", Match: p.Lines[1].Labels}).Lines[0].V, 6)
}

// TestPlotOfNothing checks that a plot without samples or of an unknown family is an error with empty lists.
func TestPlotOfNothing(t *testing.T) {
	for _, s := range []*store.Snapshot{nil, shop().last()} {
		p := query.Plot(s, shop(), api.Spec{Family: "unknown"}, time.Time{})
		if p.Error == "" || p.T == nil || p.Lines == nil {
			t.Errorf("got %+v", p)
		}
	}
}
