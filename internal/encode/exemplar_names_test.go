package encode_test

import (
	"strings"
	"testing"

	common "github.com/prometheus/common/model"

	"github.com/luxfi/metric/internal/encode"
	"github.com/luxfi/metric/internal/model"
)

// TestExemplarNames checks that the label names of exemplars are escaped like all others, and that an
// exemplar is omitted from its sample if two of its labels would have the same name.
func TestExemplarNames(t *testing.T) {
	for _, test := range []struct {
		name     string
		escaping common.EscapingScheme
		labels   model.Labels
		want     string
	}{
		{"plain", common.UnderscoreEscaping, labels("trace_id", "1"), ` # {trace_id="1"} 2.0`},
		{"not escaped", common.NoEscaping, labels("trace.id", "1"), ` # {"trace.id"="1"} 2.0`},
		{"underscores", common.UnderscoreEscaping, labels("trace.id", "1"), ` # {trace_id="1"} 2.0`},
		{"dots", common.DotsEscaping, labels("trace.id", "1"), ` # {trace_dot_id="1"} 2.0`},
		{"values", common.ValueEncodingEscaping, labels("trace.id", "1"), ` # {U__trace_2e_id="1"} 2.0`},
		{"merged", common.UnderscoreEscaping, labels("trace.id", "1", "trace_id", "2"), ""},
		{"not merged", common.NoEscaping, labels("trace.id", "1", "trace_id", "2"), ` # {"trace.id"="1",trace_id="2"} 2.0`},
	} {
		t.Run(test.name, func(t *testing.T) {
			e := &model.Exemplar{Labels: test.labels, Value: 2}
			families := []*family{
				{model.Family{Name: "c_total", Type: model.Counter}, []model.Point{{Labels: labels("l.m", "x"), Value: 1, Exemplar: e}}},
				{model.Family{Name: "h", Type: model.Histogram}, []model.Point{{Histogram: &model.HistogramValue{
					Count: 1, Buckets: []model.Bucket{{UpperBound: 1, Count: 1, Exemplar: e}},
					Native: &model.NativeHistogram{Schema: 1, Exemplars: []*model.Exemplar{e}},
				}}}},
			}
			out, refused := write(t, encode.Options{Format: encode.OpenMetrics, Escaping: test.escaping}, families)
			if n := strings.Count(string(out), "} 1.0"+test.want+"\n") + strings.Count(string(out), "} 1"+test.want+"\n"); refused != 0 || n < 2 {
				t.Errorf("%d refused, got\n%s", refused, out)
			}
			same(t, encode.Options{Format: encode.Protobuf, Escaping: test.escaping}, families)
		})
	}
}
