package metric

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric/internal/instrument"
)

// The functions below are for libraries that take one of client_golang's vectors, which
// are structs and not interfaces. What they return can be used like a vector that
// client_golang has made, and its series are those of v: whatever a library counts
// shows where v is registered.
//
// A library may register the bridge, too. A registry of this package takes it for the vector
// that it stands for: registers that if it is not registered yet, and returns an
// AlreadyRegisteredError if it is. Then ExistingCollector is a bridge, for libraries that go
// on with ExistingCollector.(*prometheus.CounterVec). Unregister removes the vector. A registry
// of client_golang sees only the series that were used by the bridge.
//
// Labels that are curried or constrained in v are so in the result. Deleting series and
// Reset have to be called on v: by the result, they delete nothing. (Libraries that
// return one of client_golang's vectors, or take a Registerer, need none of this: every
// Collector can be registered as it is.) If v is nil, so is the
// result: to many libraries, that means none. The functions panic if v is a vector that does
// nothing, because the labels are not known then.

// BridgeCounterVec returns v for a library that takes client_golang's CounterVec.
func BridgeCounterVec(v *CounterVec) *prometheus.CounterVec {
	if v == nil {
		return nil
	}
	return instrument.BridgeCounters(v, v.vec)
}

// BridgeGaugeVec returns v for a library that takes client_golang's GaugeVec.
func BridgeGaugeVec(v *GaugeVec) *prometheus.GaugeVec {
	if v == nil {
		return nil
	}
	return instrument.BridgeGauges(v, v.vec)
}

// BridgeHistogramVec returns v for a library that takes client_golang's HistogramVec.
func BridgeHistogramVec(v *HistogramVec) *prometheus.HistogramVec {
	if v == nil {
		return nil
	}
	return instrument.BridgeHistograms(v, v.vec)
}

// BridgeSummaryVec returns v for a library that takes client_golang's SummaryVec.
func BridgeSummaryVec(v *SummaryVec) *prometheus.SummaryVec {
	if v == nil {
		return nil
	}
	return instrument.BridgeSummaries(v, v.vec)
}

// forAsker returns err, the error of registering asked, in a form that is of use where asked is
// one of client_golang's vectors: the existing collector is one of these then.
func forAsker(asked Collector, err error) error {
	already, ok := errors.AsType[AlreadyRegisteredError](err)
	if !ok {
		return err
	}
	if instrument.BehindBridge(asked) != nil {
		already.NewCollector = asked
	}
	already.ExistingCollector = asClientVec(already.ExistingCollector, withoutWrappings(asked))
	return already
}

// asClientVec returns existing as one of client_golang's vectors if asked is one and existing
// is ours, and otherwise existing. If asked stands for existing, it is as good as any.
func asClientVec(existing, asked Collector) Collector {
	if vector := instrument.BehindBridge(asked); vector != nil && instrument.DescOf(vector) == instrument.DescOf(existing) {
		return asked
	}
	if own, ok := existing.(bridgeable); ok && instrument.OwnOf(existing) != nil {
		if bridged := own.bridgedFor(asked); bridged != nil {
			return bridged
		}
	}
	return existing
}

// bridgeable is implemented by our vectors. It is a method of theirs, and no switch over all of
// them, so that a program contains only those that it uses.
type bridgeable interface {
	// bridgedFor returns a bridge if asked is client_golang's vector of the same kind, and
	// nil if not. A typed vector also returns its ordinary one if asked is one of these.
	bridgedFor(asked Collector) Collector
}

func (v *CounterVec) bridgedFor(asked Collector) Collector {
	return bridgedAs[*prometheus.CounterVec](asked, v, BridgeCounterVec)
}

func (v *GaugeVec) bridgedFor(asked Collector) Collector {
	return bridgedAs[*prometheus.GaugeVec](asked, v, BridgeGaugeVec)
}

func (v *HistogramVec) bridgedFor(asked Collector) Collector {
	return bridgedAs[*prometheus.HistogramVec](asked, v, BridgeHistogramVec)
}

func (v *SummaryVec) bridgedFor(asked Collector) Collector {
	return bridgedAs[*prometheus.SummaryVec](asked, v, BridgeSummaryVec)
}

func bridgedAs[T Collector, V any](asked Collector, v V, bridge func(V) T) Collector {
	if _, ok := asked.(T); !ok {
		return nil
	}
	return bridge(v)
}

// existingFor is bridgedFor for a typed vector, of which v is the ordinary one.
func existingFor[V interface {
	Collector
	bridgeable
}](asked Collector, v V) Collector {
	if _, ok := asked.(V); ok {
		return v
	}
	return v.bridgedFor(asked)
}
