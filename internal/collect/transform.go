package collect

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/luxfi/metric/internal/engine"
	"github.com/luxfi/metric/internal/model"
	"github.com/luxfi/metric/internal/order"
)

// transform applies a wrapping to samples.
type transform struct {
	prefix   string
	existing Existing      // nil refuses labels that a series already has
	extra    []model.Label // sorted by name
	families map[*model.Family]*model.Family
	text     []byte
}

// newTransform returns a transform for the samples of one run.
func (w Wrapping) newTransform() *transform {
	t := &transform{prefix: w.Prefix, existing: w.Existing, families: make(map[*model.Family]*model.Family)}
	for name, value := range w.Labels {
		t.extra = append(t.extra, model.Label{Name: name, Value: value})
	}
	order.By(t.extra, func(a, b model.Label) int { return strings.Compare(a.Name, b.Name) })
	return t
}

// Family returns the family with the prefix. Calls with the same family return the same result.
func (t *transform) Family(f *model.Family) *model.Family {
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
func (t *transform) Point(f *model.Family, p *model.Point) (err error) {
	if len(t.extra) > 0 {
		if hasName(t.extra, f.Type.Reserved()) {
			return reservedError(f.Type.Reserved())
		}
		if t.existing != nil {
			t.text, p.Labels, err = t.existing.merge(t.text[:0], p.Labels, t.extra)
		} else {
			t.text, p.Labels, err = model.AppendMerged(t.text[:0], p.Labels, t.extra)
		}
		if err != nil {
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

// Run returns run with the wrapping between it and its sink.
func (w Wrapping) Run(run engine.Run) engine.Run {
	return func(ctx context.Context, r engine.Running, sink engine.Sink) error {
		return run(ctx, r.WithoutOrigins(), w.Sink(sink))
	}
}

// Sink returns a sink that changes samples on their way to another one. The run must write to it from one
// goroutine at a time, as all runs do.
func (w Wrapping) Sink(to engine.Sink) engine.Sink {
	if w.Reshape != nil {
		return w.Reshape.Sink(to)
	}
	return &wrappingSink{Sink: to, transform: w.newTransform(), wrapping: w}
}

// wrappingSink adds a prefix and labels.
type wrappingSink struct {
	engine.Sink

	transform *transform
	wrapping  Wrapping
}

// Hold implements [engine.Holder].
func (s *wrappingSink) Hold(h engine.Held) error {
	sources := make([]model.Source, 0, len(h.Sources))
	for _, source := range h.Sources {
		if s.wrapping.Existing != nil && s.wrapping.changesLabels(source) {
			// Its series may come in another order, and some may have become equal.
			if err := engine.Send(s, []model.Source{source}); err != nil {
				return err
			}
			continue
		}
		wrapped, err := s.wrapping.Around(source)
		if err != nil {
			s.Drop(err)
			continue
		}
		sources = append(sources, wrapped)
	}
	h.Sources = sources
	return engine.Hold(s.Sink, h)
}

// Sample implements [engine.Sink].
func (s *wrappingSink) Sample(f *model.Family, p *model.Point) error {
	changed := *p
	if err := s.transform.Point(f, &changed); err != nil {
		return fmt.Errorf("collected metric %q {%s}: %w", f.Name, p.Labels.Text(), err)
	}
	return s.Sink.Sample(s.transform.Family(f), &changed)
}

// Samples returns samples with the wrapping around them. It calls report for every problem; n is the number
// of samples that are left out because of it. The error is nil if it is the same as an earlier one.
func (w Wrapping) Samples(samples []model.Sample, report func(n int, err error)) []model.Sample {
	if w.Reshape != nil {
		return w.Reshape.Samples(samples, report)
	}
	wrapped := make([]model.Sample, 0, len(samples))
	var refused *model.Family
	t := w.newTransform()
	for _, sample := range samples {
		if err := t.Point(sample.Family, &sample.Point); err != nil {
			if sample.Family == refused {
				report(1, nil)
				continue
			}
			refused = sample.Family
			report(1, fmt.Errorf("family %q: %w", refused.Name, err))
			continue
		}
		sample.Family = t.Family(sample.Family)
		if len(w.Labels) > 0 {
			sample.Point.Labels = sample.Point.Labels.Keep()
			sample.Origin = nil
		}
		wrapped = append(wrapped, sample)
	}
	return wrapped
}
