package metric

import (
	"fmt"
	"reflect"
	"slices"

	"github.com/luxfi/metric/internal/collect"
	"github.com/luxfi/metric/internal/instrument"
)

// GetOrRegister registers c with reg and returns it. If a collector like c is registered there
// already, it returns that one instead. So several parts of a program can ask for the same
// instrument, and whichever comes first registers it:
//
//	requests, err := metric.GetOrRegister(reg, metric.NewCounter(opts))
//
// An instrument or vector of this package is like another one if they are of the same kind, and
// agree in help, unit, labels, buckets and whatever else they can differ in. Otherwise the error
// says in what they differ. Collectors of other packages are alike if their types and descriptors
// are the same: what else they can differ in is not known. Collectors that are made of functions,
// such as those of [NewGaugeFunc], are like themselves only, because functions cannot be compared.
//
// reg may be any Registerer whose errors are [AlreadyRegisteredError]. Wrapping registerers are
// looked through: the result is a collector as it was given to one of them, not its wrapping.
// Of concurrent calls, all get the same collector.
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

// getOrRegister returns c, or the collector that is there already, if fits reports that it is of
// the right type.
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
		return nil, fmt.Errorf("%w: %s is made of a function, which cannot be compared with that of the collector that is there", err, called(c))
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
