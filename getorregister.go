package metric

import (
	"fmt"
	"reflect"
	"slices"

	"github.com/luxfi/metric/internal/collect"
	"github.com/luxfi/metric/internal/instrument"
)

// GetOrRegister registers c with reg and returns it. If reg already has a collector like c,
// GetOrRegister returns that one instead. So several parts of a program can ask for the same
// instrument, and the first one registers it:
//
//	requests, err := metric.GetOrRegister(reg, metric.NewCounter(opts))
//
// Two instruments or vectors of this package are alike if they are of the same kind and agree in
// help, unit, labels, buckets and all other options. If they do not, the error says how they
// differ. Two collectors of other packages are alike if they have the same type and descriptors;
// GetOrRegister cannot compare anything else in them. A collector that calls a function, such as
// the result of [NewGaugeFunc], is like no other, because functions cannot be compared.
//
// reg may be any [Registerer] that returns [AlreadyRegisteredError]. If reg wraps another one,
// GetOrRegister returns the collector that the caller of reg registered, without the wrapping.
// Concurrent calls all return the same collector.
func GetOrRegister[C Collector](reg Registerer, c C) (C, error) {
	existing, err := getOrRegister(reg, c, func(existing Collector) bool {
		_, ok := existing.(C)
		return ok
	})
	if err != nil {
		var none C
		return none, err
	}
	return existing.(C), nil //nolint:forcetypeassert // It was checked.
}

// getOrRegister registers c and returns it. If reg already has an equal collector, getOrRegister returns
// that one, provided that fits reports that it has the right type.
func getOrRegister(reg Registerer, c Collector, fits func(Collector) bool) (Collector, error) {
	if collect.IsNil(reg) {
		return nil, fmt.Errorf("cannot register %s: the Registerer (%T) is nil", called(c), reg)
	}
	if err := checkCollector(c); err != nil {
		return nil, err
	}
	err := reg.Register(c)
	if err == nil {
		return c, nil
	}
	existing := existingIn(err)
	wanted := instrument.ShapeOf(c)
	switch {
	case existing != nil && isSame(existing, innermost(c)):
		return c, nil
	case wanted != nil && existing != nil && slices.Equal(wanted, instrument.ShapeOf(existing)) && fits(existing):
		return existing, nil
	case wanted != nil && instrument.DescOf(c).Err() == nil:
		return nil, conflict(reg, c, err)
	case existing == nil:
		return nil, err
	case isMadeOfFunction(c) || isMadeOfFunction(existing):
		return nil, fmt.Errorf("%w: %s is made of a function, and functions cannot be compared, so it may differ from the registered collector", err, called(c))
	case reflect.TypeOf(existing) != reflect.TypeOf(c) || !fits(existing):
		return nil, fmt.Errorf("%w: the collector that is there is a %T, and not a %T", err, existing, c)
	}
	return existing, nil
}

// isMadeOfFunction reports whether c is one of our collectors that call a function.
func isMadeOfFunction(c Collector) bool {
	if _, ok := c.(*instrument.Func); ok {
		return true
	}
	return reflect.TypeOf(madeOf(c)).Kind() == reflect.Func
}
