// Package words reads the beginnings of strings as numbers, so that short strings can be hashed,
// compared and searched eight bytes at a time.
package words

// Load8 returns the first eight bytes of s. s must have at least eight. The compiler turns it into one load.
func Load8(s string) uint64 {
	_ = s[7]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

// Load4 returns the first four bytes of s. s must have at least four.
func Load4(s string) uint64 {
	_ = s[3]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24
}

// Load3 returns the one to three bytes of s, some of them twice.
func Load3(s string) uint64 {
	n := len(s)
	return uint64(s[0]) | uint64(s[n/2])<<8 | uint64(s[n-1])<<16
}
