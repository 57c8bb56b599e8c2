package remote

import (
	"context"
	"errors"
	"fmt"

	"github.com/luxfi/metric/internal/engine"
	"github.com/luxfi/metric/internal/model"
	"github.com/luxfi/metric/internal/parse"
)

// run is one run of a target in an engine.
func (t *Target) run(ctx context.Context, _ engine.Running, sink engine.Sink) error {
	if _, ok := ctx.Deadline(); !ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, t.opts.Timeout)
		defer cancel()
	}
	b, err := t.fetch(ctx)
	if err == nil {
		err = t.send(b, sink)
	}
	if err != nil && !errors.Is(err, engine.ErrAbandoned) {
		return fmt.Errorf("gathering from %s: %w", t.name, err)
	}
	return err
}

// send hands the metrics of a body over to a sink, if all of it can be read.
func (t *Target) send(b *body, sink engine.Sink) error {
	var (
		samples []model.Sample // Of families that cannot be read from the body in order.
		dropped []error
		texts   model.Texts
	)
	keep := func(f *model.Family, p *model.Point) error {
		samples = append(samples, model.Sample{Family: f, Point: p.CloneWith(texts.Keep(p.Labels))})
		return nil
	}
	read, err := parse.Read(b.format, *b.data, t.opts.limits(), keep, func(err error) { dropped = append(dropped, err) })
	if err != nil {
		b.free()
		return err
	}
	for _, err := range dropped {
		sink.Drop(err)
	}
	if err := engine.Hold(sink, engine.Held{Sources: read.Sources, Free: b.free}); err != nil {
		return err
	}
	for i := range samples {
		switch err := sink.Sample(samples[i].Family, &samples[i].Point); {
		case errors.Is(err, engine.ErrAbandoned):
			return err
		case err != nil:
			sink.Drop(err)
		}
	}
	return nil
}

// The limits that need no option: what exceeds them is no exposition.
const (
	maxLabels    = 256
	maxNameBytes = 4 << 10
	maxHelpBytes = 64 << 10
	maxBuckets   = 4096
)

func (o *Opts) limits() parse.Limits {
	return parse.Limits{
		Series: o.MaxSeries, Families: o.MaxSeries, Labels: maxLabels, LabelBytes: o.MaxLabelBytes,
		NameBytes: maxNameBytes, HelpBytes: maxHelpBytes, Buckets: maxBuckets,
	}
}
