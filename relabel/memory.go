package relabel

import (
	"strings"
	"unsafe"
)

// maxMemory is what a memory may keep for the next series.
const maxMemory = 64 << 10

// memory holds the strings that rules make for one series, so that they need no allocation
// each. The strings are valid until reset.
type memory struct {
	buf []byte
}

func (m *memory) reset() {
	if cap(m.buf) > maxMemory {
		m.buf = nil
	}
	m.buf = m.buf[:0]
}

// begin returns the place where the next string will begin.
func (m *memory) begin() int { return len(m.buf) }

// release gives back what has been added from start on.
func (m *memory) release(start int) { m.buf = m.buf[:start] }

func (m *memory) add(s string) { m.buf = append(m.buf, s...) }

// since returns what has been added from start on. A buffer that grows leaves its old array
// to the strings that lie in it.
func (m *memory) since(start int) string {
	b := m.buf[start:]
	return unsafe.String(unsafe.SliceData(b), len(b))
}

// unescape returns the value that internal/model has escaped, which is s itself if there is
// nothing to do.
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

// bytesOf returns the bytes of a string, which must not be written to.
func bytesOf(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }
