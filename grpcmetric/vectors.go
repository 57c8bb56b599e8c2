package grpcmetric

import (
	"errors"
	"fmt"
	"slices"

	"github.com/luxfi/metric"
)

// vectors are the metrics of a layout. Metrics that do not exist are nil.
type vectors struct {
	layout
	exemplars bool

	startedVec, handledVec       *metric.CounterVec
	inFlightVec                  *metric.GaugeVec
	sentVec, receivedVec         *metric.CounterVec
	durationVec                  *metric.HistogramVec
	sentSizeVec, receivedSizeVec *metric.HistogramVec
}

// newVectors creates and registers the vectors, or uses those that are already registered.
func newVectors(r *registrar, l layout, opts *Opts) *vectors {
	withCode := append(slices.Clone(l.labels), l.code)
	histogramLabels := l.labels
	if l.splitHistograms {
		histogramLabels = withCode
	}
	counter := func(n name, labels []string) *metric.CounterVec {
		if n.name == "" {
			return nil
		}
		return reuse(r, metric.NewCounterVec(metric.CounterOpts{Name: n.name, Help: n.help, ConstLabels: opts.ConstLabels}, labels))
	}
	histogram := func(n name, given, standard []float64) *metric.HistogramVec {
		if n.name == "" {
			return nil
		}
		return reuse(r, metric.NewHistogramVec(opts.histogram(n, given, standard), histogramLabels))
	}
	v := &vectors{
		layout:      l,
		exemplars:   opts.Exemplars,
		startedVec:  counter(l.started, l.labels),
		handledVec:  counter(l.handled, withCode),
		sentVec:     counter(l.sent, l.labels),
		receivedVec: counter(l.received, l.labels),
		durationVec: histogram(l.duration, opts.Buckets, metric.DefBuckets),
	}
	if l.inFlight.name != "" {
		v.inFlightVec = reuse(r, metric.NewGaugeVec(metric.GaugeOpts{Name: l.inFlight.name, Help: l.inFlight.help, ConstLabels: opts.ConstLabels}, l.labels))
	}
	if !opts.NoSizes {
		v.sentSizeVec = histogram(l.sentSize, opts.SizeBuckets, sizeBuckets)
		v.receivedSizeVec = histogram(l.receivedSize, opts.SizeBuckets, sizeBuckets)
	}
	return v
}

// registrar registers either all of its collectors or none.
type registrar struct {
	reg  metric.Registerer
	mine []metric.Collector // collectors that were not registered before
	err  error              // the first error
}

// reuse registers v, or returns the equal vector that is already registered.
func reuse[V metric.Collector](r *registrar, v V) V {
	if r.err != nil {
		return v
	}
	err := r.reg.Register(v)
	if already, ok := errors.AsType[metric.AlreadyRegisteredError](err); ok {
		if existing, ok := already.ExistingCollector.(V); ok {
			return existing
		}
		err = fmt.Errorf("another collector, a %T, has the same metrics", already.ExistingCollector)
	}
	if err != nil {
		r.err = fmt.Errorf("grpcmetric: registering a vector failed: %w", err)
		return v
	}
	r.mine = append(r.mine, v)
	return v
}

// finish returns the first error, after undoing the registrations if there is one.
func (r *registrar) finish() error {
	if r.err != nil {
		for _, c := range r.mine {
			r.reg.Unregister(c)
		}
	}
	return r.err
}
