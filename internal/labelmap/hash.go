package labelmap

import (
	"hash/maphash"
	"math/bits"

	"github.com/luxfi/metric/internal/words"
)

// Secrets of this process. They prevent an attacker who chooses label values from choosing collisions. All
// maps share them, so that a lookup need not load them from its map.
var (
	seed    = maphash.MakeSeed()
	secretA = maphash.String(seed, "a")
	secretB = maphash.String(seed, "b")
)

// hashOf returns the hash of values in their order.
//
// Most values have at most 16 bytes. For these, hashOf multiplies the first eight bytes and the last eight
// bytes, which may overlap, to 128 bits. Go's own maps do the same on machines without AES instructions; the
// hash is called wyhash. With maphash for each value, a whole Get would take 45 ns instead of 31 (measured
// with 4 labels).
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
		// The length is added after the multiplication, so that the bytes of a value of another length cannot
		// compensate for it.
		h = hi ^ lo + uint64(n)
	}
	return h
}
