package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// errNull reports that a value is NULL. Such a value has no sample.
var errNull = errors.New("the value is NULL")

// number returns the value of a column as a number: a boolean is 0 or 1, a time is in Unix seconds, an
// interval is in seconds, and a text is parsed. For NULL it returns errNull.
func number(value any) (float64, error) {
	switch v := value.(type) {
	case nil:
		return 0, errNull
	case int64:
		return float64(v), nil
	case uint64:
		return float64(v), nil
	case float64:
		return v, nil
	case float32:
		return float64(v), nil
	case bool:
		if v {
			return 1, nil
		}
		return 0, nil
	case time.Time:
		if v.IsZero() {
			return 0, errNull // MySQL's 0000-00-00
		}
		return float64(v.Unix()) + float64(v.Nanosecond())/1e9, nil
	case []byte:
		return parseNumber(string(v))
	case string:
		return parseNumber(v)
	default:
		return 0, fmt.Errorf("the value %s is of type %T; allowed are numbers, booleans, times and intervals", shortened(fmt.Sprint(v)), v)
	}
}

// parseNumber returns the number or the interval that a text contains.
func parseNumber(text string) (float64, error) {
	trimmed := strings.TrimSpace(text)
	n, err := strconv.ParseFloat(trimmed, 64)
	if err == nil {
		return n, nil
	}
	if errors.Is(err, strconv.ErrRange) {
		return 0, fmt.Errorf("the value %s is too large for a 64-bit float", shortened(text))
	}
	if seconds, ok := parseInterval(trimmed); ok {
		return seconds, nil
	}
	return 0, fmt.Errorf("the text %s is not a number; allowed are numbers, booleans, times and intervals", shortened(text))
}

// label returns the value of a column as a label value. For NULL it returns the empty string, which
// Prometheus treats like a missing label.
func label(value any) (string, error) {
	switch v := value.(type) {
	case nil:
		return "", nil
	case string:
		return valid(v)
	case []byte:
		return valid(string(v))
	case int64:
		return strconv.FormatInt(v, 10), nil
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64), nil
	case float32:
		return strconv.FormatFloat(float64(v), 'f', -1, 32), nil
	case time.Time:
		if v.IsZero() {
			return "", nil // MySQL's 0000-00-00
		}
		return v.UTC().Format(time.RFC3339Nano), nil
	default: // for example, a boolean
		return valid(fmt.Sprint(v))
	}
}

// valid returns the text, or an error if it cannot be a label value.
func valid(text string) (string, error) {
	if !utf8.ValidString(text) {
		return "", fmt.Errorf("the text %s is not UTF-8, so it cannot be a label; convert it in the query, for example with encode() or hex()", shortened(text))
	}
	return text, nil
}

// shortened returns the text in quotes for an error, shortened if it is long.
func shortened(text string) string {
	const limit = 60
	if len(text) <= limit {
		return strconv.Quote(text)
	}
	return strconv.Quote(text[:limit]) + "…"
}
