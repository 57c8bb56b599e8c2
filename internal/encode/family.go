package encode

import (
	"strings"

	"github.com/luxfi/metric/internal/model"
	"github.com/luxfi/metric/internal/naming"
)

// unitOf returns the unit of a family if its name ends in the unit, and "" otherwise. The name is base, which
// has no _total. OpenMetrics demands that the name ends in the unit, and Prometheus refuses the whole scrape
// if it does not.
func unitOf(f *model.Family, base string) string {
	if f.Unit == "" {
		return ""
	}
	if rest, ok := strings.CutSuffix(base, f.Unit); !ok || !strings.HasSuffix(rest, "_") {
		return ""
	}
	return f.Unit
}

// baseOf returns the family's name in OpenMetrics: a counter's name without _total, and an info
// family's name without _info.
func baseOf(f *model.Family, name string) string {
	switch f.Type {
	case model.Counter:
		return strings.TrimSuffix(name, naming.TotalSuffix)
	case model.Info:
		return strings.TrimSuffix(name, model.InfoSuffix)
	default:
		return name
	}
}

// helpOf returns the family's help as valid UTF-8.
func helpOf(f *model.Family) string { return strings.ToValidUTF8(f.Help, "\uFFFD") }
