package encode

import (
	"strconv"
	"strings"

	"github.com/luxfi/metric/internal/model"
)

// openMetrics is OpenMetrics 1.0.0, see
// https://github.com/prometheus/OpenMetrics/blob/v1.0.0/specification/OpenMetrics.md.
type openMetrics struct{}

// describe removes _total from a counter's name and _info from an info family's name. A family without
// its suffix would be invalid, so it is written as a family of unknown type or as a gauge,
// respectively.
func (openMetrics) describe(f *model.Family, name string) (base, typeName string) {
	base = baseOf(f, name)
	switch f.Type {
	case model.Counter:
		if base == name {
			return name, "unknown"
		}
		return base, "counter"
	case model.Gauge:
		return base, "gauge"
	case model.Summary:
		return base, "summary"
	case model.Histogram:
		return base, "histogram"
	case model.GaugeHistogram:
		return base, "gaugehistogram"
	case model.Info:
		if base == name {
			return name, "gauge"
		}
		return base, "info"
	case model.StateSet:
		return base, "stateset"
	default:
		return base, "unknown"
	}
}

func (openMetrics) unit(f *model.Family, base string) string { return unitOf(f, base) }

func (openMetrics) appendHelp(buf []byte, help string) []byte {
	return model.AppendEscaped(buf, help)
}

func (openMetrics) appendFloat(buf []byte, v float64) []byte { return appendFloatWithPoint(buf, v) }

func (openMetrics) appendCount(buf []byte, n uint64, _ float64) []byte {
	return strconv.AppendUint(buf, n, 10)
}

func (openMetrics) appendTimestamp(buf []byte, ms int64) []byte {
	return appendFloatWithPoint(buf, float64(ms)/1000)
}

// appendExemplar omits an exemplar without labels, because it refers to nothing. It also omits an
// exemplar with a NUL: Prometheus accepts NUL in other labels, but here it makes the whole exposition
// unreadable.
func (openMetrics) appendExemplar(buf []byte, e *model.Exemplar, labels model.Labels) []byte {
	text := labels.Text()
	if text == "" || strings.IndexByte(text, 0) >= 0 {
		return buf
	}
	buf = append(buf, " # {"...)
	buf = append(buf, text...)
	buf = append(buf, '}', ' ')
	buf = appendFloatWithPoint(buf, e.Value)
	if e.Timestamp.Valid {
		buf = append(buf, ' ')
		buf = appendFloatWithPoint(buf, seconds(e.Timestamp))
	}
	return buf
}

func (openMetrics) trailer() string { return "# EOF\n" }
