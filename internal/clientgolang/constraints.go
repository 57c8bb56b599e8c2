package clientgolang

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
)

// Constraints returns the constraints of the labels of desc that have these names.
// They are private to client_golang, but a vector of its kind applies them to the
// labels that it is given, and to no others, before it complains about their number;
// and the complaint shows the outcome.
func Constraints(desc *prometheus.Desc, names []string) []prometheus.LabelConstraint {
	if !strings.Contains(desc.String(), "c(") { // As constrained labels are printed.
		return nil
	}
	vec := prometheus.NewMetricVec(desc, nil)
	constraints := make([]prometheus.LabelConstraint, len(names))
	for i, name := range names {
		constraints[i] = func(value string) string {
			labels := prometheus.Labels{name: value}
			if len(names) == 1 {
				labels[""] = "" // One too many.
			}
			_, err := vec.GetMetricWith(labels)
			_, outcome, _ := strings.Cut(fmt.Sprint(err), strconv.Quote(name)+":")
			quoted, err := strconv.QuotedPrefix(outcome)
			if err != nil {
				return value
			}
			outcome, _ = strconv.Unquote(quoted)
			return outcome
		}
	}
	return constraints
}
