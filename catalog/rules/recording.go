package rules

import (
	"strconv"
	"strings"

	"github.com/luxfi/metric/catalog"
	"github.com/luxfi/metric/internal/promql"
)

// record adds the recording rules of a family. Their names follow the convention level:metric:operations.
func (m *maker) record(f *catalog.Family) {
	base := "job:" + promql.Sanitize(strings.TrimSuffix(f.Name, "_total"))
	switch f.Type {
	case catalog.Counter:
		m.add(base+":rate"+m.window, "sum by (job) ("+m.rate(f.Name)+")")
	case catalog.Histogram:
		m.add(base+"_count:rate"+m.window, m.countRate(f, "job"))
		for _, q := range m.opts.Quantiles {
			rank := strconv.FormatFloat(q, 'g', -1, 64)
			percent := strings.NewReplacer(".", "_", "-", "_").Replace(strconv.FormatFloat(q*100, 'g', 6, 64))
			m.add(base+":p"+percent+"_"+m.window, either(f,
				"histogram_quantile("+rank+", sum by (job) ("+m.rate(f.Name)+"))",
				"histogram_quantile("+rank+", sum by (job, le) ("+m.rate(f.Name+"_bucket")+"))"))
		}
	case catalog.Summary:
		m.add(base+"_count:rate"+m.window, "sum by (job) ("+m.rate(f.Name+"_count")+")")
		m.add(base+":mean"+m.window, "sum by (job) ("+m.rate(f.Name+"_sum")+")\n  /\nsum by (job) ("+m.rate(f.Name+"_count")+")")
	}
}

func (m *maker) add(name, expr string) {
	m.recording = append(m.recording, Rule{Record: m.unique(name), Expr: expr})
}

// countRate returns the rate of a histogram's observations by the given labels.
func (m *maker) countRate(f *catalog.Family, by string, matchers ...string) string {
	return either(f,
		"histogram_count(sum by ("+by+") ("+m.rate(f.Name, matchers...)+"))",
		"sum by ("+by+") ("+m.rate(f.Name+"_count", matchers...)+")")
}

// either returns the expression for the kind of buckets that the family has. If it has both kinds, the
// configuration of Prometheus decides which of them are stored.
func either(f *catalog.Family, native, classic string) string {
	switch {
	case f.NativeSchema == nil:
		return classic
	case len(f.Buckets) == 0:
		return native
	default:
		return native + "\n  or\n" + classic
	}
}
