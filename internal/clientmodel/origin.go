package clientmodel

import (
	dto "github.com/prometheus/client_model/go"

	"github.com/luxfi/metric/internal/model"
)

// Origin returns m, which p was decoded from as a value of type t, as the origin of a
// sample: a Builder hands it on instead of making it again. It returns nil if that would
// not come to the same. m then belongs to the builder. What m points to may belong to
// whoever has written it, and must not be modified, as always with metrics.
func Origin(m *dto.Metric, t model.Type, p *model.Point) any {
	if !isCanonical(m, t, p) {
		return nil
	}
	return m
}

// isCanonical reports whether m is what EncodePoint makes of p.
func isCanonical(m *dto.Metric, t model.Type, p *model.Point) bool {
	for i, pair := range m.Label {
		if pair.Value == nil || i > 0 && pair.GetName() < m.Label[i-1].GetName() {
			return false
		}
	}
	// Of several values, only one counts.
	var gauge, counter, untyped bool
	switch t {
	case model.Gauge:
		gauge = m.Gauge != nil && m.Gauge.Value != nil
	case model.Counter:
		c := m.Counter
		counter = c != nil && c.Value != nil && c.Exemplar == nil && p.Created.Valid == (c.CreatedTimestamp != nil)
	case model.Untyped:
		untyped = m.Untyped != nil && m.Untyped.Value != nil
	default:
		return false // It would have to be found out whether all buckets are there, and in order.
	}
	return gauge == (m.Gauge != nil) && counter == (m.Counter != nil) && untyped == (m.Untyped != nil) &&
		m.Summary == nil && m.Histogram == nil && (gauge || counter || untyped)
}
