package relabel

import (
	"strings"
	"unsafe"
)

// maxMemory limits the buffer that a memory keeps for the next series, in bytes.
const maxMemory = 64 << 10

// memory holds the strings that rules make for one series, so that they need no individual allocations. The
// strings are valid until reset.
type memory struct {
	buf []byte
}

func (m *memory) reset() {
	if cap(m.buf) > maxMemory {
		m.buf = nil
	}
	m.buf = m.buf[:0]
}

// begin returns the offset at which the next string will begin.
func (m *memory) begin() int { return len(m.buf) }

// release frees the memory that was added from start on.
func (m *memory) release(start int) { m.buf = m.buf[:start] }

func (m *memory) add(s string) { m.buf = append(m.buf, s...) }

// since returns the string that was added from start on. When the buffer grows, earlier strings keep using
// the old array.
func (m *memory) since(start int) string {
	b := m.buf[start:]
	return unsafe.String(unsafe.SliceData(b), len(b))
}

// unescape returns the original of a value that internal/model has escaped. It returns s itself if s has no
// escapes.
func (m *memory) unescape(s string) string {
	if strings.IndexByte(s, '\\') < 0 {
		return s
	}
	start := m.begin()
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c == '\\' {
			i++
			if c = s[i]; c == 'n' {
				c = '\n'
			}
		}
		m.buf = append(m.buf, c)
	}
	return m.since(start)
}

// bytesOf returns the bytes of a string. They must not be modified.
func bytesOf(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }
