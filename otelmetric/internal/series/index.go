// Package series finds the series of attribute sets.
package series

import (
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"go.opentelemetry.io/otel/attribute"

	"github.com/luxfi/metric/internal/instrument"
	"github.com/luxfi/metric/otelmetric/internal/translate"
)

// overflow is the attribute of the series that takes the measurements beyond the limit.
const overflow = attribute.Key("otel.metric.overflow")

// Config configures an [Index].
type Config[C any, P instrument.Child[C]] struct {
	Names  translate.Names
	Others map[string]string // labels that series have in addition to attributes; see [translate.Names.Labels]
	Filter attribute.Filter  // reports whether an attribute becomes a label; nil for all
	Limit  int               // maximum number of series, including the overflow series; 0 for any number

	// Vec returns a vector of series with the given label names. If it also returns an error, the series
	// exist but are not exposed. The index calls Vec once for each list of names and holds its lock
	// meanwhile.
	Vec func(names []string) (*instrument.Vec[C, P], error)
	// Report receives the errors of Vec. The index holds no lock when it calls Report.
	Report func(error)
}

// Index finds the series of an instrument by their attributes. Attributes that are translated to the same
// labels have the same series. An Index is safe for concurrent use. Finding an existing series takes no
// lock.
//
// If a program uses an attribute set repeatedly, the index finds its series by the memory of the set (see
// [ready]). For other sets, the keys determine a vector (see [shape]), and the values determine a series in
// that vector.
type Index[C any, P instrument.Child[C]] struct {
	config Config[C, P]
	ready  ready[C]
	shapes shapes[C, P]

	// mu guards writes to the fields below.
	mu       sync.Mutex
	vecs     map[string]*instrument.Vec[C, P] // vectors by label names
	count    int                              // number of series, without the overflow series
	overflow atomic.Pointer[C]                // nil until it is needed
	full     atomic.Bool                      // whether the limit has been reached; never reset
}

// New returns an index without series.
func New[C any, P instrument.Child[C]](config Config[C, P]) *Index[C, P] {
	return &Index[C, P]{config: config, vecs: make(map[string]*instrument.Vec[C, P])}
}

// Of returns the series of a set.
func (x *Index[C, P]) Of(set *attribute.Set) P {
	if c := x.ready.get(set); c != nil {
		return c
	}
	attributes, ok := view(set)
	if !ok {
		attributes = set.ToSlice()
	}
	c := x.find(attributes)
	x.ready.note(set, c)
	return c
}

// OfRaw returns the series of attributes in any order. If several attributes have the same key, the last
// one counts. OfRaw does not retain the slice.
func (x *Index[C, P]) OfRaw(attributes []attribute.KeyValue) P {
	if needSet(attributes) {
		set := attribute.NewSet(slices.Clone(attributes)...)
		return x.Of(&set)
	}
	return x.find(attributes)
}

// maxCompared is the maximum number of attributes whose keys are compared with each other. For more
// attributes, making a set is faster.
const maxCompared = 64

// needSet reports whether several attributes may have the same key, so that a set must be made of them.
func needSet(attributes []attribute.KeyValue) bool {
	if len(attributes) > maxCompared {
		return true
	}
	for i := range attributes {
		for j := range i {
			if attributes[i].Key == attributes[j].Key {
				return true
			}
		}
	}
	return false
}

// find returns the series of attributes whose keys are different.
func (x *Index[C, P]) find(attributes []attribute.KeyValue) P {
	if n := x.countKept(attributes); n < len(attributes) {
		var inline [inlineLabels]attribute.KeyValue
		return x.findKept(x.kept(attributes, n, inline[:0]))
	}
	return x.findKept(attributes)
}

// findKept is find for attributes that all become labels.
func (x *Index[C, P]) findKept(attributes []attribute.KeyValue) P {
	s := x.shapes.find(attributes)
	if s != nil {
		if c := s.get(attributes); c != nil {
			return c
		}
	}
	return x.create(s, attributes)
}

// countKept returns the number of attributes before the first one that does not become a label.
func (x *Index[C, P]) countKept(attributes []attribute.KeyValue) int {
	for i := range attributes {
		if !x.keeps(&attributes[i]) {
			return i
		}
	}
	return len(attributes)
}

// kept appends the attributes that become labels to buf. The first n attributes do, and the next one does
// not.
func (x *Index[C, P]) kept(attributes []attribute.KeyValue, n int, buf []attribute.KeyValue) []attribute.KeyValue {
	buf = append(buf, attributes[:n]...)
	for i := n + 1; i < len(attributes); i++ {
		if x.keeps(&attributes[i]) {
			buf = append(buf, attributes[i])
		}
	}
	return buf
}

// keeps reports whether an attribute becomes a label. An attribute with an empty value does not, because
// Prometheus treats an empty label like a missing one.
func (x *Index[C, P]) keeps(kv *attribute.KeyValue) bool {
	return !isEmpty(&kv.Value) && (x.config.Filter == nil || x.config.Filter(*kv))
}

// isEmpty reports whether a value is translated to an empty text.
func isEmpty(v *attribute.Value) bool {
	switch v.Type() {
	case attribute.STRING:
		return v.AsString() == ""
	case attribute.BYTESLICE:
		return v.String() == ""
	case attribute.EMPTY:
		return true
	default:
		return false
	}
}

// create returns the series of attributes that find has not found. s is their shape, or nil if it is
// unknown.
func (x *Index[C, P]) create(s *shape[C, P], attributes []attribute.KeyValue) P {
	known := s != nil
	if !known {
		keys := keysOf(attributes)
		s = &shape[C, P]{keys: keys, labels: x.config.Names.Labels(keys, x.config.Others)}
	}
	values := s.values(attributes)
	if known && x.full.Load() {
		if c := s.series(values); c != nil { // The series exists after all: the attributes are not valid UTF-8.
			return c
		}
		return x.Overflow()
	}
	x.mu.Lock()
	c, err := x.createLocked(s, values)
	if !known {
		x.shapes.add(s)
	}
	x.mu.Unlock()
	if err != nil {
		x.config.Report(err)
	}
	return c
}

// createLocked is create for label values. The caller holds mu. createLocked may return both a series and
// an error.
func (x *Index[C, P]) createLocked(s *shape[C, P], values []string) (c P, err error) {
	names := s.names()
	id := strings.Join(names, "\xff")
	if s.vec == nil { // A shape without a vector is new. Shapes with one are read without the lock.
		s.vec = x.vecs[id]
	}
	if c := s.series(values); c != nil {
		return c, nil
	}
	if x.config.Limit > 0 && x.count >= x.config.Limit-1 {
		x.full.Store(true)
		return x.overflowSeries()
	}
	if s.vec == nil {
		s.vec, err = x.config.Vec(names)
		x.vecs[id] = s.vec
	}
	x.count++
	return mustGet(s.vec, values), err
}

// Overflow returns the series for measurements beyond the limit.
func (x *Index[C, P]) Overflow() P {
	if c := x.overflow.Load(); c != nil {
		return c
	}
	x.mu.Lock()
	c, err := x.overflowSeries()
	x.mu.Unlock()
	if err != nil {
		x.config.Report(err)
	}
	return c
}

// overflowSeries is Overflow. The caller holds mu.
func (x *Index[C, P]) overflowSeries() (c P, err error) {
	if c := x.overflow.Load(); c != nil {
		return c, nil
	}
	name := x.config.Names.Labels([]attribute.Key{overflow}, nil)[0].Name
	vec := x.vecs[name]
	if vec == nil {
		vec, err = x.config.Vec([]string{name})
		x.vecs[name] = vec
	}
	c = mustGet(vec, []string{"true"})
	x.overflow.Store(c)
	return c, err
}

// mustGet returns the series with the given values: one valid UTF-8 string for each label.
func mustGet[C any, P instrument.Child[C]](vec *instrument.Vec[C, P], values []string) P {
	c, err := vec.Get(values)
	if err != nil {
		panic("BUG: label values that do not fit: " + err.Error())
	}
	return c
}
