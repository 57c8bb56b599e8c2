package writebody

import (
	"errors"

	"google.golang.org/protobuf/encoding/protowire"
)

var (
	errWire     = errors.New("writebody: a request of version 2.0 is truncated or not protobuf")
	errWireType = errors.New("writebody: a field of a request of version 2.0 has the wrong wire type")
)

// field is a field of a message.
type field struct {
	num   protowire.Number
	typ   protowire.Type
	bits  uint64 // value of a varint, a fixed32 or a fixed64
	bytes []byte // value of a field with a length
}

// next reads a field and returns the bytes after it.
func (f *field) next(b []byte) ([]byte, error) {
	// Most fields have a length, and most tags and lengths have one byte.
	if len(b) >= 2 && b[0]&7 == byte(protowire.BytesType) && int8(b[0]) >= 8 && b[1] < 0x80 && int(b[1]) <= len(b)-2 {
		end := 2 + int(b[1])
		f.num, f.typ, f.bytes = protowire.Number(b[0]>>3), protowire.BytesType, b[2:end]
		return b[end:], nil
	}
	return f.nextSlowly(b)
}

func (f *field) nextSlowly(b []byte) ([]byte, error) {
	num, typ, n := protowire.ConsumeTag(b)
	if n < 0 {
		return nil, errWire
	}
	f.num, f.typ = num, typ
	b = b[n:]
	switch typ {
	case protowire.BytesType:
		f.bytes, n = protowire.ConsumeBytes(b)
	case protowire.VarintType:
		f.bits, n = protowire.ConsumeVarint(b)
	case protowire.Fixed64Type:
		f.bits, n = protowire.ConsumeFixed64(b)
	default:
		n = protowire.ConsumeFieldValue(num, typ, b)
	}
	if n < 0 {
		return nil, errWire
	}
	return b[n:], nil
}

// is returns an error if the field has a different wire type.
func (f *field) is(typ protowire.Type) error {
	if f.typ != typ {
		return errWireType
	}
	return nil
}

// appendBytes appends a field with a length.
func appendBytes(buf []byte, num protowire.Number, value []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(buf, num, protowire.BytesType), value)
}

// Guesses of the number of bytes of a message's length. Most series have between 128 and 16383 bytes,
// and most other messages fewer.
const (
	shortGuess  = 1
	seriesGuess = 2
)

// open appends the tag of a message whose length is not known yet, and room for the length.
func open(buf []byte, num protowire.Number, guess int) []byte {
	buf = protowire.AppendTag(buf, num, protowire.BytesType)
	return append(buf, make([]byte, guess)...)
}

// closed fills in the length of the message that begins at start, which is the position after the
// length.
func closed(buf []byte, start, guess int) []byte {
	size := uint64(len(buf) - start)
	if need := protowire.SizeVarint(size); need != guess {
		// The guess was wrong; move the message.
		if need > guess {
			buf = append(buf, make([]byte, need-guess)...)
		}
		copy(buf[start-guess+need:], buf[start:start+int(size)])
		buf = buf[:start-guess+need+int(size)]
	}
	protowire.AppendVarint(buf[:start-guess], size)
	return buf
}
