package clientgolang

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
)

// Constraints returns the constraints of the labels of desc with the given names. They are private to
// client_golang. But a vector of client_golang applies them to exactly the labels that it is given,
// before it complains about the number of labels, and the error shows the constrained values.
func Constraints(desc *prometheus.Desc, names []string) []prometheus.LabelConstraint {
	if !strings.Contains(desc.String(), "c(") { // Constrained labels are printed in this form.
		return nil
	}
	vec := prometheus.NewMetricVec(desc, nil)
	constraints := make([]prometheus.LabelConstraint, len(names))
	for i, name := range names {
		constraints[i] = func(value string) string {
			labels := prometheus.Labels{name: value}
			if len(names) == 1 {
				labels[""] = "" // one label too many
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
