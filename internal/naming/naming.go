// Package naming computes the names of families and series in an exposition: escaped, and with the
// suffixes of the series that represent a family.
package naming

import (
	"strings"

	common "github.com/prometheus/common/model"

	"github.com/luxfi/metric/internal/model"
)

// Scheme says how an exposition changes names. The zero value changes nothing.
type Scheme struct {
	Escaping common.EscapingScheme // for metric and label names that are not legacy names
	// CreatedLines adds a series with the suffix _created to counters, histograms and summaries whose
	// start timestamp is known.
	CreatedLines bool
	// GaugeSuffixes gives gauge histograms the suffixes _gcount and _gsum, which distinguish them from
	// histograms. Prometheus uses these suffixes for the series that it makes of a gauge histogram in
	// OpenMetrics 2.0.
	GaugeSuffixes bool
}

// Name returns a family's name as written. It returns name itself if nothing needs escaping.
func (s Scheme) Name(name string) string {
	if s.Escaping == common.NoEscaping || model.IsLegacyName(name) {
		return name
	}
	return string(appendEscapedName(nil, name, s.Escaping, isLegacyRune))
}

// AppendLabelName appends a label's name as written, without quotes.
func (s Scheme) AppendLabelName(buf []byte, name string) []byte {
	if s.Escaping == common.NoEscaping || model.IsLegacyLabelName(name) {
		return append(buf, name...)
	}
	return appendEscapedName(buf, name, s.Escaping, isLegacyLabelRune)
}

// Suffixes returns the suffixes of the series that a family of type t is written as, or that its reader
// makes of it. The result does not contain the empty suffix of a series with the family's own name.
func (s Scheme) Suffixes(t model.Type) []string {
	switch {
	case t == model.GaugeHistogram && s.GaugeSuffixes:
		return allSuffixes[2:]
	case t == model.Histogram, t == model.GaugeHistogram:
		return allSuffixes[:3]
	case t == model.Summary:
		return allSuffixes[:2]
	default:
		return nil
	}
}

var allSuffixes = [...]string{"_count", "_sum", "_bucket", "_gcount", "_gsum"}

// CutSuffix returns name without the suffix of a series that a family can be written as, and reports
// whether it has such a suffix.
func (s Scheme) CutSuffix(name string) (base, suffix string, ok bool) {
	suffixes := allSuffixes[:]
	if !s.GaugeSuffixes {
		suffixes = allSuffixes[:3]
	}
	for _, suffix = range suffixes {
		if base, ok = strings.CutSuffix(name, suffix); ok {
			return base, suffix, true
		}
	}
	return name, "", false
}

// CreatedSuffix is the suffix of the series that hold start timestamps.
const CreatedSuffix = "_created"

// TotalSuffix is removed from a counter's name before CreatedSuffix is added.
const TotalSuffix = "_total"

// CreatedBase returns the name to which [CreatedSuffix] is added, given the name of a family of type t
// as written, and reports whether families of this type have start timestamps.
func CreatedBase(t model.Type, written string) (base string, ok bool) {
	switch t {
	case model.Counter:
		return strings.TrimSuffix(written, TotalSuffix), true
	case model.Histogram, model.GaugeHistogram, model.Summary:
		return written, true
	default:
		return written, false
	}
}

// CutCreated returns name without [CreatedSuffix], and reports whether name had it.
func CutCreated(name string) (base string, ok bool) { return strings.CutSuffix(name, CreatedSuffix) }
