package remotewrite

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/internal/backlog"
	"github.com/luxfi/metric/internal/collect"
	"github.com/luxfi/metric/internal/scrape"
	"github.com/luxfi/metric/internal/staleness"
	"github.com/luxfi/metric/push"
)

// ErrClosed is returned by [Pusher.Push] and [Pusher.Run] after [Pusher.Close].
var ErrClosed = errors.New("the pusher is closed")

// Pusher pushes the metrics of a gatherer to one or more targets. Make one with [New], push with
// [Pusher.Run] or [Pusher.Push], and call [Pusher.Close] at the end.
//
// Each push gathers once for all targets and appends requests to a queue, from which they are sent to each
// target in order. The goroutines of a Pusher end with the calls of Run, Push and Close, except for those
// of an HTTP client or a collector that ignores its context.
//
// A Pusher is a [prometheus.Collector] of metrics about itself; see [Pusher.Collect]. It is safe for
// concurrent use: Push can be called while Run is running, and concurrent pushes gather one after the other.
type Pusher struct {
	opts    Opts
	source  *scrape.Registry
	log     *backlog.Log
	targets []*target

	// turn holds a value while no goroutine gathers. Gathering and closing take it.
	turn    chan struct{}
	history staleness.History
	newest  int64 // timestamp of the last push, in milliseconds since the Unix epoch
	before  int64 // start of the last gathering, in the same unit

	mu      sync.Mutex
	closing bool
	running context.CancelFunc // ends Run; nil if Run is not running
	ended   chan struct{}      // closed when Run has returned
	closed  chan struct{}      // closed when Close has returned
}

// New returns a Pusher that sends the metrics of g to the receiver at url and to the receivers in
// opts.Targets. It does not connect to them. The caller must call [Pusher.Close], which also releases the
// queue.
//
// New returns an error if g is nil, if a URL or an option is not valid, if two targets have the same name,
// or if the queue on disk cannot be opened, for example because another process is using it.
//
// Series of registries, stream collectors, remote targets and pipelines of package relabel are encoded as
// they are gathered, without an allocation per series.
func New(url string, g metric.GathererWithContext, opts Opts) (*Pusher, error) {
	opts, err := opts.withDefaults(url)
	if err != nil {
		return nil, fmt.Errorf("cannot make a pusher: %w", err)
	}
	source, err := sourceOf(g, opts)
	if err != nil {
		return nil, fmt.Errorf("cannot make a pusher: %w", err)
	}
	names := make([]string, len(opts.Targets))
	for i := range opts.Targets {
		names[i] = opts.Targets[i].Name
	}
	log, err := backlog.Open(backlog.Options{Dir: opts.QueueDir, MaxBytes: opts.QueueBytes}, names)
	if err != nil {
		return nil, fmt.Errorf("cannot make a pusher: %w", err)
	}
	p := &Pusher{opts: opts, source: source, log: log, turn: make(chan struct{}, 1), closed: make(chan struct{})}
	p.turn <- struct{}{}
	for i := range opts.Targets {
		t, err := newTarget(&opts.Targets[i], i, log, opts)
		if err != nil {
			return nil, fmt.Errorf("cannot make a pusher: %w", errors.Join(err, log.Close()))
		}
		p.targets = append(p.targets, t)
	}
	return p, nil
}

// sourceOf returns a registry for what g gathers, with external labels and after relabeling.
func sourceOf(g metric.Gatherer, opts Opts) (*scrape.Registry, error) {
	registry, core, err := registryFor(g, collect.Wrapping{Labels: opts.ExternalLabels, Existing: collect.Honored})
	if err != nil || opts.Relabel == nil {
		return core, err
	}
	relabeled := opts.Relabel.Gatherer(registry)
	_, core, err = registryFor(relabeled, collect.Wrapping{})
	if err != nil {
		return nil, fmt.Errorf("the relabeler returns no gatherer: %w", err)
	}
	return core, nil
}

// registryFor returns a registry that contains only g.
func registryFor(g metric.Gatherer, w collect.Wrapping) (*metric.ContextRegistry, *scrape.Registry, error) {
	e, err := scrape.EntryOf(g, w)
	if err != nil {
		return nil, nil, err
	}
	r := metric.NewContextRegistry()
	core := scrape.RegistryOf(r)
	err = core.Register(e, "")
	return r, core, err
}

// Push gathers once and sends all requests in the queue. It returns when every target has accepted or
// rejected them, when ctx is done, or after Opts.Timeout. Requests that are left stay in the queue for the
// next push.
//
// The context and its deadline reach the collectors. A collector that fails costs only its own metrics: the
// others are sent.
//
// The error joins a *metric.GatherError that names the collectors that failed, and a *[TargetError] for each
// target that rejected something or did not receive everything. After Close, it is [ErrClosed].
func (p *Pusher) Push(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, p.opts.Timeout)
	defer cancel()
	return p.push(ctx, false)
}

// push gathers and delivers under ctx, at the same time, so that the queue stays short. Close makes the
// last push, which marks all series as stale.
func (p *Pusher) push(ctx context.Context, last bool) error {
	var (
		before   = p.losses()
		errs     = make([]error, len(p.targets)+1)
		end      backlog.Position
		gathered = make(chan struct{})
		sending  sync.WaitGroup
	)
	for i, t := range p.targets {
		sending.Go(func() {
			t.sendWhile(ctx, gathered)
			<-gathered
			errs[1+i] = t.sendUntil(ctx, end, before[i])
		})
	}
	end, errs[0] = p.gatherWithin(ctx, last)
	close(gathered)
	sending.Wait()
	if errors.Is(errs[0], ErrClosed) {
		return errs[0]
	}
	return errors.Join(errs...)
}

// gatherShare is the part of a push that gathering may take. The rest is left for sending.
const gatherShare = 0.8

// gatherWithin gathers for at most gatherShare of the time that ctx has left.
func (p *Pusher) gatherWithin(ctx context.Context, last bool) (backlog.Position, error) {
	if deadline, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		share := time.Duration(float64(time.Until(deadline)) * gatherShare)
		ctx, cancel = context.WithTimeout(ctx, share)
		defer cancel()
	}
	return p.gather(ctx, last)
}

// losses returns the losses of all targets.
func (p *Pusher) losses() []losses {
	all := make([]losses, len(p.targets))
	for i, t := range p.targets {
		all[i] = t.losses()
	}
	return all
}

// Run pushes every Opts.Interval until ctx is done or [Pusher.Close] is called, and then returns nil. The
// first push comes after a random part of a tenth of the interval, so that processes that start together do
// not push together. Run does not push a last time and does not wait for requests in the queue; Close does
// both.
//
// A failed push does not end Run. It is logged to Opts.Logger as [push.Every] logs errors: an error at once,
// an error that repeats once a minute, and the first success after it. A target that fails delays neither
// the gathering nor another target.
//
// Run returns an error if it is running already, [ErrClosed] after Close, and an error that wraps
// metric.ErrStillRunning if a push ignores the end of ctx for a second.
func (p *Pusher) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := make(chan struct{})
	defer close(ended)
	if err := p.begin(cancel, ended); err != nil {
		return err
	}
	var sending sync.WaitGroup
	for _, t := range p.targets {
		sending.Go(func() { t.sendWhile(ctx, ctx.Done()) })
	}
	before := p.losses()
	loop := push.Every(ctx, func(ctx context.Context) error {
		_, err := p.gather(ctx, false)
		if errors.Is(err, ErrClosed) {
			return nil
		}
		for i, t := range p.targets {
			err = errors.Join(err, t.report(before[i], t.failure()))
		}
		before = p.losses()
		return err
	}, push.LoopOpts{
		Name: "remote write to " + p.targets[0].Name, Interval: p.opts.Interval, Timeout: p.opts.Timeout,
		FlushTimeout: -1, Logger: p.opts.Logger, Registry: p.opts.Registry,
	})
	err := loop.Wait()
	sending.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.running = nil
	return err
}

// begin records that Run is running.
func (p *Pusher) begin(cancel context.CancelFunc, ended chan struct{}) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.closing:
		return ErrClosed
	case p.running != nil:
		return errors.New("the pusher is running already")
	}
	p.running, p.ended = cancel, ended
	return nil
}

// Close ends Run, pushes a last time, marks all series as stale unless Opts.KeepOnClose is set, and waits
// until every target has accepted or rejected everything, or until ctx is done. Then it releases the queue
// and the connections. If ctx has no deadline, Close waits for at most Opts.Timeout.
//
// Requests that are left stay in a queue on disk, for the next Pusher with that directory. In memory they
// are lost. In both cases the error has a *[TargetError] for each target with such requests. It also has the
// errors that [Pusher.Push] would return.
//
// Do not pass the context that ended Run: it is done, and Close would send nothing. Further calls wait until
// the first has returned, or ctx is done.
func (p *Pusher) Close(ctx context.Context) error {
	p.mu.Lock()
	running, ended, first := p.running, p.ended, !p.closing
	p.closing = true
	p.mu.Unlock()
	if !first {
		return p.awaitClosed(ctx)
	}
	defer close(p.closed)
	if _, ok := ctx.Deadline(); !ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, p.opts.Timeout)
		defer cancel()
	}
	if running != nil {
		running()
		select {
		case <-ended:
		case <-ctx.Done():
		}
	}
	err := errors.Join(p.push(ctx, true), p.log.Close())
	for _, t := range p.targets {
		t.sender.close()
	}
	return err
}

// awaitClosed waits until the first call of Close has returned, or ctx is done.
func (p *Pusher) awaitClosed(ctx context.Context) error {
	select {
	case <-p.closed:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Describe sends the descriptors of the Pusher's own metrics.
func (p *Pusher) Describe(ch chan<- *prometheus.Desc) {
	for _, t := range p.targets {
		t.metrics.describe(ch)
	}
}

// Collect sends the Pusher's own metrics, for [prometheus.Collector]. They have the names and the labels
// remote_name and url of the metrics that Prometheus has about its own remote write. Each exists once per
// target:
//
//   - prometheus_remote_storage_samples_total: samples in requests, retries included;
//   - …_samples_failed_total: samples that the target has rejected;
//   - …_samples_retried_total: samples in requests that failed and are sent again, once per failure;
//   - …_samples_dropped_total: samples that were dropped from the queue, with the label reason: queue_full,
//     or queue_error if the queue on disk could not be written;
//   - …_samples_pending: samples in the queue;
//   - …_bytes_total: bytes of the bodies of requests that the target has accepted or rejected, after
//     compression;
//   - …_queue_highest_timestamp_seconds: timestamp of the newest sample that was queued;
//   - …_queue_highest_sent_timestamp_seconds: timestamp of the newest sample that the target has accepted;
//   - …_sent_batch_duration_seconds: a histogram of the durations of requests, failures included.
//
// The metrics about samples also exist for exemplars and for native histograms, as in
// …_histograms_failed_total. A native histogram is not counted as a sample; a classic one counts as one
// sample per bucket, _sum and _count. All counts start at zero with the Pusher, except that …_pending
// includes requests that a queue on disk held.
func (p *Pusher) Collect(ch chan<- prometheus.Metric) {
	for _, t := range p.targets {
		t.collect(ch)
	}
}
