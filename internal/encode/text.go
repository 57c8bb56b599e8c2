package encode

import (
	"strconv"

	"github.com/luxfi/metric/internal/model"
)

// text is the Prometheus text format 0.0.4. It has no exemplars, units or gauge histograms, and writes
// info families and state sets as gauges.
type text struct{}

func (text) describe(f *model.Family, name string) (base, typeName string) {
	switch f.Type {
	case model.Counter:
		return name, "counter"
	case model.Gauge, model.Info, model.StateSet:
		return name, "gauge"
	case model.Summary:
		return name, "summary"
	case model.Histogram, model.GaugeHistogram:
		return name, "histogram"
	default:
		return name, "untyped"
	}
}

func (text) unit(*model.Family, string) string { return "" }

// appendHelp escapes backslashes and newlines, but not double quotes.
func (text) appendHelp(buf []byte, help string) []byte {
	start := 0
	for i := 0; i < len(help); i++ {
		escape := help[i]
		switch escape {
		case '\\':
		case '\n':
			escape = 'n'
		default:
			continue
		}
		buf = append(buf, help[start:i]...)
		buf = append(buf, '\\', escape)
		start = i + 1
	}
	return append(buf, help[start:]...)
}

func (text) appendFloat(buf []byte, v float64) []byte { return appendFloat(buf, v) }

func (text) appendCount(buf []byte, n uint64, float float64) []byte {
	if float == 0 {
		float = float64(n)
	}
	return appendFloat(buf, float)
}

func (text) appendTimestamp(buf []byte, ms int64) []byte { return strconv.AppendInt(buf, ms, 10) }

func (text) appendExemplar(buf []byte, _ *model.Exemplar, _ model.Labels) []byte { return buf }

func (text) trailer() string { return "" }
