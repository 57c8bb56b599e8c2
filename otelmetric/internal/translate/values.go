package translate

import (
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.opentelemetry.io/otel/attribute"
)

// AppendValue appends an attribute's value in the form of a label value: the text of
// [attribute.Value.String], with U+FFFD in place of each run of bytes that are not UTF-8. For a bool, an
// integer, a float and a valid string, it allocates nothing unless buf must grow.
func AppendValue(buf []byte, v attribute.Value) []byte {
	switch v.Type() {
	case attribute.STRING:
		return appendValid(buf, v.AsString())
	case attribute.INT64:
		return strconv.AppendInt(buf, v.AsInt64(), 10)
	case attribute.BOOL:
		return strconv.AppendBool(buf, v.AsBool())
	case attribute.FLOAT64:
		return appendFloat(buf, v.AsFloat64())
	default:
		return appendValid(buf, v.String())
	}
}

// appendFloat appends a float as OpenTelemetry represents it outside of its own protocol:
// https://opentelemetry.io/docs/specs/otel/common/#anyvalue-representation-for-non-otlp-protocols
func appendFloat(buf []byte, f float64) []byte {
	switch {
	case math.IsInf(f, +1):
		return append(buf, "Infinity"...)
	case math.IsInf(f, -1):
		return append(buf, "-Infinity"...)
	default:
		return strconv.AppendFloat(buf, f, 'g', -1, 64)
	}
}

// appendValid appends s with U+FFFD in place of each run of bytes that are not UTF-8.
func appendValid(buf []byte, s string) []byte {
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, string(utf8.RuneError))
	}
	return append(buf, s...)
}
