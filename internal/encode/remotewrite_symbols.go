package encode

import (
	"hash/maphash"

	"google.golang.org/protobuf/encoding/protowire"
)

// symbols is the table of strings of a request, each of which occurs in it once. The first one is
// empty. The zero value has to be made ready.
type symbols struct {
	request uint32 // Counts the requests. References are valid in one of them.
	fields  []byte // The strings as they are in the request. Empty if there are none yet.
	places  []span // Of the strings in fields.
	slots   []slot // A hash table. Its length is a power of two, and at most half of it is in use.
}

// slot is a place of the hash table.
type slot struct {
	hash uint32
	ref  uint32 // 0 if the slot is free: the empty string needs none.
}

var symbolSeed = maphash.MakeSeed()

const firstSlots = 1 << 10

// ready has the empty string in the table, and returns the number of the request.
func (s *symbols) ready() uint32 {
	if len(s.fields) == 0 {
		s.fields = append(s.fields, requestSymbols<<3|bytesType, 0)
		s.places = append(s.places, span{2, 2})
		if s.slots == nil {
			s.slots = make([]slot, firstSlots)
		}
	}
	return s.request
}

// reset begins another request.
func (s *symbols) reset() {
	if len(s.places) > 0 {
		clear(s.slots)
	}
	s.fields, s.places = s.fields[:0], s.places[:0]
	if s.request++; s.request == 0 {
		s.request = 1 // 0 means no request.
	}
}

// ref returns the reference of text, which is added if it is not there.
func (s *symbols) ref(text string) uint32 {
	if text == "" {
		return 0
	}
	hash := uint32(maphash.String(symbolSeed, text))
	mask := uint32(len(s.slots) - 1)
	i := hash & mask
	for ; s.slots[i].ref != 0; i = (i + 1) & mask {
		if at := &s.slots[i]; at.hash == hash {
			if p := s.places[at.ref]; string(s.fields[p.start:p.end]) == text {
				return at.ref
			}
		}
	}
	ref := uint32(len(s.places))
	s.slots[i] = slot{hash, ref}
	s.fields = append(s.fields, requestSymbols<<3|bytesType)
	s.fields = protowire.AppendVarint(s.fields, uint64(len(text)))
	start := len(s.fields)
	s.fields = append(s.fields, text...)
	s.places = append(s.places, span{start, len(s.fields)})
	if 2*len(s.places) > len(s.slots) {
		s.grow()
	}
	return ref
}

// grow doubles the hash table.
func (s *symbols) grow() {
	old := s.slots
	s.slots = make([]slot, 2*len(old))
	mask := uint32(len(s.slots) - 1)
	for _, o := range old {
		if o.ref == 0 {
			continue
		}
		i := o.hash & mask
		for s.slots[i].ref != 0 {
			i = (i + 1) & mask
		}
		s.slots[i] = o
	}
}
