package relabel

import (
	"fmt"
	"unicode/utf8"

	"github.com/luxfi/metric/internal/model"
)

// SetHelp changes the help of families:
//
//	action: help
//	families: [shop_orders_total]
//	help: Orders that were paid.
type SetHelp struct {
	// Families are regexes that are compared with the whole name of each family.
	Families []string `yaml:"families,flow"`
	// Help is the new help.
	Help string `yaml:"help"`
}

// SetUnit changes the unit of families:
//
//	action: unit
//	families: [shop_delay_seconds]
//	unit: seconds
//
// OpenMetrics requires the name to end with the unit; see [Rename].
type SetUnit struct {
	// Families are regexes that are compared with the whole name of each family.
	Families []string `yaml:"families,flow"`
	// Unit is the new unit. If it is empty, the families have no unit.
	Unit string `yaml:"unit"`
}

// SetType changes the type of families:
//
//	action: type
//	families: [legacy_requests]
//	type: counter
//
// The step can convert between counters, gauges and untyped metrics, because each is a single number. A
// histogram or a summary keeps its type, and the pipeline reports it.
type SetType struct {
	// Families are regexes that are compared with the whole name of each family.
	Families []string `yaml:"families,flow"`
	// Type is the new type.
	Type Type `yaml:"type"`
}

// A Type is the type of a metric with a single value.
type Type string

// The types that [SetType] accepts.
const (
	Counter Type = "counter"
	Gauge   Type = "gauge"
	Untyped Type = "untyped"
)

// helpChange is a compiled [SetHelp].
type helpChange struct {
	families families
	help     string
}

func (s SetHelp) compile() (stage, error) {
	if !utf8.ValidString(s.Help) {
		return nil, fmt.Errorf("help %q is not UTF-8", s.Help)
	}
	f, err := newFamilies(s.Families)
	if err != nil {
		return nil, err
	}
	return &helpChange{f, s.Help}, nil
}

func (*helpChange) series(*labelSet) bool { return true }

// unitChange is a compiled [SetUnit].
type unitChange struct {
	families families
	unit     string
}

func (s SetUnit) compile() (stage, error) {
	for _, r := range s.Unit {
		if r != '_' && r != ':' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') {
			return nil, fmt.Errorf("unit %q is invalid: a unit consists of letters, digits, underscores and colons", s.Unit)
		}
	}
	f, err := newFamilies(s.Families)
	if err != nil {
		return nil, err
	}
	return &unitChange{f, s.Unit}, nil
}

func (*unitChange) series(*labelSet) bool { return true }

// typeChange is a compiled [SetType].
type typeChange struct {
	families families
	to       model.Type
}

func (s SetType) compile() (stage, error) {
	to, ok := map[Type]model.Type{Counter: model.Counter, Gauge: model.Gauge, Untyped: model.Untyped}[s.Type]
	if !ok {
		return nil, fmt.Errorf("type %q is not one of counter, gauge and untyped", s.Type)
	}
	f, err := newFamilies(s.Families)
	if err != nil {
		return nil, err
	}
	return &typeChange{f, to}, nil
}

// check returns an error if a family of type from cannot get the new type.
func (t *typeChange) check(from model.Type) error {
	switch from {
	case model.Counter, model.Gauge, model.Untyped:
		return nil
	}
	to := "a " + t.to.String()
	if t.to == model.Untyped {
		to = t.to.String()
	}
	return fmt.Errorf("a %v cannot become %s: only counters, gauges and untyped metrics can change their type", from, to)
}

func (*typeChange) series(*labelSet) bool { return true }
