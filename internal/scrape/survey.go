package scrape

import (
	"cmp"
	"context"
	"hash/maphash"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric/catalog"
	"github.com/luxfi/metric/internal/clientgolang"
	"github.com/luxfi/metric/internal/collect"
	"github.com/luxfi/metric/internal/instrument"
	"github.com/luxfi/metric/internal/merge"
	"github.com/luxfi/metric/internal/model"
)

// Survey gathers, and lists the families that collectors describe and those that were gathered. The error
// is about the gathering; the catalog is never nil.
func (r *Registry) Survey(ctx context.Context) (*catalog.Catalog, error) {
	s, err := r.NewScrape(ctx)
	if err != nil {
		return new(catalog.Catalog), err
	}
	v := &survey{
		families: make(map[string]*surveyed), kinds: make(map[string]string), seed: maphash.MakeSeed(),
		wanted: s.wanted,
	}
	for _, p := range s.parts {
		v.register(p)
	}
	s.collect()
	_ = s.write(v, nameSpace{owner: &v.owner}) // The survey never fails.
	return v.catalog(), s.End(nil)
}

// survey makes a catalog. It is a [model.Sink].
type survey struct {
	families map[string]*surveyed
	kinds    map[string]string // by the names of collectors
	seed     maphash.Seed
	wanted   func(family string) bool // nil if all families are wanted

	current *surveyed // family begun last
	owner   pointOwner
	last    merge.Owner // owner of the previous point
	named   bool        // The last owner is among the collectors of current.
	scratch model.Scratch
}

// pointOwner lets a sink know the owner of the current point.
type pointOwner struct {
	at   merge.Owner
	name func(merge.Owner) string
}

// surveyed is a family as known so far.
type surveyed struct {
	catalog.Family

	labels     map[string]*surveyedLabel
	collectors map[string]struct{}
	bounds     []float64 // bounds of the previous histogram
}

// surveyedLabel is a label as known so far.
type surveyedLabel struct {
	constant bool // A descriptor declares it constant.
	variable bool // A descriptor declares it variable, or constant with another value.
	value    string
	// values holds the hashes of all values. Two equal hashes are so unlikely that a count may ignore them.
	values map[uint64]struct{}
}

func (v *survey) family(name string) *surveyed {
	f := v.families[name]
	if f == nil {
		f = &surveyed{labels: make(map[string]*surveyedLabel), collectors: make(map[string]struct{})}
		f.Name, f.Type = name, catalog.Unknown
		v.families[name] = f
	}
	return f
}

func (f *surveyed) label(name string) *surveyedLabel {
	l := f.labels[name]
	if l == nil {
		l = &surveyedLabel{values: make(map[uint64]struct{})}
		f.labels[name] = l
	}
	return l
}

func (l *surveyedLabel) declare(value string) {
	if l.constant && l.value != value {
		l.variable = true
	}
	l.constant, l.value = true, value
}

// register lists what the collectors of a part describe.
func (v *survey) register(p *part) {
	for _, e := range p.plan.entries {
		if e.Binding.Nested != nil {
			continue // Its collectors are in a part of their own.
		}
		v.kinds[p.nameOf(e)] = e.kind()
		for _, desc := range e.Announced.List {
			info := e.Announced.Infos[desc]
			name, known := p.nameOfFamily(info.Name)
			if info.Err != nil || !known || name == "" || v.wanted != nil && !v.wanted(name) {
				continue
			}
			v.describe(p, e, v.family(name), info)
		}
	}
}

// describe adds what a descriptor says about a family.
func (v *survey) describe(p *part, e *Entry, f *surveyed, info *clientgolang.Info) {
	f.collectors[p.nameOf(e)] = struct{}{}
	f.Help, f.Unit = cmp.Or(f.Help, info.Help), cmp.Or(f.Unit, info.Unit)
	// A reshaper may add, change or remove labels.
	if !slices.ContainsFunc(p.wrappings, func(w collect.Wrapping) bool { return w.Reshape != nil }) {
		f.declare(info, p.wrappings)
	}
	if e.Binding.Source != nil {
		f.Type = typeOf(e.Binding.Source.Family().Type)
		v.outline(f, e.Binding.Source)
		return
	}
	if f.Type == catalog.Unknown {
		f.Type = declaredType(collect.Unwrap(e.Collector))
	}
}

// declare adds the labels of a descriptor behind wrappings.
func (f *surveyed) declare(info *clientgolang.Info, wrappings []collect.Wrapping) {
	for _, l := range info.Constant {
		f.label(l.Name).declare(l.Value)
	}
	for _, name := range info.Variable {
		f.label(name).variable = true
	}
	for _, w := range wrappings {
		for name, value := range w.Labels {
			f.label(name).declare(value)
		}
	}
}

// declaredType returns the type of a collector's family, if that is known without running the collector.
func declaredType(c prometheus.Collector) catalog.Type {
	switch c := c.(type) {
	case *instrument.Func:
		return typeOf(c.Family().Type)
	case *prometheus.CounterVec:
		return catalog.Counter
	case *prometheus.GaugeVec:
		return catalog.Gauge
	case *prometheus.HistogramVec:
		return catalog.Histogram
	case *prometheus.SummaryVec:
		return catalog.Summary
	default:
		return catalog.Unknown
	}
}

// outline adds what the series of a vector have in common.
func (v *survey) outline(f *surveyed, source model.Source) {
	if wrapped, ok := source.(*collect.WrappedSource); ok {
		source = wrapped.Inner
	}
	vec, ok := source.(instrument.Template)
	if !ok {
		return
	}
	var p model.Point
	for _, name := range vec.Template(&p, &v.scratch) {
		f.label(name).variable = true
	}
	f.shape(&p)
}

// Family implements [model.Sink].
func (v *survey) Family(f *model.Family) error {
	v.current = v.family(f.Name)
	v.current.Type = typeOf(f.Type)
	v.current.Help, v.current.Unit = cmp.Or(f.Help, v.current.Help), cmp.Or(f.Unit, v.current.Unit)
	v.named = false
	return nil
}

// Point implements [model.Sink].
func (v *survey) Point(p *model.Point) error {
	f := v.current
	f.Series++
	if !v.named || v.owner.at != v.last {
		v.last, v.named = v.owner.at, true
		f.collectors[v.owner.name(v.last)] = struct{}{}
	}
	for c := p.Labels.Cursor(); c.Next(); {
		l := f.labels[c.Name]
		if l == nil {
			// The name may be in memory that is reused.
			l = f.label(strings.Clone(c.Name))
			l.variable = true
		}
		l.values[maphash.String(v.seed, c.RawValue)] = struct{}{}
	}
	f.shape(p)
	return nil
}

// shape adds the buckets, quantiles or states of a point.
func (f *surveyed) shape(p *model.Point) {
	if h := p.Histogram; h != nil {
		if n := h.Native; n != nil && (f.NativeSchema == nil || *f.NativeSchema < n.Schema) {
			f.NativeSchema = new(n.Schema)
		}
		if len(h.Bounds) == 0 || len(h.Bounds) != len(f.bounds) || &h.Bounds[0] != &f.bounds[0] {
			f.bounds = h.Bounds
			for i := range h.NumBuckets() {
				f.Buckets = insert(f.Buckets, h.Bucket(i).UpperBound)
			}
		}
	}
	if s := p.Summary; s != nil {
		for _, q := range s.Quantiles {
			f.Quantiles = insert(f.Quantiles, q.Quantile)
		}
	}
	if s := p.States; s != nil && f.States == nil {
		f.States = slices.Clone(s.Names)
	}
}

// insert adds a finite number to a sorted list, unless the list contains it.
func insert(list []float64, n float64) []float64 {
	if math.IsInf(n, 0) || math.IsNaN(n) {
		return list
	}
	i, found := slices.BinarySearch(list, n)
	if found {
		return list
	}
	return slices.Insert(list, i, n)
}

func (v *survey) catalog() *catalog.Catalog {
	all := &catalog.Catalog{Families: make([]catalog.Family, 0, len(v.families))}
	for _, name := range slices.Sorted(maps.Keys(v.families)) {
		f := v.families[name]
		if f.Type == catalog.StateSet {
			delete(f.labels, name) // It holds the state.
		}
		for _, label := range slices.Sorted(maps.Keys(f.labels)) {
			f.Labels = append(f.Labels, v.labelOf(label, f.labels[label]))
		}
		for _, collector := range slices.Sorted(maps.Keys(f.collectors)) {
			f.Collectors = append(f.Collectors, catalog.Collector{Name: collector, Kind: cmp.Or(v.kinds[collector], "registry")})
		}
		all.Families = append(all.Families, f.Family)
	}
	return all
}

func (v *survey) labelOf(name string, l *surveyedLabel) catalog.Label {
	_, has := l.values[maphash.String(v.seed, string(model.AppendEscaped(nil, l.value)))]
	if l.constant && !l.variable && (len(l.values) == 0 || has && len(l.values) == 1) {
		return catalog.Label{Name: name, Constant: true, Value: l.value}
	}
	return catalog.Label{Name: name, Values: len(l.values)}
}

// typeOf returns the catalog's name of the type.
func typeOf(t model.Type) catalog.Type {
	switch t {
	case model.Counter:
		return catalog.Counter
	case model.Gauge:
		return catalog.Gauge
	case model.Summary:
		return catalog.Summary
	case model.Histogram:
		return catalog.Histogram
	case model.GaugeHistogram:
		return catalog.GaugeHistogram
	case model.Info:
		return catalog.Info
	case model.StateSet:
		return catalog.StateSet
	default:
		return catalog.Unknown
	}
}
