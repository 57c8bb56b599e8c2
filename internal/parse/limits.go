package parse

import "fmt"

// Limits limits the contents of an exposition. Zero means no limit.
type Limits struct {
	Series     int // in all families together, including omitted series
	Families   int // including families without samples
	Labels     int // per series
	LabelBytes int // per series, as rendered in text
	NameBytes  int // per family name
	HelpBytes  int // per help text
	Buckets    int // classic or native buckets per histogram, or quantiles per summary
}

// exceeds reports whether n exceeds limit.
func exceeds(n, limit int) bool { return limit > 0 && n > limit }

// tooMany returns the text of the error about a body that exceeds limit. what names what the limit counts.
func tooMany(what string, limit int) string {
	return fmt.Sprintf("%s: at most %d are allowed", what, limit)
}
