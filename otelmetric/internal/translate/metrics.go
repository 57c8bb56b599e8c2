package translate

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/prometheus/otlptranslator"

	"github.com/luxfi/metric/internal/model"
)

// Kind is the kind of a metric. The kind, the name and the unit determine the metric's translated name.
type Kind uint8

// Kinds of metrics.
const (
	Counter       Kind = iota // a sum that only grows
	UpDownCounter             // a sum that can grow and shrink
	Gauge                     // the last value
	Histogram
)

// Type returns Prometheus's type of the metric. An up-down counter is a gauge.
func (k Kind) Type() model.Type {
	switch k {
	case Counter:
		return model.Counter
	case Histogram:
		return model.Histogram
	default:
		return model.Gauge
	}
}

// named returns the type whose naming rules apply to the metric.
func (k Kind) named() otlptranslator.MetricType {
	switch k {
	case Counter:
		return otlptranslator.MetricTypeMonotonicCounter
	case UpDownCounter:
		return otlptranslator.MetricTypeNonMonotonicCounter
	case Histogram:
		return otlptranslator.MetricTypeHistogram
	default:
		return otlptranslator.MetricTypeGauge
	}
}

// Words at the end of names that depend on the kind of metric.
const (
	totalWord = "total" // for counters
	ratioWord = "ratio" // for gauges with the unit 1
)

// Metric is a translated metric.
type Metric struct {
	Name string
	// Unit is the word for the unit at the end of the name, before the suffix _total of a counter. It is
	// empty if the name does not end in such a word: in that case, OpenMetrics forbids UNIT metadata.
	Unit string
}

// Metric translates the name and the unit of an instrument. It returns an error if no part of the name
// survives the translation.
func (n Names) Metric(name, unit string, kind Kind) (Metric, error) {
	name = valid(name)
	if err := n.check(name); err != nil {
		return Metric{}, err
	}
	u := parseUnit(valid(unit))
	word := n.units.Build(u.String())
	if u.isOne && kind == Gauge {
		word = ratioWord
	}
	translated, err := n.build(name, u, word, kind)
	if err != nil {
		return Metric{}, err
	}
	return Metric{Name: translated, Unit: unitIn(translated, word, kind)}, nil
}

// check returns an error if none of the name's characters survives the translation.
func (n Names) check(name string) error {
	if name == "" {
		return errors.New("an empty name cannot be translated: metric names need at least one character")
	}
	if n.strategy.ShouldEscape() && strings.IndexFunc(name, isKept) < 0 {
		return fmt.Errorf("name %q has only characters that become underscores: use at least one ASCII letter or digit, "+
			"for example by a view, or a translation strategy without escaping", name)
	}
	return nil
}

// isKept reports whether escaping keeps a character of a metric name. Underscores do not count.
func isKept(r rune) bool { return r == ':' || isAlphanumeric(r) }

func isAlphanumeric(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
}

// build returns the metric name for a name that check accepts.
func (n Names) build(name string, u unit, word string, kind Kind) (string, error) {
	if n.strategy == otlptranslator.NoUTF8EscapingWithSuffixes {
		return n.withSuffixes(name, u, kind), nil
	}
	m := otlptranslator.Metric{Name: name, Type: kind.named()}
	if u.per != "" {
		// The translator looks for the two parts of such a unit separately, so it does not notice that the
		// name already ends in the unit.
		bare, err := n.metrics.Build(m)
		if err != nil || unitIn(bare, word, kind) != "" {
			return bare, err
		}
	}
	m.Unit = u.String()
	return n.metrics.Build(m)
}

// withSuffixes returns the metric name for a name that is not escaped. It replaces the translator. The
// translator would cut off the byte before a suffix, even if that byte is a letter or a part of a
// character.
func (n Names) withSuffixes(name string, u unit, kind Kind) string {
	if n.namespace != "" {
		name = n.namespace + "_" + name
	}
	var last, per string
	switch {
	case kind == Counter:
		last = totalWord
	case kind == Gauge && u.isOne:
		last = ratioWord
	}
	name = cutWord(name, last)
	if u.per != "" {
		per = "per_" + u.per
		name = cutWord(name, per)
	}
	if !strings.HasSuffix(name, u.main) {
		name += "_" + u.main
	}
	for _, suffix := range [...]string{per, last} {
		if suffix != "" {
			name += "_" + suffix
		}
	}
	return name
}

// cutWord removes the word at the end of name and the delimiter before it. It returns name unchanged if it
// does not end in both, or consists only of them.
func cutWord(name, word string) string {
	rest, found := strings.CutSuffix(name, word)
	if word == "" || !found || len(rest) < 2 {
		return name
	}
	if d := rest[len(rest)-1]; d >= utf8.RuneSelf || isAlphanumeric(rune(d)) {
		return name
	}
	return rest[:len(rest)-1]
}

// unitIn returns word if it can be the unit of a metric with the given name, and "" otherwise.
func unitIn(name, word string, kind Kind) string {
	if kind == Counter {
		name = strings.TrimSuffix(name, "_"+totalWord)
	}
	if word == "" || !strings.HasSuffix(name, "_"+word) || !model.IsLegacyName("_"+word) {
		return ""
	}
	return word
}
