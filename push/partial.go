package push

import (
	"context"
	"sync"
	"time"

	"github.com/luxfi/metric"
)

// gatherShare is the part of the time before a deadline that gathering may take. The rest is left for
// sending.
const gatherShare = 0.75

// PartialGatherer gathers from the collectors that succeed; see [Partial]. It is safe for concurrent use.
type PartialGatherer struct {
	ctx      context.Context //nolint:containedctx // Gatherer.Gather takes no context.
	gatherer metric.GathererWithContext

	mu  sync.Mutex
	err error
}

// Partial returns a [metric.Gatherer] for one push. Pass it to libraries that push nothing if Gather
// returns an error, such as client_golang's [Pusher] and OpenTelemetry's bridge. Its Gather method gathers
// from g under ctx and returns the metrics of the collectors that succeeded, without an error. Call
// [PartialGatherer.Err] afterwards for the error.
//
// A collector that hangs could use up the time of ctx and leave none for sending. Gathering therefore takes
// at most three quarters of the time until the deadline of ctx. If ctx has no deadline, Gather waits for g
// until ctx is done.
//
// If all collectors fail, Gather returns the error, because pushing an empty result would delete the
// metrics in a Pushgateway.
func Partial(ctx context.Context, g metric.GathererWithContext) *PartialGatherer {
	return &PartialGatherer{ctx: ctx, gatherer: g}
}

// Gather implements [metric.Gatherer]; see [Partial].
func (p *PartialGatherer) Gather() ([]*metric.MetricFamily, error) {
	ctx := p.ctx
	if deadline, ok := ctx.Deadline(); ok {
		limit := time.Duration(gatherShare * float64(time.Until(deadline)))
		limited, cancel := context.WithTimeout(ctx, limit)
		defer cancel()
		ctx = limited
	}
	families, err := metric.BindGatherer(ctx, p.gatherer).Gather()
	p.mu.Lock()
	p.err = err
	p.mu.Unlock()
	if len(families) > 0 {
		return families, nil
	}
	return nil, err
}

// Err returns the error of the last Gather, usually a [*metric.GatherError] that names the collectors that
// failed. It returns nil if none failed, and before the first Gather.
func (p *PartialGatherer) Err() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.err
}
