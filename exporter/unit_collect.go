package exporter

import (
	"context"
	"errors"
	"io"

	"github.com/luxfi/metric"
)

// errClosed is the error of runs of a collector that has been closed.
var errClosed = errors.New("the collector has been removed from the configuration")

// registered returns the collector to register for the unit. It is always the same one. It counts the
// unit's runs. While the program's collector does not exist, runs try to make it, and the registered
// collector describes nothing because its metrics are still unknown.
func (u *unit) registered() metric.Collector {
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
		case nil, metric.CollectorWithContext:
			u.adapter = &contextUnit{c}
		case metric.StreamCollector:
			u.adapter = &streamUnit{c, inner}
		default:
			u.adapter = &plainUnit{c}
		}
	})
	return u.adapter
}

// bundleOf returns a bundle of c if c is an instrument, and nil otherwise. The registry does not run
// an instrument that is registered directly, so that instrument would have no policies and no success
// metric. A bundle has both and, like the instrument, allocates nothing per series.
func bundleOf(c metric.Collector) metric.Collector {
	if _, closes := c.(io.Closer); c == nil || closes {
		return nil
	}
	bundle := metric.NewBundle(c)
	if metric.NewRegistry().Register(bundle) != nil {
		return nil
	}
	return bundle
}

// unitCollector is the common part of the adapters below.
type unitCollector struct {
	unit      *unit
	described metric.Collector // nil if the collector did not exist when the unit was registered
	descs     []*metric.Desc   // the descriptors that described sends
}

// Describe implements metric.Collector.
func (c *unitCollector) Describe(ch chan<- *metric.Desc) {
	for _, d := range c.descs {
		ch <- d
	}
}

// describe returns the descriptors of a collector.
func describe(c metric.Collector) (descs []*metric.Desc) {
	ch := make(chan *metric.Desc)
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

// Collect implements metric.Collector.
func (c *unitCollector) Collect(ch chan<- metric.Metric) {
	if err := c.collect(context.Background(), ch); err != nil {
		ch <- metric.NewInvalidMetric(metric.NewInvalidDesc(err), err)
	}
}

func (c *unitCollector) collect(ctx context.Context, ch chan<- metric.Metric) error {
	if !c.unit.runs.begin() {
		return errClosed
	}
	defer c.unit.runs.end()
	a, err := c.unit.await(ctx)
	if err != nil {
		return err
	}
	switch inner := a.collector.(type) {
	case metric.CollectorWithContext:
		inner.CollectWithContext(ctx, ch)
	case metric.StreamCollector:
		metric.CollectStream(ctx, inner, ch)
	default:
		if c.described != nil {
			inner.Collect(ch)
			break
		}
		a.adapt().CollectWithContext(ctx, ch)
	}
	return nil
}

// plainUnit runs a collector without a context, so that scrapes share its runs.
type plainUnit struct{ unitCollector }

// contextUnit runs a collector with a context, or one that does not exist yet.
type contextUnit struct{ unitCollector }

// CollectWithContext implements metric.CollectorWithContext.
func (c *contextUnit) CollectWithContext(ctx context.Context, ch chan<- metric.Metric) {
	if err := c.collect(ctx, ch); err != nil {
		ch <- metric.NewInvalidMetric(metric.NewInvalidDesc(err), err)
	}
}

// streamUnit runs a stream collector.
type streamUnit struct {
	unitCollector
	stream metric.StreamCollector
}

// CollectTo implements metric.StreamCollector.
func (c *streamUnit) CollectTo(ctx context.Context, sink *metric.Sink) error {
	if !c.unit.runs.begin() {
		return errClosed
	}
	defer c.unit.runs.end()
	return c.stream.CollectTo(ctx, sink)
}
