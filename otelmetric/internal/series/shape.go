package series

import (
	"hash/maphash"
	"slices"
	"strings"
	"sync/atomic"
	"unsafe"

	"go.opentelemetry.io/otel/attribute"

	"github.com/luxfi/metric/internal/instrument"
	"github.com/luxfi/metric/otelmetric/internal/translate"
)

// shape is a list of attribute keys, in the order in which measurements have them, and the vector that
// contains their series. Vectors identify label values by position, so finding a series needs no label
// names.
type shape[C any, P instrument.Child[C]] struct {
	keys   []attribute.Key
	labels []translate.Label
	vec    *instrument.Vec[C, P] // nil if the limit leaves no room for a vector
}

// inlineLabels is the maximum number of label values that are assembled without allocating.
const inlineLabels = 12

// has reports whether the attributes have the keys of s, in the same order.
func (s *shape[C, P]) has(attributes []attribute.KeyValue) bool {
	if len(s.keys) != len(attributes) {
		return false
	}
	for i := range attributes {
		if s.keys[i] != attributes[i].Key {
			return false
		}
	}
	return true
}

// get returns the series of attributes that have the keys of s, or nil if the series does not exist. It
// allocates only for more than inlineLabels labels, and for values that do not fit into the scratch memory,
// such as lists.
func (s *shape[C, P]) get(attributes []attribute.KeyValue) P {
	var (
		values  [inlineLabels]string
		scratch [64]byte
	)
	text := scratch[:0]
	if len(s.labels) > len(values) {
		return s.series(s.values(attributes))
	}
	for i := range s.labels {
		if keys := s.labels[i].Keys; len(keys) == 1 && keys[0] >= 0 {
			if v := &attributes[keys[0]].Value; v.Type() == attribute.STRING {
				values[i] = v.AsString()
				continue
			}
		}
		// Strings that share memory with scratch do not make it escape if they are put into an array of
		// this function.
		start := len(text)
		text = s.append(text, i, attributes)
		values[i] = unsafe.String(unsafe.SliceData(text[start:]), len(text)-start)
	}
	return s.series(values[:len(s.labels)])
}

// series returns the series with the given label values, or nil if it does not exist.
func (s *shape[C, P]) series(values []string) P {
	if s.vec == nil {
		return nil
	}
	if e := s.vec.Plain.Get(values); e != nil {
		return &e.Child
	}
	return nil
}

// values returns the label values of attributes that have the keys of s.
func (s *shape[C, P]) values(attributes []attribute.KeyValue) []string {
	values := make([]string, len(s.labels))
	for i := range values {
		values[i] = string(s.append(nil, i, attributes))
	}
	return values
}

// append appends the value of label i.
func (s *shape[C, P]) append(text []byte, i int, attributes []attribute.KeyValue) []byte {
	for n, key := range s.labels[i].Keys {
		if n > 0 {
			text = append(text, ';')
		}
		if key == translate.Constant {
			text = append(text, s.labels[i].Constant...)
		} else {
			text = translate.AppendValue(text, attributes[key].Value)
		}
	}
	return text
}

// names returns the names of the labels.
func (s *shape[C, P]) names() []string {
	names := make([]string, len(s.labels))
	for i := range names {
		names[i] = s.labels[i].Name
	}
	return names
}

// shapes are the shapes of an index. Most indexes have one or two shapes; find compares them one by one. If
// there are more, it uses a hash.
type shapes[C any, P instrument.Child[C]] struct {
	known atomic.Pointer[knownShapes[C, P]]
}

// knownShapes is an immutable list of shapes.
type knownShapes[C any, P instrument.Child[C]] struct {
	list   []*shape[C, P]
	byHash map[uint64][]*shape[C, P] // nil for short lists
}

const (
	fewShapes = 8
	maxShapes = 1024 // Further shapes are made again for each measurement.
)

// find returns the shape of attributes, or nil.
func (s *shapes[C, P]) find(attributes []attribute.KeyValue) *shape[C, P] {
	known := s.known.Load()
	if known == nil {
		return nil
	}
	list := known.list
	if known.byHash != nil {
		list = known.byHash[hashOf(len(attributes), func(i int) attribute.Key { return attributes[i].Key })]
	}
	for _, one := range list {
		if one.has(attributes) {
			return one
		}
	}
	return nil
}

// add adds a shape, unless it is already known or there are too many. The shape must not change afterwards.
// add must not be called concurrently.
func (s *shapes[C, P]) add(one *shape[C, P]) {
	var list []*shape[C, P]
	if known := s.known.Load(); known != nil {
		list = known.list
	}
	if len(list) == maxShapes || slices.ContainsFunc(list, func(other *shape[C, P]) bool { return slices.Equal(other.keys, one.keys) }) {
		return
	}
	known := &knownShapes[C, P]{list: append(slices.Clip(list), one)}
	if len(known.list) > fewShapes {
		known.byHash = make(map[uint64][]*shape[C, P], len(known.list))
		for _, one := range known.list {
			h := hashOf(len(one.keys), func(i int) attribute.Key { return one.keys[i] })
			known.byHash[h] = append(known.byHash[h], one)
		}
	}
	s.known.Store(known)
}

var seed = maphash.MakeSeed()

// hashOf returns a hash of n keys.
func hashOf(n int, key func(i int) attribute.Key) (h uint64) {
	for i := range n {
		h = h*31 + maphash.String(seed, string(key(i)))
	}
	return h
}

// keysOf returns copies of the keys.
func keysOf(attributes []attribute.KeyValue) []attribute.Key {
	keys := make([]attribute.Key, len(attributes))
	for i := range attributes {
		keys[i] = attribute.Key(strings.Clone(string(attributes[i].Key)))
	}
	return keys
}
