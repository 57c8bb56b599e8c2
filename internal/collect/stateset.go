package collect

import (
	"context"
	"slices"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric/internal/clientgolang"
	"github.com/luxfi/metric/internal/instrument"
	"github.com/luxfi/metric/internal/model"
)

// The label for the state of a state set has the name of the family, so a prefix changes it, too. As
// a source, a wrapped state set gets that right by itself. What follows is for registries that
// know only Describe and Collect.

// stateSet returns the source of a state set behind wrappings, and nil for all other collectors.
func (c *Wrapped) stateSet() model.Source {
	inner, ok := c.Collector.(*Wrapped)
	if ok {
		if source := inner.stateSet(); source != nil {
			return c.Wrapping.Source(source)
		}
		return nil
	}
	if source := instrument.SourceOf(c.Collector); source != nil && source.Family().Type == model.StateSet {
		return c.Wrapping.Source(source)
	}
	return nil
}

// sendStates sends a gauge for each state.
func (c *Wrapped) sendStates(ctx context.Context, source model.Source, ch chan<- prometheus.Metric) {
	sink := &ChannelSink{Ctx: ctx, Ch: ch, Announced: make(Announcements)}
	announced, err := Describe(c)
	if err == nil {
		err = announced.invalid()
	}
	if err != nil {
		sink.Drop(err)
		return
	}
	sink.Announced.Add(announced)
	var (
		p       model.Point
		scratch model.Scratch
	)
	series := source.Series()
	for i := range series.Len() {
		series.At(i, &p, &scratch)
		if sink.Sample(source.Family(), &p) != nil {
			return // The context has ended.
		}
	}
}

// invalid returns the error of a descriptor that is not valid.
func (d *Announced) invalid() error {
	for _, desc := range d.List {
		if err := d.Infos[desc].Err; err != nil {
			return err
		}
	}
	return nil
}

// describe returns a descriptor of the collector behind the wrapping, changed.
func (c *Wrapped) describe(desc *prometheus.Desc) *prometheus.Desc {
	wrapped := c.Wrapping.Desc(desc)
	if c.Wrapping.Prefix == "" || wrapped.Err() != nil {
		return wrapped
	}
	source := c.stateSet()
	if source == nil {
		return wrapped
	}
	before, after := clientgolang.Parse(desc), clientgolang.Parse(wrapped)
	labels := slices.Clone(after.Variable)
	if i := slices.Index(labels, before.Name); i >= 0 {
		labels[i] = after.Name
	}
	constant := make(prometheus.Labels, len(after.Constant))
	for _, l := range after.Constant {
		constant[l.Name] = l.Value
	}
	if err := source.(*WrappedSource).Check(); err != nil {
		return prometheus.NewInvalidDesc(err)
	}
	return prometheus.NewDesc(after.Name, after.Help, labels, constant)
}
