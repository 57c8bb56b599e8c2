package model

import (
	"strings"

	"github.com/prometheus/common/model"
)

// IsLegacyName reports whether a metric name needs no quotes in an exposition, because it consists of
// letters, digits, underscores and colons and does not begin with a digit.
func IsLegacyName(name string) bool {
	return model.LegacyValidation.IsValidMetricName(name)
}

// IsLegacyLabelName reports whether a label name needs no quotes. The rules are the same as for
// [IsLegacyName], except that colons are not allowed.
func IsLegacyLabelName(name string) bool {
	return model.LegacyValidation.IsValidLabelName(name)
}

// AppendName appends a metric name to buf, quoted if necessary.
func AppendName(buf []byte, name string) []byte { return appendName(buf, name, IsLegacyName(name)) }

// AppendLabelName appends a label name to buf, quoted if necessary.
func AppendLabelName(buf []byte, name string) []byte {
	return appendName(buf, name, IsLegacyLabelName(name))
}

//go:noinline
func appendName(buf []byte, name string, plain bool) []byte {
	if plain {
		return append(buf, name...)
	}
	buf = append(buf, '"')
	buf = AppendEscaped(buf, name)
	return append(buf, '"')
}

// AppendEscaped appends s to buf and escapes backslashes, double quotes and newlines. The exposition
// formats define no other escape sequence.
//
//go:noinline
func AppendEscaped(buf []byte, s string) []byte {
	start := 0
	for i := 0; i < len(s); i++ {
		var escape byte
		switch s[i] {
		case '\\', '"':
			escape = s[i]
		case '\n':
			escape = 'n'
		default:
			continue
		}
		buf = append(buf, s[start:i]...)
		buf = append(buf, '\\', escape)
		start = i + 1
	}
	return append(buf, s[start:]...)
}

// Unescape reverts [AppendEscaped]. It returns s itself if s contains no escape sequence.
func Unescape(s string) string {
	i := strings.IndexByte(s, '\\')
	if i < 0 {
		return s
	}
	buf := make([]byte, 0, len(s))
	for {
		buf = append(buf, s[:i]...)
		switch c := s[i+1]; c {
		case 'n':
			buf = append(buf, '\n')
		default:
			buf = append(buf, c)
		}
		s = s[i+2:]
		if i = strings.IndexByte(s, '\\'); i < 0 {
			return string(append(buf, s...))
		}
	}
}
