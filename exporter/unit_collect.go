package exporter

import (
	"context"
	"errors"
	"io"

	metrics "github.com/luxfi/metric"
)

// errClosed is the error of runs of a collector that has been closed.
var errClosed = errors.New("the collector has been removed from the configuration")

// registered returns the collector to register for the unit. It is always the same one. It counts the
// unit's runs and, while the collector does not exist, runs try to make it. In that case it describes
// nothing, since the metrics are still unknown.
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

// bundleOf returns a bundle of c if c is an instrument, and nil otherwise. The registry does not run an
// instrument that is registered directly, so that instrument would have neither policies nor a success
// metric. A bundle has both and, like the instrument, allocates nothing per series.
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

// unitCollector is the common part of the adapters below.
type unitCollector struct {
	unit      *unit
	described metrics.Collector // nil if the collector did not exist when the unit was registered
	descs     []*metrics.Desc   // the descriptors that described sends
}

// Describe implements metrics.Collector.
func (c *unitCollector) Describe(ch chan<- *metrics.Desc) {
	for _, d := range c.descs {
		ch <- d
	}
}

// describe returns the descriptors of a collector.
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

// plainUnit runs a collector without a context, so that scrapes share its runs.
type plainUnit struct{ unitCollector }

// contextUnit runs a collector with a context, or one that does not exist yet.
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
