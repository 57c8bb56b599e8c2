package instrument

import (
	"errors"
	"fmt"
	"sync"
	"unsafe"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric/internal/model"
	"github.com/luxfi/metric/internal/stripe"
)

// Bundle changes several instruments together and reads them together: a reader sees all changes of an
// Apply or none.
//
// Apply holds one of several locks for reading, so that many calls of Apply run at the same time. Freeze
// holds all locks for writing. No user code runs under the locks, and Freeze only copies values, so both
// finish soon. sync.RWMutex lets neither side starve.
type Bundle struct {
	sources  []model.Source
	families []*model.Family // families of the members
	locks    []bundleLock
}

// bundleLock is a lock with its own cache lines. With a single lock, cores that apply at the same time
// would wait for each other's cache line.
type bundleLock struct {
	sync.RWMutex
	_ [128 - unsafe.Sizeof(sync.RWMutex{})%128]byte
}

// NewBundle returns a bundle of members, which must be counters, gauges, histograms or summaries of
// this library, or vectors of these.
func NewBundle(members []prometheus.Collector) (*Bundle, error) {
	b := &Bundle{locks: make([]bundleLock, stripe.Count())}
	for i, m := range members {
		source := SourceOf(m)
		if source == nil {
			return nil, fmt.Errorf("member %d (%T) cannot be part of a bundle: only counters, gauges, histograms, summaries and vectors made by this package can", i+1, m)
		}
		f := source.Family()
		switch f.Type {
		case model.Counter, model.Gauge, model.Histogram, model.Summary:
		default:
			return nil, fmt.Errorf("member %d, the %s %q, cannot be part of a bundle: only counters, gauges, histograms and summaries can", i+1, f.Type, f.Name)
		}
		b.sources, b.families = append(b.sources, source), append(b.families, f)
	}
	return b, nil
}

// Op is a change of one instrument.
type Op struct {
	kind  opKind
	on    Instrument // *Counter, *Gauge, *Histogram or *Summary; nil for a change without effect
	value float64
	err   error // reason why the change is impossible
}

type opKind uint8

const (
	opNone opKind = iota
	opAdd
	opSet
	opObserve
)

var (
	errNotOurs   = errors.New("it is not an instrument made by this package")
	errNotMember = errors.New("it is not a member of the bundle, nor of a vector that is")
)

// newOp returns a change of the instrument on. AddOp, SetOp and ObserveOp explain the kinds.
func newOp(kind opKind, on any, value float64) Op {
	op := Op{kind: kind, value: value}
	switch on := on.(type) {
	case *stripedCounter:
		if on != nil {
			op.on = on.Counter
		}
	case *Counter:
		if on != nil {
			op.on = on
		}
	case *Gauge:
		if on != nil {
			op.on = on
		}
	case *Histogram:
		if on != nil {
			op.on = on
		}
	case *Summary:
		if on != nil {
			op.on = on
		}
	default:
		if IsNoOp(on) {
			return Op{}
		}
	}
	if op.on == nil {
		op.err = fmt.Errorf("cannot change a %T in a bundle: %w", on, errNotOurs)
	}
	return op
}

// AddOp returns the change that adds v to a counter or gauge.
func AddOp(to any, v float64) Op { return newOp(opAdd, to, v) }

// SetOp returns the change that sets a gauge to v.
func SetOp(gauge any, v float64) Op { return newOp(opSet, gauge, v) }

// ObserveOp returns the change that observes v in a histogram or summary.
func ObserveOp(in any, v float64) Op { return newOp(opObserve, in, v) }

// Apply makes all changes, or returns an error and makes none.
func (b *Bundle) Apply(ops []Op) error {
	for i := range ops {
		if err := b.check(&ops[i]); err != nil {
			return err
		}
	}
	lock := &b.locks[stripe.Index(len(b.locks))]
	lock.RLock()
	defer lock.RUnlock()
	for i := range ops {
		ops[i].apply()
	}
	return nil
}

// check returns an error that says why a change cannot be made.
func (b *Bundle) check(op *Op) error {
	switch {
	case op.err != nil:
		return op.err
	case op.on == nil:
		return nil
	}
	var f *family
	switch on := op.on.(type) {
	case *Counter:
		if f = on.family; op.value < 0 {
			return f.misuse(fmt.Errorf("%w: it was to add %v, but only numbers that are not negative can be added", stripe.ErrDecrease, op.value))
		}
	case *Gauge:
		f = on.family
	case *Histogram:
		f = on.family
	case *Summary:
		f = on.family
	}
	for _, member := range b.families {
		if member == &f.Family {
			return nil
		}
	}
	return f.misuse(fmt.Errorf("cannot change it in this bundle: %w", errNotMember))
}

func (op *Op) apply() {
	switch on := op.on.(type) {
	case *Counter:
		on.Add(op.value)
	case *Gauge:
		if op.kind == opSet {
			on.Set(op.value)
		} else {
			on.Add(op.value)
		}
	case *Histogram:
		on.Observe(op.value)
	case *Summary:
		on.Observe(op.value)
	}
}

// Freeze returns the families that have series, with their values at one moment.
func (b *Bundle) Freeze() []model.Source {
	frozen := make([]model.Source, 0, len(b.sources))
	room := make([]*frozenSeries, len(b.sources))
	for i, source := range b.sources { // Sort and allocate before taking the locks.
		room[i] = newFrozenSeries(source.Family(), source.Series().Len())
	}
	for i := range b.locks {
		b.locks[i].Lock()
	}
	for i, source := range b.sources {
		room[i].read(source.Series())
	}
	for i := range b.locks {
		b.locks[i].Unlock()
	}
	for _, r := range room {
		if len(r.points) > 0 {
			frozen = append(frozen, r)
		}
	}
	return frozen
}

// frozenSeries holds the series of a source at one moment.
type frozenSeries struct {
	family    *model.Family
	points    []model.Point
	scratches []model.Scratch // memory to which the points may refer
}

func newFrozenSeries(f *model.Family, series int) *frozenSeries {
	s := &frozenSeries{family: f, points: make([]model.Point, series)}
	if f.Type == model.Histogram || f.Type == model.Summary {
		s.scratches = make([]model.Scratch, series)
	}
	return s
}

// read reads the series. Their number may have changed since newFrozenSeries.
func (s *frozenSeries) read(series model.Series) {
	n := series.Len()
	if n > len(s.points) {
		*s = *newFrozenSeries(s.family, n)
	}
	s.points = s.points[:n]
	var scratch model.Scratch
	for i := range s.points {
		if s.scratches == nil {
			series.At(i, &s.points[i], &scratch)
		} else {
			series.At(i, &s.points[i], &s.scratches[i])
		}
	}
}

// Family implements [model.Source].
func (s *frozenSeries) Family() *model.Family { return s.family }

// Series implements [model.Source].
func (s *frozenSeries) Series() model.Series { return s }

// Len implements [model.Series].
func (s *frozenSeries) Len() int { return len(s.points) }

// At implements [model.Series].
func (s *frozenSeries) At(i int, p *model.Point, _ *model.Scratch) { *p = s.points[i] }
