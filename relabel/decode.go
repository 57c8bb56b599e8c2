package relabel

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// A decoder takes the fields of an item one by one and collects all errors.
type decoder struct {
	action string
	fields map[string]field
	known  []string // fields that were asked for
	errs   []error
}

// step returns the step that the item describes.
func (i *item) step() (Step, error) {
	if i.err != nil {
		return nil, i.err
	}
	d := &decoder{fields: i.fields}
	d.action = strings.ToLower(d.text("action", string(Replace)))
	if d.action == "" {
		return nil, errors.New("action is empty: leave it out for replace, or name one")
	}
	var step Step
	switch {
	case slices.Contains(ruleActions, d.action):
		step = d.rule()
	case slices.Contains(familyActions, d.action):
		step = d.familyStep()
	default:
		return nil, fmt.Errorf("action %q is unknown: the actions are %s", d.action,
			strings.Join(append(ruleActions[:len(ruleActions):len(ruleActions)], familyActions...), ", "))
	}
	return step, d.finish()
}

func (d *decoder) rule() Step {
	return Rule{
		SourceLabels: d.list("source_labels", false),
		Separator:    d.optional("separator"),
		Regex:        d.optional("regex"),
		Modulus:      d.integer("modulus"),
		TargetLabel:  d.text("target_label", ""),
		Replacement:  d.optional("replacement"),
		Action:       Action(d.action),
	}
}

func (d *decoder) familyStep() Step {
	if d.action == actionRename {
		return Rename{Regex: d.text("regex", ""), Replacement: d.text("replacement", "")}
	}
	families := d.list("families", true)
	switch d.action {
	case actionKeepFamilies:
		return KeepFamilies{families}
	case actionDropFamilies:
		return DropFamilies{families}
	case actionHelp:
		return SetHelp{families, d.required("help")}
	case actionUnit:
		return SetUnit{families, d.required("unit")}
	case actionType:
		return SetType{families, Type(strings.ToLower(d.text("type", "")))}
	case actionScale:
		return Scale{families, d.number("factor"), d.number("divisor")}
	default:
		return Aggregate{
			Families: families,
			Without:  d.list("without", true),
			By:       d.list("by", true),
			Gauges:   Combination(strings.ToLower(d.text("gauges", ""))),
		}
	}
}

// finish returns all errors, including those about fields that the action does not have.
func (d *decoder) finish() error {
	var unknown []string
	for name := range d.fields {
		if !slices.Contains(d.known, name) {
			unknown = append(unknown, name)
		}
	}
	slices.Sort(unknown)
	for _, name := range unknown {
		d.errs = append(d.errs, fmt.Errorf("field %s is unknown: the fields of %s are %s", name, d.action, strings.Join(d.known, ", ")))
	}
	return errors.Join(d.errs...)
}

// take returns a field and reports whether the item has it.
func (d *decoder) take(name string) (field, bool) {
	d.known = append(d.known, name)
	f, ok := d.fields[name]
	return f, ok
}

func (d *decoder) fail(name, expected string) {
	d.errs = append(d.errs, fmt.Errorf("%s is not %s", name, expected))
}

// optional returns a text, or nil if the field is missing. Null means an empty text, as in Prometheus.
func (d *decoder) optional(name string) *string {
	f, ok := d.take(name)
	switch {
	case !ok:
		return nil
	case f.kind == listField || f.kind == otherField:
		d.fail(name, "a text")
		return nil
	}
	return &f.text
}

func (d *decoder) text(name, otherwise string) string {
	return *cmp.Or(d.optional(name), &otherwise)
}

// required returns a text that must be present but may be empty.
func (d *decoder) required(name string) string {
	if _, ok := d.fields[name]; !ok {
		d.errs = append(d.errs, fmt.Errorf("%s is missing: it may be empty", name))
	}
	return d.text(name, "")
}

// list returns a list of texts, or nil if the field is missing or null. If single is set, it accepts a text
// as a list of one.
func (d *decoder) list(name string, single bool) []string {
	f, ok := d.take(name)
	switch {
	case !ok || f.kind == nullField:
		return nil
	case single && f.kind == textField:
		return []string{f.text}
	case f.kind != listField:
		d.fail(name, "a list, such as [first, second]")
		return nil
	}
	list := make([]string, len(f.list))
	for i := range f.list {
		if list[i] = f.list[i].text; f.list[i].kind != textField {
			d.fail(name, "a list of texts")
			return nil
		}
	}
	return list
}

// integer returns a nonnegative integer, or 0 if the field is missing or null.
func (d *decoder) integer(name string) uint64 {
	const expected = "a whole number from 1 on"
	f, ok := d.take(name)
	if !ok || f.kind == nullField {
		return 0
	}
	if f.kind != textField || f.quoted {
		d.fail(name, expected)
		return 0
	}
	digits := strings.ReplaceAll(strings.TrimPrefix(f.text, "+"), "_", "")
	if n, err := strconv.ParseUint(digits, 0, 64); err == nil {
		return n
	}
	if v, err := strconv.ParseFloat(digits, 64); err == nil && v >= 0 && v < 1<<64 && v == math.Trunc(v) {
		return uint64(v)
	}
	d.fail(name, expected)
	return 0
}

// number returns a number, or 0 if the field is missing or null.
func (d *decoder) number(name string) float64 {
	f, ok := d.take(name)
	if !ok || f.kind == nullField {
		return 0
	}
	v, err := strconv.ParseFloat(f.text, 64)
	if f.kind != textField || err != nil {
		d.fail(name, "a number")
		return 0
	}
	return v
}
