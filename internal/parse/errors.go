package parse

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Error reports why [Read] refused a body. It quotes only a small part of the body.
type Error struct {
	Format Format
	Offset int // offset in bytes at which reading stopped
	Line   int // line of that byte, counted from 1; 0 in protobuf
	Reason string
}

// Error returns the position and the reason.
func (e *Error) Error() string {
	if e.Line > 0 {
		return fmt.Sprintf("invalid %s exposition: line %d: %s", e.Format, e.Line, e.Reason)
	}
	return fmt.Sprintf("invalid %s exposition: byte %d: %s", e.Format, e.Offset, e.Reason)
}

// SampleError reports that [Read] omitted a sample or its exemplar.
type SampleError struct {
	Family string
	Labels string // beginning of the canonical rendering; empty if there are no valid labels
	Err    error  // reason; continues a sentence that begins with the sample
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

// maxQuoted is the maximum number of bytes of a body in one quotation in an error.
const maxQuoted = 80

// maxReason is the maximum length of the reason for omitting a sample.
const maxReason = 300

// shorten returns a copy of s, truncated to maxQuoted bytes and an ellipsis.
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

// shortened returns err, or its beginning if it contains a long quotation, such as a label name.
func shortened(err error) error {
	if text := err.Error(); len(text) > maxReason {
		return errors.New(shortenTo(text, maxReason))
	}
	return err
}

// quote returns the beginning of s in quotes.
func quote(s string) string { return strconv.Quote(shorten(s)) }
