package clientmodel

import (
	"fmt"
	"strconv"
	"strings"

	dto "github.com/prometheus/client_model/go"

	"github.com/luxfi/metric/internal/model"
)

// maxDescribed is the approximate number of bytes that Describe spends on labels.
const maxDescribed = 500

// Describe names a metric of a family for an error: by its labels, valid or not, without its value,
// which can be as large as a histogram.
func Describe(family string, m *dto.Metric) string {
	var b strings.Builder
	fmt.Fprintf(&b, "metric %q {", family)
	for i, pair := range m.GetLabel() {
		if i > 0 {
			b.WriteByte(',')
		}
		if b.Len() > maxDescribed {
			b.WriteString("…")
			break
		}
		if name := pair.GetName(); model.IsLegacyLabelName(name) && len(name) <= maxDescribed {
			b.WriteString(name)
		} else {
			b.WriteString(brief(name))
		}
		b.WriteByte('=')
		b.WriteString(brief(pair.GetValue()))
	}
	b.WriteByte('}')
	return b.String()
}

// brief returns s in quotes, truncated if it is long.
func brief(s string) string {
	if len(s) > maxDescribed {
		return strconv.Quote(s[:maxDescribed]) + "…"
	}
	return strconv.Quote(s)
}
