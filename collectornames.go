package metric

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/luxfi/metric/internal/callname"
	"github.com/luxfi/metric/internal/clientgolang"
	"github.com/luxfi/metric/internal/collect"
	"github.com/luxfi/metric/internal/instrument"
	"github.com/luxfi/metric/internal/scrape"
)

// defaultName returns the name of an entry that is registered without one: the name of its family, if it
// has a single family, and otherwise the name of of, its collector or gatherer.
func defaultName(e *scrape.Entry, of any) string {
	if e.Binding.Source != nil {
		return e.Binding.Source.Family().Name
	}
	if name := runnerName(of); name != "" {
		return name
	}
	families := e.Announced.Names()
	if e.Collector != nil {
		if name := clientgolang.CollectorName(collect.Unwrap(e.Collector), e.Announced.Innermost().Names()); name != "" {
			return name
		}
	}
	if len(families) == 1 && e.Binding.Nested == nil {
		return families[0]
	}
	switch name := nameOf(of); {
	case name != "":
		return name
	case e.Binding.Nested != nil:
		return "registry"
	case len(families) > 0:
		return families[0]
	case e.Binding.Kind == "gatherer":
		return "gatherer"
	default:
		return "collector"
	}
}

// runnerName returns the name that a collect.Runner gives itself, such as the URL of a remote
// target.
func runnerName(of any) string {
	if c, ok := of.(Collector); ok {
		of = collect.Unwrap(c)
	}
	if run, _ := collect.RunOf(of); run == nil {
		return ""
	}
	named, ok := of.(fmt.Stringer)
	if !ok {
		return ""
	}
	return named.String()
}

// madeOf returns the collector, gatherer or function that does the work of v.
func madeOf(v any) any {
	for {
		switch w := v.(type) {
		case *funcCollector:
			return w.collect
		case *streamFunc:
			return w.collect
		case *boundGatherer:
			v = w.gatherer
		default:
			inner, ok := carried(v)
			if !ok {
				return v
			}
			v = inner
		}
	}
}

// nameOf returns the natural name of a collector or gatherer: its package and type, without a star, or the
// name of its function. It returns "" if the type has no name or belongs to this package, because the type
// would not identify the collector then.
func nameOf(v any) string {
	v = madeOf(v)
	if v == nil {
		return ""
	}
	t := reflect.TypeOf(v)
	if t.Kind() == reflect.Func {
		return collect.FunctionName(reflect.ValueOf(v).Pointer())
	}
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	ours := reflect.TypeFor[funcCollector]().PkgPath()
	if t.Name() == "" || t.PkgPath() == ours || strings.HasPrefix(t.PkgPath(), ours+"/internal/") {
		return ""
	}
	name, _, _ := strings.Cut(t.String(), "[") // The type arguments of a generic type contain slashes.
	return name
}

// called returns the name of a collector for error texts: the name of the metric for an instrument of this
// package, and the type otherwise.
func called(c Collector) string {
	inner := innermost(c)
	if collect.IsNil(inner) {
		return fmt.Sprintf("a nil %T", inner)
	}
	if own := instrument.DescOf(inner); own != nil {
		return strconv.Quote(clientgolang.Parse(own).Name)
	}
	return calledByType(inner)
}

func init() {
	callname.Of = func(v any) string {
		if c, ok := v.(Collector); ok {
			return called(c)
		}
		return calledByType(v)
	}
}

// calledByType returns the name, for error texts, of a collector or gatherer that is not an instrument.
func calledByType(v any) string {
	if name := nameOf(v); name != "" {
		return name
	}
	if instrument.IsNoOp(v) {
		return "a no-op instrument"
	}
	if _, ok := v.(*multiGatherer); ok { // The type is not exported; users know the interface.
		return "metric.MultiGatherer"
	}
	return fmt.Sprintf("%T", v)
}
