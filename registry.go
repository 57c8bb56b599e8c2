package metric

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/luxfi/metric/internal/book"
	"github.com/luxfi/metric/internal/engine"
)

// Registry is the registry: an alias, for code that comes from client_golang.
type Registry = ContextRegistry

// ContextRegistry registers collectors and gathers from them, all at once and under
// the context of the scrape. Create one with NewContextRegistry.
//
// A collector that is slow, stuck, panics or sends nonsense costs only itself: the
// rest is gathered, on time, and a *GatherError tells what is missing.
//
// It is safe for concurrent use. While it gathers, no lock is held: collectors may be
// registered and unregistered meanwhile, which later scrapes will see.
type ContextRegistry struct {
	engine      engine.Engine
	pedantic    bool
	host        bool                        // It runs a single gatherer, which has no name in it; see hosts.
	self        atomic.Pointer[selfMetrics] // Nil if they were not asked for.
	log         *failureLog                 // Nil if there is none.
	hooks       Hooks
	scrapeHooks scrapeHooks

	mu       sync.Mutex
	book     *book.Book[*entry]          // Which collectors are equal or in conflict; without the unchecked ones.
	entries  []*entry                    // In the order of registration.
	byOrigin map[registrationID][]*entry // In the order of registration.
	byName   map[string]*entry
	numbers  map[string]*numbers // By the names that they are appended to.
	left     []*entry            // Unregistered while a run was under way.
	closed   bool                // Nothing may be run in the background any more.
	// families has who describes each family: several, or one stream collector alone.
	families map[string][]*entry

	// plan is what a scrape walks. It is nil after a change, until a scrape makes
	// it anew.
	plan atomic.Pointer[plan]
}

// NewContextRegistry returns a registry without collectors.
func NewContextRegistry(opts ...RegistryOption) *ContextRegistry {
	r := &ContextRegistry{
		book:     book.New[*entry](),
		byOrigin: make(map[registrationID][]*entry),
		byName:   make(map[string]*entry),
		numbers:  make(map[string]*numbers),
		families: make(map[string][]*entry),
	}
	for i, opt := range opts {
		if isNil(opt) {
			panic(fmt.Errorf("option %d of a registry is nil (%T)", i+1, opt))
		}
		opt.applyToRegistry(r)
	}
	return r
}

// NewPedanticContextRegistry returns a registry that also checks that collected
// metrics agree with the descriptors that they name, and that their collectors have
// announced those. Unchecked collectors are exempt. It is meant for tests of
// collectors.
func NewPedanticContextRegistry(opts ...RegistryOption) *ContextRegistry {
	r := NewContextRegistry(opts...)
	r.pedantic = true
	return r
}

// NewRegistry is NewContextRegistry under client_golang's name.
func NewRegistry() *Registry { return NewContextRegistry() }

// NewPedanticRegistry is NewPedanticContextRegistry under client_golang's name.
func NewPedanticRegistry() *Registry { return NewPedanticContextRegistry() }

// Register implements Registerer. Its errors are client_golang's; in addition, it is
// an error if c is a nil pointer or function, if Describe panics, if a StreamCollector
// describes nothing or has a family in common with another collector, and if an
// instrument without variable labels has the name of a series that another one is
// written as, as a counter lat_count beside a histogram lat: no scrape could have both.
func (r *ContextRegistry) Register(c Collector) error { return r.RegisterWith(c) }

// MustRegister registers collectors and panics at the first that cannot be.
func (r *ContextRegistry) MustRegister(cs ...Collector) { mustRegister(r, cs) }

// mustRegister is the MustRegister of a Registerer.
func mustRegister(reg Registerer, cs []Collector) {
	for _, c := range cs {
		if err := reg.Register(c); err != nil {
			panic(err)
		}
	}
}

var errNilCollector = errors.New("cannot register a nil Collector")

// RegisterWith is Register with options for how the collector is run. In addition, it is
// an error if the value of an option is not valid, if the name is taken, and if a policy
// is asked for that cannot be applied; see CollectorOption.
func (r *ContextRegistry) RegisterWith(c Collector, opts ...CollectorOption) error {
	e, name, err := r.newEntry(c, opts)
	if err != nil {
		return err
	}
	return forAsker(c, r.change(func() error { return r.add(e, name) }))
}

// MustRegisterWith is [ContextRegistry.RegisterWith], but panics where that returns an error.
func (r *ContextRegistry) MustRegisterWith(c Collector, opts ...CollectorOption) {
	if err := r.RegisterWith(c, opts...); err != nil {
		panic(err)
	}
}

// ReplaceNamed registers c in the place of the collector that is registered under this
// name, if there is one: every scrape has the one or the other. If c cannot be
// registered, nothing changes.
func (r *ContextRegistry) ReplaceNamed(name string, c Collector, opts ...CollectorOption) error {
	e, _, err := r.newEntry(c, append(slices.Clip(opts), WithName(name)))
	if err != nil {
		return err
	}
	return forAsker(c, r.change(func() error { return r.replace(name, e) }))
}

// replace registers an entry in the place of another one. The mutex is held.
func (r *ContextRegistry) replace(name string, e *entry) error {
	old, ok := r.byName[name]
	if !ok || name == "" {
		return r.add(e, name)
	}
	// What scrapes and Status read, the entries and their fields, stays untouched until
	// it is certain that e takes old's place.
	r.strike(old)
	if err := r.admit(e); err != nil {
		r.write(old)
		return err
	}
	e.name, e.named = name, true
	r.leave(old)
	r.releaseNumber(old)
	r.prepare(e)
	r.write(e)
	r.entries[slices.Index(r.entries, old)] = e
	r.plan.Store(nil)
	return nil
}

// add registers an entry, under a name if one is asked for. The mutex is held.
func (r *ContextRegistry) add(e *entry, name string) (err error) {
	if err := r.admit(e); err != nil {
		return err
	}
	if e.name, err = r.chooseName(name, e); err != nil {
		return err
	}
	e.named = name != ""
	r.prepare(e)
	r.write(e)
	r.entries = append(r.entries, e)
	r.plan.Store(nil)
	return nil
}

// admit checks whether the collector fits to those that are there. Unchecked collectors
// always fit.
func (r *ContextRegistry) admit(e *entry) error {
	if err := r.refuseBackground(e); err != nil {
		return err
	}
	if len(e.announced.list) == 0 {
		if e.binding.stream {
			return fmt.Errorf("the stream collector %s describes no family, but has to describe all that it sends", called(e.collector))
		}
		return nil
	}
	if err := r.suffixClash(e); err != nil {
		return err
	}
	existing, known, err := r.book.Check(e.described)
	if known {
		return AlreadyRegisteredError{ExistingCollector: unwrap(existing.collector), NewCollector: e.collector}
	}
	if err != nil {
		return err
	}
	if other, name := r.sharedStream(e); other != nil {
		return fmt.Errorf("the family %q of a stream collector cannot be shared: collectors %s and %s both describe it",
			name, other.name, called(e.collector))
	}
	return nil
}

// sharedStream returns another collector that has a family in common with e, if one
// of the two is a stream collector.
func (r *ContextRegistry) sharedStream(e *entry) (other *entry, family string) {
	for _, name := range e.announced.names() {
		if others := r.families[name]; len(others) > 0 && (e.binding.stream || others[0].binding.stream) {
			return others[0], name
		}
	}
	return nil, ""
}

// Unregister removes a collector and reports whether it was registered. It finds the very
// collector that was registered, also behind the same wrappings, whatever that describes now,
// and if there is none, one with the same descriptors. A collector that describes nothing and
// is not comparable can only be removed by its name; see [ContextRegistry.UnregisterNamed].
// Scrapes under way still have the collector.
func (r *ContextRegistry) Unregister(c Collector) bool {
	c = localized(c, nil)
	if r.check() != nil || checkCollector(c) != nil {
		return false
	}
	if r.unregisterSame(c) {
		return true
	}
	announced, err := describe(c)
	if err != nil {
		return false
	}
	described := slices.DeleteFunc(announced.forBook(), func(d book.Desc) bool { return d.Invalid != nil })
	r.mu.Lock()
	defer r.mu.Unlock()
	e, ok := r.book.Find(described)
	return ok && r.remove(e)
}

// unregisterSame removes the entry that was made for c, if there is one.
func (r *ContextRegistry) unregisterSame(c Collector) bool {
	id := registrationOf(c)
	if id.origin == nil {
		return false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	same := r.byOrigin[id]
	if len(same) == 0 {
		return false
	}
	// Of several, which may be the collector and what adapts it, an exact match is the best,
	// and then the latest: the earlier ones keep their names.
	for _, e := range slices.Backward(same) {
		if isSame(unwrap(e.collector), unwrap(c)) {
			return r.remove(e)
		}
	}
	return r.remove(same[len(same)-1])
}

// UnregisterNamed removes the collector of that name, which may be one that the registry has
// chosen; see [WithName]. It reports whether there was one. Scrapes under way still have it.
func (r *ContextRegistry) UnregisterNamed(name string) bool {
	if r.check() != nil {
		return false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	e, ok := r.byName[name]
	return ok && r.remove(e)
}

func (r *ContextRegistry) remove(e *entry) bool {
	r.strike(e)
	r.leave(e)
	r.releaseNumber(e)
	i := slices.Index(r.entries, e)
	r.entries = slices.Delete(r.entries, i, i+1)
	r.plan.Store(nil)
	return true
}

// Gather gathers with the background context: it waits for every collector. See
// GatherWithContext. Its errors have the text that client_golang's have, without the
// names of the collectors: see GatherError.WithoutNames.
func (r *ContextRegistry) Gather() ([]*MetricFamily, error) {
	families, err := r.GatherWithContext(context.Background())
	return families, inPlainWords(err)
}

// MustGather is Gather, but panics where that returns an error.
func (r *ContextRegistry) MustGather() []*MetricFamily {
	families, err := r.Gather()
	if err != nil {
		panic(err)
	}
	return families
}

// Describe sends the descriptors of all collectors that have some, so that a registry can be
// registered as a collector with another one.
func (r *ContextRegistry) Describe(ch chan<- *Desc) {
	if err := r.check(); err != nil {
		ch <- NewInvalidDesc(err)
		return
	}
	r.mu.Lock()
	entries := slices.Clone(r.entries)
	r.mu.Unlock()
	for _, e := range entries {
		for _, d := range e.announced.list {
			ch <- d
		}
	}
}

// Collect collects with the background context; see CollectWithContext.
func (r *ContextRegistry) Collect(ch chan<- Metric) {
	r.CollectWithContext(context.Background(), ch)
}
