package clientgolang

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	dto "github.com/prometheus/client_model/go"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric/internal/engine"
	"github.com/luxfi/metric/internal/model"
)

// Info is the content of a descriptor. A descriptor's fields are private to client_golang, but its
// String method prints them: name, help and unit in quotes.
type Info struct {
	Name, Help, Unit string
	Constant         []model.Label // sorted by name
	Variable         []string      // in the order of the label values
	Err              error

	// families holds the family once for each type of the metrics with this descriptor. A consistent
	// collector has one type.
	families []*model.Family
}

// Family returns the family for metrics of type t. It is safe for concurrent use only for types for
// which the family has been requested before.
func (d *Info) Family(t model.Type) *model.Family {
	for _, f := range d.families {
		if f.Type == t {
			return f
		}
	}
	f := &model.Family{Name: d.Name, Help: d.Help, Unit: d.Unit, Type: t}
	d.families = append(d.families, f)
	return f
}

var (
	// ErrNilDesc reports that a descriptor is nil.
	ErrNilDesc       = errors.New("a nil descriptor")
	errUnknownFormat = errors.New("a descriptor that prints itself in an unknown way")
	errNotMade       = errors.New("a descriptor without a name, which NewDesc has not made")
	errUnreadable    = errors.New("a descriptor whose labels cannot be read")
)

// Parse reads the String output of d. If the descriptor is invalid, whether or not NewDesc made it,
// Parse returns an Info with an error.
func Parse(d *prometheus.Desc) *Info {
	if d == nil {
		return &Info{Err: ErrNilDesc}
	}
	info := &Info{Err: d.Err()}
	s := d.String()
	rest := s
	for _, field := range [...]struct {
		prefix string
		value  *string
	}{
		{"Desc{fqName: ", &info.Name},
		{", help: ", &info.Help},
		{", unit: ", &info.Unit},
	} {
		var ok bool
		if rest, ok = strings.CutPrefix(rest, field.prefix); !ok {
			return &Info{Err: fmt.Errorf("%w: %s", errUnknownFormat, s)}
		}
		quoted, err := strconv.QuotedPrefix(rest)
		if err != nil {
			return &Info{Err: fmt.Errorf("%w: %s", errUnknownFormat, s)}
		}
		*field.value, _ = strconv.Unquote(quoted)
		rest = rest[len(quoted):]
	}
	if info.Err == nil {
		info.Err = info.readLabels(d, rest)
	}
	return info
}

// readLabels reads the labels of a descriptor without an error. printed is the part of the String
// output about them.
func (d *Info) readLabels(desc *prometheus.Desc, printed string) (err error) {
	if d.Name == "" {
		return errNotMade
	}
	if err := model.CheckName(d.Name); err != nil {
		return fmt.Errorf("metric name %w", err)
	}
	if d.Constant, d.Variable, err = LabelsOf(desc, printed); err != nil {
		return fmt.Errorf("metric %q: %w", d.Name, err)
	}
	names := slices.Clone(d.Variable)
	for _, l := range d.Constant {
		names = append(names, l.Name)
	}
	for _, name := range names {
		if err := model.CheckName(name); err != nil {
			return fmt.Errorf("metric %q has a label with an invalid name: %w", d.Name, err)
		}
	}
	return nil
}

// LabelsOf returns the labels of a descriptor. It lets MakeLabelPairs combine the names with values:
// the constant ones, and at least as many made-up values as there are variable names. The String output
// about labels is ambiguous, but it bounds their number and shows which made-up values are not constant
// ones.
func LabelsOf(d *prometheus.Desc, printed string) (constant []model.Label, variable []string, err error) {
	const nul, printedNUL = "\x00", `\x00`
	mark := 1
	for strings.Contains(printed, strings.Repeat(printedNUL, mark)) {
		mark++
	}
	values := make([]string, 1+strings.Count(printed, ","))
	for i := range values {
		values[i] = strings.Repeat(nul, mark) + strconv.Itoa(i)
	}
	var pairs []*dto.LabelPair
	if engine.Try(func() error { pairs = prometheus.MakeLabelPairs(d, values); return nil }) != nil {
		return nil, nil, errUnreadable
	}
	constant, variable = splitPairs(pairs, values)
	return constant, variable, nil
}

func splitPairs(pairs []*dto.LabelPair, values []string) (constant []model.Label, variable []string) {
	names := make([]string, len(values))
	n := 0
	for _, pair := range pairs {
		if i := slices.Index(values, pair.GetValue()); i >= 0 {
			names[i] = pair.GetName()
			n = max(n, i+1)
			continue
		}
		constant = append(constant, model.Label{Name: pair.GetName(), Value: pair.GetValue()})
	}
	return constant, names[:n]
}

// Fits reports whether the descriptor describes a series with the given labels.
func (d *Info) Fits(labels model.Labels) bool {
	want := make([]string, 0, len(d.Constant)+len(d.Variable))
	for _, l := range d.Constant {
		want = append(want, l.Name)
	}
	want = append(want, d.Variable...)
	slices.Sort(want)
	have := labels.List()
	return slices.EqualFunc(have, want, func(l model.Label, name string) bool { return l.Name == name }) &&
		!slices.ContainsFunc(d.Constant, func(l model.Label) bool { return !slices.Contains(have, l) })
}

// Identity returns a text that is different for all descriptors that a registry considers different. It
// consists of the name and the constant labels.
func (d *Info) Identity() string {
	labels, err := model.NewLabels(slices.Clone(d.Constant))
	if err != nil {
		return "" // not reached for registered descriptors
	}
	return strconv.Quote(d.Name) + labels.Text()
}
