package metric

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/luxfi/metric/internal/clientgolang"
	"github.com/luxfi/metric/internal/collect"
	"github.com/luxfi/metric/internal/instrument"
)

// conflict returns the error about made, after reg has refused to register it with err. The error
// names the collector that has the name already, if it can be found, and the differences between
// the two.
func conflict(reg Registerer, made Collector, err error) error {
	bottom, desc := beneath(reg, instrument.DescOf(made))
	asked := clientgolang.Parse(desc)
	holder, held := holderOf(bottom, asked.Name, err)
	wanted, existing := instrument.ShapeOf(made), instrument.ShapeOf(holder)
	switch {
	case existing != nil:
		if held != nil && !slices.Equal(held.Constant, asked.Constant) {
			existing = append(existing, constantTraits(held)...)
			wanted = append(wanted, constantTraits(asked)...)
		}
		return fmt.Errorf("metric: %q is %s already, and cannot be %s too: they differ in %s",
			asked.Name, existing.WithArticle(), wanted.WithArticle(), strings.Join(existing.Differences(wanted), ", "))
	case holder != nil:
		return fmt.Errorf("metric: cannot make %q, %s: the name belongs to a %T, which is not an instrument made by this package",
			asked.Name, wanted.WithArticle(), holder)
	case held != nil:
		return fmt.Errorf("metric: cannot make %q, %s: the name belongs to a collector of several families, %v: %w",
			asked.Name, wanted.WithArticle(), instrument.Shape(instrument.CommonTraits(held.Help, held.Unit, held.Variable)), err)
	}
	return fmt.Errorf("metric: cannot make %q, %s: %w", asked.Name, wanted.WithArticle(), err)
}

// constantTraits returns the constant labels, including those that a registerer has added.
func constantTraits(d *clientgolang.Info) []instrument.Trait {
	if len(d.Constant) == 0 {
		return nil
	}
	pairs := make([]string, 0, len(d.Constant))
	for _, l := range d.Constant {
		pairs = append(pairs, fmt.Sprintf("%s=%q", l.Name, l.Value))
	}
	return []instrument.Trait{{Name: "constant labels", Value: fmt.Sprint(pairs)}}
}

// beneath returns the registerer behind the wrappings of this package, and the descriptor as that
// registerer sees it.
func beneath(reg Registerer, desc *Desc) (Registerer, *Desc) {
	for {
		switch w := reg.(type) {
		case *optionsRegisterer:
			if w.registerer == nil {
				return reg, desc
			}
			reg = w.registerer
		case *wrappingRegisterer:
			if w.registerer == nil {
				return reg, desc
			}
			reg, desc = w.registerer, w.wrapping.Desc(desc)
		default:
			return reg, desc
		}
	}
}

// holderOf returns the collector that has the name of a family, and its descriptor. Either is nil if it
// cannot be found. Only an error about an equal collector contains the existing one. For other errors,
// holderOf looks for the conflicting descriptor in the registry's own description and tries to register a
// second collector with exactly that descriptor. The registry refuses it, and its error contains the first
// collector.
func holderOf(reg Registerer, name string, err error) (Collector, *clientgolang.Info) {
	if existing := existingIn(err); existing != nil {
		return existing, nil
	}
	registry, ok := reg.(Collector)
	if !ok {
		return nil, nil
	}
	announced, err := collect.Describe(registry)
	if err != nil {
		return nil, nil
	}
	for _, desc := range announced.List {
		if info := announced.Infos[desc]; info.Name == name {
			probe := collect.FixedDesc{Desc: desc}
			err := reg.Register(probe)
			if err == nil { // The holder was unregistered meanwhile.
				reg.Unregister(probe)
			}
			return existingIn(err), info
		}
	}
	return nil, nil
}

// existingIn returns the collector in an [AlreadyRegisteredError], without its wrappings. It returns nil if
// err is another error.
func existingIn(err error) Collector {
	var already AlreadyRegisteredError
	if !errors.As(err, &already) {
		return nil
	}
	return innermost(already.ExistingCollector)
}
