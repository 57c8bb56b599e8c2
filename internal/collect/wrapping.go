package collect

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric/internal/clientgolang"
	"github.com/luxfi/metric/internal/clientmodel"
	"github.com/luxfi/metric/internal/engine"
	"github.com/luxfi/metric/internal/instrument"
	"github.com/luxfi/metric/internal/model"
	"github.com/luxfi/metric/internal/order"
)

// Wrapping is what is added: a prefix or labels.
type Wrapping struct {
	Prefix string
	Labels prometheus.Labels
}

// Wrapped is a collector behind a wrapping. Registries of this package look
// through it; Describe and Collect serve others.
type Wrapped struct {
	Collector prometheus.Collector
	Wrapping  Wrapping
}

// Wrap returns c behind a wrapping.
func Wrap(c prometheus.Collector, w Wrapping) *Wrapped { return &Wrapped{c, w} }

// Unwrap returns the collector behind all wrappings.
func Unwrap(c prometheus.Collector) prometheus.Collector {
	for {
		w, ok := c.(*Wrapped)
		if !ok {
			return c
		}
		c = w.Collector
	}
}

// Describe sends the descriptors of the collector behind it, changed. It sends an
// invalid one if that panics or is nil.
func (c *Wrapped) Describe(ch chan<- *prometheus.Desc) {
	if IsNil(c.Collector) {
		ch <- prometheus.NewInvalidDesc(fmt.Errorf("a wrapping around a nil %T", c.Collector))
		return
	}
	d, err := Describe(c)
	if err != nil {
		ch <- prometheus.NewInvalidDesc(err)
		return
	}
	for _, desc := range d.List {
		ch <- desc
	}
}

// Collect collects with the background context.
func (c *Wrapped) Collect(ch chan<- prometheus.Metric) {
	c.CollectWithContext(context.Background(), ch)
}

// CollectWithContext collects from the collector behind it. A panic there becomes an
// invalid metric.
func (c *Wrapped) CollectWithContext(ctx context.Context, ch chan<- prometheus.Metric) {
	if c.sendStates(ctx, ch) {
		return
	}
	wrapped := make(map[*prometheus.Desc]*prometheus.Desc)
	err := engine.FromChannel(EndOfRun, func(inner chan<- prometheus.Metric) { CollectAny(ctx, c.Collector, inner) }, func(m prometheus.Metric) {
		select {
		case ch <- &wrappedMetric{m, c.Wrapping, c.Wrapping.descOf(m, wrapped)}:
		case <-ctx.Done():
		}
	})
	if err != nil {
		select {
		case ch <- prometheus.NewInvalidMetric(prometheus.NewInvalidDesc(err), err):
		case <-ctx.Done():
		}
	}
}

// descOf returns the changed descriptor of m. known remembers it.
func (w Wrapping) descOf(m prometheus.Metric, known map[*prometheus.Desc]*prometheus.Desc) *prometheus.Desc {
	var desc *prometheus.Desc
	if err := engine.Try(func() error { desc = m.Desc(); return nil }); err != nil {
		return prometheus.NewInvalidDesc(err)
	}
	if d, ok := known[desc]; ok {
		return d
	}
	if len(known) >= maxParsed {
		clear(known)
	}
	known[desc] = w.Desc(desc)
	return known[desc]
}

// Desc returns the descriptor as client_golang's own wrapping changes it.
func (w Wrapping) Desc(d *prometheus.Desc) *prometheus.Desc {
	if err := clientgolang.Parse(d).Err; err != nil {
		if d != nil && d.Err() != nil {
			return d
		}
		return prometheus.NewInvalidDesc(err) // With a descriptor without labels, wrapping it would panic.
	}
	var c prometheus.Collector = FixedDesc{d}
	if w.Prefix != "" {
		c = prometheus.WrapCollectorWithPrefix(w.Prefix, c)
	}
	c = prometheus.WrapCollectorWith(w.Labels, c)
	ch := make(chan *prometheus.Desc, 1)
	c.Describe(ch)
	return <-ch
}

// FixedDesc is a collector that only describes.
type FixedDesc struct{ Desc *prometheus.Desc }

// Describe sends the descriptor.
func (f FixedDesc) Describe(ch chan<- *prometheus.Desc) { ch <- f.Desc }

// Collect sends nothing.
func (FixedDesc) Collect(chan<- prometheus.Metric) {}

type wrappedMetric struct {
	metric   prometheus.Metric
	wrapping Wrapping
	desc     *prometheus.Desc
}

func (m *wrappedMetric) Desc() *prometheus.Desc { return m.desc }

func (m *wrappedMetric) Write(out *clientmodel.Metric) error {
	if err := m.metric.Write(out); err != nil {
		return err
	}
	if len(m.wrapping.Labels) > 0 {
		out.Label = append(slices.Clip(out.Label), clientmodel.EncodeLabelMap(m.wrapping.Labels)...)
		slices.SortFunc(out.Label, func(a, b *clientmodel.LabelPair) int { return strings.Compare(a.GetName(), b.GetName()) })
	}
	return nil
}

// Transform is a wrapping at work on samples.
type Transform struct {
	prefix   string
	extra    []model.Label // Sorted by name.
	families map[*model.Family]*model.Family
	text     []byte
}

// NewTransform returns the wrapping at work on the samples of one run.
func (w Wrapping) NewTransform() *Transform {
	t := &Transform{prefix: w.Prefix, families: make(map[*model.Family]*model.Family)}
	for name, value := range w.Labels {
		t.extra = append(t.extra, model.Label{Name: name, Value: value})
	}
	order.By(t.extra, func(a, b model.Label) int { return strings.Compare(a.Name, b.Name) })
	return t
}

// Family returns the family with the prefix. It is the same for each call with the same family.
func (t *Transform) Family(f *model.Family) *model.Family {
	if t.prefix == "" {
		return f
	}
	if changed, ok := t.families[f]; ok {
		return changed
	}
	changed := *f
	changed.Name = t.prefix + f.Name
	t.families[f] = &changed
	return &changed
}

// Point changes p, a point of family f. Its labels are then valid until the next call.
func (t *Transform) Point(f *model.Family, p *model.Point) (err error) {
	if len(t.extra) > 0 {
		if hasName(t.extra, f.Type.Reserved()) {
			return reservedError(f.Type.Reserved())
		}
		if t.text, p.Labels, err = model.AppendMerged(t.text[:0], p.Labels, t.extra); err != nil {
			return err
		}
	}
	if f.Type == model.StateSet {
		if reserved := t.Family(f).Reserved(); p.Labels.Has(reserved) { // A prefix changes it.
			return reservedError(reserved)
		}
	}
	return nil
}

func reservedError(label string) error {
	return fmt.Errorf("must not have an explicit %q label", label)
}

func hasName(labels []model.Label, name string) bool {
	return slices.ContainsFunc(labels, func(l model.Label) bool { return l.Name == name })
}

// Run puts the wrapping between a run and its sink.
func (w Wrapping) Run(run engine.Run) engine.Run {
	return func(ctx context.Context, r engine.Running, sink engine.Sink) error {
		return run(ctx, r.WithoutOrigins(), &WrappingSink{Sink: sink, Transform: w.NewTransform()})
	}
}

// WrappingSink changes samples on their way. The run that it is made for writes to it
// from one goroutine at a time, like all runs do.
type WrappingSink struct {
	engine.Sink

	Transform *Transform
}

// Sample implements engine.Sink.
func (s *WrappingSink) Sample(f *model.Family, p *model.Point) error {
	changed := *p
	if err := s.Transform.Point(f, &changed); err != nil {
		return fmt.Errorf("collected metric %q {%s}: %w", f.Name, p.Labels.Text(), err)
	}
	return s.Sink.Sample(s.Transform.Family(f), &changed)
}

// Source puts the wrapping around a native family.
func (w Wrapping) Source(inner model.Source) model.Source {
	t := w.NewTransform()
	s := &WrappedSource{Inner: inner, family: t.Family(inner.Family()), extra: t.extra}
	if nested, ok := inner.(*WrappedSource); ok {
		s.Inner = nested.Inner
		s.extra = slices.Concat(nested.extra, t.extra)
		order.By(s.extra, func(a, b model.Label) int { return strings.Compare(a.Name, b.Name) })
	}
	return s
}

// WrappedSource is a native family behind one or more wrappings.
type WrappedSource struct {
	Inner  model.Source // Not a wrappedSource.
	family *model.Family
	extra  []model.Label // Sorted by name.
}

// Family implements model.Source.
func (s *WrappedSource) Family() *model.Family { return s.family }

// Gauges implements model.GaugeSource. The source that is wrapped has to, too.
func (s *WrappedSource) Gauges(f *model.Family) model.Source {
	return &WrappedSource{s.Inner.(model.GaugeSource).Gauges(f), f, s.extra} //nolint:forcetypeassert // See above.
}

// HasLabel implements instrument.Labelled.
func (s *WrappedSource) HasLabel(name string) bool {
	return name == s.family.Reserved() || s.hasExplicit(name)
}

// hasExplicit reports whether the series have a label, other than the one that their samples
// are written with.
func (s *WrappedSource) hasExplicit(name string) bool {
	l, ok := s.Inner.(instrument.Labelled)
	return ok && l.HasLabel(name) && name != s.Inner.Family().Reserved() || hasName(s.extra, name)
}

// Check returns an error if the samples are written with a label that the series have, or that
// cannot be written.
func (s *WrappedSource) Check() error {
	if reserved := s.family.Reserved(); s.hasExplicit(reserved) {
		return fmt.Errorf("family %q %w", s.family.Name, reservedError(reserved))
	}
	if s.family.Type == model.StateSet {
		if err := instrument.CheckStateLabel(s.family.Name); err != nil {
			return fmt.Errorf("state set %q: %w", s.family.Name, err)
		}
	}
	return nil
}

// Series implements model.Source.
func (s *WrappedSource) Series() model.Series {
	if len(s.extra) == 0 {
		return s.Inner.Series()
	}
	return &wrappedSeries{s.Inner.Series(), s.extra}
}

type wrappedSeries struct {
	model.Series

	extra []model.Label
}

func (s *wrappedSeries) At(i int, p *model.Point, scratch *model.Scratch) {
	s.Series.At(i, p, scratch)
	var err error
	scratch.Text, p.Labels, err = model.AppendMerged(scratch.Text[:0], p.Labels, s.extra)
	if err != nil {
		panic(fmt.Sprintf("BUG: a label that registration has to refuse: %v", err))
	}
}
