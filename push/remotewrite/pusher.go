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

// ErrClosed reports that a Pusher has been closed.
var ErrClosed = errors.New("the pusher is closed")

// Pusher pushes what a gatherer gathers to one or more receivers. [New] makes one; [Pusher.Run] or
// [Pusher.Push] push; [Pusher.Close] has to be called at the end.
//
// Each push gathers once, for all targets, and puts requests into a queue, from which they are sent to each
// target in order. Nothing runs in the background but what Run, Push and Close do until they return.
//
// A Pusher is a prometheus.Collector of metrics about itself, see [Pusher.Collect]. It is safe for concurrent
// use.
type Pusher struct {
	opts    Opts
	source  *scrape.Registry
	log     *backlog.Log
	targets []*target

	// turn holds a value while nothing gathers. Gathering and closing take it.
	turn    chan struct{}
	history staleness.History
	newest  int64 // Timestamp of the last push, in milliseconds since the Unix epoch.
	before  int64 // When the last gathering began.

	mu      sync.Mutex
	closing bool
	running context.CancelFunc // Ends Run; nil if it is not running.
	ended   chan struct{}      // Closed when Run has returned.
}

// New returns a Pusher that sends what g gathers to the receiver at url, and to those of opts.Targets. It sends
// nothing yet. The error tells which option is not valid, or why the queue on disk cannot be used.
//
// What registries, stream collectors, remote targets and pipelines of package relabel gather is encoded as it is
// gathered: a push allocates nothing for a series.
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
	p := &Pusher{opts: opts, source: source, log: log, turn: make(chan struct{}, 1)}
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

// registryFor returns a registry with nothing but what g gathers.
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

// Push gathers, and sends what the queue has. It returns when every target has taken everything, or when ctx or
// Opts.Timeout ends; requests that are left stay in the queue for the next push.
//
// The context and its deadline reach the collectors. Their failures cost only their own metrics: all others
// are sent, and the error names the failures. The error also has a *TargetError for each target that has rejected
// something or has not got everything. It is ErrClosed after Close.
func (p *Pusher) Push(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, p.opts.Timeout)
	defer cancel()
	return p.push(ctx, false)
}

// push gathers and delivers under ctx, at the same time, so that the queue stays short. The last call is that of
// Close: it ends all series.
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

// gatherShare is the part of a push that gathering may take, so that there is time to send.
const gatherShare = 0.8

// gatherWithin gathers in a part of the time that ctx has.
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

// Run pushes every Opts.Interval, the first time within a tenth of it, until ctx is done or Close is called. Then
// it returns nil; Close sends what is left. It logs errors to Opts.Logger, see push.Every. It is an error to call Run while it is
// running, or after Close.
//
// A target that fails does not delay the gathering, nor the other targets.
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

// begin notes that Run is running.
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

// Close ends Run, pushes a last time, sends stale markers for all series, and waits until every target has taken
// everything, or ctx is done. Then it frees what the Pusher holds. What is left stays in a queue on disk, for the
// next Pusher with that directory; from memory it is lost. The error says so for each target.
//
// If ctx has no deadline, Close waits for Opts.Timeout. A second call does nothing.
func (p *Pusher) Close(ctx context.Context) error {
	p.mu.Lock()
	running, ended := p.running, p.ended
	if p.closing {
		p.mu.Unlock()
		return nil
	}
	p.closing = true
	p.mu.Unlock()
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

// Describe sends the descriptors of the Pusher's own metrics.
func (p *Pusher) Describe(ch chan<- *prometheus.Desc) {
	for _, t := range p.targets {
		t.metrics.describe(ch)
	}
}

// Collect sends the Pusher's own metrics. They have the names, and the labels remote_name and url, of those
// that Prometheus has about its own remote write:
//
//   - prometheus_remote_storage_samples_total, …_bytes_total: what the target has taken or rejected; unlike
//     Prometheus's, they count requests that are sent again once;
//   - …_samples_failed_total: what the target has rejected;
//   - …_samples_retried_total: what was sent again;
//   - …_samples_dropped_total: what was not sent because the queue was full, with the label reason;
//   - …_samples_pending: what is in the queue;
//   - …_queue_highest_timestamp_seconds and …_queue_highest_sent_timestamp_seconds: the newest sample in
//     the queue, and the newest one that the target has taken;
//   - …_sent_batch_duration_seconds: how long requests take.
//
// Those about samples exist for exemplars and histograms, too.
func (p *Pusher) Collect(ch chan<- prometheus.Metric) {
	for _, t := range p.targets {
		t.collect(ch)
	}
}
