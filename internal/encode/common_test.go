package encode_test

import (
	"bytes"
	"testing"

	"github.com/luxfi/metric/internal/encode"
	"github.com/luxfi/metric/internal/model"
)

// TestCommon checks that the labels that an encoder adds to the points of a family are written like
// labels of the points themselves, point by point and in batches.
func TestCommon(t *testing.T) {
	common := []model.Label{{Name: "instance", Value: "host-1:9100"}}
	quoted := []model.Label{{Name: "a.b", Value: `"`}, {Name: "instance", Value: "1"}}
	for name, opts := range variants() {
		for _, extra := range [][]model.Label{common, quoted} {
			var plain, merged []*family
			for _, f := range corpus {
				if len(f.points) == 0 || !sameNames(f.points) || f.points[0].Labels.Has(extra[0].Name) {
					continue
				}
				plain = append(plain, f)
				with := &family{Family: f.Family}
				for _, p := range f.points {
					_, l, err := model.AppendMerged(nil, p.Labels, extra)
					if err != nil {
						t.Fatal(err)
					}
					p.Labels = l
					with.points = append(with.points, p)
				}
				merged = append(merged, with)
			}
			if len(plain) < 5 {
				t.Fatalf("only %d families have the same label names in all series", len(plain))
			}
			want, _ := write(t, opts, merged)
			for _, batch := range []bool{false, true} {
				if got := writeCommon(t, opts, plain, extra, batch); !bytes.Equal(got, want) {
					t.Errorf("%s, in batches: %t", name, batch)
					compare(t, got, want)
				}
			}
		}
	}
}

func sameNames(points []model.Point) bool {
	names := points[0].Labels.AppendNames(nil)
	for i := range points {
		if !names.Has(points[i].Labels) {
			return false
		}
	}
	return true
}

// writeCommon is write with labels added to the points of all families.
func writeCommon(t *testing.T, opts encode.Options, families []*family, extra []model.Label, batch bool) []byte {
	t.Helper()
	var buf bytes.Buffer
	e := encode.NewEncoder(&buf, opts)
	defer e.Release()
	for _, f := range families {
		if err := e.Family(&f.Family); err != nil {
			t.Fatal(err)
		}
		s, err := model.NewSplicer(f.points[0].Labels, extra)
		if err != nil {
			t.Fatal(err)
		}
		if !e.Common(s) {
			t.Fatal("the encoder does not add labels")
		}
		for rest := f.points; len(rest) > 0; {
			n := 0
			if batch {
				n, _ = e.Batch(rest) // Errors are about points that write omits as well.
			} else {
				_ = e.Point(&rest[0])
			}
			rest = rest[min(n+1, len(rest)):]
		}
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}
