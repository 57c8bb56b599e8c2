package encode

import (
	"hash/maphash"

	"google.golang.org/protobuf/encoding/protowire"
)

// symbols is the table of distinct strings of a request. The first string is empty. The zero value must
// be prepared with ready.
type symbols struct {
	request uint32 // number of the request; references are valid in one request
	fields  []byte // strings as encoded in the request; empty before the first call of ready
	places  []span // positions of the strings in fields
	slots   []slot // hash table; its length is a power of two, and at most half of it is in use
}

// slot is a slot of the hash table.
type slot struct {
	hash uint32
	ref  uint32 // 0 if the slot is free, because the empty string is not in the hash table
}

var symbolSeed = maphash.MakeSeed()

const firstSlots = 1 << 10

// ready adds the empty string if it is missing, and returns the number of the request.
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

// ref returns the reference of text, and adds text if it is missing.
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
