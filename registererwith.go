package metric

import (
	"errors"
	"fmt"
	"slices"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric/internal/clientgolang"
	"github.com/luxfi/metric/internal/collect"
	"github.com/luxfi/metric/internal/instrument"
)

// RegistererWith returns a [Registerer] that registers collectors with reg and applies opts to each
// of them. It is for libraries that take a Registerer. Its Unregister removes collectors from reg.
// If reg is nil, RegistererWith returns a no-op Registerer.
//
// Each collector has a breaker and a rate limit of its own. All collectors share a [Group]. The
// first collector gets the name of [WithName]. Later ones get it with #2, #3 and so on, like default
// names.
//
// Instruments, whether of this package or client_golang, run no code that could fail.
// RegistererWith registers them without the options, so a library may register instruments and
// collectors through the same Registerer. Functions such as [NewGaugeFunc] are run like collectors,
// and get the options.
//
// RegistererWith may be nested, and combined with [WrapRegistererWith] and promauto.With in any
// order. If several calls have an option of the same kind, the option of the outermost call wins.
// Two names are an error.
//
// reg may be any Registerer that passes collectors on to a registry of this package, unchanged or
// through wrapping registerers, including client_golang's. Otherwise Register returns an error and
// registers nothing.
func RegistererWith(reg Registerer, opts ...CollectorOption) Registerer {
	return &optionsRegisterer{reg, slices.Clone(opts)}
}

type optionsRegisterer struct {
	registerer Registerer
	opts       []CollectorOption
}

func (r *optionsRegisterer) Register(c Collector) error { return r.RegisterWith(c) }

// RegisterWith registers c with further options.
func (r *optionsRegisterer) RegisterWith(c Collector, opts ...CollectorOption) error {
	if r.registerer == nil {
		return nil
	}
	if err := checkCollector(c); err != nil {
		return err
	}
	if _, err := config(r.opts); err != nil {
		return fmt.Errorf("cannot register %s: %w", called(c), err)
	}
	if !isInstrument(c) && len(r.opts) > 0 {
		opts = append([]CollectorOption{forSeveral(r.opts)}, opts...)
	}
	return registerWith(r.registerer, c, opts)
}

func (r *optionsRegisterer) MustRegister(cs ...Collector) { mustRegister(r, cs) }

func (r *optionsRegisterer) Unregister(c Collector) bool {
	if collect.IsNil(r.registerer) || checkCollector(c) != nil {
		return false
	}
	return r.registerer.Unregister(c)
}

// forSeveral returns an option that applies opts, which are meant for several collectors.
func forSeveral(opts []CollectorOption) CollectorOption {
	return collectorOption(func(c *collectorConfig) {
		before := c.name
		for _, opt := range opts {
			opt.applyToCollector(c)
		}
		c.several = c.several || c.name != before
	})
}

// wrappingRegisterer is the result of WrapRegistererWith or WrapRegistererWithPrefix.
type wrappingRegisterer struct {
	registerer Registerer
	wrapping   collect.Wrapping
}

func (r *wrappingRegisterer) Register(c Collector) error { return r.RegisterWith(c) }

// RegisterWith registers c with options. The registerer behind the wrapping applies the options.
func (r *wrappingRegisterer) RegisterWith(c Collector, opts ...CollectorOption) error {
	if r.registerer == nil {
		return nil
	}
	wrapped := collect.Wrap(c, r.wrapping)
	if err := checkCollector(wrapped); err != nil {
		return err
	}
	if collect.IsNil(r.registerer) {
		return fmt.Errorf("cannot register %s: the %T behind the wrapping is nil", called(c), r.registerer)
	}
	return registerWith(r.registerer, wrapped, opts)
}

func (r *wrappingRegisterer) MustRegister(cs ...Collector) { mustRegister(r, cs) }

func (r *wrappingRegisterer) Unregister(c Collector) bool {
	if collect.IsNil(r.registerer) || checkCollector(c) != nil {
		return false
	}
	return r.registerer.Unregister(collect.Wrap(c, r.wrapping))
}

// isInstrument reports whether c is an instrument, with or without wrappings. Collecting from an
// instrument runs no user code.
func isInstrument(c Collector) bool {
	c = innermost(c)
	return instrument.SourceOf(c) != nil || clientgolang.IsInstrument(c)
}

// withOptions is implemented by registerers that take options.
type withOptions interface {
	RegisterWith(c Collector, opts ...CollectorOption) error
}

var (
	_ withOptions = (*ContextRegistry)(nil)
	_ withOptions = (*optionsRegisterer)(nil)
	_ withOptions = (*wrappingRegisterer)(nil)
	_ withOptions = (*NoOpRegistry)(nil)
)

// registerWith registers c with reg and applies the options, or returns an error if it cannot.
func registerWith(reg Registerer, c Collector, opts []CollectorOption) error {
	if collect.IsNil(reg) {
		return fmt.Errorf("cannot register %s: the Registerer (%T) is nil", called(c), reg)
	}
	if len(opts) == 0 {
		return reg.Register(c)
	}
	if reg, ok := reg.(withOptions); ok {
		return reg.RegisterWith(c, opts...)
	}
	if err := checkCollector(c); err != nil {
		return err
	}
	if leadsNowhere(reg) {
		return nil
	}
	if _, ok := clientgolang.UnwrapRegisterer(reg).(*prometheus.Registry); ok {
		return cannotApply(reg, c)
	}
	carrier := &optionsCarrier{collector: c, opts: opts}
	if err := reg.Register(carrier); err != nil {
		return err
	}
	if !carrier.applied.Load() {
		reg.Unregister(carrier)
		return cannotApply(reg, c)
	}
	return nil
}

// leadsNowhere reports whether the wrapping registerers end at a no-op Registerer.
func leadsNowhere(reg Registerer) bool {
	for {
		switch r := clientgolang.UnwrapRegisterer(reg).(type) {
		case nil, *NoOpRegistry:
			return true
		case *wrappingRegisterer:
			reg = r.registerer
		case *optionsRegisterer:
			reg = r.registerer
		default:
			return false
		}
	}
}

var errNoOptions = errors.New("it does not pass them on to a registry made by NewContextRegistry")

func cannotApply(reg Registerer, c Collector) error {
	return fmt.Errorf("cannot register %s with options: the %T cannot apply them: %w", called(c), reg, errNoOptions)
}
