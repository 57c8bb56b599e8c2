package encode_test

import (
	"strings"
	"testing"

	common "github.com/prometheus/common/model"

	"github.com/luxfi/metric/internal/encode"
	"github.com/luxfi/metric/internal/model"
)

// TestColonInLabelName checks that a label name with a colon is escaped or quoted. expfmt does not
// escape it, and Prometheus then refuses the scrape.
func TestColonInLabelName(t *testing.T) {
	fam := &family{model.Family{Name: "a:b", Type: model.Gauge}, []model.Point{{Labels: labels("c:d.e", "f:g"), Value: 1}}}
	for scheme, want := range map[common.EscapingScheme]string{
		common.NoEscaping:            `a:b{"c:d.e"="f:g"} 1`,
		common.UnderscoreEscaping:    `a:b{c_d_e="f:g"} 1`,
		common.DotsEscaping:          `a:b{c__d_dot_e="f:g"} 1`,
		common.ValueEncodingEscaping: `a:b{U__c_3a_d_2e_e="f:g"} 1`,
	} {
		out, refused := write(t, encode.Options{Escaping: scheme}, []*family{fam})
		if refused != 0 || !strings.Contains(string(out), "\n"+want+"\n") {
			t.Errorf("%s: refused %d, got\n%swant\n%s", scheme, refused, out, want)
		}
	}
}
