package instrument

import (
	"errors"
	"fmt"
	"slices"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric/internal/clientgolang"
	"github.com/luxfi/metric/internal/clientmodel"
	"github.com/luxfi/metric/internal/labelmap"
	"github.com/luxfi/metric/internal/model"
)

// family holds the properties that all series of an instrument or vector share.
type family struct {
	model.Family

	desc        *prometheus.Desc
	layout      *model.Layout
	constraints []prometheus.LabelConstraint // by variable label; nil if no label has one

	info   *infoShape  // set only for an info family
	states *stateShape // set only for a state set
}

// names returns the names of the variable labels.
func (f *family) names() []string { return f.layout.Names() }

// newFamily makes a family from the fields that all options share.
func newFamily(t model.Type, opts prometheus.Opts, labels prometheus.ConstrainableLabels) *family {
	if labels == nil {
		labels = prometheus.UnconstrainedLabels(nil)
	}
	name := prometheus.BuildFQName(opts.Namespace, opts.Subsystem, opts.Name)
	f := &family{
		Family: model.Family{Name: name, Help: opts.Help, Unit: opts.Unit, Type: t},
		desc:   prometheus.V2.NewDesc(name, opts.Help, labels, opts.ConstLabels, prometheus.WithUnit(opts.Unit)),
	}
	var names []string
	switch labels := labels.(type) {
	case prometheus.UnconstrainedLabels:
		names = labels
	case prometheus.ConstrainedLabels:
		names, f.constraints = splitConstraints(labels)
	default: // a pointer to one of them, or a struct that embeds one
		_, names, _ = clientgolang.LabelsOf(f.desc, f.desc.String())
		f.constraints = clientgolang.Constraints(f.desc, names)
	}
	f.layout = model.NewLayout(constantOf(opts), names)
	return f
}

// constantOf returns the constant labels.
func constantOf(opts prometheus.Opts) []model.Label {
	constant := make([]model.Label, 0, len(opts.ConstLabels))
	for name, value := range opts.ConstLabels {
		constant = append(constant, model.Label{Name: name, Value: value})
	}
	return constant
}

// familyOf returns the family that desc describes, with an unknown type.
func familyOf(desc *prometheus.Desc) *family {
	info := clientgolang.Parse(desc)
	return &family{
		Family:      model.Family{Name: info.Name, Help: info.Help, Unit: info.Unit},
		desc:        desc,
		layout:      model.NewLayout(info.Constant, info.Variable),
		constraints: clientgolang.Constraints(desc, info.Variable),
	}
}

// splitConstraints returns the names of the labels, and their constraints if there are any.
func splitConstraints(labels prometheus.ConstrainedLabels) (names []string, constraints []prometheus.LabelConstraint) {
	constraints = make([]prometheus.LabelConstraint, len(labels))
	constrained := false
	for i, l := range labels {
		names = append(names, l.Name)
		constraints[i] = l.Constraint
		constrained = constrained || l.Constraint != nil
	}
	if !constrained {
		return names, nil
	}
	return names, constraints
}

// constrain returns the value of variable label i when a user passes value.
func (f *family) constrain(i int, value string) string {
	if f.constraints == nil || f.constraints[i] == nil {
		return value
	}
	return f.constraints[i](value)
}

// has reports whether the family has a label with the given name: a variable label, a constant label,
// or an info label.
func (f *family) has(label string) bool {
	if slices.Contains(f.names(), label) || f.info != nil && slices.Contains(f.info.names, label) {
		return true
	}
	return f.layout.Render(make([]string, len(f.names()))).Has(label)
}

// series is the common part of all instruments.
type series struct{ family *family }

// newSeries returns the only series of a family without variable labels.
func newSeries(f *family) series {
	if n := len(f.names()); n > 0 {
		panic(cardinalityError(f, nil))
	}
	return series{f}
}

// newSingle returns a new instrument that is the only series of its family. Like the child of a vector,
// it is part of an entry that contains its labels.
func newSingle[C any, P Child[C]](f *family) P {
	s := newSeries(f)
	p := P(&labelmap.NewEntry[C](f.layout, nil).Child)
	p.bind(s)
	return p
}

// labelsOf returns the labels of an instrument that was made by newSingle or by a vector.
func labelsOf[C any](instrument *C) model.Labels { return labelmap.Of(instrument).Labels() }

func (s *series) Desc() *prometheus.Desc { return s.family.desc }
func (s *series) ofFamily() *family      { return s.family }
func (s *series) Family() *model.Family  { return &s.family.Family }
func (s *series) bind(to series)         { *s = to }

// Instrument is one series of this library.
type Instrument interface {
	prometheus.Metric
	prometheus.Collector
	// Family returns the family of the series.
	Family() *model.Family
	ofFamily() *family
	// Point overwrites *p with the current value, like [model.Series.At].
	Point(p *model.Point, scratch *model.Scratch)
}

// writeInstrument implements the method Write of a Metric.
func writeInstrument(i Instrument, out *clientmodel.Metric) error {
	var (
		p       model.Point
		scratch model.Scratch
	)
	i.Point(&p, &scratch)
	clientmodel.EncodePoint(out, i.ofFamily().Type, &p)
	return nil
}

// singleSource is an instrument as a [model.Source] that is its own [model.Series].
type singleSource struct{ Instrument }

func (singleSource) isSingle()              {}
func (s singleSource) Series() model.Series { return s }
func (s singleSource) Len() int             { return 1 }
func (s singleSource) At(_ int, p *model.Point, scratch *model.Scratch) {
	s.Point(p, scratch)
}

// Key implements [model.StableSource].
func (s singleSource) Key() any { return s }

// Snapshot implements [model.SnapshotSeries]. The only series of an instrument never changes.
func (s singleSource) Snapshot() any { return s }

func (s singleSource) HasLabel(name string) bool { return s.ofFamily().HasLabel(name) }

// Labelled is implemented by sources of this library, whose series all have the same label names.
// HasLabel includes the labels that formats add to samples, such as le; see [model.Family.Reserved].
type Labelled interface{ HasLabel(name string) bool }

var errInconsistentCardinality = errors.New("inconsistent label cardinality")

func cardinalityError(f *family, values []string) error {
	return fmt.Errorf("%w: %q has %d variable labels named %q but %d values %q were provided",
		errInconsistentCardinality, f.Name, len(f.names()), f.names(), len(values), values)
}

// HasLabel is [family.has] for a family of an instrument. It includes labels that formats add to
// samples.
func (f *family) HasLabel(name string) bool { return name == f.Reserved() || f.has(name) }
