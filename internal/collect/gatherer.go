package collect

import (
	"context"
	"errors"
	"fmt"

	"github.com/luxfi/metric/internal/clientmodel"
	"github.com/luxfi/metric/internal/engine"
	"github.com/luxfi/metric/internal/model"
)

// GatherFunc gathers under a context. It may ignore the context.
type GatherFunc func(ctx context.Context) ([]*clientmodel.Family, error)

// IgnoreContext returns gather as a [GatherFunc].
func IgnoreContext(gather func() ([]*clientmodel.Family, error)) GatherFunc {
	return func(context.Context) ([]*clientmodel.Family, error) { return gather() }
}

// RunGatherer returns the run of a gatherer. It copies what the gatherer returns.
func RunGatherer(gather GatherFunc) engine.Run {
	return func(ctx context.Context, _ engine.Running, sink engine.Sink) error {
		families, err := gather(ctx)
		return WithDecoded(err, families, sink)
	}
}

// WithDecoded copies the samples of families into sink. families and err are the results of a gatherer.
// WithDecoded returns err and the errors of the samples.
func WithDecoded(err error, families []*clientmodel.Family, sink engine.Sink) error {
	cut := decodeFamilies(families, sink)
	switch {
	case cut == nil:
		return err
	case err == nil:
		return cut
	default:
		return errors.Join(cut, err)
	}
}

// decodeFamilies copies the samples of families into sink. The error says so if there is no time left for
// all of them.
func decodeFamilies(families []*clientmodel.Family, sink engine.Sink) error {
	for i, mf := range families {
		if mf != nil && sendFamily(mf, sink) != nil {
			return fmt.Errorf("%d of %d families were not copied before the end of the scrape: %w",
				len(families)-i, len(families), context.DeadlineExceeded)
		}
	}
	return nil
}

// sendFamily writes a family to a sink. If the sink cannot take its samples, that is reported once.
func sendFamily(mf *clientmodel.Family, sink engine.Sink) error {
	refused := false
	return clientmodel.Decode(mf, func(f *model.Family, p *model.Point) error {
		err := sink.Sample(f, p)
		if err == nil || errors.Is(err, engine.ErrAbandoned) {
			return err
		}
		if !refused {
			refused = true
			sink.Drop(err)
		}
		return nil
	}, sink.Drop)
}
