package otelmetric

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
	api "go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/embedded"
	"go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/sdk/instrumentation"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/internal/model"
	"github.com/luxfi/metric/otelmetric/internal/translate"
)

// MeterProvider implements OpenTelemetry's metric API with the instruments of package metric. It is safe
// for concurrent use.
type MeterProvider struct {
	embedded.MeterProvider

	config    *config
	names     translate.Names
	constant  metric.Labels // labels of all series, from the resource
	parent    metric.Registerer
	registry  *metric.ContextRegistry // registered with parent; contains the instruments
	stopped   atomic.Bool
	callbacks activity // runs of callbacks

	exemplars exemplarLabels

	mu       sync.Mutex
	meters   map[instrumentation.Scope]*meter
	families map[string]family // by name
	streams  map[streamID]any  // indexes of streams; instruments with the same series share one

	registering sync.Mutex // held while collectors of the registry change; locked after mu
	registered  []metric.Collector
}

var _ api.MeterProvider = (*MeterProvider)(nil)

// ErrShutdown is the error of [MeterProvider.Shutdown] and [MeterProvider.ForceFlush] after the first call
// of Shutdown.
var ErrShutdown = errors.New("the meter provider has been shut down")

// NewMeterProvider returns a MeterProvider whose instruments are registered with reg, or with the default
// registry if reg is nil. reg may be any registerer. With a registry of package metric, scrapes read series
// without copying them, and callbacks get the context of the scrape. With a registry of client_golang, the
// metrics are the same.
//
// If reg refuses the provider, the error goes to the handler of [WithErrorHandler], and the provider
// exposes nothing. reg refuses a second provider with the same target_info. Providers can share a registry
// if their metrics differ, for example by labels that [metric.WrapRegistererWith] adds.
func NewMeterProvider(reg metric.Registerer, options ...Option) *MeterProvider {
	if reg == nil {
		reg = metric.DefaultRegisterer
	}
	p := &MeterProvider{
		config:   newConfig(options),
		parent:   reg,
		registry: metric.NewContextRegistry(),
		meters:   make(map[instrumentation.Scope]*meter),
		families: make(map[string]family),
		streams:  make(map[streamID]any),
	}
	var err error
	if p.names, err = translate.New(p.config.strategy, p.config.namespace); err != nil {
		p.config.handle(err)
	}
	if filter := p.config.constant; filter != nil {
		kept, _ := p.config.resource.Set().Filter(filter)
		p.constant = p.names.ConstantLabels(kept)
	}
	p.registerTarget()
	if err := reg.Register(p.registry); err != nil {
		p.config.handle(refused(err))
	}
	return p
}

// refused returns the error for a registry that refuses the provider.
func refused(err error) error {
	if _, twice := errors.AsType[prometheus.AlreadyRegisteredError](err); twice {
		return fmt.Errorf("cannot register the meter provider: the registry has a target_info of the same resource, such as the one of another provider; "+
			"use one provider, or WithoutTargetInfo: %w", err)
	}
	return fmt.Errorf("cannot register the meter provider: %w", err)
}

// registerTarget registers target_info.
func (p *MeterProvider) registerTarget() {
	if p.config.noTarget {
		return
	}
	target := metric.NewInfo(metric.InfoOpts{Name: "target", Help: "Target metadata"}, p.names.Attributes(*p.config.resource.Set()))
	if err := p.register(target); err != nil {
		p.config.handle(fmt.Errorf("cannot register target_info: %w", err))
		return
	}
	const name = "target" + model.InfoSuffix
	p.families[name] = family{model.Family{Name: name, Type: model.Info}, "the resource"}
}

// Meter returns the meter of an instrumentation scope. Calls with the same name, version, schema URL and
// attributes return the same meter. After [MeterProvider.Shutdown], the instruments of new meters do nothing.
func (p *MeterProvider) Meter(name string, options ...api.MeterOption) api.Meter {
	if p.stopped.Load() {
		return noop.Meter{}
	}
	c := api.NewMeterConfig(options...)
	scope := instrumentation.Scope{
		Name: name, Version: c.InstrumentationVersion(), SchemaURL: c.SchemaURL(), Attributes: c.InstrumentationAttributes(),
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	m := p.meters[scope]
	if m == nil {
		m = newMeter(p, scope)
		p.meters[scope] = m
	}
	return m
}

// labelsOf returns the labels of all series of a scope.
func (p *MeterProvider) labelsOf(scope instrumentation.Scope) metric.Labels {
	labels := make(metric.Labels)
	if !p.config.noScope {
		maps.Copy(labels, p.names.Scope(scope))
	}
	for name, value := range p.constant {
		if _, taken := labels[name]; !taken {
			labels[name] = value
		}
	}
	return labels
}

// ForceFlush does nothing, because registries ask for metrics when they need them. It returns the error of
// ctx, or [ErrShutdown] after [MeterProvider.Shutdown].
func (p *MeterProvider) ForceFlush(ctx context.Context) error {
	if p.stopped.Load() {
		return ErrShutdown
	}
	return ctx.Err()
}

// Shutdown removes all metrics of the provider from its registry. Later measurements have no effect, and
// callbacks no longer run. Programs that push their metrics must call Shutdown after the final push.
//
// Shutdown waits for running callbacks until ctx is done. It returns an error if a callback has not returned
// at that time. A callback must not call Shutdown, because it would wait for itself. Further calls return
// [ErrShutdown].
func (p *MeterProvider) Shutdown(ctx context.Context) error {
	if p.stopped.Swap(true) {
		return ErrShutdown
	}
	p.parent.Unregister(p.registry) // A registry of client_golang keeps an unchecked collector.
	p.unregisterAll()
	return errors.Join(p.registry.Close(), cmp.Or(p.callbacks.stop(ctx), ctx.Err()))
}

// unregisterAll removes all collectors that register has registered.
func (p *MeterProvider) unregisterAll() {
	p.registering.Lock()
	defer p.registering.Unlock()
	for _, c := range p.registered {
		p.registry.Unregister(c)
	}
	p.registered = nil
}

// register registers a collector until the provider is shut down.
func (p *MeterProvider) register(c metric.Collector) error {
	p.registering.Lock()
	defer p.registering.Unlock()
	if p.stopped.Load() {
		return nil
	}
	if err := p.registry.Register(c); err != nil {
		return err
	}
	p.registered = append(p.registered, c)
	return nil
}

// family is the metadata that all instruments with the same metric name share.
type family struct {
	model.Family

	owner string // instrument that had the name first, for errors
}

// claim returns the family called f.Name. It has the help and the unit of the instrument that had the name
// first. claim returns an error if that instrument's metric has another type.
func (p *MeterProvider) claim(f model.Family, owner string) (model.Family, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	first, known := p.families[f.Name]
	if !known {
		first = family{f, owner}
		p.families[f.Name] = first
	}
	if first.Type != f.Type {
		return model.Family{}, fmt.Errorf("the metric %q has the type %s already, in %s, and cannot be a %s too: rename one of them, for example by a view",
			f.Name, first.Type, first.owner, f.Type)
	}
	return first.Family, nil
}
