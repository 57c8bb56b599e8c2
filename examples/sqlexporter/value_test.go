package main

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"
)

func TestNumber(t *testing.T) {
	at := time.Date(2025, time.July, 14, 12, 0, 0, 500_000_000, time.FixedZone("", 7200))
	for _, test := range []struct {
		name  string
		value any
		want  float64
		err   string // part of the expected error
	}{
		{"integer", int64(-3), -3, ""},
		{"unsigned", uint64(1 << 63), 1 << 63, ""},
		{"float", 1.5, 1.5, ""},
		{"single", float32(0.5), 0.5, ""},
		{"true", true, 1, ""},
		{"false", false, 0, ""},
		{"time", at, 1752487200.5, ""},
		{"before 1970", time.Unix(-1, 500_000_000), -0.5, ""},
		{"decimal", "12345678901234567890.5", 12345678901234567890.5, ""},
		{"bytes", []byte(" 7 "), 7, ""},
		{"exponent", "1e3", 1000, ""},
		{"NaN", "NaN", math.NaN(), ""},
		{"infinity", "-Infinity", math.Inf(-1), ""},
		{"interval", "1 day 00:00:01", 86401, ""},
		{"NULL", nil, 0, "NULL"},
		{"zero date", time.Time{}, 0, "NULL"},
		{"text", "abc", 0, `the text "abc" is not a number; allowed are numbers, booleans, times and intervals`},
		{"empty", "", 0, "is not a number"},
		{"too large", "1e400", 0, "too large"},
		{"money", "$1.00", 0, "is not a number"},
		{"long", strings.Repeat("x", 100), 0, `x"…`},
		{"other type", []int{1}, 0, "of type []int"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := number(test.value)
			if (err != nil) != (test.err != "") || err != nil && !strings.Contains(err.Error(), test.err) {
				t.Fatalf("got error %v, want %q", err, test.err)
			}
			if got != test.want && !(math.IsNaN(got) && math.IsNaN(test.want)) {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
	if _, err := number(nil); !errors.Is(err, errNull) {
		t.Errorf("NULL: got error %v", err)
	}
}

func TestParseInterval(t *testing.T) {
	for _, test := range []struct {
		text string
		want float64
		ok   bool
	}{
		{"00:00:00", 0, true},
		{"01:02:03.5", 3723.5, true},
		{"-00:00:01.25", -1.25, true},
		{"-838:59:59", -3020399, true},
		{"3 days", 259200, true},
		{"1 day", 86400, true},
		{"-1 days +02:00:00", -79200, true},
		{"1 year 2 mons 3 days 04:05:06", 31557600 + 2*2592000 + 3*86400 + 14706, true},
		{"", 0, false},
		{"12:30", 0, false},
		{"1 fortnight", 0, false},
		{"x days", 0, false},
		{"1:2:3:4", 0, false},
		{"1:-2:3", 0, false},
		{"1:2:1.2.3", 0, false},
		{"::", 0, false},
		{"1 day 2", 0, false},
		{"P1DT2H", 0, false},
	} {
		t.Run(test.text, func(t *testing.T) {
			got, ok := parseInterval(test.text)
			if ok != test.ok || ok && got != test.want {
				t.Errorf("got %v, %v, want %v, %v", got, ok, test.want, test.ok)
			}
		})
	}
}

func TestLabel(t *testing.T) {
	for _, test := range []struct {
		name  string
		value any
		want  string
		err   string
	}{
		{"text", "a\nb", "a\nb", ""},
		{"bytes", []byte("ü"), "ü", ""},
		{"NULL", nil, "", ""},
		{"integer", int64(1e15), "1000000000000000", ""},
		{"float", 1e6, "1000000", ""},
		{"fraction", 0.1, "0.1", ""},
		{"single", float32(1e6), "1000000", ""},
		{"single fraction", float32(0.1), "0.1", ""},
		{"zero date", time.Time{}, "", ""},
		{"boolean", true, "true", ""},
		{"time", time.Date(2025, time.July, 14, 12, 0, 0, 0, time.FixedZone("", 7200)), "2025-07-14T10:00:00Z", ""},
		{"binary", []byte{0xff}, "", `the text "\xff" is not UTF-8`},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := label(test.value)
			if (err != nil) != (test.err != "") || err != nil && !strings.Contains(err.Error(), test.err) {
				t.Fatalf("got error %v, want %q", err, test.err)
			}
			if got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}
