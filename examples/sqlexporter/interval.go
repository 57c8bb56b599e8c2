package main

import (
	"strconv"
	"strings"
)

// unitSeconds maps the units of an interval to seconds, like PostgreSQL's EXTRACT(EPOCH FROM interval).
var unitSeconds = map[string]float64{
	"year": 365.25 * 86400, "years": 365.25 * 86400,
	"mon": 30 * 86400, "mons": 30 * 86400,
	"day": 86400, "days": 86400,
}

// parseInterval returns the seconds of an interval in PostgreSQL's default output format, such as "1 day
// -02:03:04.5", or of a TIME of MySQL, such as "-838:59:59".
func parseInterval(text string) (seconds float64, ok bool) {
	fields := strings.Fields(text)
	if len(fields) == 0 {
		return 0, false
	}
	for len(fields) >= 2 {
		n, err := strconv.ParseInt(fields[0], 10, 64)
		unit, known := unitSeconds[fields[1]]
		if err != nil || !known {
			return 0, false
		}
		seconds += float64(n) * unit
		fields = fields[2:]
	}
	if len(fields) == 0 {
		return seconds, true
	}
	clock, ok := parseClock(fields[0])
	return seconds + clock, ok
}

// parseClock returns the seconds of a text such as "-12:34:56.7".
func parseClock(text string) (seconds float64, ok bool) {
	text, negative := strings.CutPrefix(text, "-")
	if !negative {
		text = strings.TrimPrefix(text, "+")
	}
	parts := strings.Split(text, ":")
	if len(parts) != 3 {
		return 0, false
	}
	for _, part := range parts {
		if part == "" || strings.Trim(part, "0123456789.") != "" {
			return 0, false
		}
		n, err := strconv.ParseFloat(part, 64)
		if err != nil {
			return 0, false
		}
		seconds = seconds*60 + n
	}
	if negative {
		seconds = -seconds
	}
	return seconds, true
}
