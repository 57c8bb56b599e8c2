package remote

import (
	"context"
	"errors"
	"fmt"

	"github.com/luxfi/metric/internal/engine"
	"github.com/luxfi/metric/internal/model"
	"github.com/luxfi/metric/internal/parse"
)

// run runs a target once in an engine.
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
		return fmt.Errorf("gathering from %s: %w", t.name, bounded(err))
	}
	return err
}

// maxError limits the bytes of an error's text, because some errors of net/http quote the server's
// response.
const maxError = 1 << 10

// bounded returns err, or an error with the beginning of its text if that is too long.
func bounded(err error) error {
	if text := err.Error(); len(text) > maxError && !isOver(err) {
		return errors.New(text[:maxError] + "…")
	}
	return err
}

// send passes the metrics of a body to a sink if all of the body can be read.
func (t *Target) send(b *body, sink engine.Sink) error {
	var (
		samples []model.Sample // samples of families that cannot be read from the body in order
		dropped []error        // errors of the first samples that are left out
		more    int            // number of further samples that are left out
		texts   model.Texts
	)
	keep := func(f *model.Family, p *model.Point) error {
		samples = append(samples, model.Sample{Family: f, Point: p.CloneWith(texts.Keep(p.Labels))})
		return nil
	}
	drop := func(err error) {
		if len(dropped) < maxDropped {
			dropped = append(dropped, err)
			return
		}
		more++
	}
	read, err := parse.Read(b.format, *b.data, t.opts.limits(), keep, drop)
	if err != nil {
		b.free()
		return err
	}
	for _, err := range dropped {
		sink.Drop(err)
	}
	for range more {
		sink.Drop(errMore)
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

// maxDropped limits the omitted samples that are reported with separate errors.
const maxDropped = 100

// errMore stands for the errors of further samples. Sinks only count it.
var errMore = errors.New("more samples were left out")

// Limits without an option, because a body that exceeds them is not an exposition.
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
