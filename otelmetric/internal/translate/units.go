package translate

import "strings"

// unit is a unit in words. It may be empty.
type unit struct {
	main  string // plural word, such as bytes
	per   string // singular word after the slash, such as second
	isOne bool   // whether the unit is 1; it has no word, and only gauges get the suffix _ratio
}

// unitWords maps units to the specification's words for them, in the plural and in the singular.
var unitWords = map[string][2]string{
	"d":   {"days", "day"},
	"h":   {"hours", "hour"},
	"min": {"minutes", "minute"},
	"s":   {"seconds", "second"},
	"ms":  {"milliseconds", "millisecond"},
	"us":  {"microseconds", "microsecond"},
	"ns":  {"nanoseconds", "nanosecond"},

	"By":   {"bytes", "byte"},
	"KiBy": {"kibibytes", "kibibyte"},
	"MiBy": {"mebibytes", "mebibyte"},
	"GiBy": {"gibibytes", "gibibyte"},
	"TiBy": {"tebibytes", "tebibyte"},
	"kBy":  {"kilobytes", "kilobyte"},
	"MBy":  {"megabytes", "megabyte"},
	"GBy":  {"gigabytes", "gigabyte"},
	"TBy":  {"terabytes", "terabyte"},

	"m":   {"meters", "meter"},
	"V":   {"volts", "volt"},
	"A":   {"amperes", "ampere"},
	"J":   {"joules", "joule"},
	"W":   {"watts", "watt"},
	"g":   {"grams", "gram"},
	"Cel": {"celsius", "celsius"},
	"Hz":  {"hertz", "hertz"},
	"%":   {"percent", "percent"},

	// The translator supports these in addition to the specification.
	"KBy": {"kilobytes", "kilobyte"},
	"1":   {"", "1"},
	"w":   {"w", "week"},
	"mo":  {"mo", "month"},
	"y":   {"y", "year"},
}

// parseUnit returns the words for the unit of an instrument. It drops annotations, such as {packet}. A unit
// without a word stands for itself.
func parseUnit(text string) unit {
	u := unit{isOne: text == "1"}
	u.main, u.per, _ = strings.Cut(dropAnnotations(text), "/")
	u.main, u.per = strings.TrimSpace(u.main), strings.TrimSpace(u.per)
	if words, ok := unitWords[u.main]; ok {
		u.main = words[0]
	}
	if words, ok := unitWords[u.per]; ok {
		u.per = words[1]
	}
	return u
}

// dropAnnotations returns a unit without the portions within braces. A portion without a closing brace
// extends to the end of the unit.
func dropAnnotations(text string) string {
	for {
		before, rest, found := strings.Cut(text, "{")
		if !found {
			return strings.ReplaceAll(text, "}", "")
		}
		_, after, _ := strings.Cut(rest, "}")
		text = before + after
	}
}

// String returns the unit in the form for the translator. The translator knows none of the words and leaves
// them unchanged.
func (u unit) String() string {
	switch {
	case u.isOne:
		return "1"
	case u.per != "":
		return u.main + "/" + u.per
	default:
		return u.main
	}
}
