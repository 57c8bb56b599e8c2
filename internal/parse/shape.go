package parse

import (
	"strings"

	"github.com/luxfi/metric/internal/model"
)

// role is what a line of a text format says about its series.
type role uint8

const (
	foreign role = iota // The line belongs to another family.
	misfit              // It has the family's name, but no line of its type has.
	value
	bucket
	sum
	count
	created
)

// shape says how a family is written as lines.
type shape struct {
	typ         model.Type
	base        string // What the comment lines call the family.
	suffix      string // Of the lines with the values, if it is not a histogram.
	openMetrics bool
}

// special returns the label that tells the lines of a point apart: it is not one of the series.
func (s *shape) special(r role) string {
	if r == bucket || r == value && s.typ == model.Summary {
		return s.typ.Reserved()
	}
	return ""
}

// compound reports whether a point is more than one line.
func (s *shape) compound() bool {
	switch s.typ {
	case model.Histogram, model.GaugeHistogram, model.Summary:
		return true
	default:
		return s.hasCreated()
	}
}

// hasCreated reports whether a series with the suffix _created belongs to the family.
func (s *shape) hasCreated() bool {
	if !s.openMetrics {
		return false
	}
	switch s.typ {
	case model.Counter, model.Histogram, model.GaugeHistogram, model.Summary:
		return true
	default:
		return false
	}
}

// roleOf returns the role of a line with that name.
func (s *shape) roleOf(name string) role {
	suffix, ok := strings.CutPrefix(name, s.base)
	if !ok {
		return foreign
	}
	isHistogram := s.typ == model.Histogram || s.typ == model.GaugeHistogram
	switch suffix {
	case s.suffix:
		if isHistogram {
			return misfit
		}
		return value
	case "":
		return misfit
	case "_created":
		if s.hasCreated() {
			return created
		}
	case "_bucket":
		if isHistogram {
			return bucket
		}
	case "_sum", "_count":
		if isHistogram || s.typ == model.Summary {
			return sumOrCount(suffix == "_sum")
		}
	case "_gsum", "_gcount":
		if s.typ == model.GaugeHistogram && s.openMetrics {
			return sumOrCount(suffix == "_gsum")
		}
	}
	return foreign
}

func sumOrCount(isSum bool) role {
	if isSum {
		return sum
	}
	return count
}

// textTypes are the types by the words that TYPE lines of the text format have for them. Only
// expfmt knows the first two.
var textTypes = [...]struct {
	word string
	typ  model.Type
}{
	{"gauge_histogram", model.GaugeHistogram}, {"gaugehistogram", model.GaugeHistogram},
	{"counter", model.Counter}, {"gauge", model.Gauge}, {"histogram", model.Histogram},
	{"summary", model.Summary}, {"untyped", model.Untyped},
}

// textTypeOf returns the type that a TYPE line of the text format names, in letters of any case.
func textTypeOf(word string) (t model.Type, ok bool) {
	for i := range textTypes {
		if strings.EqualFold(word, textTypes[i].word) {
			return textTypes[i].typ, true
		}
	}
	return model.Untyped, false
}

// openMetricsTypeOf returns the type that a TYPE line of OpenMetrics names, and the suffix that
// its lines with values have. It is the only place that knows infos and state sets, which
// are gauges by the names that their lines have.
func openMetricsTypeOf(word string) (t model.Type, suffix string, ok bool) {
	switch word {
	case "unknown":
		return model.Untyped, "", true
	case "gauge", "stateset":
		return model.Gauge, "", true
	case "info":
		return model.Gauge, "_info", true
	case "counter":
		return model.Counter, "_total", true
	case "summary":
		return model.Summary, "", true
	case "histogram":
		return model.Histogram, "", true
	case "gaugehistogram":
		return model.GaugeHistogram, "", true
	default:
		return model.Untyped, "", false
	}
}
