package model

// Short strings are looked at eight bytes at a time, the last of them by loads that overlap,
// without a call and without a branch for each byte.

// IsPlain tells whether s is ASCII and AppendEscaped does not change it, as most label values.
func IsPlain(s string) bool {
	special := uint64(0)
	switch n := len(s); {
	case n >= 8:
		for i := 0; i < n-8; i += 8 {
			special |= specialIn(load8(s[i:]))
		}
		special |= specialIn(load8(s[n-8:]))
	case n >= 4:
		special = specialIn(load4(s) | load4(s[n-4:])<<32)
	case n > 0:
		special = specialIn(load3(s))
	}
	return special&highBits == 0
}

// quotesIn has one of highBits set if a byte of x is a double quote, and none if there is
// none. A byte of x - 0x01…01 has its highest bit set where x has a zero byte, and elsewhere
// only if x has it set too, or above a zero byte.
func quotesIn(x uint64) uint64 { return zerosIn(x ^ eachByte*'"') }

func zerosIn(x uint64) uint64 { return (x - eachByte) &^ x }

// specialIn has one of highBits set if a byte of x is no ASCII or is escaped by AppendEscaped.
func specialIn(x uint64) uint64 {
	return x | quotesIn(x) | zerosIn(x^eachByte*'\\') | zerosIn(x^eachByte*'\n')
}

const eachByte = 0x01010101_01010101

const highBits = 0x80808080_80808080

// load8 returns the first eight bytes of s. The compiler makes one load of it.
func load8(s string) uint64 {
	_ = s[7]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

// load4 returns the first four bytes of s.
func load4(s string) uint64 {
	_ = s[3]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24
}

// load3 returns the one to three bytes of s, some of them twice.
func load3(s string) uint64 {
	n := len(s)
	return uint64(s[0]) | uint64(s[n/2])<<8 | uint64(s[n-1])<<16
}
