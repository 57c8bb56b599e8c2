package labelmap

import (
	"hash/maphash"
	"math/bits"

	"github.com/luxfi/metric/internal/words"
)

// Secrets of this process. They prevent an attacker who chooses label values from choosing collisions.
// All maps share them, so they need not be loaded from a map.
var (
	seed    = maphash.MakeSeed()
	secretA = maphash.String(seed, "a")
	secretB = maphash.String(seed, "b")
)

// hashOf returns the hash of values in their order.
//
// Most values are short, and for these the hash is computed in place: the first and the last eight
// bytes, which overlap or leave no gap, go through one multiplication to 128 bits, as in wyhash, the
// hash of Go's own maps on machines without AES instructions. Calling maphash for each value makes a
// whole Get take about half as long again (measured with 4 labels: 45 ns instead of 31).
func hashOf(values []string) uint64 {
	h := secretA
	for _, s := range values {
		n := len(s)
		var a, b uint64
		switch {
		case n > 16:
			a = maphash.String(seed, s)
		case n >= 8:
			a, b = words.Load8(s), words.Load8(s[n-8:])
		case n >= 4:
			a, b = words.Load4(s), words.Load4(s[n-4:])
		case n > 0:
			a = words.Load3(s)
		}
		hi, lo := bits.Mul64(a^h, b^secretB)
		// The length is added after the multiplication: no value of another length has bytes that
		// compensate for it.
		h = hi ^ lo + uint64(n)
	}
	return h
}
