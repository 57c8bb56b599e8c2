package clientmodel

import (
	dto "github.com/prometheus/client_model/go"

	"github.com/luxfi/metric/internal/model"
)

// Origin returns m as the origin of p, or nil if encoding p would not give m again. p must have been decoded
// from m as a value of type t. A [Builder] returns the origin of a point instead of encoding the point, so m
// belongs to the builder. The memory that m refers to may belong to the code that wrote it and, as with all
// metrics, must not be modified.
func Origin(m *dto.Metric, t model.Type, p *model.Point) any {
	if !isCanonical(m, t, p) {
		return nil
	}
	return m
}

// isCanonical reports whether m equals the result of EncodePoint for p.
func isCanonical(m *dto.Metric, t model.Type, p *model.Point) bool {
	for i, pair := range m.Label {
		if pair.Value == nil || i > 0 && pair.GetName() < m.Label[i-1].GetName() {
			return false
		}
	}
	// Of several values, only one is used.
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
		return false // It would take too long to check that all buckets are there, in order.
	}
	return gauge == (m.Gauge != nil) && counter == (m.Counter != nil) && untyped == (m.Untyped != nil) &&
		m.Summary == nil && m.Histogram == nil && (gauge || counter || untyped)
}
