package parse

import "fmt"

// Limits bound what an exposition may have. Zero means no limit.
type Limits struct {
	Series     int // In all families together, those that are left out included.
	Families   int // Those described without having samples included.
	Labels     int // Of a series.
	LabelBytes int // Of a series' labels, as rendered in text.
	NameBytes  int // Of a family's name.
	HelpBytes  int // Of a help text.
	Buckets    int // Of a histogram, classic and native ones each, or quantiles of a summary.
}

// exceeds reports whether n is more than limit.
func exceeds(n, limit int) bool { return limit > 0 && n > limit }

// tooMany returns the reason for refusing a body that has more than limit allows.
func tooMany(what string, limit int) string {
	return fmt.Sprintf("%s: at most %d are allowed", what, limit)
}
