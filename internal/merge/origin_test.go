package merge_test

import (
	"fmt"
	"testing"

	"github.com/luxfi/metric/internal/merge"
	"github.com/luxfi/metric/internal/model"
)

// originRecorder is a recorder that takes origins.
type originRecorder struct{ recorder }

func (r *originRecorder) Origin(origin any) error { return r.call(fmt.Sprint(r.family.Name, origin)) }

// TestOrigins checks that a sink that takes origins gets them in place of their points and may return
// errors, and that other sinks get the points.
func TestOrigins(t *testing.T) {
	gauge := family(model.Gauge, "g")
	samples := of(gauge, at("c", 3), at("a", 1), at("a", 2))
	samples[0].Origin, samples[1].Origin, samples[2].Origin = " of c", " of a", " of another a"
	other := of(gauge, at("d", 4))
	for name, test := range map[string]struct {
		natives      []merge.Native
		want, origin []string
	}{
		"foreign": {
			nil,
			[]string{"# g gauge", `g{l="a"} 1`, `g{l="c"} 3`, `g{l="d"} 4`},
			[]string{"# g gauge", "g of a", "g of c", `g{l="d"} 4`},
		},
		"mixed": {
			[]merge.Native{native(gauge, []model.Point{at("b", 5), at("c", 6)})},
			[]string{"# g gauge", `g{l="a"} 1`, `g{l="b"} 5`, `g{l="c"} 6`, `g{l="d"} 4`},
			[]string{"# g gauge", "g of a", `g{l="b"} 5`, `g{l="c"} 6`, `g{l="d"} 4`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			in := merge.Input{Natives: test.natives, Batches: []merge.Batch{batch(samples...), batch(other...)}}
			lines, _ := run(t, in)
			compare(t, "written without origins", lines, test.want)
			in.Report = func(merge.Finding) {}
			for healthy := range len(test.origin) + 1 {
				r := &originRecorder{recorder{healthy: healthy}}
				if err := merge.Families(in, r); (err != nil) != (healthy < len(test.origin)) {
					t.Errorf("a sink that fails after %d calls makes the error %v", healthy, err)
				}
				compare(t, "written with origins", r.lines, test.origin[:healthy])
			}
		})
	}
}
