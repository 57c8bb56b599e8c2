package remotewrite

import (
	"context"
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric"
)

// Pusher pushes what a gatherer gathers to one or more receivers. It is safe for concurrent use.
//
// It is a Collector of its own metrics.
type Pusher struct{}

var errUnfinished = errors.New("not implemented")

// New returns a Pusher.
func New(url string, g metric.GathererWithContext, opts Opts) (*Pusher, error) {
	return nil, errUnfinished
}

// Push gathers and sends. It returns when all targets have taken everything that is queued, or
// when ctx is done; what is left then stays in the queue.
func (p *Pusher) Push(ctx context.Context) error { return errUnfinished }

// Run pushes at an interval until ctx is done.
func (p *Pusher) Run(ctx context.Context) error { return errUnfinished }

// Close pushes a last time, sends stale markers, waits until the queue is empty or ctx is done, and
// frees what the Pusher holds.
func (p *Pusher) Close(ctx context.Context) error { return errUnfinished }

// TargetStatus describes the state of a target.
type TargetStatus struct {
	Name           string
	Protocol       Protocol  // The version in use: V1 or V2.
	PendingSamples uint64    // In the queue, histograms included.
	LastSuccess    time.Time // When the target last took a request.
	LastError      error     // Why the last request failed; nil if it did not.
	RestsUntil     time.Time // When the next request is sent, after a failure.
}

// Status returns the state of each target.
func (p *Pusher) Status() []TargetStatus { return nil }

// Describe implements prometheus.Collector.
func (p *Pusher) Describe(ch chan<- *prometheus.Desc) {}

// Collect implements prometheus.Collector.
func (p *Pusher) Collect(ch chan<- prometheus.Metric) {}
