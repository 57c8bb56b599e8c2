package encode_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	common "github.com/prometheus/common/model"

	"github.com/luxfi/metric/internal/encode"
	"github.com/luxfi/metric/internal/model"
)

var update = flag.Bool("update", false, "write the golden files")

// write encodes families and counts the points that are refused.
func write(t testing.TB, opts encode.Options, families []*family) (out []byte, refused int) {
	t.Helper()
	var buf bytes.Buffer
	e := encode.NewEncoder(&buf, opts)
	defer e.Release()
	for _, f := range families {
		if err := e.Family(&f.Family); err != nil {
			t.Fatal(err)
		}
		for i := range f.points {
			var bad *encode.PointError
			switch err := e.Point(&f.points[i]); {
			case errors.As(err, &bad):
				refused++
			case err != nil:
				t.Fatal(err)
			}
		}
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes(), refused
}

// variants are all combinations of options.
func variants() map[string]encode.Options {
	formats := map[string]encode.Options{
		"text":                {Format: encode.Text},
		"openmetrics":         {Format: encode.OpenMetrics},
		"openmetrics-created": {Format: encode.OpenMetrics, CreatedLines: true},
		"protobuf":            {Format: encode.Protobuf},
	}
	all := map[string]encode.Options{}
	for name, opts := range formats {
		for _, opts.Escaping = range []common.EscapingScheme{
			common.NoEscaping, common.UnderscoreEscaping, common.DotsEscaping, common.ValueEncodingEscaping,
		} {
			all[name+"-"+opts.Escaping.String()] = opts
		}
	}
	return all
}

// TestGolden compares with files, so that a change of the output is seen, and so
// that the formats can be looked at.
func TestGolden(t *testing.T) {
	for _, name := range []string{
		"text-allow-utf-8", "text-underscores", "openmetrics-allow-utf-8", "openmetrics-created-values", "protobuf-dots",
	} {
		t.Run(name, func(t *testing.T) {
			got, _ := write(t, variants()[name], corpus)
			path := filepath.Join("testdata", name+".golden")
			if *update {
				if err := os.WriteFile(path, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			compare(t, got, want)
		})
	}
}

func TestSameAsExpfmt(t *testing.T) {
	for name, opts := range variants() {
		t.Run(name, func(t *testing.T) {
			same(t, opts, corpus)
			for _, f := range corpus {
				same(t, opts, []*family{f})
			}
		})
	}
}

// same fails unless this package and expfmt write the same.
func same(t testing.TB, opts encode.Options, families []*family) {
	t.Helper()
	want, wantRefused := want(t, opts, families)
	got, refused := write(t, opts, families)
	compare(t, got, want)
	if refused != wantRefused {
		t.Errorf("%d points were refused, want %d", refused, wantRefused)
	}
}

// compare shows the first line that differs.
func compare(t testing.TB, got, want []byte) {
	t.Helper()
	if bytes.Equal(got, want) {
		return
	}
	gotLines, wantLines := bytes.SplitAfter(got, []byte("\n")), bytes.SplitAfter(want, []byte("\n"))
	for i := range gotLines {
		if i >= len(wantLines) || !bytes.Equal(gotLines[i], wantLines[i]) {
			t.Fatalf("line %d:\n got %q\nwant %q", i+1, gotLines[i], bytes.Join(wantLines[min(i, len(wantLines)):min(i+1, len(wantLines))], nil))
		}
	}
	t.Fatalf("the output ends after line %d", len(gotLines))
}

func TestRefusedPoints(t *testing.T) {
	float := &model.HistogramValue{Buckets: []model.Bucket{{UpperBound: 1, CountFloat: 0.5}}}
	tests := []struct {
		name  string
		opts  encode.Options
		typ   model.Type
		point model.Point
		want  string
	}{
		{"float histogram", encode.Options{Format: encode.OpenMetrics}, model.Histogram, model.Point{Histogram: float},
			"f{} cannot be written in OpenMetrics: histograms with float counts are not supported"},
		{"no histogram", encode.Options{}, model.GaugeHistogram, model.Point{Labels: labels("a", "b")},
			`f{a="b"} cannot be written in the text format: it is no histogram, unlike its family`},
		{"no summary", encode.Options{Format: encode.Protobuf}, model.Summary, model.Point{},
			"f{} cannot be written in protobuf: it is no summary, unlike its family"},
		{"merged labels", encode.Options{Escaping: common.UnderscoreEscaping}, model.Gauge, model.Point{Labels: labels("a.b", "1", "a_b", "2")},
			`f{"a.b"="1",a_b="2"} cannot be written in the text format: two or more labels are named a_b after escaping`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var buf bytes.Buffer
			e := encode.NewEncoder(&buf, test.opts)
			defer e.Release()
			good := model.Point{Labels: labels("good", "1"), Histogram: &model.HistogramValue{}, Summary: &model.SummaryValue{}}
			for _, name := range []string{"f", "g"} {
				if err := e.Family(&model.Family{Name: name, Type: test.typ}); err != nil {
					t.Fatal(err)
				}
				if name == "f" {
					err := e.Point(&test.point)
					if bad := new(encode.PointError); !errors.As(err, &bad) || err.Error() != test.want {
						t.Fatalf("got %v, want %s", err, test.want)
					}
					continue
				}
				if err := e.Point(&good); err != nil {
					t.Fatalf("after a refused point: %v", err)
				}
			}
			if err := e.Close(); err != nil {
				t.Fatal(err)
			}
			want, _ := write(t, test.opts, []*family{{model.Family{Name: "g", Type: test.typ}, []model.Point{good}}})
			compare(t, buf.Bytes(), want)
			if e.Series() != 1 || e.Bytes() != uint64(len(want)) {
				t.Errorf("%d series and %d bytes, want 1 and %d", e.Series(), e.Bytes(), len(want))
			}
		})
	}
}

func TestAbort(t *testing.T) {
	for _, format := range []encode.Format{encode.Text, encode.OpenMetrics, encode.Protobuf} {
		t.Run(format.String(), func(t *testing.T) {
			opts := encode.Options{Format: format}
			var buf bytes.Buffer
			e := encode.NewEncoder(&buf, opts)
			defer e.Release()
			f := corpus[0]
			if err := errors.Join(e.Family(&f.Family), e.Point(&f.points[0]), e.Abort(), e.Abort(), e.Close()); err != nil {
				t.Fatal(err)
			}
			want, _ := write(t, opts, []*family{{f.Family, f.points[:1]}})
			compare(t, buf.Bytes(), bytes.TrimSuffix(want, []byte("# EOF\n")))
			if e.Family(&f.Family) == nil || e.Point(&f.points[0]) == nil {
				t.Error("it takes more after its end")
			}
		})
	}
}

// TestFlush flushes after every call: what has arrived is always whole, and in the
// end the same as without.
func TestFlush(t *testing.T) {
	for name, opts := range variants() {
		t.Run(name, func(t *testing.T) {
			var buf bytes.Buffer
			e := encode.NewEncoder(&buf, opts)
			defer e.Release()
			for _, f := range corpus {
				_ = e.Family(&f.Family)
				for i := range f.points {
					_ = e.Point(&f.points[i])
					if err := e.Flush(); err != nil {
						t.Fatal(err)
					}
					if whole := buf.Bytes(); opts.Format != encode.Protobuf && len(whole) > 0 && whole[len(whole)-1] != '\n' {
						t.Fatalf("flushed %q", whole)
					}
				}
			}
			if err := e.Close(); err != nil {
				t.Fatal(err)
			}
			want, _ := write(t, opts, corpus)
			compare(t, buf.Bytes(), want)
		})
	}
}

// chunks counts what it is given and remembers the largest.
type chunks struct {
	bytes.Buffer
	count, largest int
}

func (c *chunks) Write(p []byte) (int, error) {
	c.count++
	c.largest = max(c.largest, len(p))
	return c.Buffer.Write(p)
}

// large is an exposition of several chunks, with a family that spans some of
// them in between and a point that is larger than one.
func large() []*family {
	long := &family{Family: model.Family{Name: "long_seconds", Unit: "seconds", Type: model.Gauge}}
	for i := range 5000 {
		long.points = append(long.points, model.Point{Labels: labels("i", fmt.Sprint(i), "text", strings.Repeat("x", 40)), Value: float64(i) / 7})
	}
	wide := &family{Family: model.Family{Name: "wide", Type: model.Histogram}, points: make([]model.Point, 1)}
	wide.points[0].Histogram = &model.HistogramValue{}
	for i := range 10000 {
		wide.points[0].Histogram.Buckets = append(wide.points[0].Histogram.Buckets, model.Bucket{UpperBound: float64(i)})
	}
	return append([]*family{corpus[0], long, corpus[1], wide, corpus[2], wide, long, long}, corpus...)
}

func TestChunks(t *testing.T) {
	for name, opts := range variants() {
		t.Run(name, func(t *testing.T) {
			families := large()
			same(t, opts, families)

			var w chunks
			e := encode.NewEncoder(&w, opts)
			defer e.Release()
			f := families[1]
			_ = e.Family(&f.Family)
			for i := range f.points {
				if err := e.Point(&f.points[i]); err != nil {
					t.Fatal(err)
				}
			}
			if opts.Format == encode.Protobuf && w.count > 0 {
				t.Error("a part of a message was written before its length was known")
			}
			if opts.Format != encode.Protobuf && w.count < 3 {
				t.Error("points are not passed on")
			}
			if err := e.Close(); err != nil {
				t.Fatal(err)
			}
			if w.largest > 64<<10 {
				t.Errorf("a chunk has %d bytes", w.largest)
			}
		})
	}
}

// TestSmallFamiliesShareAChunk makes sure that there is not a write for each.
func TestSmallFamiliesShareAChunk(t *testing.T) {
	for name, opts := range variants() {
		t.Run(name, func(t *testing.T) {
			var w chunks
			e := encode.NewEncoder(&w, opts)
			defer e.Release()
			for _, f := range corpus {
				_ = e.Family(&f.Family)
				for i := range f.points {
					_ = e.Point(&f.points[i])
				}
			}
			if err := e.Close(); err != nil {
				t.Fatal(err)
			}
			if w.count != 1 {
				t.Errorf("%d writes", w.count)
			}
		})
	}
}

var errGone = errors.New("client gone")

// failing takes so many bytes and then fails, or takes less than it is given.
type failing struct {
	room  int
	short bool
}

func (f *failing) Write(p []byte) (int, error) {
	n := min(len(p), f.room)
	f.room -= n
	if n < len(p) && !f.short {
		return n, errGone
	}
	return n, nil
}

func TestWriteErrorsStick(t *testing.T) {
	for name, opts := range variants() {
		for _, short := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/short=%v", name, short), func(t *testing.T) {
				e := encode.NewEncoder(&failing{room: 100_000, short: short}, opts)
				defer e.Release()
				var first error
				for _, f := range large() {
					first = e.Family(&f.Family)
					for i := 0; i < len(f.points) && first == nil; i++ {
						if err := e.Point(&f.points[i]); !errors.As(err, new(*encode.PointError)) {
							first = err
						}
					}
					if first != nil {
						break
					}
				}
				if first == nil {
					t.Fatal("no error")
				}
				if !short && !errors.Is(first, errGone) {
					t.Fatal(first)
				}
				f := corpus[0]
				for _, err := range []error{e.Family(&f.Family), e.Point(&f.points[0]), e.Flush(), e.Abort(), e.Close()} {
					if err != first {
						t.Errorf("later: %v, want %v", err, first)
					}
				}
				if e.Bytes() != 100_000 {
					t.Errorf("%d bytes were taken", e.Bytes())
				}
			})
		}
	}
}
