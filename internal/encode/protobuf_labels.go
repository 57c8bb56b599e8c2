package encode

import (
	"bytes"
	"strings"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/luxfi/metric/internal/model"
)

// labelCache writes the labels of a point. It keeps the names of the point before: the
// next one mostly has the same, and to recognise a name takes less than to find its
// end and to encode it. With three labels, a counter takes 60 ns instead of 100.
type labelCache struct{ heads []labelHead }

// labelHead is what stands in front of a label's value.
type labelHead struct {
	text  []byte // In the rendering: `name="`, after a comma if it is not the first one.
	field []byte // In the message: the field of the name, and the tag of the value.
}

func (c *labelCache) append(buf []byte, labels model.Labels) []byte {
	rest := labels.Text()
	if labels.Quoted() || strings.IndexByte(rest, '\\') >= 0 {
		for c := labels.Cursor(); c.Next(); {
			buf = appendLabel(buf, metricLabel, &c)
		}
		return buf
	}
	for i := 0; rest != ""; i++ {
		if i == len(c.heads) {
			c.heads = append(c.heads, labelHead{})
		}
		head := &c.heads[i]
		if len(head.text) == 0 || len(rest) < len(head.text) || rest[:len(head.text)] != string(head.text) {
			head.set(rest)
		}
		rest = rest[len(head.text):]
		end := strings.IndexByte(rest, '"')
		value := rest[:end]
		rest = rest[end+1:]

		// A length of less than 128 is one byte.
		if size := len(head.field) + 1 + len(value); size < 0x80 {
			buf = append(buf, metricLabel<<3|bytesType, byte(size))
			buf = append(buf, head.field...)
			buf = append(buf, byte(len(value)))
		} else {
			buf = append(buf, metricLabel<<3|bytesType)
			buf = protowire.AppendVarint(buf, uint64(len(head.field)+protowire.SizeBytes(len(value))))
			buf = append(buf, head.field...)
			buf = protowire.AppendVarint(buf, uint64(len(value)))
		}
		buf = append(buf, value...)
	}
	return buf
}

// set takes the name that rest begins with.
func (h *labelHead) set(rest string) {
	h.text = append(h.text[:0], rest[:strings.IndexByte(rest, '"')+1]...)
	name := bytes.TrimPrefix(h.text[:len(h.text)-len(`="`)], []byte{','})
	h.field = append(h.field[:0], labelName<<3|bytesType)
	h.field = protowire.AppendVarint(h.field, uint64(len(name)))
	h.field = append(h.field, name...)
	h.field = append(h.field, labelValue<<3|bytesType)
}
