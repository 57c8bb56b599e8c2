package parse

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Error reports why a body was refused. It quotes little of it.
type Error struct {
	Format Format
	Offset int // Of the byte where reading stopped.
	Line   int // Of that byte, from 1 on; 0 in protobuf.
	Reason string
}

// Error returns the place and the reason.
func (e *Error) Error() string {
	if e.Line > 0 {
		return fmt.Sprintf("invalid %s exposition: line %d: %s", e.Format, e.Line, e.Reason)
	}
	return fmt.Sprintf("invalid %s exposition: byte %d: %s", e.Format, e.Offset, e.Reason)
}

// SampleError reports that a sample, or its exemplar, was left out.
type SampleError struct {
	Family string
	Labels string // The beginning of their canonical rendering; empty if they are invalid or none.
	Err    error  // The rest of a sentence that begins with the sample.
}

// Error names the sample and the reason.
func (e *SampleError) Error() string {
	if e.Labels == "" {
		return fmt.Sprintf("metric %s %v", shorten(e.Family), e.Err)
	}
	return fmt.Sprintf("metric %s{%s} %v", shorten(e.Family), e.Labels, e.Err)
}

// Unwrap returns the reason.
func (e *SampleError) Unwrap() error { return e.Err }

// maxQuoted is how many bytes of a body an error quotes at once.
const maxQuoted = 80

// maxReason is how many bytes the reason for leaving out a sample has.
const maxReason = 300

// shorten returns a copy of s, of at most maxQuoted bytes and an ellipsis.
func shorten(s string) string { return shortenTo(s, maxQuoted) }

func shortenTo(s string, most int) string {
	if len(s) <= most {
		return strings.Clone(s)
	}
	end := most
	for end > most-utf8.UTFMax && !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + "…"
}

// shortened returns err, or its beginning if it quotes a lot, such as the name of a label.
func shortened(err error) error {
	if text := err.Error(); len(text) > maxReason {
		return errors.New(shortenTo(text, maxReason))
	}
	return err
}

// quote returns the beginning of s in quotes.
func quote(s string) string { return strconv.Quote(shorten(s)) }
