package model

import (
	"math/bits"

	"github.com/luxfi/metric/internal/words"
)

// Short strings are scanned eight bytes at a time, the last of them with overlapping loads, without
// calls and without a branch for each byte.

// IsPlain reports whether s is ASCII and [AppendEscaped] does not change it, as is true of most label
// values.
func IsPlain(s string) bool {
	special := uint64(0)
	switch n := len(s); {
	case n >= 8:
		for i := 0; i < n-8; i += 8 {
			special |= specialIn(words.Load8(s[i:]))
		}
		special |= specialIn(words.Load8(s[n-8:]))
	case n >= 4:
		special = specialIn(words.Load4(s) | words.Load4(s[n-4:])<<32)
	case n > 0:
		special = specialIn(words.Load3(s))
	}
	return special&highBits == 0
}

// quotesIn returns a value with at least one of highBits set if a byte of x is a double quote, and with
// none of them set otherwise. A byte of x - 0x01…01 has its highest bit set where x has a zero byte,
// and elsewhere only if x also has it set there, or above a zero byte.
func quotesIn(x uint64) uint64 { return zerosIn(x ^ eachByte*'"') }

func zerosIn(x uint64) uint64 { return (x - eachByte) &^ x }

// specialIn returns a value with at least one of highBits set if a byte of x is not ASCII or needs
// escaping.
func specialIn(x uint64) uint64 {
	return x | quotesIn(x) | zerosIn(x^eachByte*'\\') | zerosIn(x^eachByte*'\n')
}

const eachByte = 0x01010101_01010101

const highBits = 0x80808080_80808080

// Special marks the bytes among eight that are not ASCII or are escaped by [AppendEscaped]. The first
// mark is exact; the bytes after it may be marked wrongly.
type Special uint64

// SpecialIn returns the marks for x, a result of words.Load8.
func SpecialIn(x uint64) Special { return Special(specialIn(x) & highBits) }

// First returns the index of the first marked byte.
func (s Special) First() int { return bits.TrailingZeros64(uint64(s)) / 8 }
