package labelmap

import (
	"hash/maphash"
	"math/bits"
	"strconv"
	"sync/atomic"
	"unsafe"

	"github.com/luxfi/metric/internal/labelstruct"
	"github.com/luxfi/metric/internal/words"
)

// Front finds the series of a map by a struct with their labels. It is a cache in front of the map. It
// compares fields by their memory, without converting integers to text, and contains only the series
// that [Map.Remember] has added. It is safe for concurrent use.
//
// A front never has a series that the map lacks: all operations that remove a series from the map also
// drop the table of the front, which frees everything that the table refers to.
type Front struct {
	fields []keyField

	// Plain is the table if Get can find series, and other is the table if only GetSlowly can. Both are
	// nil while the front is empty.
	plain, other atomic.Pointer[frontTable]

	plan *labelstruct.Plan
}

// keyField is a field of the struct, with the secrets of its hash.
type keyField struct {
	offset uintptr
	kind   labelstruct.Kind
	a, b   uint64
}

const (
	// keyWords is the number of words of a key that belong to one field.
	keyWords = 2
	// fewFields is the number of fields up to which the key of a struct is in a smaller array, which is
	// cleared for each lookup: with 12 words instead of 8, two labels take 2 ns longer.
	fewFields = 4
	// manyFields is the number of fields up to which a lookup does not allocate.
	manyFields = 16
	// longKey marks the second word of the key of a long string.
	longKey = 1 << 63
	// longString is the length from which on a string does not fit into the key.
	longString = 16
)

// NewFront returns an empty front for the structs that plan reads.
func NewFront(plan *labelstruct.Plan) *Front {
	f := &Front{plan: plan}
	for i, field := range plan.Fields {
		n := strconv.Itoa(i)
		f.fields = append(f.fields, keyField{field.Offset, field.Kind, maphash.String(seed, "a"+n), maphash.String(seed, "b"+n)})
	}
	return f
}

// Plan returns the plan of the front.
func (f *Front) Plan() *labelstruct.Plan { return f.plan }

// table returns the table that this front uses.
func (f *Front) table() *atomic.Pointer[frontTable] {
	if f.plan.Calls == 0 && len(f.fields) <= manyFields {
		return &f.plain
	}
	return &f.other
}

// drop removes all series from the front, which may be nil. The caller must hold the mutex of the map.
func (f *Front) drop() {
	if f != nil {
		f.plain.Store(nil)
		f.other.Store(nil)
	}
}

// Get returns the child of the series with the labels in the struct at s. It returns nil if the front
// does not have the series, or if only [Front.GetSlowly] can find it. It takes no lock, does not
// allocate, and calls no method of the struct. A nil front has no series.
func (f *Front) Get(s unsafe.Pointer) unsafe.Pointer {
	if f == nil {
		return nil
	}
	t := f.plain.Load()
	if t == nil {
		return nil
	}
	if len(f.fields) > fewFields {
		return f.getOfMany(t, s, nil)
	}
	var key [keyWords * fewFields]uint64
	child, _ := f.find(t, key[:], s, nil)
	return child
}

func (f *Front) getOfMany(t *frontTable, s unsafe.Pointer, called []string) unsafe.Pointer {
	var key [keyWords * manyFields]uint64
	child, _ := f.find(t, key[:], s, called)
	return child
}

// GetSlowly is [Front.Get] for all structs. called contains the results of the String methods that the
// plan calls.
func (f *Front) GetSlowly(s unsafe.Pointer, called []string) unsafe.Pointer {
	t := f.table().Load()
	switch {
	case t == nil:
		return nil
	case len(f.fields) <= manyFields:
		return f.getOfMany(t, s, called)
	}
	child, _ := f.find(t, make([]uint64, keyWords*len(f.fields)), s, called)
	return child
}

// find writes the key of the struct at s to key, and returns the child of its series, or nil if t,
// which may be nil, does not have it. It also returns the hash of the key.
//
// A field has two words in the key, which represent an integer or a short string exactly. The words of
// a short string are its bytes without gaps, with its length in the highest byte. The words of a long
// string are its hash and its length, and sameLong compares the rest. The multiplications of the fields
// do not depend on each other, so the processor works on several at once. All code is in place because
// a call costs 1 or 2 ns of some 12; see [Map.Get].
func (f *Front) find(t *frontTable, key []uint64, s unsafe.Pointer, called []string) (child unsafe.Pointer, hash uint64) {
	strings := called
	for i := range f.fields {
		field := &f.fields[i]
		v := unsafe.Add(s, field.offset)
		var a, b uint64
		if field.kind == labelstruct.String || field.kind >= labelstruct.CallValue {
			var s string
			if field.kind == labelstruct.String {
				s = *(*string)(v)
			} else {
				s, strings = strings[0], strings[1:]
			}
			n := len(s)
			b = uint64(n) << 56
			switch {
			case n >= longString:
				a, b = maphash.String(seed, s), longKey|uint64(n)
			case n >= 8:
				// Up to seven bytes follow the first eight.
				a, b = words.Load8(s), b|words.Load8(s[n-8:])>>8>>((120-8*uint(n))&63)
			case n >= 4:
				a = words.Load4(s) | words.Load4(s[n-4:])<<32
			case n > 0:
				a = words.Load3(s)
			}
		} else {
			switch field.kind {
			case labelstruct.Int64, labelstruct.Uint64:
				a = *(*uint64)(v)
			case labelstruct.Int32, labelstruct.Uint32:
				a = uint64(*(*uint32)(v))
			case labelstruct.Int16, labelstruct.Uint16:
				a = uint64(*(*uint16)(v))
			default:
				a = uint64(*(*uint8)(v))
			}
		}
		key[keyWords*i], key[keyWords*i+1] = a, b
		hi, lo := bits.Mul64(a^field.a, b^field.b)
		hash = bits.RotateLeft64(hash, 25) ^ hi ^ lo // as in hash
	}
	if t == nil {
		return nil, hash
	}
	key = key[:keyWords*len(f.fields)]
	mask := uint64(len(t.children) - 1)
	for i := hash; ; i++ {
		child := atomic.LoadPointer(&t.children[i&mask])
		if child == nil {
			return nil, hash
		}
		other := t.keys[(i&mask)*uint64(len(key)):]
		other = other[:len(key)]
		differs := uint64(0)
		for j, word := range key {
			differs |= word ^ other[j]
		}
		if differs == 0 && (t.long == nil || f.sameLong(t.long[i&mask], s, called)) {
			return child, hash
		}
	}
}

// sameLong reports whether the long strings of the struct at s equal long.
func (f *Front) sameLong(long []string, s unsafe.Pointer, called []string) bool {
	if len(long) == 0 {
		return true // The keys would differ if the struct had long strings.
	}
	for i := range f.fields {
		value, ok := f.stringOf(i, s, &called)
		if !ok || len(value) < longString {
			continue
		}
		if value != long[0] {
			return false
		}
		long = long[1:]
	}
	return true
}

// stringOf returns the string of field i from which its key is made, and false if it has none. If the
// string is the result of a call, stringOf removes it from called.
func (f *Front) stringOf(i int, s unsafe.Pointer, called *[]string) (string, bool) {
	field := &f.fields[i]
	switch {
	case field.kind == labelstruct.String:
		return *(*string)(unsafe.Add(s, field.offset)), true
	case field.kind >= labelstruct.CallValue:
		first := (*called)[0]
		*called = (*called)[1:]
		return first, true
	default:
		return "", false
	}
}
