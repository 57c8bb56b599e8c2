package metric

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/luxfi/metric/internal/clientgolang"
	"github.com/luxfi/metric/internal/clientmodel"
	"github.com/luxfi/metric/internal/labelmap"
	"github.com/luxfi/metric/internal/model"
)

// family is what all series of one of our instruments or vectors share.
type family struct {
	model.Family

	desc        *Desc
	layout      *model.Layout
	constraints []LabelConstraint // By variable label; nil if there are none.
}

// names returns the variable labels.
func (f *family) names() []string { return f.layout.Names() }

// newFamily makes a family out of the fields that all options share.
func newFamily(t model.Type, opts Opts, labels ConstrainableLabels) *family {
	if labels == nil {
		labels = UnconstrainedLabels(nil)
	}
	name := BuildFQName(opts.Namespace, opts.Subsystem, opts.Name)
	f := &family{
		Family: model.Family{Name: name, Help: opts.Help, Unit: opts.Unit, Type: t},
		desc:   V2.NewDesc(name, opts.Help, labels, opts.ConstLabels, WithUnit(opts.Unit)),
	}
	var names []string
	switch labels := labels.(type) {
	case UnconstrainedLabels:
		names = labels
	case ConstrainedLabels:
		names, f.constraints = splitConstraints(labels)
	default: // A pointer to one of them, or a struct that embeds one.
		_, names, _ = clientgolang.LabelsOf(f.desc, f.desc.String())
		f.constraints = clientgolang.Constraints(f.desc, names)
	}
	constant := make([]model.Label, 0, len(opts.ConstLabels))
	for name, value := range opts.ConstLabels {
		constant = append(constant, model.Label{Name: name, Value: value})
	}
	f.layout = model.NewLayout(constant, names)
	return f
}

// familyOf returns the family that desc describes, of unknown type.
func familyOf(desc *Desc) *family {
	info := clientgolang.Parse(desc)
	return &family{
		Family:      model.Family{Name: info.Name, Help: info.Help, Unit: info.Unit},
		desc:        desc,
		layout:      model.NewLayout(info.Constant, info.Variable),
		constraints: clientgolang.Constraints(desc, info.Variable),
	}
}

// splitConstraints returns the names, and the constraints if there is one at all.
func splitConstraints(labels ConstrainedLabels) (names []string, constraints []LabelConstraint) {
	constraints = make([]LabelConstraint, len(labels))
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

// has reports whether a label, variable or constant, has that name.
func (f *family) has(label string) bool {
	for _, name := range f.names() {
		if name == label {
			return true
		}
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
func alone[C any, P child[C]](f *family) P {
	s := newSeries(f)
	p := P(&labelmap.NewEntry[C](f.layout, nil).Child)
	p.bind(s)
	return p
}

// labelsOf returns the labels of an instrument that was made by alone or is one of a vector.
func labelsOf[C any](instrument *C) model.Labels { return labelmap.Of(instrument).Labels() }

func (s *series) Desc() *Desc       { return s.family.desc }
func (s *series) ofFamily() *family { return s.family }
func (s *series) bind(to series)    { *s = to }

// instrument is one series of our own.
type instrument interface {
	Metric
	Collector
	ofFamily() *family
	// point overwrites *p with the current value, as model.Series does.
	point(p *model.Point, scratch *model.Scratch)
}

// writeInstrument implements Metric.Write.
func writeInstrument(i instrument, out *MetricData) error {
	var (
		p       model.Point
		scratch model.Scratch
	)
	i.point(&p, &scratch)
	clientmodel.EncodePoint(out, i.ofFamily().Type, &p)
	return nil
}

// single is an instrument as a model.Source and its own model.Series.
type single struct{ instrument }

func (s single) Family() *model.Family { return &s.ofFamily().Family }
func (s single) Series() model.Series  { return s }
func (s single) Len() int              { return 1 }
func (s single) At(_ int, p *model.Point, scratch *model.Scratch) {
	s.point(p, scratch)
}

func (s single) hasLabel(name string) bool { return s.ofFamily().hasLabel(name) }

// labelled is implemented by our sources, whose series all have the same label names. Those
// that samples are written with, le and quantile, are among them.
type labelled interface{ hasLabel(name string) bool }

var errInconsistentCardinality = errors.New("inconsistent label cardinality")

func cardinalityError(f *family, values []string) error {
	return fmt.Errorf("%w: %q has %d variable labels named %q but %d values %q were provided",
		errInconsistentCardinality, f.Name, len(f.names()), f.names(), len(values), values)
}

// hasLabel is has for a family that is used by an instrument, whose samples are labelled.
func (f *family) hasLabel(name string) bool { return name == f.Type.Reserved() || f.has(name) }

// newExemplar makes an exemplar. It is an error if the labels are not valid or longer
// than the formats allow.
func newExemplar(value float64, at time.Time, labels Labels) (*model.Exemplar, error) {
	list := make([]model.Label, 0, len(labels))
	runes := 0
	for name, v := range labels {
		if name == "" || !utf8.ValidString(name) || strings.HasPrefix(name, "__") {
			return nil, fmt.Errorf("exemplar label name %q is invalid", name)
		}
		if !utf8.ValidString(v) {
			return nil, fmt.Errorf("exemplar label value %q is not valid UTF-8", v)
		}
		list = append(list, model.Label{Name: name, Value: v})
		runes += utf8.RuneCountInString(name) + utf8.RuneCountInString(v)
	}
	if runes > ExemplarMaxRunes {
		return nil, fmt.Errorf("exemplar labels have %d runes, exceeding the limit of %d", runes, ExemplarMaxRunes)
	}
	rendered, err := model.NewLabels(list)
	if err != nil {
		return nil, fmt.Errorf("exemplar with %w", err)
	}
	return &model.Exemplar{Labels: rendered, Value: value, Timestamp: instant(at)}, nil
}

func instant(t time.Time) model.Instant { return model.Instant{Nanos: t.UnixNano(), Valid: true} }
