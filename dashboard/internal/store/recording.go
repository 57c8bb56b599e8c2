package store

import "math"

// recording is the generation that is being written.
//
// The bytes of all columns are in blocks of one arena, so a growing column needs no allocation and has unused
// room only in its last block. Written bytes never change: a reader that has copied a column and the list of
// chunks needs no lock to decode it.
type recording struct {
	times   []int64 // nanoseconds since the Unix epoch
	columns []column
	chunks  []*chunk
	blocks  uint32   // number of blocks in use; block 0 is never used, and 0 means no block
	bytes   int      // length of the written data, without the links between blocks
	op      [48]byte // room for the operations of a tick

	departures
}

// column is the end of a column that is being written.
type column struct {
	last       uint64 // bits of the last number
	head, tail uint32 // first and last block; 0 means no block
	ticks      uint32 // recorded ticks, including repeats
	repeats    uint16 // repetitions of last that have not been written yet
	fill       uint8  // bytes in the last block
}

const (
	blockSize      = 16
	blockData      = blockSize - 4
	blocksPerChunk = 512
	columnSize     = 24
)

// block is a piece of a column, with the number of the next block.
type block struct {
	data [blockData]byte
	next uint32
}

type chunk [blocksPerChunk]block

func newRecording(columns int) *recording {
	return &recording{columns: make([]column, columns), blocks: 1}
}

// record adds a tick with these numbers, indexed by column.
func (r *recording) record(at int64, numbers []float64) {
	if more := len(numbers) - len(r.columns); more > 0 {
		r.columns = append(r.columns, make([]column, more)...)
	}
	tick := uint32(len(r.times))
	r.times = append(r.times, at)
	for i, number := range numbers {
		next := math.Float64bits(number)
		if next == missingBits {
			continue
		}
		c := &r.columns[i]
		if c.last != next || c.ticks != tick || c.repeats == math.MaxUint16 {
			r.write(c, tick, next)
			continue
		}
		c.repeats++
		c.ticks++
	}
}

// write adds a number that differs from the last one.
func (r *recording) write(c *column, tick uint32, next uint64) {
	buf := appendRun(r.op[:0], opRepeat, int(c.repeats))
	c.repeats = 0
	buf = appendRun(buf, opGap, int(tick-c.ticks))
	if next == c.last {
		c.repeats = 1
	} else {
		buf = appendChange(buf, c.last, next)
	}
	c.last, c.ticks = next, tick+1
	r.put(c, buf)
}

func (r *recording) put(c *column, data []byte) {
	r.bytes += len(data)
	for len(data) > 0 {
		if c.tail == 0 || c.fill == blockData {
			r.grow(c)
		}
		n := copy(r.block(c.tail).data[c.fill:], data)
		c.fill += uint8(n)
		data = data[n:]
	}
}

// grow adds a block to a column.
func (r *recording) grow(c *column) {
	if int(r.blocks/blocksPerChunk) >= len(r.chunks) {
		r.chunks = append(r.chunks, new(chunk))
	}
	if c.tail == 0 {
		c.head = r.blocks
	} else {
		r.block(c.tail).next = r.blocks
	}
	c.tail, c.fill = r.blocks, 0
	r.blocks++
}

func (r *recording) block(i uint32) *block { return blockOf(r.chunks, i) }

func blockOf(chunks []*chunk, i uint32) *block {
	return &chunks[i/blocksPerChunk][i%blocksPerChunk]
}

// appendTo appends all operations of a column.
func (c *column) appendTo(buf []byte, chunks []*chunk) []byte {
	if c.head != 0 {
		i := c.head
		for ; i != c.tail; i = blockOf(chunks, i).next {
			buf = append(buf, blockOf(chunks, i).data[:]...)
		}
		buf = append(buf, blockOf(chunks, i).data[:c.fill]...)
	}
	return appendRun(buf, opRepeat, int(c.repeats))
}

// memory returns the memory of the recording.
func (r *recording) memory() int {
	return cap(r.times)*8 + cap(r.columns)*columnSize + len(r.chunks)*blocksPerChunk*blockSize + r.departures.memory()
}

// seal returns the recording as a generation.
func (r *recording) seal() *generation {
	g := &generation{times: r.times, offsets: make([]uint32, len(r.columns)+1), departures: r.departures}
	// Most columns end with repetitions, in one or two bytes.
	data := make([]byte, 0, r.bytes+len(r.columns)*5/4)
	for i := range r.columns {
		data = r.columns[i].appendTo(data, r.chunks)
		g.offsets[i+1] = uint32(len(data))
	}
	if cap(data)-len(data) > len(data)/16 {
		data = append(make([]byte, 0, len(data)), data...)
	}
	g.data = data
	return g
}

// generation is a complete part of the past. It is immutable.
type generation struct {
	times   []int64
	offsets []uint32 // where each column ends in data; it begins where the previous one ends
	data    []byte

	departures
}

// column returns the operations of a column.
func (g *generation) column(i int32) []byte {
	if i < 0 || int(i) >= len(g.offsets)-1 {
		return nil
	}
	return g.data[g.offsets[i]:g.offsets[i+1]]
}

func (g *generation) memory() int {
	return cap(g.times)*8 + cap(g.offsets)*4 + cap(g.data) + g.departures.memory()
}
