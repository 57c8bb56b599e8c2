package metric

import (
	"fmt"
	"slices"

	"github.com/luxfi/metric/internal/book"
	"github.com/luxfi/metric/internal/clientgolang"
	"github.com/luxfi/metric/internal/engine"
	"github.com/luxfi/metric/internal/model"
)

// descs are the descriptors that a collector has announced. They are read-only once
// the collector is registered.
type descs struct {
	list     []*Desc
	infos    map[*Desc]*clientgolang.Info
	inner    *descs // Of the collector behind a wrapping.
	pedantic bool   // Collected metrics are checked against what was announced.
}

// describe asks a collector for its descriptors. A panic is an error.
func describe(c Collector) (*descs, error) {
	d := &descs{infos: make(map[*Desc]*clientgolang.Info)}
	if own := ownDesc(c); own != nil {
		err := d.add(own)
		return d, err
	}
	if w, ok := c.(*wrappedCollector); ok {
		inner, err := describe(w.collector)
		if err != nil {
			return nil, err
		}
		d.inner = inner
		if len(inner.list) == 0 { // Nothing shows whether the wrapping is valid.
			if err := clientgolang.Parse(w.wrapping.desc(NewDesc("x", "", nil, nil))).Err; err != nil {
				return nil, err
			}
		}
		for _, desc := range inner.list {
			if err := d.add(w.wrapping.desc(desc)); err != nil {
				return nil, err
			}
		}
		return d, nil
	}
	err := engine.FromChannel(endOfDescs, c.Describe, func(desc *Desc) { d.list = append(d.list, desc) })
	list := d.list
	d.list = nil
	for _, desc := range list {
		if err == nil {
			err = d.add(desc)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("describing collector %s: %w", called(c), err)
	}
	return d, nil
}

func (d *descs) add(desc *Desc) error {
	if desc == nil {
		return clientgolang.ErrNilDesc
	}
	info := clientgolang.Parse(desc)
	if info.Err != nil && desc.Err() == nil {
		return info.Err // A registry only knows of the errors that NewDesc has found.
	}
	// Each type's family is made now, so that later no one needs to write.
	for t := model.Untyped; t <= model.GaugeHistogram; t++ {
		info.Family(t)
	}
	d.list = append(d.list, desc)
	d.infos[desc] = info
	return nil
}

var endOfDescs = new(Desc)

func (d *descs) find(desc *Desc) *clientgolang.Info {
	if d == nil {
		return nil
	}
	return d.infos[desc]
}

// forBook returns the descriptors for the book of a registry. Errors of invalid ones are
// formatted now, as they may have methods that use the registry.
func (d *descs) forBook() []book.Desc {
	list := make([]book.Desc, 0, len(d.list))
	for _, desc := range d.list {
		info := d.infos[desc]
		if info.Err != nil {
			list = append(list, book.Desc{Invalid: fmt.Errorf("descriptor %s is invalid: %w", desc, info.Err)})
			continue
		}
		names, values := make([]string, 0, len(info.Constant)), make([]string, 0, len(info.Constant))
		for _, l := range info.Constant {
			names, values = append(names, l.Name), append(values, l.Value)
		}
		list = append(list, book.NewDesc(desc, info.Name, info.Help, info.Unit, names, values, info.Variable))
	}
	return list
}

// innermost returns what the collector behind all wrappings has announced.
func (d *descs) innermost() *descs {
	for d.inner != nil {
		d = d.inner
	}
	return d
}

// names returns the names of the announced families.
func (d *descs) names() []string {
	names := make([]string, 0, len(d.list))
	for _, desc := range d.list {
		names = append(names, d.infos[desc].Name)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// check tells how a metric disagrees with the descriptor that it names, or with what
// its collector has announced.
func (d *descs) check(desc *Desc, info *clientgolang.Info, p *model.Point) error {
	id := info.Identity()
	if !slices.ContainsFunc(d.list, func(a *Desc) bool { return a == desc || d.infos[a].Identity() == id }) {
		return fmt.Errorf("collected metric %s { %s} with unregistered descriptor %s", info.Name, p.Labels.Text(), desc)
	}
	if !info.Fits(p.Labels) {
		return fmt.Errorf("labels in collected metric %s { %s} are inconsistent with descriptor %s", info.Name, p.Labels.Text(), desc)
	}
	return nil
}

// announcements are descriptors by the names of their families.
type announcements map[string][]announcement

type announcement struct {
	desc *Desc
	info *clientgolang.Info
}

func (a announcements) add(d *descs) {
	for _, desc := range d.list {
		info := d.infos[desc]
		a[info.Name] = append(a[info.Name], announcement{desc, info})
	}
}

// find returns the descriptor that announces a sample, and nil if there is none.
func (a announcements) find(f *model.Family, p *model.Point) *Desc {
	for _, announced := range a[f.Name] {
		if announced.info.Fits(p.Labels) {
			return announced.desc
		}
	}
	return nil
}
