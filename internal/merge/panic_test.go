package merge_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/luxfi/metric/internal/engine"
	"github.com/luxfi/metric/internal/merge"
	"github.com/luxfi/metric/internal/model"
)

// broken is a source that panics.
type broken struct {
	source

	inSeries bool // The source panics in Series, not when the last series is read.
}

func (b *broken) Series() model.Series {
	if b.inSeries {
		panic("in Series")
	}
	return b
}

func (b *broken) At(i int, p *model.Point, scratch *model.Scratch) {
	if i == len(b.points)-1 {
		panic("in At")
	}
	b.source.At(i, p, scratch)
}

// brokenBatch is like [broken] and can be read in batches.
type brokenBatch struct{ broken }

func (b *brokenBatch) Series() model.Series { return b }

func (b *brokenBatch) ReadBatch(from int, points []model.Point, scratches []model.Scratch) {
	for i := range points {
		b.At(from+i, &points[i], &scratches[i])
	}
}

// batchRecorder is a recorder that takes batches.
type batchRecorder struct{ recorder }

func (r *batchRecorder) Batch(points []model.Point) error {
	for i := range points {
		if err := r.Point(&points[i]); err != nil {
			return err
		}
	}
	return nil
}

// TestSourceThatPanics checks that a panic in one of this library's sources costs only the series that the
// source has not given yet, and is reported under the name of its family.
func TestSourceThatPanics(t *testing.T) {
	f := family(model.Gauge, "b")
	points := []model.Point{at("1", 1), at("2", 2), at("3", 3)}
	for name, test := range map[string]struct {
		sources []model.Source
		batch   []model.Sample
		want    []string
		reason  string
	}{
		"alone":            {[]model.Source{&broken{source: source{f, points}}}, nil, []string{`b{l="1"} 1`, `b{l="2"} 2`}, "in At"},
		"at once":          {[]model.Source{&broken{source{f, points}, true}}, nil, nil, "in Series"},
		"in a batch":       {[]model.Source{&brokenBatch{broken{source: source{f, points}}}}, nil, nil, "in At"},
		"beside another":   {[]model.Source{&broken{source: source{f, points}}, &source{f, []model.Point{at("4", 4)}}}, nil, []string{`b{l="1"} 1`, `b{l="2"} 2`, `b{l="4"} 4`}, "in At"},
		"at once, beside":  {[]model.Source{&broken{source{f, points}, true}, &source{f, []model.Point{at("4", 4)}}}, nil, []string{`b{l="4"} 4`}, "in Series"},
		"beside a foreign": {[]model.Source{&broken{source: source{f, points}}}, of(f, at("0", 0), at("5", 5)), []string{`b{l="0"} 0`, `b{l="1"} 1`, `b{l="2"} 2`, `b{l="5"} 5`}, "in At"},
	} {
		t.Run(name, func(t *testing.T) {
			in := merge.Input{Natives: []merge.Native{
				native(family(model.Gauge, "a"), []model.Point{at("", 1)}),
				{Family: f, Sources: test.sources},
				native(family(model.Gauge, "c"), []model.Point{at("", 1)}),
			}}
			if test.batch != nil {
				in.Batches = []merge.Batch{batch(test.batch...)}
			}
			var reported []error
			in.Report = func(f merge.Finding) {
				if f.Batch != -1 {
					t.Errorf("reported of batch %d", f.Batch)
				}
				reported = append(reported, f.Err)
			}
			r := &batchRecorder{recorder{healthy: -1}}
			if err := merge.Families(in, r); err != nil {
				t.Fatal(err)
			}
			want := slices.Concat([]string{"# a gauge", "a{} 1", "# b gauge"}, test.want, []string{"# c gauge", "c{} 1"})
			if !slices.Equal(r.lines, want) {
				t.Errorf("got %q\nwant %q", r.lines, want)
			}
			if len(reported) != 1 {
				t.Fatalf("reported %v", reported)
			}
			if reported[0].Error() != "panic: "+test.reason {
				t.Errorf("reported %#v", reported[0])
			}
			if p, ok := errors.AsType[*engine.PanicError](reported[0]); !ok || len(p.Stack) == 0 {
				t.Errorf("reported %#v, which is no panic with its stack", reported[0])
			}
		})
	}
}

// badSink is a sink that panics.
type badSink struct{ recorder }

func (*badSink) Point(*model.Point) error { panic("in the sink") }

// TestSinkThatPanics checks that merging does not recover a panic of the sink, which may have written half
// a point.
func TestSinkThatPanics(t *testing.T) {
	defer func() {
		if v := recover(); v != "in the sink" {
			t.Errorf("recovered %v", v)
		}
	}()
	in := merge.Input{Natives: []merge.Native{native(family(model.Gauge, "a"), []model.Point{at("", 1)})}}
	in.Report = func(f merge.Finding) { t.Errorf("reported %v", f.Err) }
	_ = merge.Families(in, &badSink{recorder{healthy: -1}})
	t.Error("no panic")
}
