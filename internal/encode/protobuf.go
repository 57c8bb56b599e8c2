package encode

import "github.com/luxfi/metric/internal/model"

// The fields of the messages in io/prometheus/client/metrics.proto. They are written in the order of
// their numbers, as Go's protobuf library does.
const (
	familyName   = 1
	familyHelp   = 2
	familyType   = 3
	familyMetric = 4
	familyUnit   = 5

	metricLabel       = 1
	metricGauge       = 2
	metricCounter     = 3
	metricSummary     = 4
	metricUntyped     = 5
	metricTimestampMs = 6
	metricHistogram   = 7

	labelName  = 1
	labelValue = 2

	sampleValue     = 1 // in Gauge, Counter and Untyped
	counterExemplar = 2
	counterCreated  = 3

	sampleCount = 1 // in Histogram and Summary
	sampleSum   = 2

	summaryQuantile = 3
	summaryCreated  = 4
	quantileAt      = 1
	quantileValue   = 2

	exemplarLabel     = 1
	exemplarValue     = 2
	exemplarTimestamp = 3

	timestampSeconds = 1
	timestampNanos   = 2
)

// appendFamily appends the fields of a family that precede its metrics.
func appendFamily(buf []byte, f *model.Family, name string) []byte {
	buf = appendString(buf, familyName, name)
	if !f.NoHelp {
		buf = appendString(buf, familyHelp, helpOf(f))
	}
	return appendUint(buf, familyType, typeNumber(f.Type))
}

// typeNumber returns the value in the enum MetricType.
func typeNumber(t model.Type) uint64 {
	switch t {
	case model.Counter:
		return 0
	case model.Gauge, model.Info, model.StateSet:
		return 1
	case model.Summary:
		return 2
	case model.Histogram:
		return 4
	case model.GaugeHistogram:
		return 5
	default:
		return 3
	}
}

// appendMetric appends a point as a metric of its family.
func (m *messages) appendMetric(buf []byte, typ model.Type, p *model.Point, labels model.Labels) []byte {
	buf, start := appendOpen(buf, familyMetric)
	buf = m.labels.append(buf, labels)
	switch typ {
	case model.Gauge, model.Info, model.StateSet:
		buf = appendValue(buf, metricGauge, p.Value)
	case model.Counter:
		buf = m.appendCounter(buf, p)
	case model.Summary:
		buf = appendSummary(buf, p)
	case model.Histogram, model.GaugeHistogram:
		// Its field 7 comes after the timestamp.
	default:
		buf = appendValue(buf, metricUntyped, p.Value)
	}
	if p.HasTimestamp {
		buf = appendUint(buf, metricTimestampMs, uint64(p.TimestampMs))
	}
	if typ == model.Histogram || typ == model.GaugeHistogram {
		buf = m.appendHistogram(buf, p)
	}
	return closeAt(buf, start)
}

func appendValue(buf []byte, field byte, v float64) []byte {
	buf, start := appendOpen(buf, field)
	buf = appendDouble(buf, sampleValue, v)
	return closeAt(buf, start)
}

func (m *messages) appendCounter(buf []byte, p *model.Point) []byte {
	buf, start := appendOpen(buf, metricCounter)
	buf = appendDouble(buf, sampleValue, p.Value)
	if p.Exemplar != nil {
		buf = m.appendExemplar(buf, p.Exemplar, counterExemplar)
	}
	if p.Created.Valid {
		buf = appendInstant(buf, counterCreated, p.Created)
	}
	return closeAt(buf, start)
}

func appendSummary(buf []byte, p *model.Point) []byte {
	s := p.Summary
	buf, start := appendOpen(buf, metricSummary)
	buf = appendUint(buf, sampleCount, s.Count)
	buf = appendDouble(buf, sampleSum, s.Sum)
	for i := range s.Quantiles {
		var inner int
		buf, inner = appendOpen(buf, summaryQuantile)
		buf = appendDouble(buf, quantileAt, s.Quantiles[i].Quantile)
		buf = appendDouble(buf, quantileValue, s.Quantiles[i].Value)
		buf = closeAt(buf, inner)
	}
	if p.Created.Valid {
		buf = appendInstant(buf, summaryCreated, p.Created)
	}
	return closeAt(buf, start)
}

// appendExemplar appends an exemplar as a field.
func (m *messages) appendExemplar(buf []byte, e *model.Exemplar, field byte) []byte {
	labels, ok := m.exemplars.exemplar(e)
	if !ok {
		return buf
	}
	buf, start := appendOpen(buf, field)
	buf = appendExemplarFields(buf, e, labels)
	return closeAt(buf, start)
}

func appendExemplarFields(buf []byte, e *model.Exemplar, labels model.Labels) []byte {
	for c := labels.Cursor(); c.Next(); {
		buf = appendLabel(buf, exemplarLabel, &c)
	}
	buf = appendDouble(buf, exemplarValue, e.Value)
	if e.Timestamp.Valid {
		buf = appendInstant(buf, exemplarTimestamp, e.Timestamp)
	}
	return buf
}
