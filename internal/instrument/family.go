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

// family is what all series of one of our instruments or vectors share.
type family struct {
	model.Family

	desc        *prometheus.Desc
	layout      *model.Layout
	constraints []prometheus.LabelConstraint // By variable label; nil if there are none.

	info   *infoShape  // Of an info family; otherwise nil.
	states *stateShape // Of a state set; otherwise nil.
}

// names returns the variable labels.
func (f *family) names() []string { return f.layout.Names() }

// newFamily makes a family out of the fields that all options share.
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
	default: // A pointer to one of them, or a struct that embeds one.
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

// familyOf returns the family that desc describes, of unknown type.
func familyOf(desc *prometheus.Desc) *family {
	info := clientgolang.Parse(desc)
	return &family{
		Family:      model.Family{Name: info.Name, Help: info.Help, Unit: info.Unit},
		desc:        desc,
		layout:      model.NewLayout(info.Constant, info.Variable),
		constraints: clientgolang.Constraints(desc, info.Variable),
	}
}

// splitConstraints returns the names, and the constraints if there is one at all.
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

// constrain returns the value that variable label i has when a user gives value.
func (f *family) constrain(i int, value string) string {
	if f.constraints == nil || f.constraints[i] == nil {
		return value
	}
	return f.constraints[i](value)
}

// has reports whether a label has that name: a variable or constant one, or one that says what
// an info family is about.
func (f *family) has(label string) bool {
	if slices.Contains(f.names(), label) || f.info != nil && slices.Contains(f.info.names, label) {
		return true
	}
	return f.layout.Render(make([]string, len(f.names()))).Has(label)
}

// series is what every instrument has.
type series struct{ family *family }

// newSeries returns the only series of a family without variable labels.
func newSeries(f *family) series {
	if n := len(f.names()); n > 0 {
		panic(cardinalityError(f, nil))
	}
	return series{f}
}

// alone returns a new instrument that is the only series of its family. Like the child of
// a vector it is one of an entry, where its labels are.
func alone[C any, P Child[C]](f *family) P {
	s := newSeries(f)
	p := P(&labelmap.NewEntry[C](f.layout, nil).Child)
	p.bind(s)
	return p
}

// labelsOf returns the labels of an instrument that was made by alone or is one of a vector.
func labelsOf[C any](instrument *C) model.Labels { return labelmap.Of(instrument).Labels() }

func (s *series) Desc() *prometheus.Desc { return s.family.desc }
func (s *series) ofFamily() *family      { return s.family }
func (s *series) Family() *model.Family  { return &s.family.Family }
func (s *series) bind(to series)         { *s = to }

// Instrument is one series of our own.
type Instrument interface {
	prometheus.Metric
	prometheus.Collector
	// Family returns the family that the series belongs to.
	Family() *model.Family
	ofFamily() *family
	// Point overwrites *p with the current value, as model.Series does.
	Point(p *model.Point, scratch *model.Scratch)
}

// writeInstrument implements Metric.Write.
func writeInstrument(i Instrument, out *clientmodel.Metric) error {
	var (
		p       model.Point
		scratch model.Scratch
	)
	i.Point(&p, &scratch)
	clientmodel.EncodePoint(out, i.ofFamily().Type, &p)
	return nil
}

// single is an instrument as a model.Source and its own model.Series.
type single struct{ Instrument }

func (single) isSingle()              {}
func (s single) Series() model.Series { return s }
func (s single) Len() int             { return 1 }
func (s single) At(_ int, p *model.Point, scratch *model.Scratch) {
	s.Point(p, scratch)
}

// Key implements model.StableSource.
func (s single) Key() any { return s }

// Snapshot implements model.SnapshotSeries: an instrument has one series, always the same.
func (s single) Snapshot() any { return s }

func (s single) HasLabel(name string) bool { return s.ofFamily().HasLabel(name) }

// Labelled is implemented by our sources, whose series all have the same label names. Those
// that samples are written with, such as le, are among them; see model.Family.Reserved.
type Labelled interface{ HasLabel(name string) bool }

var errInconsistentCardinality = errors.New("inconsistent label cardinality")

func cardinalityError(f *family, values []string) error {
	return fmt.Errorf("%w: %q has %d variable labels named %q but %d values %q were provided",
		errInconsistentCardinality, f.Name, len(f.names()), f.names(), len(values), values)
}

// HasLabel is has for a family that is used by an instrument, whose samples are labelled.
func (f *family) HasLabel(name string) bool { return name == f.Reserved() || f.has(name) }
