package parse_test

import (
	"fmt"
	"testing"

	"github.com/luxfi/metric/internal/model"
	"github.com/luxfi/metric/internal/parse"
)

// TestNothingIsAllocatedForASeries checks that reading and serving many series takes as many
// allocations as reading and serving a few.
func TestNothingIsAllocatedForASeries(t *testing.T) {
	const few, many = 100, 1000
	bodies := make(map[string]func(series int) (parse.Format, []byte))
	for _, f := range formats {
		for _, typ := range []model.Type{model.Counter, model.Gauge, model.Untyped, model.Summary, model.Histogram} {
			bodies[f.name+" "+typ.String()] = func(series int) (parse.Format, []byte) { return f.in, exposition(t, f.out, typ, 1, series) }
		}
	}
	lines := func(format string) func(int) (parse.Format, []byte) {
		return func(series int) (parse.Format, []byte) {
			return parse.Text, []byte(repeat(series, func(i int) string { return fmt.Sprintf(format, i) }))
		}
	}
	bodies["labels in another order"] = lines("a{z=\"1\",b=\"%06d\"} 1 5\n")
	bodies["escaped values"] = lines("a{b=\"%06d\\n\\\\ü\"} 0.123456789012345678\n")
	bodies["blanks"] = lines("a { b = \"%06d\" , } NaN\n")
	bodies["names in quotes"] = lines("{\"a.b\",\"c.d\"=\"%06d\"} 1e-300\n")
	bodies["without a type"] = lines("a_bucket{b=\"%06d\"} +Inf\n")
	bodies["creation times"] = func(series int) (parse.Format, []byte) {
		return parse.OpenMetrics, []byte("# TYPE a counter\n" + repeat(series, func(i int) string {
			return fmt.Sprintf("a_total{b=\"%06d\"} 1.0\na_created{b=\"%06d\"} 1.7000000001234567e+09\n", i, i)
		}) + "# EOF\n")
	}
	for name, body := range bodies {
		t.Run(name, func(t *testing.T) {
			var read, served [2]float64
			for i, series := range [...]int{few, many} {
				f, body := body(series)
				var x *parse.Exposition
				var err error
				read[i] = testing.AllocsPerRun(5, func() { x, err = parse.Read(f, body, parse.Limits{}, nil, nil) })
				if err != nil || len(x.Sources) != 1 || x.Series != series {
					t.Fatalf("got %+v, error %v", x, err)
				}
				var points [8]model.Point
				var scratches [8]model.Scratch
				served[i] = testing.AllocsPerRun(5, func() {
					all := x.Sources[0].Series()
					for i := 0; i < all.Len(); i += len(points) {
						n := min(len(points), all.Len()-i)
						all.(model.Batched).ReadBatch(i, points[:n], scratches[:n])
					}
				})
			}
			const slack = 20
			if read[1] > read[0]+slack || served[1] > served[0]+slack {
				t.Errorf("%d series: %v allocations to read, %v to serve; %d series: %v and %v", few, read[0], served[0], many, read[1], served[1])
			}
		})
	}
}
