package encode_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/luxfi/metric/internal/encode"
	"github.com/luxfi/metric/internal/model"
)

// chunks counts its input and remembers the largest write.
type chunks struct {
	bytes.Buffer
	count, largest int
}

func (c *chunks) Write(p []byte) (int, error) {
	c.count++
	c.largest = max(c.largest, len(p))
	return c.Buffer.Write(p)
}

// large is an exposition of several chunks. A family in the middle spans several of them, and one point
// is larger than a chunk.
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

// TestChunks checks that a large exposition is passed on in chunks of limited size.
func TestChunks(t *testing.T) {
	for name, opts := range variants() {
		t.Run(name, func(t *testing.T) {
			families := large()
			if opts.Format != encode.OpenMetrics2 {
				same(t, opts, families)
			}

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

// TestSmallFamiliesShareAChunk checks that several small families share a write.
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

// failing accepts a number of bytes and then fails or writes less than it is given.
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

// TestWriteErrorsStick checks that, after the first write error, all methods of an encoder return that error.
func TestWriteErrorsStick(t *testing.T) {
	for name, opts := range variants() {
		for _, short := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/short=%v", name, short), func(t *testing.T) {
				w := &failing{room: 100_000, short: short}
				e := encode.NewEncoder(w, opts)
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
					if err != first { //nolint:errorlint // It must be the same error.
						t.Errorf("later: %v, want %v", err, first)
					}
				}
				if w.room != 0 {
					t.Errorf("the writer could have taken %d more bytes", w.room)
				}
			})
		}
	}
}
