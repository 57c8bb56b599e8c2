package metric

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric/internal/instrument"
)

// BridgeCounterVec returns v as client_golang's CounterVec, for a library that takes one. All Bridge
// functions work alike: the result can be used like a vector made by client_golang, and has the same
// series as v. Everything that the library counts appears where v is registered.
//
// A library may also register the bridge. A registry of this package then registers v. If v is registered
// already, it returns an [AlreadyRegisteredError] whose ExistingCollector is a bridge, for libraries that
// continue with ExistingCollector.(*prometheus.CounterVec). Unregister removes v. A registry of client_golang
// sees only the series that were used through the bridge.
//
// Labels that are curried or constrained in v are curried or constrained in the result, too. To delete
// series, call the methods of v: the methods of the result, including Reset, delete nothing. If v is nil,
// so is the result; many libraries treat a nil vector as no vector. BridgeCounterVec panics if v is a no-op
// vector, because such a vector does not know its labels.
//
// Libraries that return a vector of client_golang, or take a [Registerer], do not need a bridge,
// because every [Collector] can be registered as it is.
func BridgeCounterVec(v *CounterVec) *prometheus.CounterVec {
	if v == nil {
		return nil
	}
	return instrument.BridgeCounters(v, v.vec)
}

// BridgeGaugeVec returns v as client_golang's GaugeVec, for a library that takes one; see
// [BridgeCounterVec].
func BridgeGaugeVec(v *GaugeVec) *prometheus.GaugeVec {
	if v == nil {
		return nil
	}
	return instrument.BridgeGauges(v, v.vec)
}

// BridgeHistogramVec returns v as client_golang's HistogramVec, for a library that takes one; see
// [BridgeCounterVec].
func BridgeHistogramVec(v *HistogramVec) *prometheus.HistogramVec {
	if v == nil {
		return nil
	}
	return instrument.BridgeHistograms(v, v.vec)
}

// BridgeSummaryVec returns v as client_golang's SummaryVec, for a library that takes one; see
// [BridgeCounterVec].
func BridgeSummaryVec(v *SummaryVec) *prometheus.SummaryVec {
	if v == nil {
		return nil
	}
	return instrument.BridgeSummaries(v, v.vec)
}

// forAsker adjusts err, the error of registering asked. If asked is a vector of client_golang, the existing
// collector in the result is one, too, so that the library can use it.
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

// asClientVec returns existing as a vector of client_golang if asked is such a vector and existing is a
// vector of this package. Otherwise it returns existing. If asked is a bridge of existing, it returns
// asked.
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

// bridgeable is implemented by the vectors of this package. It is an interface, rather than a switch over
// all vectors, so that a program links only the vectors that it uses.
type bridgeable interface {
	// bridgedFor returns a bridge if asked is client_golang's vector of the same kind, and nil otherwise. A
	// typed vector also returns its untyped vector if asked is an untyped vector of that kind.
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

// existingFor implements bridgedFor for a typed vector whose untyped vector is v.
func existingFor[V interface {
	Collector
	bridgeable
}](asked Collector, v V) Collector {
	if _, ok := asked.(V); ok {
		return v
	}
	return v.bridgedFor(asked)
}
