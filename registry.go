package metric

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"

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

	mu      sync.Mutex
	book    *prometheus.Registry // Which collectors are equal or in conflict; never collects.
	entries []*entry             // In the order of registration.
	byID    map[string]*entry    // By descs.identity; without the unchecked ones.
	byName  map[string]*entry
	unnamed map[string]int // How many collectors have been given a name made from that.
	left    []*entry       // Unregistered while a run was under way.
	// families has who describes each family: several, or one stream collector alone.
	families map[string][]*entry

	// plan is what a scrape walks. It is nil after a change, until a scrape makes
	// it anew.
	plan atomic.Pointer[plan]
}

// entry is a registered collector.
type entry struct {
	name      string
	collector Collector
	origin    any // Of what is run; see originOf.
	announced *descs
	binding   binding
	run       *engine.Collector // Nil for native and nested ones.
	named     bool              // The name was asked for.
	several   bool              // The name that was asked for is meant for several collectors.
	sole      bool              // A gatherer that is all there is: its errors are passed on as they are.

	policy   *engine.Policy
	policies []string // What was asked for, as Status shows it.
	self     selfState

	// forgive, if not nil, tells that a sample which was left out is no failure.
	forgive func(error) bool
}

// NewContextRegistry returns a registry without collectors.
func NewContextRegistry(opts ...RegistryOption) *ContextRegistry {
	r := &ContextRegistry{
		book:     prometheus.NewRegistry(),
		byID:     make(map[string]*entry),
		byName:   make(map[string]*entry),
		unnamed:  make(map[string]int),
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
func (r *ContextRegistry) MustRegister(cs ...Collector) {
	for _, c := range cs {
		if err := r.Register(c); err != nil {
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
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.add(e, name)
}

// MustRegisterWith is [ContextRegistry.RegisterWith], but panics where that returns an error.
func (r *ContextRegistry) MustRegisterWith(c Collector, opts ...CollectorOption) {
	if err := r.RegisterWith(c, opts...); err != nil {
		panic(err)
	}
}

// newEntry makes an entry that is not registered yet, and returns the name that was
// asked for.
func (r *ContextRegistry) newEntry(c Collector, opts []CollectorOption) (*entry, string, error) {
	if err := r.check(); err != nil {
		return nil, "", fmt.Errorf("registering %T: %w", c, err)
	}
	c = localized(c, func(carrier *optionsCarrier) {
		opts = slices.Concat(carrier.opts, opts)
		carrier.applied.Store(true)
	})
	if err := checkCollector(c); err != nil {
		return nil, "", err
	}
	asked, err := config(opts)
	if err != nil {
		return nil, "", fmt.Errorf("registering %T: %w", c, err)
	}
	announced, err := describe(c)
	if err != nil {
		return nil, "", err
	}
	if err := announced.valid(); err != nil {
		return nil, "", err
	}
	announced.pedantic = r.pedantic && len(announced.list) > 0
	e := &entry{collector: c, origin: originOf(c), announced: announced, binding: bind(c, announced), policies: asked.asked, several: asked.several}
	if wrapped, ok := e.binding.source.(*wrappedSource); ok {
		if err := wrapped.check(); err != nil {
			return nil, "", fmt.Errorf("registering %T: %w", unwrap(c), err)
		}
	}
	if len(asked.asked) > 0 {
		if e.binding.run == nil {
			return nil, "", fmt.Errorf("registering %T: it runs nobody else's code, so %q cannot be applied", c, asked.asked)
		}
		e.policy = &asked.policy
	}
	return e, asked.name, nil
}

// valid returns the error of the first invalid descriptor, in client_golang's words. It is
// looked for before the registry is locked: the error may be anybody's, with methods that
// use the registry.
func (d *descs) valid() error {
	for _, desc := range d.list {
		if err := d.infos[desc].err; err != nil {
			return fmt.Errorf("descriptor %s is invalid: %w", desc, err)
		}
	}
	return nil
}

// ReplaceNamed registers c in the place of the collector that is registered under this
// name, if there is one: every scrape has the one or the other. If c cannot be
// registered, nothing changes.
func (r *ContextRegistry) ReplaceNamed(name string, c Collector, opts ...CollectorOption) error {
	e, _, err := r.newEntry(c, append(slices.Clip(opts), WithName(name)))
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
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
		r.book.Unregister(e)
		return err
	}
	e.named = name != ""
	r.prepare(e)
	r.write(e)
	r.entries = append(r.entries, e)
	r.plan.Store(nil)
	return nil
}

// prepare makes an entry that has its name ready to be run.
func (r *ContextRegistry) prepare(e *entry) {
	if e.binding.run == nil || e.run != nil {
		return
	}
	e.run = &engine.Collector{
		Name: e.name, Run: r.around(e.name, e.binding.run), Shared: e.binding.shared, Policy: e.policy,
		Earlier: r.leftBehind(e), Origin: e.origin,
	}
}

// write notes an entry that is in the book in the registry's indexes.
func (r *ContextRegistry) write(e *entry) {
	r.byName[e.name] = e
	if len(e.announced.list) > 0 {
		r.byID[e.announced.identity()] = e
	}
	for _, name := range e.announced.names() {
		r.families[name] = append(r.families[name], e)
	}
}

// strike removes an entry from the book and the indexes.
func (r *ContextRegistry) strike(e *entry) {
	if len(e.announced.list) > 0 {
		r.book.Unregister(e)
		delete(r.byID, e.announced.identity())
	}
	for _, name := range e.announced.names() {
		others := slices.DeleteFunc(r.families[name], func(other *entry) bool { return other == e })
		if len(others) == 0 {
			delete(r.families, name)
		} else {
			r.families[name] = others
		}
	}
	delete(r.byName, e.name)
}

// admit checks whether the collector fits to those that are there, and writes it into
// the book if it does. Unchecked collectors always fit.
func (r *ContextRegistry) admit(e *entry) error {
	if len(e.announced.list) == 0 {
		if e.binding.stream {
			return fmt.Errorf("stream collector %T describes no family", e.collector)
		}
		return nil
	}
	if err := r.suffixClash(e); err != nil {
		return err
	}
	if err := r.book.Register(e); err != nil {
		var already AlreadyRegisteredError
		if errors.As(err, &already) {
			existing := already.ExistingCollector.(*entry)
			return AlreadyRegisteredError{ExistingCollector: unwrap(existing.collector), NewCollector: e.collector}
		}
		return err
	}
	if other, name := r.sharedStream(e); other != nil {
		r.book.Unregister(e)
		return fmt.Errorf("the family %q of a stream collector cannot be shared: collectors %s and %T both describe it",
			name, other.name, e.collector)
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

// Describe lets the book describe an entry with what its collector has announced.
func (e *entry) Describe(ch chan<- *Desc) {
	for _, d := range e.announced.list {
		ch <- d
	}
}

// Collect is never called: the book does not collect.
func (e *entry) Collect(chan<- Metric) { panic("BUG: the book of collectors was collected from") }

// chooseName returns the name that was asked for, or makes one: from the family for
// our own instruments, from the type for others.
func (r *ContextRegistry) chooseName(name string, e *entry) (string, error) {
	if name != "" {
		if strings.Contains(name, "/") {
			return "", fmt.Errorf("a collector cannot be named %q: the slash is for what is in a registry; see Selection", name)
		}
		if e.several {
			return r.numbered(name), nil
		}
		if _, taken := r.byName[name]; taken {
			return "", fmt.Errorf("a collector named %q is registered already", name)
		}
		return name, nil
	}
	if e.sole {
		return "", nil
	}
	base := fmt.Sprintf("%T", unwrap(e.collector))
	if e.binding.source != nil {
		base = e.binding.source.Family().Name
	}
	return r.numbered(base), nil
}

// numbered returns base, or base with a number if that is taken.
func (r *ContextRegistry) numbered(base string) string {
	if _, taken := r.byName[base]; !taken {
		return base
	}
	for {
		r.unnamed[base]++
		name := fmt.Sprintf("%s#%d", base, r.unnamed[base]+1)
		if _, taken := r.byName[name]; !taken {
			return name
		}
	}
}

// Unregister removes a collector, which may be another one with the same descriptors, and
// tells whether there was one. One that describes nothing can only be removed by its
// name; see UnregisterNamed. Scrapes under way still have it.
func (r *ContextRegistry) Unregister(c Collector) bool {
	c = localized(c, nil)
	if r.check() != nil || checkCollector(c) != nil {
		return false
	}
	announced, err := describe(c)
	if err != nil || len(announced.list) == 0 {
		return false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	e, ok := r.byID[announced.identity()]
	return ok && r.remove(e)
}

// UnregisterNamed removes the collector that was registered WithName(name), and tells
// whether there was one. Scrapes under way still have it.
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
	i := slices.Index(r.entries, e)
	r.entries = slices.Delete(r.entries, i, i+1)
	r.plan.Store(nil)
	return true
}

// leave remembers an entry that is removed while its collector runs. Registered again,
// the collector must not be started while that run is stuck.
func (r *ContextRegistry) leave(e *entry) {
	r.left = slices.DeleteFunc(r.left, func(e *entry) bool { return !r.engine.IsRunning(e.run) })
	if e.run != nil && e.isKnownAgain() && r.engine.IsRunning(e.run) {
		r.left = append(r.left, e)
	}
}

// leftBehind returns the run that leave has remembered for the collector of e, if any.
func (r *ContextRegistry) leftBehind(e *entry) *engine.Collector {
	if !e.isKnownAgain() {
		return nil
	}
	for _, old := range r.left {
		if old.origin == e.origin {
			return old.run
		}
	}
	return nil
}

// isKnownAgain tells whether another entry can be found to have the same origin.
func (e *entry) isKnownAgain() bool { return e.origin != nil }

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
		e.Describe(ch)
	}
}

// Collect collects with the background context; see CollectWithContext.
func (r *ContextRegistry) Collect(ch chan<- Metric) {
	r.CollectWithContext(context.Background(), ch)
}
