package encode_test

import (
	"io"
	"testing"

	"github.com/luxfi/metric/internal/encode"
	"github.com/luxfi/metric/internal/model"
)

// TestPointsDoNotAllocate checks that no kind of point allocates in any format. A family may allocate if
// its name needs escaping.
func TestPointsDoNotAllocate(t *testing.T) {
	for name, opts := range variants() {
		e := encode.NewEncoder(io.Discard, opts)
		t.Cleanup(e.Release)
		for _, f := range corpus {
			t.Run(name+"/"+f.Name, func(t *testing.T) {
				if err := e.Family(&f.Family); err != nil {
					t.Fatal(err)
				}
				for i := range f.points {
					p := &f.points[i]
					if e.Point(p) != nil {
						continue // The format refuses this point.
					}
					// several chunks in protobuf
					for range 100 {
						_ = e.Point(p)
					}
					if allocs := testing.AllocsPerRun(100, func() { _ = e.Point(p) }); allocs != 0 {
						t.Errorf("point %d: %v allocations", i, allocs)
					}
				}
			})
		}
	}
}

// TestExpositionsDoNotAllocate checks that encoders, families and protobuf blocks do not allocate.
func TestExpositionsDoNotAllocate(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector makes pools forget")
	}
	f := counters(5000)
	for name, opts := range formats() {
		t.Run(name, func(t *testing.T) {
			expose := func() { encodeAll(io.Discard, opts, []*family{f, f}) }
			expose()
			if allocs := testing.AllocsPerRun(20, expose); allocs > 1 {
				t.Errorf("%v allocations for %d series", allocs, 2*len(f.points))
			}
		})
	}
}

func encodeAll(w io.Writer, opts encode.Options, families []*family) {
	e := encode.NewEncoder(w, opts)
	defer e.Release()
	for _, f := range families {
		_ = e.Family(&f.Family)
		for i := range f.points {
			_ = e.Point(&f.points[i])
		}
	}
	_ = e.Close()
}

func counters(n int) *family {
	return series(n, model.Family{Name: "http_requests_total", Help: "Requests.", Type: model.Counter}, func(i int, p *model.Point) {
		p.Value = float64(i * 37)
	})
}
