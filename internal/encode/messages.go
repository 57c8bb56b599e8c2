package encode

import (
	"sync"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/luxfi/metric/internal/model"
)

// messages is the format in which each family is a protobuf message preceded by its length. A family
// that does not fit into the output's buffer is set aside in blocks until its length is known. The
// blocks are then written unchanged.
type messages struct {
	family *model.Family // nil between families
	name   string
	start  int      // start of the family in the first block, where its length will go
	blocks []*block // full blocks; the rest is in the output's buffer
	labels labelCache

	exemplars *escaper // escapes the labels of exemplars
}

// lengthRoom is the number of bytes reserved for a family's length. It is sufficient because protobuf
// messages are smaller than 2 GiB.
const lengthRoom = 5

// block is a buffer that is set aside.
type block struct{ buf []byte }

var blocks = sync.Pool{New: func() any { return &block{buf: make([]byte, 0, bufferSize)} }}

func (m *messages) begin(o *output, f *model.Family, name string) {
	m.family, m.name, m.start = f, name, len(o.buf)
	var room [lengthRoom]byte
	o.buf = append(o.buf, room[:]...)
	o.buf = appendFamily(o.buf, f, name)
}

func (m *messages) point(o *output, p *model.Point, labels model.Labels) {
	o.buf = m.appendMetric(o.buf, m.family.Type, p, labels)
}

func (m *messages) end(o *output) {
	if unit := unitOf(m.family, baseOf(m.family, m.name)); unit != "" {
		o.buf = appendString(o.buf, familyUnit, unit)
	}
	m.family = nil
	if len(m.blocks) > 0 {
		m.writeBlocks(o)
		return
	}
	body := o.buf[m.start+lengthRoom:]
	o.buf = protowire.AppendVarint(o.buf[:m.start], uint64(len(body)))
	o.buf = append(o.buf, body...)
}

// writeBlocks writes the blocks of a complete family, except for its last part: that part stays in
// the output's buffer.
func (m *messages) writeBlocks(o *output) {
	size := len(o.buf) - m.start - lengthRoom
	for _, b := range m.blocks {
		size += len(b.buf)
	}
	start := m.start + lengthRoom - protowire.SizeVarint(uint64(size))
	first := m.blocks[0].buf
	protowire.AppendVarint(first[:start], uint64(size))
	o.write(first[start:])
	for _, b := range m.blocks[1:] {
		o.write(b.buf)
	}
	m.freeBlocks()
}

// full sets the output's buffer aside if it contains a family, and takes another.
func (m *messages) full(o *output) {
	if m.family == nil {
		o.flush()
		return
	}
	if len(m.blocks) == 0 {
		o.write(o.buf[:m.start])
	}
	b := blocks.Get().(*block)
	o.buf, b.buf = b.buf, o.buf
	m.blocks = append(m.blocks, b)
}

func (m *messages) flush(o *output) {
	switch {
	case m.family == nil:
		o.flush()
	case len(m.blocks) == 0:
		o.write(o.buf[:m.start])
		o.buf = append(o.buf[:0], o.buf[m.start:]...)
		m.start = 0
	}
}

func (m *messages) trailer() string { return "" }

func (m *messages) reset() {
	m.freeBlocks()
	m.labels.reset()
	m.family, m.name = nil, ""
}

func (m *messages) freeBlocks() {
	for i, b := range m.blocks {
		if b.buf = kept(b.buf); b.buf != nil {
			blocks.Put(b)
		}
		m.blocks[i] = nil
	}
	m.blocks = m.blocks[:0]
}
