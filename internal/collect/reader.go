package collect

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric/internal/clientgolang"
	"github.com/luxfi/metric/internal/clientmodel"
	"github.com/luxfi/metric/internal/engine"
	"github.com/luxfi/metric/internal/instrument"
	"github.com/luxfi/metric/internal/model"
)

// EndOfRun marks the end in the channel of a run; see [engine.FromChannel].
var EndOfRun prometheus.Metric = new(endMetric)

type endMetric struct{ prometheus.Metric }

// RunPlain returns the run of a Collector that cannot take a context.
func RunPlain(c prometheus.Collector, announced *Announced) engine.Run {
	collect := c.Collect
	return func(_ context.Context, r engine.Running, sink engine.Sink) error {
		return drain(r, collect, announced, sink)
	}
}

// withContext is CollectorWithContext.
type withContext interface {
	prometheus.Collector
	CollectWithContext(ctx context.Context, ch chan<- prometheus.Metric)
}

// RunWithContext returns the run of a CollectorWithContext.
func RunWithContext(c withContext, announced *Announced) engine.Run {
	return func(ctx context.Context, r engine.Running, sink engine.Sink) error {
		return drain(r, func(ch chan<- prometheus.Metric) { c.CollectWithContext(ctx, ch) }, announced, sink)
	}
}

// readers holds metricReaders of runs that have ended, to reuse their memory of about a kilobyte each. They
// do not keep the memory that was passed to the Write method of a metric: a goroutine that Write has left
// behind may still write to it, and must not reach the metrics of another collector.
var readers sync.Pool

// drain runs collect and converts what it sends into samples.
func drain(running engine.Running, collect func(chan<- prometheus.Metric), announced *Announced, sink engine.Sink) error {
	r, ok := readers.Get().(*metricReader)
	if !ok {
		r = new(metricReader)
	}
	r.announced, r.sink = announced, sink
	r.keeper, r.expected = running.Origins()
	err := r.result(engine.FromChannelOf(running, EndOfRun, collect, r.read))
	*r = metricReader{decoder: r.decoder.Renewed()}
	readers.Put(r)
	return err
}

// runErrors holds several failures of one run. The error of a scrape contains each of them.
type runErrors []error

func (e runErrors) Error() string {
	if len(e) == 1 {
		return e[0].Error()
	}
	return fmt.Sprintf("%v (and %d more)", e[0], len(e)-1)
}

func (e runErrors) Unwrap() []error { return e }

// metricReader converts the metrics of one run into samples.
type metricReader struct {
	announced *Announced
	own       map[*prometheus.Desc]*clientgolang.Info // information about descriptors that were not announced
	lastDesc  *prometheus.Desc
	lastInfo  *clientgolang.Info
	sink      engine.Sink
	data      *clientmodel.Metric  // made for the run; metrics are written to it one after the other
	keeper    *engine.Buffer       // the sink, if it takes the origins of samples; see engine.Job
	origins   []clientmodel.Metric // memory for the origins
	expected  int                  // expected number of origins
	written   bool                 // The memory for the next metric has been written to.
	decoder   clientmodel.Decoder
	point     model.Point
	asking    bool // What the metric returns is at fault, not the use of it.
	// failed holds the errors that metrics have returned instead of a value. NewInvalidMetric is the only
	// way for a Collector to report a failure, so the run has failed.
	failed engine.Dropped
}

// result returns the error of a run that has ended with err.
func (r *metricReader) result(err error) error {
	if r.failed.Count() == 0 {
		return err
	}
	all := runErrors(r.failed.Errors())
	if err != nil {
		all = append(all, err)
	}
	return all
}

var errNilMetric = errors.New("a nil metric was collected")

// read converts one metric. Any problem with it costs only this metric.
func (r *metricReader) read(m prometheus.Metric) {
	r.asking = false
	switch err := engine.Try(func() error { return r.convert(m) }); {
	case err == nil:
	case r.asking:
		r.failed.Add(err)
	default:
		r.sink.Drop(err)
	}
}

func (r *metricReader) convert(m prometheus.Metric) error {
	if m == nil {
		return errNilMetric
	}
	r.asking = true
	info, err := r.info(m.Desc())
	if err != nil {
		return err
	}
	if own, ok := m.(instrument.Instrument); ok && !r.announced.Pedantic {
		// It is one of this library's instruments, sent by user code.
		r.asking = false
		var scratch model.Scratch
		own.Point(&r.point, &scratch)
		return r.send(own.Family(), &r.point)
	}
	data := r.target()
	if err := m.Write(data); err != nil {
		return &writeError{info: info, desc: m.Desc(), err: err}
	}
	r.asking = false
	t, err := clientmodel.TypeOf(data)
	if err != nil {
		return fmt.Errorf("%w: %s", err, clientmodel.Describe(info.Name, data))
	}
	if err := r.decoder.Point(data, t, &r.point); err != nil {
		return fmt.Errorf("collected %s %w", clientmodel.Describe(info.Name, data), err)
	}
	if r.announced.Pedantic {
		if err := r.decoder.BadExemplar(); err != nil {
			return fmt.Errorf("collected %s %w", clientmodel.Describe(info.Name, data), err)
		}
		if err := r.announced.check(m.Desc(), info, &r.point); err != nil {
			return err
		}
	}
	if r.keeper != nil {
		if origin := clientmodel.Origin(data, t, &r.point); origin != nil {
			r.origins, r.written = r.origins[1:], false
			return unlessAbandoned(r.keeper.SampleOf(info.Family(t), &r.point, origin))
		}
	}
	return r.send(info.Family(t), &r.point)
}

// target returns the memory for the next metric.
func (r *metricReader) target() *clientmodel.Metric {
	if r.data == nil && r.keeper == nil {
		r.data = new(clientmodel.Metric)
	}
	to := r.data
	if r.keeper != nil {
		if len(r.origins) == 0 {
			const most = 256
			r.origins = make([]clientmodel.Metric, min(r.expected, most))
			r.expected = most
		}
		to = &r.origins[0]
	}
	if r.written {
		*to = clientmodel.Metric{}
	}
	r.written = true
	return to
}

// send passes a sample on.
func (r *metricReader) send(f *model.Family, p *model.Point) error {
	return unlessAbandoned(r.sink.Sample(f, p))
}

// unlessAbandoned returns the error of a sink, or nil if the error only says that no scrape waits any more.
func unlessAbandoned(err error) error {
	if errors.Is(err, engine.ErrAbandoned) {
		return nil
	}
	return err
}

// info returns the information about a descriptor. A descriptor is parsed once for each run, or once in all
// if it was announced.
func (r *metricReader) info(d *prometheus.Desc) (*clientgolang.Info, error) {
	if d == r.lastDesc && d != nil {
		return r.lastInfo, r.lastInfo.Err
	}
	info := r.announced.find(d)
	if info == nil {
		info = r.own[d]
	}
	if info == nil {
		info = clientgolang.Parse(d)
		if len(r.own) >= maxParsed {
			clear(r.own) // The collector makes a new descriptor for every metric.
		}
		if r.own == nil {
			r.own = make(map[*prometheus.Desc]*clientgolang.Info)
		}
		r.own[d] = info
	}
	r.lastDesc, r.lastInfo = d, info
	return info, info.Err
}

const maxParsed = 1000

// CollectAny collects from c with the best method that c has.
func CollectAny(ctx context.Context, c prometheus.Collector, ch chan<- prometheus.Metric) {
	if c, ok := c.(withContext); ok {
		c.CollectWithContext(ctx, ch)
		return
	}
	c.Collect(ch)
}

// FailuresOf returns the failures that the error of a run consists of.
func FailuresOf(err error) []error {
	if err == nil {
		return nil
	}
	if several, ok := err.(runErrors); ok { //nolint:errorlint // If it is wrapped, it is part of another failure.
		return several
	}
	return []error{err}
}
