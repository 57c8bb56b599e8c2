package metric

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/luxfi/metric/internal/book"
	"github.com/luxfi/metric/internal/engine"
	"github.com/luxfi/metric/internal/model"
)

// descInfo is what a descriptor says. Its fields are private to client_golang, but it
// prints them: name, help and unit in quotes.
type descInfo struct {
	name, help, unit string
	constant         []model.Label // Sorted by name.
	variable         []string      // In the order of the label values.
	err              error

	// families holds the family once for each type that metrics with this
	// descriptor turned out to have. There is one, unless something is wrong.
	families []*model.Family
}

// family returns the family for metrics of type t. It is not safe for concurrent use,
// unless the family was asked for before.
func (d *descInfo) family(t model.Type) *model.Family {
	for _, f := range d.families {
		if f.Type == t {
			return f
		}
	}
	f := &model.Family{Name: d.name, Help: d.help, Unit: d.unit, Type: t}
	d.families = append(d.families, f)
	return f
}

var (
	errNilDesc       = errors.New("a nil descriptor")
	errUnknownFormat = errors.New("a descriptor that prints itself in an unknown way")
	errNotMade       = errors.New("a descriptor without a name, which NewDesc has not made")
	errUnreadable    = errors.New("a descriptor whose labels cannot be read")
)

// parseDesc reads what the descriptor prints. It returns a descInfo with an error if
// the descriptor is not valid, whether NewDesc has made it or not.
func parseDesc(d *Desc) *descInfo {
	if d == nil {
		return &descInfo{err: errNilDesc}
	}
	info := &descInfo{err: d.Err()}
	s := d.String()
	rest := s
	for _, field := range [...]struct {
		prefix string
		value  *string
	}{
		{"Desc{fqName: ", &info.name},
		{", help: ", &info.help},
		{", unit: ", &info.unit},
	} {
		var ok bool
		if rest, ok = strings.CutPrefix(rest, field.prefix); !ok {
			return &descInfo{err: fmt.Errorf("%w: %s", errUnknownFormat, s)}
		}
		quoted, err := strconv.QuotedPrefix(rest)
		if err != nil {
			return &descInfo{err: fmt.Errorf("%w: %s", errUnknownFormat, s)}
		}
		*field.value, _ = strconv.Unquote(quoted)
		rest = rest[len(quoted):]
	}
	if info.err == nil {
		info.err = info.readLabels(d, rest)
	}
	return info
}

// readLabels reads the labels of a descriptor without an error. printed is what it
// prints about them.
func (d *descInfo) readLabels(desc *Desc, printed string) (err error) {
	if d.name == "" {
		return errNotMade
	}
	if err := model.CheckName(d.name); err != nil {
		return fmt.Errorf("metric name %w", err)
	}
	if d.constant, d.variable, err = descLabels(desc, printed); err != nil {
		return fmt.Errorf("metric %q: %w", d.name, err)
	}
	names := slices.Clone(d.variable)
	for _, l := range d.constant {
		names = append(names, l.Name)
	}
	for _, name := range names {
		if err := model.CheckName(name); err != nil {
			return fmt.Errorf("metric %q has a label with an invalid name: %w", d.name, err)
		}
	}
	return nil
}

// descLabels returns the labels of a descriptor. It has MakeLabelPairs label each value
// with its name: the constant ones, and at least as many made-up ones as there are
// names. (What the descriptor prints about its labels is ambiguous, but it bounds their
// number, and shows which made-up values are not constant ones.)
func descLabels(d *Desc, printed string) (constant []model.Label, variable []string, err error) {
	const nul, printedNUL = "\x00", `\x00`
	mark := 1
	for strings.Contains(printed, strings.Repeat(printedNUL, mark)) {
		mark++
	}
	values := make([]string, 1+strings.Count(printed, ","))
	for i := range values {
		values[i] = strings.Repeat(nul, mark) + strconv.Itoa(i)
	}
	var pairs []*LabelPair
	if engine.Try(func() error { pairs = MakeLabelPairs(d, values); return nil }) != nil {
		return nil, nil, errUnreadable
	}
	constant, variable = splitPairs(pairs, values)
	return constant, variable, nil
}

func splitPairs(pairs []*LabelPair, values []string) (constant []model.Label, variable []string) {
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

// fits reports whether a series with these labels is one that the descriptor describes.
func (d *descInfo) fits(labels model.Labels) bool {
	want := make([]string, 0, len(d.constant)+len(d.variable))
	for _, l := range d.constant {
		want = append(want, l.Name)
	}
	want = append(want, d.variable...)
	slices.Sort(want)
	have := labels.List()
	return slices.EqualFunc(have, want, func(l model.Label, name string) bool { return l.Name == name }) &&
		!slices.ContainsFunc(d.constant, func(l model.Label) bool { return !slices.Contains(have, l) })
}

// identity tells descriptors apart that a registry does not hold to be equal: by name
// and constant labels.
func (d *descInfo) identity() string {
	labels, err := model.NewLabels(slices.Clone(d.constant))
	if err != nil {
		return "" // Never of a descriptor that was registered.
	}
	return strconv.Quote(d.name) + labels.Text()
}

// descs are the descriptors that a collector has announced. They are read-only once
// the collector is registered.
type descs struct {
	list     []*Desc
	infos    map[*Desc]*descInfo
	inner    *descs // Of the collector behind a wrapping.
	pedantic bool   // Collected metrics are checked against what was announced.
}

// describe asks a collector for its descriptors. A panic is an error.
func describe(c Collector) (*descs, error) {
	d := &descs{infos: make(map[*Desc]*descInfo)}
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
			if err := parseDesc(w.wrapping.desc(NewDesc("x", "", nil, nil))).err; err != nil {
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
		return errNilDesc
	}
	info := parseDesc(desc)
	if info.err != nil && desc.Err() == nil {
		return info.err // A registry only knows of the errors that NewDesc has found.
	}
	// Each type's family is made now, so that later no one needs to write.
	for t := model.Untyped; t <= model.GaugeHistogram; t++ {
		info.family(t)
	}
	d.list = append(d.list, desc)
	d.infos[desc] = info
	return nil
}

var endOfDescs = new(Desc)

func (d *descs) find(desc *Desc) *descInfo {
	if d == nil {
		return nil
	}
	return d.infos[desc]
}

// invalid returns the error of registering an invalid descriptor. Its words are client_golang's,
// but it has the name of the metric in the place of the whole descriptor.
func (d *descInfo) invalid() error {
	if d.name == "" {
		return fmt.Errorf("descriptor without a name is invalid: %w", d.err)
	}
	return fmt.Errorf("descriptor of metric %q is invalid: %w", d.name, d.err)
}

// forBook returns the descriptors for the book of a registry. Errors of invalid ones are
// formatted now, as they may have methods that use the registry.
func (d *descs) forBook() []book.Desc {
	list := make([]book.Desc, 0, len(d.list))
	for _, desc := range d.list {
		info := d.infos[desc]
		if info.err != nil {
			list = append(list, book.Desc{Invalid: info.invalid()})
			continue
		}
		names, values := make([]string, 0, len(info.constant)), make([]string, 0, len(info.constant))
		for _, l := range info.constant {
			names, values = append(names, l.Name), append(values, l.Value)
		}
		list = append(list, book.NewDesc(desc, info.name, info.help, info.unit, names, values, info.variable))
	}
	return list
}

// names returns the names of the announced families.
func (d *descs) names() []string {
	names := make([]string, 0, len(d.list))
	for _, desc := range d.list {
		names = append(names, d.infos[desc].name)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// check tells how a metric disagrees with the descriptor that it names, or with what
// its collector has announced.
func (d *descs) check(desc *Desc, info *descInfo, p *model.Point) error {
	id := info.identity()
	if !slices.ContainsFunc(d.list, func(a *Desc) bool { return a == desc || d.infos[a].identity() == id }) {
		return fmt.Errorf("collected metric %s { %s} with unregistered descriptor %s", info.name, p.Labels.Text(), desc)
	}
	if !info.fits(p.Labels) {
		return fmt.Errorf("labels in collected metric %s { %s} are inconsistent with descriptor %s", info.name, p.Labels.Text(), desc)
	}
	return nil
}

// announcements are descriptors by the names of their families.
type announcements map[string][]announcement

type announcement struct {
	desc *Desc
	info *descInfo
}

func (a announcements) add(d *descs) {
	for _, desc := range d.list {
		info := d.infos[desc]
		a[info.name] = append(a[info.name], announcement{desc, info})
	}
}

// find returns the descriptor that announces a sample, and nil if there is none.
func (a announcements) find(f *model.Family, p *model.Point) *Desc {
	for _, announced := range a[f.Name] {
		if announced.info.fits(p.Labels) {
			return announced.desc
		}
	}
	return nil
}
