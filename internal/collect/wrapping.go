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
)

// Wrapping adds a prefix and labels. Around gatherers it may instead be a [Reshaper].
type Wrapping struct {
	Prefix   string
	Labels   prometheus.Labels
	Existing Existing // what happens to labels with the names of Labels; nil leaves their series out
	Reshape  Reshaper
}

// IsZero reports whether the wrapping changes nothing.
func (w Wrapping) IsZero() bool { return w.Prefix == "" && len(w.Labels) == 0 && w.Reshape == nil }

// Wrapped is a collector behind a wrapping. Registries of this module look behind it; Describe and Collect
// serve others.
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

// Describe sends the descriptors of the collector behind the wrapping, changed by the wrapping. It sends an
// invalid one if the collector panics or is nil.
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

// CollectWithContext collects from the collector behind the wrapping. It turns a panic into an invalid
// metric.
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

// descOf returns the changed descriptor of m. It remembers descriptors in known.
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
		return prometheus.NewInvalidDesc(err) // Wrapping a descriptor without labels would panic.
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
