package collect

import (
	"fmt"
	"slices"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric/internal/clientgolang"
	"github.com/luxfi/metric/internal/descs"
	"github.com/luxfi/metric/internal/engine"
	"github.com/luxfi/metric/internal/instrument"
	"github.com/luxfi/metric/internal/model"
)

// Announced holds the descriptors that a collector has announced. They are read-only once the collector is
// registered.
type Announced struct {
	List     []*prometheus.Desc
	Infos    map[*prometheus.Desc]*clientgolang.Info
	Inner    *Announced // descriptors of the collector behind a wrapping
	Pedantic bool       // Collected metrics are checked against the announced descriptors.
}

// Describe asks a collector for its descriptors. It turns a panic into an error.
func Describe(c prometheus.Collector) (*Announced, error) {
	d := &Announced{Infos: make(map[*prometheus.Desc]*clientgolang.Info)}
	if own := instrument.DescOf(c); own != nil {
		err := d.add(own)
		return d, err
	}
	if w, ok := c.(*Wrapped); ok {
		inner, err := Describe(w.Collector)
		if err != nil {
			return nil, err
		}
		d.Inner = inner
		if len(inner.List) == 0 { // Without a descriptor, the wrapping has not been checked.
			if err := clientgolang.Parse(w.Wrapping.Desc(prometheus.NewDesc("x", "", nil, nil))).Err; err != nil {
				return nil, err
			}
		}
		for _, desc := range inner.List {
			if err := d.add(w.describe(desc, inner.Infos[desc].Name)); err != nil {
				return nil, err
			}
		}
		return d, nil
	}
	err := engine.FromChannel(endOfDescs, c.Describe, func(desc *prometheus.Desc) { d.List = append(d.List, desc) })
	list := d.List
	d.List = nil
	for _, desc := range list {
		if err == nil {
			err = d.add(desc)
		}
	}
	if err != nil {
		return nil, &DescribeError{c, err}
	}
	return d, nil
}

// DescribeError reports that a collector cannot be described.
type DescribeError struct {
	Collector prometheus.Collector
	Err       error
}

func (e *DescribeError) Error() string {
	return fmt.Sprintf("describing collector %T: %v", e.Collector, e.Err)
}

func (e *DescribeError) Unwrap() error { return e.Err }

func (d *Announced) add(desc *prometheus.Desc) error {
	if desc == nil {
		return clientgolang.ErrNilDesc
	}
	info := clientgolang.Parse(desc)
	if info.Err != nil && desc.Err() == nil {
		return info.Err // A registry knows only the errors that NewDesc has found.
	}
	// The family of each type is made now, so that it need not be written later.
	for t := model.Untyped; t <= model.GaugeHistogram; t++ {
		info.Family(t)
	}
	d.List = append(d.List, desc)
	d.Infos[desc] = info
	return nil
}

var endOfDescs = new(prometheus.Desc)

func (d *Announced) find(desc *prometheus.Desc) *clientgolang.Info {
	if d == nil {
		return nil
	}
	return d.Infos[desc]
}

// Descriptors returns the descriptors for the index of a registry. It formats the errors of invalid ones
// now, because they may have methods that use the registry.
func (d *Announced) Descriptors() []descs.Desc {
	list := make([]descs.Desc, 0, len(d.List))
	for _, desc := range d.List {
		info := d.Infos[desc]
		if info.Err != nil {
			list = append(list, descs.Desc{Invalid: fmt.Errorf("descriptor %s is invalid: %w", desc, info.Err)})
			continue
		}
		names, values := make([]string, 0, len(info.Constant)), make([]string, 0, len(info.Constant))
		for _, l := range info.Constant {
			names, values = append(names, l.Name), append(values, l.Value)
		}
		list = append(list, descs.NewDesc(desc, info.Name, info.Help, info.Unit, names, values, info.Variable))
	}
	return list
}

// Innermost returns the descriptors announced by the collector behind all wrappings.
func (d *Announced) Innermost() *Announced {
	for d.Inner != nil {
		d = d.Inner
	}
	return d
}

// Names returns the names of the announced families.
func (d *Announced) Names() []string {
	names := make([]string, 0, len(d.List))
	for _, desc := range d.List {
		names = append(names, d.Infos[desc].Name)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// check returns an error if a metric disagrees with the descriptor that it names, or with what its
// collector has announced.
func (d *Announced) check(desc *prometheus.Desc, info *clientgolang.Info, p *model.Point) error {
	id := info.Identity()
	if !slices.ContainsFunc(d.List, func(a *prometheus.Desc) bool { return a == desc || d.Infos[a].Identity() == id }) {
		return fmt.Errorf("collected metric %s { %s} with unregistered descriptor %s", info.Name, p.Labels.Text(), desc)
	}
	if !info.Fits(p.Labels) {
		return fmt.Errorf("labels in collected metric %s { %s} are inconsistent with descriptor %s", info.Name, p.Labels.Text(), desc)
	}
	return nil
}

// Announcements holds descriptors by the names of their families.
type Announcements map[string][]announcement

type announcement struct {
	desc *prometheus.Desc
	info *clientgolang.Info
}

// Add adds what a collector has announced.
func (a Announcements) Add(d *Announced) {
	for _, desc := range d.List {
		info := d.Infos[desc]
		a[info.Name] = append(a[info.Name], announcement{desc, info})
	}
}

// find returns the descriptor that announces a sample, or nil.
func (a Announcements) find(f *model.Family, p *model.Point) *prometheus.Desc {
	for _, announced := range a[f.Name] {
		if announced.info.Fits(p.Labels) {
			return announced.desc
		}
	}
	return nil
}
