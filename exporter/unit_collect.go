package exporter

import (
	"context"
	"errors"
	"io"

	metrics "github.com/luxfi/metric"
)

// errClosed is the error of a run of a collector that has been closed.
var errClosed = errors.New("the collector has been removed from the configuration")

// registered returns what is registered for the unit, which stays the same. It has the unit count its
// runs and, if the collector is not there yet, has them try to make it. Then it describes
// nothing, since nothing is known of what it will send.
func (u *unit) registered() metrics.Collector {
	u.register.Do(func() {
		c := unitCollector{u, u.made(), nil}
		if bundle := bundleOf(c.described); bundle != nil {
			u.adapter = bundle
			return
		}
		if c.described != nil {
			c.descs = describe(c.described)
		}
		switch inner := c.described.(type) {
		case nil, metrics.CollectorWithContext:
			u.adapter = &contextUnit{c}
		case metrics.StreamCollector:
			u.adapter = &streamUnit{c, inner}
		default:
			u.adapter = &plainUnit{c}
		}
	})
	return u.adapter
}

// bundleOf returns a bundle of an instrument, and nil for other collectors. An instrument that is
// registered itself is not run, and so has neither policies nor a success metric. A bundle of
// it has both, and like the instrument costs no allocation for each series.
func bundleOf(c metrics.Collector) metrics.Collector {
	if _, closes := c.(io.Closer); c == nil || closes {
		return nil
	}
	bundle := metrics.NewBundle(c)
	if metrics.NewRegistry().Register(bundle) != nil {
		return nil
	}
	return bundle
}

// unitCollector is what the adapters below have in common.
type unitCollector struct {
	unit      *unit
	described metrics.Collector // Nil if it was not there when it was registered.
	descs     []*metrics.Desc   // What described has described.
}

// Describe implements metrics.Collector.
func (c *unitCollector) Describe(ch chan<- *metrics.Desc) {
	for _, d := range c.descs {
		ch <- d
	}
}

// describe returns what a collector describes.
func describe(c metrics.Collector) (descs []*metrics.Desc) {
	ch := make(chan *metrics.Desc)
	done := make(chan struct{})
	go func() {
		for d := range ch {
			descs = append(descs, d)
		}
		close(done)
	}()
	func() {
		defer close(ch)
		c.Describe(ch)
	}()
	<-done
	return descs
}

// Collect implements metrics.Collector.
func (c *unitCollector) Collect(ch chan<- metrics.Metric) {
	if err := c.collect(context.Background(), ch); err != nil {
		ch <- metrics.NewInvalidMetric(metrics.NewInvalidDesc(err), err)
	}
}

func (c *unitCollector) collect(ctx context.Context, ch chan<- metrics.Metric) error {
	if !c.unit.runs.begin() {
		return errClosed
	}
	defer c.unit.runs.end()
	a, err := c.unit.await(ctx)
	if err != nil {
		return err
	}
	switch inner := a.collector.(type) {
	case metrics.CollectorWithContext:
		inner.CollectWithContext(ctx, ch)
	case metrics.StreamCollector:
		metrics.CollectStream(ctx, inner, ch)
	default:
		if c.described != nil {
			inner.Collect(ch)
			break
		}
		a.adapt().CollectWithContext(ctx, ch)
	}
	return nil
}

// plainUnit runs a collector that takes no context, so that scrapes share its runs.
type plainUnit struct{ unitCollector }

// contextUnit runs a collector that takes a context, or one that is not there yet.
type contextUnit struct{ unitCollector }

// CollectWithContext implements metrics.CollectorWithContext.
func (c *contextUnit) CollectWithContext(ctx context.Context, ch chan<- metrics.Metric) {
	if err := c.collect(ctx, ch); err != nil {
		ch <- metrics.NewInvalidMetric(metrics.NewInvalidDesc(err), err)
	}
}

// streamUnit runs a stream collector.
type streamUnit struct {
	unitCollector
	stream metrics.StreamCollector
}

// CollectTo implements metrics.StreamCollector.
func (c *streamUnit) CollectTo(ctx context.Context, sink *metrics.Sink) error {
	if !c.unit.runs.begin() {
		return errClosed
	}
	defer c.unit.runs.end()
	return c.stream.CollectTo(ctx, sink)
}
