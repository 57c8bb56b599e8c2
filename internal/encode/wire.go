package encode

import (
	"encoding/binary"
	"math"
	"math/bits"
	"strings"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/luxfi/metric/internal/model"
)

// The types of a protobuf field, stored in the low bits of its tag.
const (
	varintType  = byte(protowire.VarintType)
	fixed64Type = byte(protowire.Fixed64Type)
	bytesType   = byte(protowire.BytesType)
)

func appendUint(buf []byte, field byte, v uint64) []byte {
	if v < 0x80 {
		return append(buf, field<<3|varintType, byte(v))
	}
	buf = append(buf, field<<3|varintType)
	if v >= 1<<35 {
		return protowire.AppendVarint(buf, v)
	}
	// The fast path writes at most five bytes of seven bits each at once, without a branch on their
	// number: with a start timestamp in each, counters take 113 ns instead of 125.
	const more = 0x80808080_80 // bit of each byte that announces another byte
	bytes := v&0x7F | v&(0x7F<<7)<<1 | v&(0x7F<<14)<<2 | v&(0x7F<<21)<<3 | v&(0x7F<<28)<<4
	size := (bits.Len64(v) + 6) / 7
	bytes |= more & (1<<(8*size-8) - 1)
	end := len(buf) + size
	return binary.LittleEndian.AppendUint64(buf, bytes)[:end]
}

// appendSint appends a zigzag-encoded field: sint32 or sint64.
func appendSint(buf []byte, field byte, v int64) []byte {
	return appendUint(buf, field, protowire.EncodeZigZag(v))
}

func appendDouble(buf []byte, field byte, v float64) []byte {
	return binary.LittleEndian.AppendUint64(append(buf, field<<3|fixed64Type), math.Float64bits(v))
}

func appendString(buf []byte, field byte, s string) []byte {
	buf = protowire.AppendVarint(append(buf, field<<3|bytesType), uint64(len(s)))
	return append(buf, s...)
}

// appendOpen begins a field that is preceded by its length. All bytes appended afterwards belong to the
// field, until the caller passes the returned offset to closeAt.
func appendOpen(buf []byte, field byte) ([]byte, int) {
	buf = append(buf, field<<3|bytesType, 0)
	return buf, len(buf)
}

// closeAt sets the length of the field whose content begins at start. One byte is reserved for it,
// which is enough for 127 bytes; closeAt moves a longer content.
func closeAt(buf []byte, start int) []byte {
	size := len(buf) - start
	if size < 0x80 {
		buf[start-1] = byte(size)
		return buf
	}
	more := protowire.SizeVarint(uint64(size)) - 1
	var room [binary.MaxVarintLen64]byte
	buf = append(buf, room[:more]...)
	copy(buf[start+more:], buf[start:start+size])
	protowire.AppendVarint(buf[:start-1], uint64(size))
	return buf
}

// appendLabel appends a label pair. It reverts the escaping of the value, which belongs to the text
// formats.
func appendLabel(buf []byte, field byte, c *model.Cursor) []byte {
	buf, start := appendOpen(buf, field)
	buf = appendString(buf, labelName, c.Name)
	if strings.IndexByte(c.RawValue, '\\') < 0 {
		buf = appendString(buf, labelValue, c.RawValue)
		return closeAt(buf, start)
	}
	buf, value := appendOpen(buf, labelValue)
	buf = appendUnescaped(buf, c.RawValue)
	buf = closeAt(buf, value)
	return closeAt(buf, start)
}

// appendUnescaped is [model.Unescape] without the allocation.
func appendUnescaped(buf []byte, s string) []byte {
	for {
		i := strings.IndexByte(s, '\\')
		if i < 0 {
			return append(buf, s...)
		}
		buf = append(buf, s[:i]...)
		c := s[i+1]
		if c == 'n' {
			c = '\n'
		}
		buf = append(buf, c)
		s = s[i+2:]
	}
}

// appendInstant appends a google.protobuf.Timestamp. It omits fields with the value 0.
func appendInstant(buf []byte, field byte, t model.Instant) []byte {
	const second = 1e9
	secs, nanos := t.Nanos/second, t.Nanos%second
	if nanos < 0 {
		secs, nanos = secs-1, nanos+second
	}
	buf, start := appendOpen(buf, field)
	if secs != 0 {
		buf = appendUint(buf, timestampSeconds, uint64(secs))
	}
	if nanos != 0 {
		buf = appendUint(buf, timestampNanos, uint64(nanos))
	}
	return closeAt(buf, start)
}
