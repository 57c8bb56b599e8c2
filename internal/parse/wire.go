package parse

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"unsafe"
)

// wire reads the fields of a protobuf message, which is text[pos:end]. See
// https://protobuf.dev/programming-guides/encoding.
type wire struct {
	text     string
	pos, end int
}

// The wire types.
const (
	varintType  = 0
	fixed64Type = 1
	bytesType   = 2
	startGroup  = 3
	endGroup    = 4
	fixed32Type = 5
)

var (
	errTruncated = errors.New("a field ends behind the message that it is in, which may be truncated")
	errVarint    = errors.New("a varint has more than 64 bits")
	errGroups    = fmt.Errorf("groups are nested deeper than %d, or do not end as they begin", maxGroups)
)

// maxGroups is the maximum nesting depth of unknown groups.
const maxGroups = 64

// varint reads a varint.
func (w *wire) varint() (uint64, error) {
	if w.pos < w.end {
		if b := w.text[w.pos]; b < 0x80 {
			w.pos++
			return uint64(b), nil
		}
	}
	return w.longVarint()
}

func (w *wire) longVarint() (v uint64, err error) {
	for shift := uint(0); shift < 64; shift += 7 {
		if w.pos >= w.end {
			return 0, errTruncated
		}
		b := w.text[w.pos]
		w.pos++
		v |= uint64(b&0x7f) << shift
		if b < 0x80 {
			if shift == 63 && b > 1 {
				return 0, errVarint
			}
			return v, nil
		}
	}
	return 0, errVarint
}

// tag reads the number and the wire type of a field, still combined in one integer.
func (w *wire) tag() (uint64, error) { return w.tagUpTo(maxNumber) }

// maxNumber is the highest valid field number. In unknown groups, protobuf's own parser accepts all
// numbers that fit in an int32.
const maxNumber = 1<<29 - 1

func (w *wire) tagUpTo(highest uint64) (uint64, error) {
	tag, err := w.varint()
	if err != nil {
		return 0, err
	}
	if number := tag >> 3; number == 0 || number > highest {
		return 0, fmt.Errorf("a field has the number %d: allowed are 1 to %d", number, maxNumber)
	}
	return tag, nil
}

// message reads a length and returns the message of that length.
func (w *wire) message() (wire, error) {
	n, err := w.varint()
	if err != nil {
		return wire{}, err
	}
	if n > uint64(w.end-w.pos) {
		return wire{}, errTruncated
	}
	start := w.pos
	w.pos += int(n)
	return wire{w.text, start, w.pos}, nil
}

// string reads a string. It does not check that it is UTF-8.
func (w *wire) string() (string, error) {
	m, err := w.message()
	return m.text[m.pos:m.end], err
}

// double reads a float64.
func (w *wire) double() (float64, error) {
	if w.end-w.pos < 8 {
		return 0, errTruncated
	}
	b := unsafe.Slice(unsafe.StringData(w.text[w.pos:]), 8)
	w.pos += 8
	return math.Float64frombits(binary.LittleEndian.Uint64(b)), nil
}

// sint reads a zigzag-encoded signed number.
func (w *wire) sint() (int64, error) {
	v, err := w.varint()
	return int64(v>>1) ^ -int64(v&1), err
}

// skip skips the value of an unknown field.
func (w *wire) skip(tag uint64) error {
	var open [maxGroups]uint64 // numbers of the open groups
	depth := 0
	for {
		switch tag & 7 {
		case varintType:
			if _, err := w.varint(); err != nil {
				return err
			}
		case fixed64Type:
			w.pos += 8
		case fixed32Type:
			w.pos += 4
		case bytesType:
			if _, err := w.message(); err != nil {
				return err
			}
		case startGroup:
			if depth == maxGroups {
				return errGroups
			}
			open[depth] = tag >> 3
			depth++
		case endGroup:
			if depth == 0 || open[depth-1] != tag>>3 {
				return errGroups
			}
			depth--
		default:
			return fmt.Errorf("a field has the wire type %d: allowed are 0 to 5", tag&7)
		}
		if w.pos > w.end {
			return errTruncated
		}
		if depth == 0 {
			return nil
		}
		var err error
		if tag, err = w.tagUpTo(math.MaxInt32); err != nil {
			return err
		}
	}
}
