package metric

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric/internal/clientgolang"
	"github.com/luxfi/metric/internal/clientmodel"
	"github.com/luxfi/metric/internal/engine"
	"github.com/luxfi/metric/internal/model"
	"github.com/luxfi/metric/internal/order"
)

// wrapping is what is added: a prefix or labels.
type wrapping struct {
	prefix string
	labels Labels
}

// wrappedCollector is a collector behind a wrapping. Registries of this package look
// through it; Describe and Collect serve others.
type wrappedCollector struct {
	collector Collector
	wrapping  wrapping
}

// unwrap returns the collector behind all wrappings.
func unwrap(c Collector) Collector {
	for {
		w, ok := c.(*wrappedCollector)
		if !ok {
			return c
		}
		c = w.collector
	}
}

// Describe sends the descriptors of the collector behind it, changed. It sends an
// invalid one if that panics or is nil.
func (c *wrappedCollector) Describe(ch chan<- *Desc) {
	if isNil(c.collector) {
		ch <- NewInvalidDesc(fmt.Errorf("a wrapping around a nil %T", c.collector))
		return
	}
	d, err := describe(c)
	if err != nil {
		ch <- NewInvalidDesc(err)
		return
	}
	for _, desc := range d.list {
		ch <- desc
	}
}

// Collect collects with the background context.
func (c *wrappedCollector) Collect(ch chan<- Metric) {
	c.CollectWithContext(context.Background(), ch)
}

// CollectWithContext collects from the collector behind it. A panic there becomes an
// invalid metric.
func (c *wrappedCollector) CollectWithContext(ctx context.Context, ch chan<- Metric) {
	wrapped := make(map[*Desc]*Desc)
	err := engine.FromChannel(endOfRun, func(inner chan<- Metric) { collectAny(ctx, c.collector, inner) }, func(m Metric) {
		select {
		case ch <- &wrappedMetric{m, c.wrapping, c.wrapping.descOf(m, wrapped)}:
		case <-ctx.Done():
		}
	})
	if err != nil {
		select {
		case ch <- NewInvalidMetric(NewInvalidDesc(err), err):
		case <-ctx.Done():
		}
	}
}

// descOf returns the changed descriptor of m. known remembers it.
func (w wrapping) descOf(m Metric, known map[*Desc]*Desc) *Desc {
	var desc *Desc
	if err := engine.Try(func() error { desc = m.Desc(); return nil }); err != nil {
		return NewInvalidDesc(err)
	}
	if d, ok := known[desc]; ok {
		return d
	}
	if len(known) >= maxParsed {
		clear(known)
	}
	known[desc] = w.desc(desc)
	return known[desc]
}

// desc returns the descriptor as client_golang's own wrapping changes it.
func (w wrapping) desc(d *Desc) *Desc {
	if err := clientgolang.Parse(d).Err; err != nil {
		if d != nil && d.Err() != nil {
			return d
		}
		return NewInvalidDesc(err) // With a descriptor without labels, wrapping it would panic.
	}
	var c Collector = fixedDesc{d}
	if w.prefix != "" {
		c = prometheus.WrapCollectorWithPrefix(w.prefix, c)
	}
	c = prometheus.WrapCollectorWith(w.labels, c)
	ch := make(chan *Desc, 1)
	c.Describe(ch)
	return <-ch
}

// fixedDesc is a collector that only describes.
type fixedDesc struct{ desc *Desc }

func (f fixedDesc) Describe(ch chan<- *Desc) { ch <- f.desc }
func (fixedDesc) Collect(chan<- Metric)      {}

type wrappedMetric struct {
	metric   Metric
	wrapping wrapping
	desc     *Desc
}

func (m *wrappedMetric) Desc() *Desc { return m.desc }

func (m *wrappedMetric) Write(out *MetricData) error {
	if err := m.metric.Write(out); err != nil {
		return err
	}
	if len(m.wrapping.labels) > 0 {
		out.Label = append(slices.Clip(out.Label), clientmodel.EncodeLabelMap(m.wrapping.labels)...)
		slices.SortFunc(out.Label, func(a, b *LabelPair) int { return strings.Compare(a.GetName(), b.GetName()) })
	}
	return nil
}

// transform is a wrapping at work on samples.
type transform struct {
	prefix   string
	extra    []model.Label // Sorted by name.
	families map[*model.Family]*model.Family
	text     []byte
}

func (w wrapping) transform() *transform {
	t := &transform{prefix: w.prefix, families: make(map[*model.Family]*model.Family)}
	for name, value := range w.labels {
		t.extra = append(t.extra, model.Label{Name: name, Value: value})
	}
	order.By(t.extra, func(a, b model.Label) int { return strings.Compare(a.Name, b.Name) })
	return t
}

func (t *transform) family(f *model.Family) *model.Family {
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

// point changes p, a point of family f. Its labels are then valid until the next call.
func (t *transform) point(f *model.Family, p *model.Point) (err error) {
	if len(t.extra) == 0 {
		return nil
	}
	if hasName(t.extra, f.Type.Reserved()) {
		return fmt.Errorf("must not have an explicit %q label", f.Type.Reserved())
	}
	t.text, p.Labels, err = model.AppendMerged(t.text[:0], p.Labels, t.extra)
	return err
}

func hasName(labels []model.Label, name string) bool {
	return slices.ContainsFunc(labels, func(l model.Label) bool { return l.Name == name })
}

// run puts the wrapping between a run and its sink.
func (w wrapping) run(run engine.Run) engine.Run {
	return func(ctx context.Context, sink engine.Sink) error {
		return run(ctx, &wrappingSink{Sink: sink, transform: w.transform()})
	}
}

// wrappingSink changes samples on their way. The run that it is made for writes to it
// from one goroutine at a time, like all runs do.
type wrappingSink struct {
	engine.Sink

	transform *transform
}

func (s *wrappingSink) Sample(f *model.Family, p *model.Point) error {
	changed := *p
	if err := s.transform.point(f, &changed); err != nil {
		return fmt.Errorf("collected metric %q {%s}: %w", f.Name, p.Labels.Text(), err)
	}
	return s.Sink.Sample(s.transform.family(f), &changed)
}

// source puts the wrapping around a native family.
func (w wrapping) source(inner model.Source) model.Source {
	t := w.transform()
	s := &wrappedSource{inner: inner, family: t.family(inner.Family()), extra: t.extra}
	if nested, ok := inner.(*wrappedSource); ok {
		s.inner = nested.inner
		s.extra = slices.Concat(nested.extra, t.extra)
		order.By(s.extra, func(a, b model.Label) int { return strings.Compare(a.Name, b.Name) })
	}
	return s
}

// wrappedSource is a native family behind one or more wrappings.
type wrappedSource struct {
	inner  model.Source // Not a wrappedSource.
	family *model.Family
	extra  []model.Label // Sorted by name.
}

func (s *wrappedSource) Family() *model.Family { return s.family }

func (s *wrappedSource) hasLabel(name string) bool {
	l, ok := s.inner.(labelled)
	return ok && l.hasLabel(name) || hasName(s.extra, name)
}

// check returns an error if the samples are written with a label that is added to them.
func (s *wrappedSource) check() error {
	if reserved := s.family.Type.Reserved(); hasName(s.extra, reserved) {
		return fmt.Errorf("family %q must not have an explicit %q label", s.family.Name, reserved)
	}
	return nil
}

func (s *wrappedSource) Series() model.Series {
	if len(s.extra) == 0 {
		return s.inner.Series()
	}
	return &wrappedSeries{s.inner.Series(), s.extra}
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
