package labelmap

import (
	"cmp"
	"math/bits"

	"github.com/luxfi/metric/internal/model"
)

// compareEntries orders the entries of one map like model.CompareLabels does.
func compareEntries[C any](a, b *Entry[C]) int { return compare(a.Labels, b.Labels) }

// compare is model.CompareLabels for two label sets of the same layout, so
// with the same names and the same literals between the values.
//
// The first byte where the renderings differ then lies in the values of the same
// label, and what comes before it is the same. If the byte before is no
// backslash, this is not the second byte of an escape sequence; so a quote there
// ends the value, which makes it the smaller one, being the beginning of the
// other. Any other byte but a backslash stands for itself, and decides like it
// would in the values. Where an escape sequence may be involved, the values
// themselves are compared.
func compare(a, b model.Labels) int {
	s, t := a.Text(), b.Text()
	i := commonPrefix(s, t)
	if i == len(s) || i == len(t) {
		return model.CompareLabels(a, b) // Equal: no rendering is the beginning of another.
	}
	x, y := s[i], t[i]
	switch {
	case x == '\\', y == '\\', i > 0 && s[i-1] == '\\':
		return model.CompareLabels(a, b)
	case x == '"':
		return -1
	case y == '"':
		return +1
	default:
		return cmp.Compare(x, y)
	}
}

// commonPrefix returns the number of bytes at the beginning that are the same.
func commonPrefix(s, t string) int {
	n := min(len(s), len(t))
	i := 0
	for ; i+8 <= n; i += 8 {
		if x := load8(s[i:]) ^ load8(t[i:]); x != 0 {
			return i + bits.TrailingZeros64(x)/8
		}
	}
	for ; i < n && s[i] == t[i]; i++ {
	}
	return i
}
