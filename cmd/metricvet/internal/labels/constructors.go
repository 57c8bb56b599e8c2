package labels

import (
	"fmt"
	"go/ast"
	"strings"
	"unicode/utf8"

	"github.com/luxfi/metric/cmd/metricvet/internal/library"
)

// checkConstructor checks the label names of a vector or a descriptor.
func (c *checker) checkConstructor(call *ast.CallExpr, made *library.Constructor) {
	s := c.shapes.Made(made)
	constLabels := made.ConstLabels
	if made.Opts != nil {
		if o := c.shapes.OptionsOf(made.Opts); o != nil {
			constLabels = o.ConstLabels
		}
	}
	seen := map[string]bool{}
	if constLabels != nil {
		names, _ := c.shapes.Keys(constLabels)
		for _, name := range names {
			seen[name] = true
			c.checkName(constLabels, made.Kind, s.Title(), name)
		}
	}
	where := ast.Node(call)
	if made.Labels != nil {
		where = made.Labels
	}
	for _, name := range s.Labels {
		if seen[name] {
			c.At(where, "duplicate", "%s has the label %s twice: it cannot be registered", s.Title(), name)
		}
		seen[name] = true
		c.checkName(where, made.Kind, s.Title(), name)
	}
}

func (c *checker) checkName(where ast.Node, kind library.Kind, title, name string) {
	switch {
	case name == "":
		c.At(where, "invalid", "%s has a label without a name: it cannot be registered", title)
	case !utf8.ValidString(name):
		c.At(where, "invalid", "%s has a label %q that is not valid UTF-8: it cannot be registered", title, name)
	case strings.HasPrefix(name, "__"):
		c.At(where, "reserved", "%s has the label %s, but names that begin with two underscores are reserved for Prometheus", title, name)
	case kind == library.Histogram && name == "le":
		c.At(where, "reserved", "%s has the label le, which histograms need for their buckets", title)
	case kind == library.Summary && name == "quantile":
		c.At(where, "reserved", "%s has the label quantile, which summaries need for their quantiles", title)
	}
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
