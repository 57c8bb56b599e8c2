package metric

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/luxfi/metric/internal/clientmodel"
	"github.com/luxfi/metric/internal/engine"
	"github.com/luxfi/metric/internal/model"
)

// MultiGatherer gathers from many gatherers as if they were one: at the same time,
// under one context, and with a partial result if some of them fail. Errors name the
// gatherer. What the gatherers return is never modified.
//
// It is safe for concurrent use. Gatherers may be registered and deregistered while it
// gathers, which later calls will see.
type MultiGatherer interface {
	GathererWithContext

	// Register adds a gatherer. It is an error if the name is empty or taken, if g
	// is nil, or if the name cannot be used as NewPrefixGatherer and
	// NewLabelGatherer use it.
	Register(name string, g Gatherer) error
	// Deregister removes the gatherer with that name and tells whether there was
	// one.
	Deregister(name string) bool
}

// NewMultiGatherer returns a MultiGatherer that leaves names and labels as they are.
// Where gatherers have a family in common, its series are merged; a series that is
// there already is left out and reported.
func NewMultiGatherer() MultiGatherer {
	return &multiGatherer{NewContextRegistry(), func(string) (wrapping, error) { return wrapping{}, nil }}
}

// NewPrefixGatherer returns a MultiGatherer that puts the name of the gatherer and an
// underscore before the name of every family.
func NewPrefixGatherer() MultiGatherer {
	return &multiGatherer{NewContextRegistry(), func(name string) (wrapping, error) {
		prefix := name + "_"
		return wrapping{prefix: prefix}, parseDesc(NewDesc(prefix+"x", "", nil, nil)).err
	}}
}

// NewLabelGatherer returns a MultiGatherer that adds a label, whose value is the name
// of the gatherer, to every series. A family that has the label already is left out
// and reported. If the label's name is not valid, every Register returns an error.
func NewLabelGatherer(label string) MultiGatherer {
	return &multiGatherer{NewContextRegistry(), func(name string) (wrapping, error) {
		labels := Labels{label: name}
		return wrapping{labels: labels}, parseDesc(NewDesc("x", "", nil, labels)).err
	}}
}

// NewMultiGathererWithContext is NewPrefixGatherer.
func NewMultiGathererWithContext() MultiGatherer { return NewPrefixGatherer() }

// multiGatherer is a registry in which each gatherer is an entry.
type multiGatherer struct {
	registry *ContextRegistry
	wrap     func(name string) (wrapping, error)
}

var errNilGatherer = errors.New("cannot register a nil Gatherer")

func (m *multiGatherer) Register(name string, g Gatherer) error {
	if name == "" {
		return errors.New("cannot register a gatherer without a name")
	}
	w, err := m.wrap(name)
	if err != nil {
		return fmt.Errorf("cannot register a gatherer named %q: %w", name, err)
	}
	return m.registry.addGatherer(name, g, w)
}

func (m *multiGatherer) Deregister(name string) bool { return m.registry.UnregisterNamed(name) }

func (m *multiGatherer) Gather() ([]*MetricFamily, error) {
	return m.registry.GatherWithContext(context.Background())
}

func (m *multiGatherer) GatherWithContext(ctx context.Context) ([]*MetricFamily, error) {
	return m.registry.GatherWithContext(ctx)
}

// NewShardedGatherer returns a gatherer of everything that the shards gather: at the
// same time, and with a partial result if some of them fail. Errors name the shard by
// its position. A nil shard panics.
func NewShardedGatherer(shards ...GathererWithContext) GathererWithContext {
	r := NewContextRegistry()
	for i, shard := range shards {
		r.mustAddGatherer(fmt.Sprintf("shard %d", i), shard)
	}
	return r
}

// MakeAndRegister makes a registry and registers it with g. Its errors are those of
// Register.
func MakeAndRegister(g MultiGatherer, name string) (*ContextRegistry, error) {
	r := NewContextRegistry()
	if err := g.Register(name, r); err != nil {
		return nil, err
	}
	return r, nil
}

// Gatherers gathers from each of them at the same time; see NewMultiGatherer. Errors
// name the gatherer by its position. It is a type that client_golang has, too; use
// NewMultiGatherer or NewShardedGatherer for one that is scraped often, since they know
// from call to call which gatherer has not returned.
type Gatherers []Gatherer

// gathererNumber begins the name of each gatherer of Gatherers.
const gathererNumber = "[from Gatherer #"

// Gather gathers with the background context. Its errors have the text that
// client_golang's have: see GatherError.WithoutNames.
func (gs Gatherers) Gather() ([]*MetricFamily, error) {
	families, err := gs.GatherWithContext(context.Background())
	return families, inPlainWords(err)
}

// GatherWithContext gathers from all that are not nil.
func (gs Gatherers) GatherWithContext(ctx context.Context) ([]*MetricFamily, error) {
	r := NewContextRegistry()
	for i, g := range gs {
		if g != nil {
			r.mustAddGatherer(fmt.Sprintf("%s%d]", gathererNumber, i+1), g)
		}
	}
	return r.GatherWithContext(ctx)
}

// registryFor returns a registry that gathers what g does.
func registryFor(g Gatherer) *ContextRegistry {
	if r := registryBehind(g); r != nil {
		return r
	}
	r := NewContextRegistry()
	r.mustAddGatherer("", g)
	return r
}

// registryBehind returns the registry that g is, or that does its work.
func registryBehind(g Gatherer) *ContextRegistry {
	switch g := g.(type) {
	case *ContextRegistry:
		return g
	case *multiGatherer:
		return g.registry
	default:
		return nil
	}
}

// addGatherer adds a gatherer with wrappings around it.
func (r *ContextRegistry) addGatherer(name string, g Gatherer, w wrapping) error {
	if g == nil {
		return errNilGatherer
	}
	e := &entry{origin: g, announced: &descs{}}
	if nested := registryBehind(g); nested != nil {
		e.binding = binding{kind: "registry", nested: nested}
	} else if withContext, ok := g.(GathererWithContext); ok {
		e.binding = binding{kind: "gatherer", run: runGatherer(withHeadStart(withContext))}
	} else {
		e.binding = binding{kind: "gatherer", run: runGatherer(plainGatherer(g.Gather)), shared: true}
	}
	e.binding = e.binding.wrap(w)
	e.sole = name == ""
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.add(e, name)
}

func (r *ContextRegistry) mustAddGatherer(name string, g Gatherer) {
	if err := r.addGatherer(name, g, wrapping{}); err != nil {
		panic(err)
	}
}

// gatherFunc gathers under a context, perhaps without looking at it.
type gatherFunc func(ctx context.Context) ([]*MetricFamily, error)

func plainGatherer(gather func() ([]*MetricFamily, error)) gatherFunc {
	return func(context.Context) ([]*MetricFamily, error) { return gather() }
}

// maxHeadStart and its fraction of the time that is left are how much earlier the
// deadline of a gatherer is than that of the scrape. A gatherer returns its partial
// result when its deadline has passed, and then it must still be possible to take it.
const (
	maxHeadStart      = 100 * time.Millisecond
	headStartFraction = 10
)

func withHeadStart(g GathererWithContext) gatherFunc {
	return func(ctx context.Context) ([]*MetricFamily, error) {
		if deadline, ok := ctx.Deadline(); ok {
			start := min(maxHeadStart, time.Until(deadline)/headStartFraction)
			var cancel context.CancelFunc
			ctx, cancel = context.WithDeadline(ctx, deadline.Add(-start))
			defer cancel()
		}
		return g.GatherWithContext(ctx)
	}
}

// runGatherer is a run of a gatherer. What it returns is copied, not kept.
func runGatherer(gather gatherFunc) engine.Run {
	return func(ctx context.Context, sink engine.Sink) error {
		families, err := gather(ctx)
		for _, mf := range families {
			if mf != nil && sendFamily(mf, sink) != nil {
				break // Nobody waits for it.
			}
		}
		return err
	}
}

// sendFamily writes a family to a sink. If the sink cannot take its samples, that is
// reported once.
func sendFamily(mf *MetricFamily, sink engine.Sink) error {
	refused := false
	return clientmodel.Decode(mf, func(f *model.Family, p *model.Point) error {
		err := sink.Sample(f, p)
		if err == nil || errors.Is(err, engine.ErrAbandoned) {
			return err
		}
		if !refused {
			refused = true
			sink.Drop(err)
		}
		return nil
	}, sink.Drop)
}
