package clientgolang

import (
	"reflect"
	"slices"
	"strings"
	"unicode"

	"github.com/prometheus/client_golang/prometheus"
)

// CollectorName returns a name for a collector that is part of client_golang, such as "go" or "process", and
// "" for any other collector. families are the families that the collector has announced.
func CollectorName(c prometheus.Collector, families []string) string {
	t := reflect.TypeOf(c)
	if t.Kind() != reflect.Pointer || !strings.HasPrefix(t.Elem().PkgPath(), reflect.TypeFor[prometheus.Desc]().PkgPath()) {
		return ""
	}
	name, ok := strings.CutSuffix(t.Elem().Name(), "Collector")
	switch {
	case !ok || name == "" || name == "wrapping":
		return ""
	case name != "self":
		return snake(name)
	case slices.Equal(families, []string{"go_build_info"}):
		return "build_info"
	default:
		return ""
	}
}

// snake converts a name in camel case to snake case.
func snake(name string) string {
	var b strings.Builder
	for i, r := range name {
		if unicode.IsUpper(r) && i > 0 {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}
