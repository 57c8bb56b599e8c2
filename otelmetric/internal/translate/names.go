package translate

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/prometheus/otlptranslator"
)

// Names translates names. It is immutable and safe for concurrent use.
type Names struct {
	strategy  otlptranslator.TranslationStrategyOption
	namespace string // already translated
	metrics   otlptranslator.MetricNamer
	labels    otlptranslator.LabelNamer
	units     otlptranslator.UnitNamer
}

// strategies are the translation strategies of the specification.
var strategies = [...]otlptranslator.TranslationStrategyOption{
	otlptranslator.UnderscoreEscapingWithSuffixes,
	otlptranslator.UnderscoreEscapingWithoutSuffixes,
	otlptranslator.NoUTF8EscapingWithSuffixes,
	otlptranslator.NoTranslation,
}

// New returns Names that follow a strategy. The default is [otlptranslator.UnderscoreEscapingWithSuffixes].
// Every metric name begins with the namespace, which is translated too, and an underscore. An empty
// namespace adds nothing.
//
// The Names are usable even if New returns an error. They follow the default strategy if the strategy is
// unknown, and have no namespace if it cannot be translated.
func New(strategy otlptranslator.TranslationStrategyOption, namespace string) (Names, error) {
	var err error
	if strategy == "" {
		strategy = strategies[0]
	} else if !isKnown(strategy) {
		err = fmt.Errorf("unknown translation strategy %q: use one of %v", strategy, strategies)
		strategy = strategies[0]
	}
	utf8Allowed := !strategy.ShouldEscape()
	n := Names{
		strategy: strategy,
		labels:   otlptranslator.LabelNamer{UTF8Allowed: utf8Allowed},
		units:    otlptranslator.UnitNamer{UTF8Allowed: utf8Allowed},
	}
	if namespace != "" {
		translated, buildErr := n.labels.Build(valid(namespace))
		if buildErr != nil {
			err = errors.Join(err, fmt.Errorf("namespace %q has only characters that become underscores: use at least one ASCII letter or digit", namespace))
		}
		n.namespace = translated
	}
	n.metrics = otlptranslator.NewMetricNamer(n.namespace, strategy)
	return n, err
}

func isKnown(strategy otlptranslator.TranslationStrategyOption) bool {
	for _, s := range strategies {
		if s == strategy {
			return true
		}
	}
	return false
}

// valid returns name with U+FFFD in place of bytes that are not UTF-8, and of NUL bytes, because no parser
// of expositions accepts them in a name.
func valid(name string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(name, string(utf8.RuneError)), "\x00", string(utf8.RuneError))
}
