package encode_test

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/luxfi/metric/internal/encode"
	"github.com/luxfi/metric/internal/model"
	"github.com/luxfi/metric/internal/staleness"
	"github.com/luxfi/metric/internal/writebody"
	"github.com/luxfi/metric/internal/writereq"
	"github.com/luxfi/metric/internal/writereq/writereqtest"
)

const pushedAt = 1_750_000_000_000

// requests collects the requests that an encoder writes, and checks each of them.
type requests struct {
	t   testing.TB
	all []*writereqtest.Request
	of  []writereq.Counts
}

func (r *requests) Write(data []byte) (int, error) {
	r.t.Helper()
	record, err := writereq.Decode(data)
	if err != nil {
		r.t.Fatal(err)
	}
	body, err := writebody.Decompress(nil, record.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	request, err := writereqtest.DecodeV2(body)
	if err != nil {
		r.t.Fatal(err)
	}
	if err := request.Check(); err != nil {
		r.t.Error(err)
	}
	var n writereq.Counts
	for _, s := range request.Series {
		n.Samples += uint64(len(s.Samples))
		n.Histograms += uint64(len(s.Histograms))
		n.Exemplars += uint64(len(s.Exemplars))
	}
	if n.Metadata = record.Metadata; n != record.Counts {
		r.t.Errorf("the record says %+v, but the request has %+v", record.Counts, n)
	}
	r.all, r.of = append(r.all, request), append(r.of, n)
	return len(data), nil
}

// series returns all series as text, by key.
func (r *requests) series() map[string]string {
	r.t.Helper()
	texts := make(map[string]string)
	for _, request := range r.all {
		for i := range request.Series {
			s := &request.Series[i]
			if _, ok := texts[s.Key()]; ok {
				r.t.Errorf("series %s is there twice", s.Key())
			}
			texts[s.Key()] = seriesText(s)
		}
	}
	return texts
}

func seriesText(s *writereqtest.Series) string {
	var b strings.Builder
	for _, x := range s.Samples {
		fmt.Fprintf(&b, "%s@%d start %d", valueText(x.Value), x.Timestamp, x.StartStamp)
	}
	for _, h := range s.Histograms {
		count, zero := fmt.Sprint(h.Count), fmt.Sprint(h.ZeroCount)
		if h.CountFloat != nil {
			count, zero = "float "+valueText(*h.CountFloat), valueText(*h.ZeroCountFloat)
		}
		fmt.Fprintf(&b, "histogram %s sum %s schema %d zero %s %s - %v %v %v + %v %v %v hint %d@%d start %d", count, valueText(h.Sum), h.Schema,
			valueText(h.ZeroThreshold), zero, h.NegativeSpans, h.NegativeDeltas, valueTexts(h.NegativeCounts),
			h.PositiveSpans, h.PositiveDeltas, valueTexts(h.PositiveCounts), h.ResetHint, h.Timestamp, h.StartStamp)
	}
	for _, x := range s.Exemplars {
		fmt.Fprintf(&b, " # %v %s@%d", x.Labels, valueText(x.Value), x.Timestamp)
	}
	fmt.Fprintf(&b, " type %d help %q unit %q", s.Metadata.Type, s.Metadata.Help, s.Metadata.Unit)
	return b.String()
}

// stale is the text of a staleness marker.
const stale = "stale"

func valueText(v float64) string {
	if math.Float64bits(v) == 0x7ff0000000000002 {
		return stale
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}

func valueTexts(vs []float64) (texts []string) {
	for _, v := range vs {
		texts = append(texts, valueText(v))
	}
	return texts
}

// pushed encodes families.
func pushed(t testing.TB, w encode.RemoteWriter, families []*family) *requests {
	t.Helper()
	r := &requests{t: t}
	w.TimestampMs, w.Compress = pushedAt, writebody.Compress
	if w.MaxSamples == 0 {
		w.MaxSamples, w.MaxBytes = 1000, 1<<20
	}
	e := encode.NewEncoder(r, encode.Options{Format: encode.RemoteWrite, Linked: w.Maker})
	defer e.Release()
	for _, f := range families {
		if err := e.Family(&f.Family); err != nil {
			t.Fatal(err)
		}
		for i := range f.points {
			if err := e.Point(&f.points[i]); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	return r
}

func TestRemoteWrite(t *testing.T) {
	const early, before = 1_700_000_000_000_000_000, 1_699_999_999_999_999_999
	counter := func(p model.Point) *family {
		return &family{model.Family{Name: "a", Type: model.Counter}, []model.Point{p}}
	}
	gauge := func(l model.Labels) *family {
		return &family{model.Family{Name: "a", Type: model.Gauge}, []model.Point{{Labels: l, Value: 1}}}
	}
	const plain = "1@1750000000000 start 0"
	tests := map[string]struct {
		family *family
		want   map[string]string
	}{
		"counter": {
			&family{model.Family{Name: "a", Help: "b\nc", Unit: "s", Type: model.Counter}, []model.Point{{
				Value: 2.5, Created: at(early), Exemplar: traced,
			}}},
			map[string]string{"a": `2.5@1750000000000 start 1700000000000 type 1 help "b\nc" unit "s"`},
		},
		"exemplar": {
			counter(model.Point{Exemplar: &model.Exemplar{Labels: labels("t", "x"), Value: 7, Timestamp: at(1_749_999_999_999_999_999)}}),
			map[string]string{"a": `0@1750000000000 start 0 # [{t x}] 7@1749999999999 type 1 help "" unit ""`},
		},
		"exemplar without timestamp": {
			counter(model.Point{Exemplar: anonymous}), map[string]string{"a": `0@1750000000000 start 0 type 1 help "" unit ""`},
		},
		"created with the sample": {
			counter(model.Point{Created: at(pushedAt * 1e6)}), map[string]string{"a": `0@1750000000000 start 0 type 1 help "" unit ""`},
		},
		"own timestamp": {
			counter(model.Point{Created: at(before), HasTimestamp: true, TimestampMs: 1_700_000_000_000}),
			map[string]string{"a": `0@1700000000000 start 1699999999999 type 1 help "" unit ""`},
		},
		"sorted":       {gauge(labels("A", "1", "_", "2", "a", "3")), map[string]string{`a{A="1",_="2",a="3"}`: plain + ` type 2 help "" unit ""`}},
		"empty values": {gauge(labels("A", "", "b", "", "c", "1")), map[string]string{`a{c="1"}`: plain + ` type 2 help "" unit ""`}},
		"escaped":      {gauge(labels("a", "\"\\\n")), map[string]string{`a{a="\"\\\n"}`: plain + ` type 2 help "" unit ""`}},
		"UTF-8":        {gauge(labels("é.", "1", "0", "")), map[string]string{`a{é.="1"}`: plain + ` type 2 help "" unit ""`}},
		"le in its place": {
			&family{model.Family{Name: "a", Type: model.Histogram}, []model.Point{{
				Labels: labels("A", "1", "b", "2", "x", "3"), Histogram: &model.HistogramValue{Count: 3, Sum: 1, Bounds: []float64{1}, Counts: []uint64{2, 3}},
			}}},
			map[string]string{
				`a_bucket{A="1",b="2",le="1.0",x="3"}`:  `2@1750000000000 start 0 type 3 help "" unit ""`,
				`a_bucket{A="1",b="2",le="+Inf",x="3"}`: `3@1750000000000 start 0 type 3 help "" unit ""`,
				`a_sum{A="1",b="2",x="3"}`:              `1@1750000000000 start 0 type 3 help "" unit ""`,
				`a_count{A="1",b="2",x="3"}`:            `3@1750000000000 start 0 type 3 help "" unit ""`,
			},
		},
		"summary": {
			&family{model.Family{Name: "a", Type: model.Summary}, []model.Point{{
				Created: at(early), Summary: &model.SummaryValue{Count: 2, Sum: 3, Quantiles: quantiles(0.5, 1, 1, 2)},
			}}},
			map[string]string{
				`a{quantile="0.5"}`: `1@1750000000000 start 0 type 5 help "" unit ""`,
				`a{quantile="1.0"}`: `2@1750000000000 start 0 type 5 help "" unit ""`,
				`a_sum`:             `3@1750000000000 start 1700000000000 type 5 help "" unit ""`,
				`a_count`:           `2@1750000000000 start 1700000000000 type 5 help "" unit ""`,
			},
		},
		"native": {
			&family{model.Family{Name: "a", Type: model.GaugeHistogram}, []model.Point{{Created: at(early), Histogram: &model.HistogramValue{
				Count: 3, Sum: 1, Native: &model.NativeHistogram{
					Schema: 3, ZeroThreshold: 0.5, ZeroCount: 1, Positive: model.NativeBuckets{Spans: spans(-2, 2), Deltas: []int64{1, -1}},
					Exemplars: []*model.Exemplar{
						{Value: 2, Timestamp: at(1_749_999_999_990_000_000)}, {Value: 1, Timestamp: at(1_749_999_999_980_000_000)}, anonymous,
					},
				},
			}}}},
			map[string]string{`a`: `histogram 3 sum 1 schema 3 zero 0.5 1 - [] [] [] + [{-2 2}] [1 -1] [] hint 3@1750000000000 start 0` +
				` # [] 1@1749999999980 # [] 2@1749999999990 type 4 help "" unit ""`},
		},
		"float native": {
			&family{model.Family{Name: "a", Type: model.Histogram}, []model.Point{{Created: at(early), Histogram: &model.HistogramValue{
				CountFloat: 1.5, Native: &model.NativeHistogram{Negative: model.NativeBuckets{Spans: spans(0, 1), Counts: []float64{1.5}}},
			}}}},
			map[string]string{`a`: `histogram float 1.5 sum 0 schema 0 zero 0 0 - [{0 1}] [] [1.5] + [] [] [] hint 0@1750000000000 start 1700000000000` +
				` type 3 help "" unit ""`},
		},
		"state set": {
			&family{model.Family{Name: "a", Type: model.StateSet}, []model.Point{{States: &model.StateSetValue{Names: []string{"x", "y"}, On: 2}}}},
			map[string]string{
				`a{a="x"}`: `0@1750000000000 start 0 type 2 help "" unit ""`,
				`a{a="y"}`: `1@1750000000000 start 0 type 2 help "" unit ""`,
			},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := pushed(t, encode.RemoteWriter{ExemplarsFromMs: pushedAt - 1000}, []*family{test.family}).series()
			if !maps.Equal(got, test.want) {
				t.Errorf("got  %q\nwant %q", got, test.want)
			}
		})
	}
}

func TestRemoteWriteNativeOnly(t *testing.T) {
	both := &model.HistogramValue{Bounds: []float64{1}, Counts: []uint64{0, 0}, Native: new(model.NativeHistogram)}
	classic := &model.HistogramValue{Bounds: []float64{1}, Counts: []uint64{0, 0}}
	families := []*family{{model.Family{Name: "a", Type: model.Histogram}, []model.Point{
		{Labels: labels("kind", "both"), Histogram: both}, {Labels: labels("kind", "classic"), Histogram: classic},
	}}}
	want := map[bool][]string{
		false: {
			`a_bucket{kind="both",le="+Inf"}`, `a_bucket{kind="both",le="1.0"}`, `a_bucket{kind="classic",le="+Inf"}`, `a_bucket{kind="classic",le="1.0"}`,
			`a_count{kind="both"}`, `a_count{kind="classic"}`, `a_sum{kind="both"}`, `a_sum{kind="classic"}`, `a{kind="both"}`,
		},
		true: {
			`a_bucket{kind="classic",le="+Inf"}`, `a_bucket{kind="classic",le="1.0"}`, `a_count{kind="classic"}`, `a_sum{kind="classic"}`, `a{kind="both"}`,
		},
	}
	for nativeOnly, want := range want {
		got := slices.Sorted(maps.Keys(pushed(t, encode.RemoteWriter{NativeOnly: nativeOnly}, families).series()))
		if !slices.Equal(got, want) {
			t.Errorf("NativeOnly %v: got %q, want %q", nativeOnly, got, want)
		}
	}
}

// TestRemoteWriteSplits checks that requests end at their limits, and that the series of a histogram
// stay together.
func TestRemoteWriteSplits(t *testing.T) {
	f := &family{Family: model.Family{Name: "a", Type: model.Histogram}}
	for i := range 10 {
		f.points = append(f.points, model.Point{
			Labels: labels("n", strconv.Itoa(i)), Histogram: &model.HistogramValue{Bounds: []float64{1, 2}, Counts: []uint64{1, 2, 3}},
		})
	}
	for _, limits := range []encode.RemoteWriter{{MaxSamples: 7, MaxBytes: 1 << 20}, {MaxSamples: 1000, MaxBytes: 200}} {
		r := pushed(t, limits, []*family{f})
		if len(r.all) < 4 || len(r.series()) != 50 {
			t.Fatalf("%+v: got %d series in %d requests", limits, len(r.series()), len(r.all))
		}
		for i, request := range r.all {
			of := make(map[string]int)
			for j := range request.Series {
				of[request.Series[j].Get("n")]++
			}
			for n, series := range of {
				if series != 5 {
					t.Errorf("%+v: request %d has %d series of histogram %s, want 5", limits, i, series, n)
				}
			}
		}
	}
}

// TestRemoteWriteLikeNaive compares several pushes with the output of a simple implementation.
func TestRemoteWriteLikeNaive(t *testing.T) {
	for seed := range 150 {
		g := generator{rand.New(rand.NewPCG(uint64(seed), 7))}
		var (
			history staleness.History
			last    = make(map[string]bool)
			pool    = g.pushable()
		)
		for push := range 4 {
			families := g.some(pool)
			want, kept := make(map[string]string), make(map[string]bool)
			for _, f := range families {
				for i := range f.points {
					expect(want, kept, f, &f.points[i])
				}
			}
			round := history.Begin()
			w := encode.RemoteWriter{Round: round, ExemplarsFromMs: math.MinInt64, MaxSamples: 1 + g.IntN(50), MaxBytes: 1 << 20}
			r := pushed(t, w, families)
			w.TimestampMs, w.Compress = pushedAt, writebody.Compress
			if err := w.WriteStale(r, round, round.Missing); err != nil {
				t.Fatal(err)
			}
			round.Commit()
			got := r.series()
			for key := range last {
				if _, ok := want[key]; !ok {
					if !strings.Contains(got[key], stale) {
						t.Errorf("series %s has not ended: %q", key, got[key])
					}
					delete(got, key)
				}
			}
			for key, text := range got {
				if text != want[key] {
					t.Errorf("%s: got  %q\nwant %q", key, text, want[key])
				}
			}
			if len(got) != len(want) {
				t.Errorf("got %d series, want %d", len(got), len(want))
			}
			last = kept
			if t.Failed() {
				t.Fatalf("seed %d, push %d", seed, push)
			}
		}
	}
}

// pushable returns families whose names and series do not collide.
func (g generator) pushable() []*family {
	var families []*family
	for i := range 1 + g.IntN(5) {
		f := &family{Family: model.Family{
			Name: fmt.Sprintf("%c%s", 'a'+i, g.name()), Help: g.text(), Unit: pick(g, "", "seconds"), Type: pick(g,
				model.Counter, model.Gauge, model.Untyped, model.Summary, model.Histogram, model.GaugeHistogram),
		}}
		keys := make(map[string]bool)
		for range g.IntN(12) {
			p := g.point(f.Type, g.distinct())
			if key := seriesKey(f.Name, p.Labels); !keys[key] {
				keys[key] = true
				f.points = append(f.points, p)
			}
		}
		families = append(families, f)
	}
	return families
}

// distinct returns bounds that differ from each other as text.
func (g generator) distinct() []float64 {
	return slices.Compact(slices.DeleteFunc(g.bounds(), math.IsNaN))
}

// some returns some of the families with some of their series, and changes the buckets of some series.
func (g generator) some(all []*family) (some []*family) {
	for _, f := range all {
		if g.one(5) {
			continue
		}
		chosen := &family{Family: f.Family}
		for _, p := range f.points {
			switch {
			case g.one(4):
				continue
			case g.one(6):
				before := p
				p = g.point(f.Type, g.distinct())
				p.Labels, p.HasTimestamp = before.Labels, before.HasTimestamp
			}
			chosen.points = append(chosen.points, p)
		}
		if g.one(3) {
			g.Shuffle(len(chosen.points), func(i, j int) {
				chosen.points[i], chosen.points[j] = chosen.points[j], chosen.points[i]
			})
		}
		some = append(some, chosen)
	}
	return some
}

func seriesKey(name string, l model.Labels, more ...string) string {
	list := []writereqtest.Label{{Name: "__name__", Value: name}}
	for _, label := range l.List() {
		if label.Value != "" {
			list = append(list, writereqtest.Label(label))
		}
	}
	if len(more) > 0 {
		list = append(list, writereqtest.Label{Name: more[0], Value: more[1]})
	}
	slices.SortFunc(list, func(a, b writereqtest.Label) int { return strings.Compare(a.Name, b.Name) })
	return (&writereqtest.Series{Labels: list}).Key()
}

// expect adds the series of a point to the expected series, and to those that may become stale.
func expect(want map[string]string, kept map[string]bool, f *family, p *model.Point) {
	timestamp := int64(pushedAt)
	if p.HasTimestamp {
		timestamp = p.TimestampMs
	}
	start := int64(0)
	if ms := floorDiv(p.Created.Nanos, 1e6); p.Created.Valid && ms < timestamp {
		start = ms
	}
	types := map[model.Type]uint64{model.Counter: 1, model.Gauge: 2, model.Histogram: 3, model.GaugeHistogram: 4, model.Summary: 5}
	add := func(key string, s writereqtest.Series) {
		s.Metadata = &writereqtest.Metadata{Type: types[f.Type], Help: f.Help, Unit: f.Unit}
		want[key] = seriesText(&s)
		if !p.HasTimestamp {
			kept[key] = true
		}
	}
	single := func(key string, v float64, start int64, exemplars ...*model.Exemplar) {
		s := writereqtest.Series{Samples: []writereqtest.Sample{{Value: v, Timestamp: timestamp, StartStamp: start}}}
		s.Exemplars = expectedExemplars(exemplars)
		add(key, s)
	}
	switch f.Type {
	case model.Summary:
		for _, q := range p.Summary.Quantiles {
			single(seriesKey(f.Name, p.Labels, "quantile", formatted(q.Quantile)), q.Value, 0)
		}
		single(seriesKey(f.Name+"_sum", p.Labels), p.Summary.Sum, start)
		single(seriesKey(f.Name+"_count", p.Labels), float64(p.Summary.Count), start)
	case model.Histogram, model.GaugeHistogram:
		h := p.Histogram
		if f.Type == model.GaugeHistogram {
			start = 0
		}
		if h.Native != nil {
			add(seriesKey(f.Name, p.Labels), expectedNative(f, h, timestamp, start))
		}
		if h.Native != nil && len(h.Buckets) == 0 {
			return
		}
		count := func(n uint64, float float64) float64 {
			if float > 0 {
				return float
			}
			return float64(n)
		}
		single(seriesKey(f.Name+"_bucket", p.Labels, "le", "+Inf"), count(h.Count, h.CountFloat), start)
		for _, b := range h.Buckets {
			single(seriesKey(f.Name+"_bucket", p.Labels, "le", formatted(b.UpperBound)), count(b.Count, b.CountFloat), start, b.Exemplar)
		}
		single(seriesKey(f.Name+"_sum", p.Labels), h.Sum, start)
		single(seriesKey(f.Name+"_count", p.Labels), count(h.Count, h.CountFloat), start)
	case model.Counter:
		single(seriesKey(f.Name, p.Labels), p.Value, start, p.Exemplar)
	default:
		single(seriesKey(f.Name, p.Labels), p.Value, 0)
	}
}

func expectedExemplars(all []*model.Exemplar) (out []writereqtest.Exemplar) {
	for _, x := range all {
		if x == nil || !x.Timestamp.Valid || floorDiv(x.Timestamp.Nanos, 1e6) == 0 {
			continue
		}
		e := writereqtest.Exemplar{Value: x.Value, Timestamp: floorDiv(x.Timestamp.Nanos, 1e6)}
		for _, l := range x.Labels.List() {
			e.Labels = append(e.Labels, writereqtest.Label(l))
		}
		out = append(out, e)
	}
	return out
}

func expectedNative(f *family, h *model.HistogramValue, timestamp, start int64) writereqtest.Series {
	n := h.Native
	x := writereqtest.Histogram{
		Count: h.Count, ZeroCount: n.ZeroCount, Sum: h.Sum, ZeroThreshold: n.ZeroThreshold, Schema: n.Schema, Timestamp: timestamp, StartStamp: start,
		NegativeDeltas: n.Negative.Deltas, PositiveDeltas: n.Positive.Deltas, NegativeCounts: n.Negative.Counts, PositiveCounts: n.Positive.Counts,
	}
	for _, s := range n.Negative.Spans {
		x.NegativeSpans = append(x.NegativeSpans, writereqtest.Span(s))
	}
	for _, s := range n.Positive.Spans {
		x.PositiveSpans = append(x.PositiveSpans, writereqtest.Span(s))
	}
	if h.CountFloat > 0 || n.ZeroCountFloat > 0 || len(n.Negative.Counts)+len(n.Positive.Counts) > 0 {
		x.CountFloat, x.ZeroCountFloat = &h.CountFloat, &n.ZeroCountFloat
	}
	if f.Type == model.GaugeHistogram {
		x.ResetHint = 3
	}
	exemplars := slices.Clone(n.Exemplars)
	slices.SortStableFunc(exemplars, func(a, b *model.Exemplar) int {
		return int(min(max(a.Timestamp.Nanos-b.Timestamp.Nanos, -1), 1))
	})
	return writereqtest.Series{Histograms: []writereqtest.Histogram{x}, Exemplars: expectedExemplars(exemplars)}
}

func formatted(v float64) string {
	text := strconv.FormatFloat(v, 'g', -1, 64)
	if v == 0 {
		text = "0" // also for -0
	}
	if !strings.ContainsAny(text, ".eIN") {
		text += ".0"
	}
	return text
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}
