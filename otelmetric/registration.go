package otelmetric

import (
	"context"
	"errors"
	"fmt"
	"slices"

	api "go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/embedded"
)

var errNilCallback = errors.New("a callback is nil")

// start registers the callbacks with which an instrument is created. If an instrument is created again,
// further callbacks do not count, as in OpenTelemetry's SDK. Otherwise, code that runs again would observe
// the same values twice.
func (o *observable) start(functions []callbackFunc) error {
	if o.created.Swap(true) {
		if len(functions) > 0 && !o.isDropped() {
			o.meter.provider.config.handle(fmt.Errorf(
				"instrument %q of meter %q: the callbacks of its second creation are left out: RegisterCallback adds callbacks to an instrument",
				o.about.Name, o.about.Scope.Name))
		}
		return nil
	}
	var errs []error
	for _, f := range functions {
		switch {
		case f == nil:
			errs = append(errs, fmt.Errorf("instrument %q: %w", o.about.Name, errNilCallback))
		case !o.isDropped():
			errs = append(errs, newCallback(o.meter, f, o).register())
		}
	}
	return errors.Join(errs...)
}

// RegisterCallback registers f. In each scrape, f observes values of instruments. The instruments must belong
// to this meter. RegisterCallback leaves out others and returns an error. If no instrument remains, f is
// never called.
//
// A registry runs callbacks concurrently and independently of each other. Two callbacks that observe the
// same attributes of an instrument conflict: the registry leaves out the series of one of them. For the
// same reason, the cardinality limit of an instrument applies to each of its callbacks.
func (m *meter) RegisterCallback(f api.Callback, instruments ...api.Observable) (api.Registration, error) {
	if f == nil {
		return &registration{}, errNilCallback
	}
	var (
		errs  []error
		valid []*observable
	)
	for _, i := range instruments {
		switch o, err := m.own(i); {
		case err != nil:
			errs = append(errs, err)
		case !o.isDropped() && !slices.Contains(valid, o):
			valid = append(valid, o)
		}
	}
	if len(valid) == 0 {
		return &registration{}, errors.Join(errs...)
	}
	c := newCallback(m, func(ctx context.Context, o *observer) error { return f(ctx, o) }, valid...)
	if err := c.register(); err != nil {
		return &registration{}, errors.Join(append(errs, err)...)
	}
	return &registration{callback: c}, errors.Join(errs...)
}

// own returns the implementation of an instrument of the meter.
func (m *meter) own(instrument api.Observable) (*observable, error) {
	var o *observable
	switch i := instrument.(type) {
	case int64Observable:
		o = i.observable
	case float64Observable:
		o = i.observable
	default:
		return nil, fmt.Errorf("cannot register a callback for an instrument (%T) that does not belong to this meter provider", instrument)
	}
	if o.meter != m {
		return nil, fmt.Errorf("cannot register a callback with meter %q for the instrument %q of meter %q: meters observe their own instruments",
			m.scope.Name, o.about.Name, o.about.Scope.Name)
	}
	return o, nil
}

// registration implements [api.Registration].
type registration struct {
	embedded.Registration

	callback *callback // nil if there is no callback to run
}

// Unregister ends the callback: later scrapes do not run it. It does not wait for runs in progress. The
// error is always nil.
func (r *registration) Unregister() error {
	if r.callback != nil {
		r.callback.unregister()
	}
	return nil
}
