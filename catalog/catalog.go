// Package catalog describes the metrics that a program exports: its families with their types, units, help,
// labels and buckets, and their collectors. metric.Catalog creates a [Catalog] from a registry or any
// other gatherer.
//
// A catalog is plain data. It can be printed as Markdown ([Catalog.Markdown]), written and read as JSON
// with encoding/json, and filtered ([Catalog.Filter]). Package catalog/grafana creates a dashboard from it,
// and package catalog/rules creates recording and alerting rules.
package catalog

import (
	"slices"
	"strings"
)

// Catalog lists metric families, sorted by name.
type Catalog struct {
	Families []Family `json:"families"`
}

// Family describes one metric family.
type Family struct {
	// Name is the name as the program exposes it to a scraper that accepts UTF-8 names. It has the suffix
	// _total if the program has given it that suffix, and none of the suffixes of series, such as _bucket.
	Name string `json:"name"`
	Type Type   `json:"type"`
	Unit string `json:"unit,omitempty"` // declared unit; a unit that is only in the name is not repeated here
	Help string `json:"help,omitempty"`

	// Labels are sorted by name. They do not include le, quantile and the label for the state of a state
	// set.
	Labels []Label `json:"labels,omitempty"`

	Buckets      []float64 `json:"buckets,omitempty"`      // finite upper bounds of classic buckets, in ascending order
	NativeSchema *int32    `json:"nativeSchema,omitempty"` // schema of native buckets, the finest if there are several; nil without native buckets
	Quantiles    []float64 `json:"quantiles,omitempty"`    // quantiles of a summary, in ascending order
	States       []string  `json:"states,omitempty"`       // states of a state set, in their declared order

	// Series is the number of current series. A histogram, summary or state set counts as one. Series is 0
	// for a vector without series.
	Series int `json:"series,omitempty"`

	// Collectors are the collectors that describe the family or have sent series of it, sorted by name.
	Collectors []Collector `json:"collectors,omitempty"`
}

// Label describes a label of a family.
type Label struct {
	Name string `json:"name"`
	// Constant reports whether the declaration gives all series the label with the value Value.
	Constant bool   `json:"constant,omitempty"`
	Value    string `json:"value,omitempty"`
	// Values is the number of distinct values that a variable label has in current series.
	Values int `json:"values,omitempty"`
}

// Collector names a collector in the same way as the Status of its registry.
type Collector struct {
	Name string `json:"name"`
	// Kind is "instrument", "function", "collector", "collector with context", "stream collector" or
	// "gatherer". It is "registry" for a registry's metrics about itself.
	Kind string `json:"kind"`
}

// Type is the type of a family, in OpenMetrics terms.
type Type string

// The types of families.
const (
	Unknown        Type = "unknown" // untyped, or not known before the first series
	Counter        Type = "counter"
	Gauge          Type = "gauge"
	Histogram      Type = "histogram"
	GaugeHistogram Type = "gaugehistogram"
	Summary        Type = "summary"
	Info           Type = "info"
	StateSet       Type = "stateset"
)

// Find returns the family called name, or nil if the catalog does not have it.
func (c *Catalog) Find(name string) *Family {
	i, ok := slices.BinarySearchFunc(c.Families, name, func(f Family, name string) int { return strings.Compare(f.Name, name) })
	if !ok {
		return nil
	}
	return &c.Families[i]
}

// Filter returns a catalog of the families for which keep returns true. It shares the families' slices with
// c.
func (c *Catalog) Filter(keep func(*Family) bool) *Catalog {
	some := new(Catalog)
	for i := range c.Families {
		if keep(&c.Families[i]) {
			some.Families = append(some.Families, c.Families[i])
		}
	}
	return some
}

// Static returns a copy without the counts of current series and label values, because these change while a
// program runs. Use it for files that are checked into a repository. The copy shares all other slices with c.
func (c *Catalog) Static() *Catalog {
	static := &Catalog{Families: slices.Clone(c.Families)}
	for i := range static.Families {
		f := &static.Families[i]
		f.Series = 0
		f.Labels = slices.Clone(f.Labels)
		for j := range f.Labels {
			f.Labels[j].Values = 0
		}
	}
	return static
}

// Label returns the label called name, or nil if the family does not have it.
func (f *Family) Label(name string) *Label {
	for i := range f.Labels {
		if f.Labels[i].Name == name {
			return &f.Labels[i]
		}
	}
	return nil
}

// IsInfo reports whether the family is an info. It is an info if its type is info, or if it is a gauge with
// the suffix _info. Programs without the type info use such gauges.
func (f *Family) IsInfo() bool {
	return f.Type == Info || f.Type == Gauge && strings.HasSuffix(f.Name, "_info")
}
