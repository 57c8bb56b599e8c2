package series

import (
	"slices"

	"go.opentelemetry.io/otel/attribute"
)

// Lookup returns the series of a set, or nil if the series does not exist. Unlike [Index.Of], it
// creates no series and reports no errors.
func (x *Index[C, P]) Lookup(set *attribute.Set) P {
	if c := x.ready.get(set); c != nil {
		return c
	}
	attributes, ok := view(set)
	if !ok {
		attributes = set.ToSlice()
	}
	c := x.lookup(attributes)
	if c != nil {
		x.ready.note(set, c)
	}
	return c
}

// LookupRaw is like [Index.Lookup], but takes a slice of attributes, like [Index.OfRaw].
func (x *Index[C, P]) LookupRaw(attributes []attribute.KeyValue) P {
	if needSet(attributes) {
		set := attribute.NewSet(slices.Clone(attributes)...)
		return x.Lookup(&set)
	}
	return x.lookup(attributes)
}

// lookup returns the series of attributes, or nil if the series does not exist. No two attributes
// may have the same key.
func (x *Index[C, P]) lookup(attributes []attribute.KeyValue) P {
	if n := x.countKept(attributes); n < len(attributes) {
		var inline [inlineLabels]attribute.KeyValue
		attributes = x.kept(attributes, n, inline[:0])
	}
	s := x.shapes.find(attributes)
	if s == nil {
		return nil
	}
	return s.get(attributes)
}
