package stripe

import "unsafe"

// inlineCount makes an Inline 1 KiB and a bit.
const inlineCount = 1024 / lineSize

// InlineCores is for how many cores an Inline has stripes enough: two for each, where a cache
// line has 64 bytes.
const InlineCores = 8

// Inline are stripes that a counter has from the start, in one piece with it. They take the
// memory of dozens of counters, and spare Inc to look whether there are stripes and
// whether there should be.
type Inline struct {
	inlineHead

	// The cells have cache lines of their own, and each is in one of them. A line may begin 8
	// bytes before the stripe, where the runtime puts as many before a large object; it does
	// if before the Inline there is nothing but a pointer.
	_     [2*lineSize - 8 - unsafe.Sizeof(inlineHead{})]byte
	cells [inlineCount]stripe
}

type inlineHead struct {
	of  *Counter
	all Stripes
}

// Use gives the counter, which must be new, these stripes, which no other may have.
func (c *Counter) Use(s *Inline) {
	s.of = c
	s.all.cells = s.cells[:]
	s.all.calm.Store(true)
	c.stripes.Store(&s.all)
}

// Inc adds 1 to the counter.
//
// It takes what a bare atomic add takes. For that it must have no frame, hence call nothing; and
// it must read nothing. What a function reads, or puts on the stack, is waited for between one
// locked instruction and the next: with one read 2.8 ns become 4.1, with a frame as
// well 4.5.
func (s *Inline) Inc() { s.mine().ints.Add(1) }

// Add does what Counter.Add does, and waits for less on the way: for whether there are
// stripes and where, one after the other.
func (s *Inline) Add(v float64) {
	if v >= 0 && v <= maxInt { // The conversion is defined only for what fits.
		n := int64(v)
		if float64(n) != v {
			mine := &s.mine().cell
			if s.all.calm.Load() {
				mine = &s.of.cell
			}
			if mine.tryAddFloat(v) {
				return
			}
		} else if mine := s.mine(); mine.ints.Load() < full {
			mine.ints.Add(uint64(n))
			return
		}
	}
	s.of.Add(v)
}

// mine returns the stripe of the calling goroutine. It takes the place of the stack from the
// stack pointer, and computes the address without the call that an index would make when it is
// out of range.
func (s *Inline) mine() *stripe {
	var here struct{}
	i := goroutine(unsafe.Pointer(&here)) * goldenRatio >> 32 * inlineCount >> 32
	return (*stripe)(unsafe.Add(unsafe.Pointer(s), unsafe.Offsetof(s.cells)+uintptr(i)*lineSize))
}
