package parse_test

import (
	"bytes"
	"cmp"
	"slices"
	"strings"
	"testing"

	common "github.com/prometheus/common/model"

	"github.com/luxfi/metric/internal/encode"
	"github.com/luxfi/metric/internal/merge"
	"github.com/luxfi/metric/internal/model"
	"github.com/luxfi/metric/internal/parse"
)

// sink passes points on to an encoder in batches.
type sink struct{ *encode.Encoder }

func (s sink) Batch(points []model.Point) error {
	_, err := s.Encoder.Batch(points)
	return err
}

// TestServedAsRead checks that merging the sources and writing them in the original format reproduces
// the body.
func TestServedAsRead(t *testing.T) {
	families := slices.DeleteFunc(corpus(), func(f family) bool { return strings.HasSuffix(f.Name, "_scattered") })
	slices.SortFunc(families, func(a, b family) int { return cmp.Compare(a.Name, b.Name) })
	for _, f := range formats {
		body, _ := written(t, f.in, families, true)
		x, err := parse.Read(f.in, []byte(body), parse.Limits{}, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		var in merge.Input
		for _, source := range x.Sources {
			in.Natives = append(in.Natives, merge.Native{Family: source.Family(), Sources: []model.Source{source}})
		}
		slices.SortFunc(in.Natives, func(a, b merge.Native) int { return cmp.Compare(a.Family.Name, b.Family.Name) })
		in.Report = func(finding merge.Finding) { t.Errorf("%s: %v", f.name, finding.Err) }
		var buf bytes.Buffer
		e := encode.NewEncoder(&buf, encode.Options{Format: f.out, Escaping: common.NoEscaping, CreatedLines: true})
		if err := merge.Families(in, sink{e}); err != nil {
			t.Fatal(err)
		}
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
		e.Release()
		diff(t, buf.String(), body)
	}
}
