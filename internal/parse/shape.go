package parse

import (
	"strings"

	"github.com/luxfi/metric/internal/model"
)

// role is the meaning of a line of a text format for its series.
type role uint8

const (
	foreign role = iota // The line belongs to another family.
	misfit              // The line has the family's name, but does not fit its type.
	value
	bucket
	sum
	count
	created
)

// shape describes the lines of a family.
type shape struct {
	typ         model.Type
	base        string // name of the family in the comment lines
	suffix      string // suffix of the lines with the values, if the family is not a histogram
	openMetrics bool
}

// special returns the label that distinguishes the lines of a point and does not belong to the series.
func (s *shape) special(r role) string {
	if r == bucket || r == value && s.typ == model.Summary {
		return s.typ.Reserved()
	}
	return ""
}

// compound reports whether a point has more than one line.
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

// roleOf returns the role of a line with the given name.
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

// textTypes maps the words of TYPE lines of the text format to types. Only expfmt supports the first
// two.
var textTypes = [...]struct {
	word string
	typ  model.Type
}{
	{"gauge_histogram", model.GaugeHistogram}, {"gaugehistogram", model.GaugeHistogram},
	{"counter", model.Counter}, {"gauge", model.Gauge}, {"histogram", model.Histogram},
	{"summary", model.Summary}, {"untyped", model.Untyped},
}

// textTypeOf returns the type that a TYPE line of the text format names, ignoring case.
func textTypeOf(word string) (t model.Type, ok bool) {
	for i := range textTypes {
		if strings.EqualFold(word, textTypes[i].word) {
			return textTypes[i].typ, true
		}
	}
	return model.Untyped, false
}

// openMetricsTypeOf returns the type that a TYPE line of OpenMetrics names, and the suffix of the lines
// with values. Only this function knows infos and state sets: all other code treats them as gauges with
// the names of their lines.
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
