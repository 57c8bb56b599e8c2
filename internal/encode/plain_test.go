package encode_test

import (
	"bytes"
	"io"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/luxfi/metric/internal/encode"
	"github.com/luxfi/metric/internal/model"
)

// plain returns p with its buckets converted to bounds and counts.
func plain(p model.Point) model.Point {
	h := *p.Histogram
	h.Buckets, h.Counts = nil, []uint64{}
	for _, b := range p.Histogram.Buckets {
		h.Bounds, h.Counts = append(h.Bounds, b.UpperBound), append(h.Counts, b.Count)
	}
	h.Counts = append(h.Counts, h.Count)
	p.Histogram = &h
	return p
}

// plainFamilies generates histograms without exemplars, and returns them both with buckets and with
// bounds and counts. Some of them share their bounds.
func plainFamilies(g generator) (buckets, counts []*family) {
	for range 1 + g.IntN(3) {
		f := &family{Family: model.Family{Name: pick(g, "a", "a.b"), Type: pick(g, model.Histogram, model.GaugeHistogram)}}
		twin := &family{Family: f.Family}
		bounds := g.bounds()
		for range g.IntN(40) {
			if g.one(8) {
				bounds = g.bounds()
			}
			bounds = slices.DeleteFunc(bounds, func(v float64) bool { return v == inf })
			p := model.Point{
				Labels: g.labels(), Created: g.instant(), HasTimestamp: g.one(8), TimestampMs: 5,
				Histogram: &model.HistogramValue{Count: g.count(), Sum: g.float()},
			}
			for _, bound := range bounds {
				n := pick(g, 0, 9, 10, 99, 100, 999, 1000, 999_999, 1_000_000, 10_000_000, g.count())
				p.Histogram.Buckets = append(p.Histogram.Buckets, model.Bucket{UpperBound: bound, Count: n})
			}
			other := plain(p)
			other.Histogram.Bounds = bounds
			f.points, twin.points = append(f.points, p), append(twin.points, other)
		}
		buckets, counts = append(buckets, f), append(counts, twin)
	}
	return buckets, counts
}

// TestBoundsAndCounts checks histograms in both representations of buckets, one by one and in batches.
func TestBoundsAndCounts(t *testing.T) {
	for name, opts := range variants() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for seed := range uint64(200) {
				buckets, counts := plainFamilies(generator{rand.New(rand.NewPCG(seed, 2))})
				want, wantRefused := write(t, opts, buckets)
				got, refused := write(t, opts, counts)
				compare(t, got, want)
				batched, _ := writeBatches(t, opts, counts)
				compare(t, batched, want)
				for i, f := range counts {
					for j := range f.points {
						if j%3 == 1 {
							f.points[j] = buckets[i].points[j]
						}
					}
				}
				mixed, _ := writeBatches(t, opts, counts)
				compare(t, mixed, want)
				if refused != wantRefused {
					t.Errorf("%d points were refused, want %d", refused, wantRefused)
				}
				if t.Failed() {
					t.Fatalf("seed %d", seed)
				}
			}
		})
	}
}

// TestBoundsInAnotherFormat checks that the same bounds can be written in one format after the other, as
// a pooled encoder does.
func TestBoundsInAnotherFormat(t *testing.T) {
	f := &family{Family: model.Family{Name: "h", Type: model.Histogram}, points: []model.Point{plain(model.Point{
		Histogram: &model.HistogramValue{Count: 3, Buckets: []model.Bucket{{UpperBound: 1, Count: 2}, {UpperBound: 2, Count: 3}}},
	})}}
	for range 3 {
		for format, want := range map[encode.Format]string{
			encode.Text: "# HELP h \n# TYPE h histogram\n" +
				"h_bucket{le=\"1\"} 2\nh_bucket{le=\"2\"} 3\nh_bucket{le=\"+Inf\"} 3\nh_sum 0\nh_count 3\n",
			encode.OpenMetrics: "# HELP h \n# TYPE h histogram\n" +
				"h_bucket{le=\"1.0\"} 2\nh_bucket{le=\"2.0\"} 3\nh_bucket{le=\"+Inf\"} 3\nh_sum 0.0\nh_count 3\n# EOF\n",
		} {
			got, _ := write(t, encode.Options{Format: format}, []*family{f})
			compare(t, got, []byte(want))
		}
	}
}

// TestBoundsInTurn checks that bounds can be written again after other bounds.
func TestBoundsInTurn(t *testing.T) {
	at := func(bound float64) model.Point {
		return model.Point{Histogram: &model.HistogramValue{Buckets: []model.Bucket{{UpperBound: bound}}}}
	}
	first := plain(at(1))
	f := &family{Family: model.Family{Name: "h", Type: model.Histogram}, points: []model.Point{first, at(2), first, plain(at(3)), first}}
	twin := &family{Family: f.Family, points: []model.Point{at(1), at(2), at(1), at(3), at(1)}}
	want, _ := write(t, encode.Options{}, []*family{twin})
	got, _ := write(t, encode.Options{}, []*family{f})
	compare(t, got, want)
}

// writeBatches is write with one call for each family, except for refused points.
func writeBatches(t *testing.T, opts encode.Options, families []*family) (out []byte, series uint64) {
	t.Helper()
	var buf bytes.Buffer
	e := encode.NewEncoder(&buf, opts)
	defer e.Release()
	for _, f := range families {
		if err := e.Family(&f.Family); err != nil {
			t.Fatal(err)
		}
		for points := f.points; len(points) > 0; {
			n, err := e.Batch(points)
			if err == nil {
				break
			}
			points = points[n+1:]
		}
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes(), e.Series()
}

// TestBatchOfHistograms checks chunks, the number of series, and a writer that fails in the middle.
func TestBatchOfHistograms(t *testing.T) {
	f := &family{Family: model.Family{Name: "h", Type: model.Histogram}}
	for i := range 1000 {
		f.points = append(f.points, plain(model.Point{
			Labels:    labels("i", string(rune('a'+i%26)), "long", string(bytes.Repeat([]byte{'x'}, i))),
			Histogram: &model.HistogramValue{Count: uint64(i), Sum: float64(i) / 3, Buckets: []model.Bucket{{UpperBound: 1, Count: 1}}},
		}))
	}
	want, _ := write(t, encode.Options{}, []*family{f})
	got, series := writeBatches(t, encode.Options{}, []*family{f})
	compare(t, got, want)
	if series != uint64(len(f.points)) {
		t.Errorf("%d series, want %d", series, len(f.points))
	}

	w := failingAfter(3)
	e := encode.NewEncoder(w, encode.Options{})
	defer e.Release()
	_ = e.Family(&f.Family)
	if _, err := e.Batch(f.points); err != io.ErrClosedPipe { //nolint:errorlint // The encoder returns it as it is.
		t.Errorf("got %v, want %v", err, io.ErrClosedPipe)
	}
	if w.left != 0 {
		t.Errorf("%d more writes would have succeeded", w.left)
	}
}

// TestLargeHistograms checks histograms that need more memory than the buffer has.
func TestLargeHistograms(t *testing.T) {
	for _, size := range []int{1, 100, 1000, 5000} {
		p := model.Point{
			Labels:    labels("long", string(bytes.Repeat([]byte{'x'}, size))),
			Histogram: &model.HistogramValue{Count: 1e18, Sum: 1},
		}
		for i := range 1000 {
			p.Histogram.Buckets = append(p.Histogram.Buckets, model.Bucket{UpperBound: float64(i) + 1./3, Count: 123_456_789_012_345_678})
		}
		f := &family{Family: model.Family{Name: "h", Type: model.Histogram}, points: []model.Point{p}}
		twin := &family{Family: f.Family, points: []model.Point{plain(p)}}
		for name, opts := range variants() {
			want, _ := write(t, opts, []*family{f})
			got, _ := write(t, opts, []*family{twin})
			if !bytes.Equal(got, want) {
				t.Errorf("%s: %d bytes with labels of %d differ", name, len(got), size)
			}
		}
	}
}

// failingWriter accepts a number of writes and then fails.
type failingWriter struct{ left int }

func failingAfter(writes int) *failingWriter { return &failingWriter{writes} }

func (w *failingWriter) Write(p []byte) (int, error) {
	if w.left == 0 {
		return 0, io.ErrClosedPipe
	}
	w.left--
	return len(p), nil
}

// TestBoundsAndCountsDoNotAllocate is like [TestPointsDoNotAllocate] for representations that the corpus
// lacks.
func TestBoundsAndCountsDoNotAllocate(t *testing.T) {
	for name, opts := range variants() {
		t.Run(name, func(t *testing.T) {
			e := encode.NewEncoder(io.Discard, opts)
			defer e.Release()
			_ = e.Family(&model.Family{Name: "h", Type: model.Histogram})
			points := []model.Point{plain(histograms()[0]), plain(histograms()[1])}
			points[1].Histogram.Bounds = points[0].Histogram.Bounds
			for range 200 { // several chunks in protobuf
				_, _ = e.Batch(points)
			}
			if allocs := testing.AllocsPerRun(100, func() { _, _ = e.Batch(points) }); allocs != 0 {
				t.Errorf("%v allocations", allocs)
			}
		})
	}
}
