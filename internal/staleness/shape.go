package staleness

import (
	"encoding/binary"
	"math"
	"slices"
	"strings"
)

// Shape says which series a point is written as, where the type of its family does not determine that.
// A nil *Shape and the zero Shape both stand for a point that is written as one series with the
// family's name.
type Shape struct {
	// Classic is set for a histogram with classic buckets, and for a summary.
	Classic bool

	// Native is set for a histogram with native buckets.
	Native bool

	// Bounds are the upper bounds of the classic buckets or the quantiles of a summary. Two lists
	// are equal if they have the same bits, so NaN equals itself.
	Bounds []float64

	// States are the names of the states of a state set.
	States []string
}

func (s *Shape) isPlain() bool {
	return s == nil || !s.Classic && !s.Native && len(s.Bounds) == 0 && len(s.States) == 0
}

func (s *Shape) equal(t *Shape) bool {
	return s.Classic == t.Classic && s.Native == t.Native &&
		sameBits(s.Bounds, t.Bounds) &&
		slices.Equal(s.States, t.States)
}

func sameBits(a, b []float64) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if math.Float64bits(a[i]) != math.Float64bits(b[i]) {
			return false
		}
	}
	return true
}

// clone returns a copy of s that shares no memory with it.
func (s *Shape) clone() *Shape {
	c := *s
	c.Bounds = slices.Clone(s.Bounds)
	c.States = slices.Clone(s.States)
	for i, state := range c.States {
		c.States[i] = strings.Clone(state)
	}
	return &c
}

// appendKey appends a text that differs for different shapes.
func (s *Shape) appendKey(key []byte) []byte {
	flags := byte(0)
	if s.Classic {
		flags |= 1
	}
	if s.Native {
		flags |= 2
	}
	key = append(key, flags)
	key = binary.AppendUvarint(key, uint64(len(s.Bounds)))
	for _, bound := range s.Bounds {
		key = binary.LittleEndian.AppendUint64(key, math.Float64bits(bound))
	}
	for _, state := range s.States {
		key = binary.AppendUvarint(key, uint64(len(state)))
		key = append(key, state...)
	}
	return key
}

// shapeID identifies a shape within a section. Zero is not an ID, so that a mark is not zero.
type shapeID uint32

const (
	plainShape shapeID = 1
	firstShape shapeID = 2 // first ID in shapeTable.shapes
)

// plain is the shape with the ID plainShape.
var plain Shape

// shapeTable numbers the shapes of a section. The series of most families share one.
type shapeTable struct {
	shapes []*Shape
	ids    map[string]shapeID // by Shape.appendKey; nil while there are no shapes
	key    []byte
	last   shapeID // last result of id, unless that was zero or plainShape
}

// at returns the shape with the given ID. The caller must not modify it.
func (t *shapeTable) at(id shapeID) *Shape {
	if id == plainShape {
		return &plain
	}
	return t.shapes[id-firstShape]
}

// is reports whether s has the given ID.
func (t *shapeTable) is(id shapeID, s *Shape) bool {
	if s == nil {
		return id == plainShape
	}
	return t.at(id).equal(s)
}

// id returns the ID of s. It copies a new shape.
func (t *shapeTable) id(s *Shape) shapeID {
	if s.isPlain() {
		return plainShape
	}
	if t.last != 0 && t.at(t.last).equal(s) {
		return t.last
	}
	t.key = s.appendKey(t.key[:0])
	id, ok := t.ids[string(t.key)]
	if !ok {
		if t.ids == nil {
			t.ids = make(map[string]shapeID)
		}
		id = firstShape + shapeID(len(t.shapes))
		t.shapes = append(t.shapes, s.clone())
		t.ids[string(t.key)] = id
	}
	t.last = id
	return id
}
