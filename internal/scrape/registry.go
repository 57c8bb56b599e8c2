package scrape

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric/internal/collect"
	"github.com/luxfi/metric/internal/descs"
	"github.com/luxfi/metric/internal/engine"
	"github.com/luxfi/metric/internal/model"
)

// Registry implements a ContextRegistry.
type Registry struct {
	Engine   engine.Engine
	Pedantic bool
	Host     bool                        // It runs a single gatherer, which has no name in it; see HostOf.
	Self     atomic.Pointer[SelfMetrics] // nil if self-metrics were not requested
	Log      *FailureLog                 // nil without a log
	Hooks    Hooks
	// Prepare, if not nil, is called before a scrape reads which collectors are registered. It must not
	// block beyond the end of ctx.
	Prepare func(ctx context.Context)
	// Report, if not nil, returns families about what the collectors have given to a scrape.
	Report      func([]Result) []model.Source
	errorOf     ErrorOf // makes the errors that scrapes return
	scrapeHooks scrapeHooks
	limits      limiter // nil if the registry sets no limits

	mu           sync.Mutex
	index        *descs.Index[*Entry]        // decides which collectors are equal or in conflict; lacks unchecked ones
	entries      []*Entry                    // in the order of registration
	byOrigin     map[RegistrationID][]*Entry // in the order of registration
	byName       map[string]*Entry
	numbers      map[string]*numbers // by the names that the numbers are appended to
	stillRunning []*engine.Collector // unregistered while a run was under way
	started      []*engine.Collector // registered in this change; see unlock
	removed      []*engine.Collector // unregistered in this change
	closed       bool                // Nothing may run in the background any more.
	shown        []*func() State     // see Show
	// families lists the entries that describe each family: several, or a single stream collector.
	families map[string][]*Entry

	// plan is what scrapes walk. It is nil after a change until a scrape makes a new one.
	plan atomic.Pointer[plan]
}

// NewRegistry returns a registry without collectors. of makes the errors that its scrapes return.
func NewRegistry(of ErrorOf) *Registry {
	return &Registry{
		errorOf:  of,
		index:    descs.New[*Entry](),
		byOrigin: make(map[RegistrationID][]*Entry),
		byName:   make(map[string]*Entry),
		numbers:  make(map[string]*numbers),
		families: make(map[string][]*Entry),
	}
}

// Register registers an entry, under the given name unless that is empty.
func (r *Registry) Register(e *Entry, name string) error {
	return r.change(func() error { return r.add(e, name) })
}

// ReplaceNamed registers an entry in the place of the one with that name, if the name is registered.
func (r *Registry) ReplaceNamed(name string, e *Entry) error {
	return r.change(func() error { return r.replace(name, e) })
}

// replace registers an entry in the place of another one. The mutex must be held.
func (r *Registry) replace(name string, e *Entry) error {
	old, ok := r.byName[name]
	if !ok || name == "" {
		return r.add(e, name)
	}
	// Entries and their fields, which scrapes and Status read, stay unchanged until it is certain that e
	// takes the place of old.
	r.unindex(old)
	if err := r.admit(e); err != nil {
		r.addToIndexes(old)
		return err
	}
	e.name, e.named = name, true
	r.keepRunning(old)
	r.releaseNumber(old)
	r.prepare(e)
	r.addToIndexes(e)
	r.entries[slices.Index(r.entries, old)] = e
	if r.limits != nil {
		r.limits.leave(old)
		r.limits.join(e)
	}
	r.plan.Store(nil)
	return nil
}

// add registers an entry, under a name if one is requested. The mutex must be held.
func (r *Registry) add(e *Entry, name string) (err error) {
	if err := r.admit(e); err != nil {
		return err
	}
	if e.name, err = r.chooseName(name, e); err != nil {
		return err
	}
	e.named = name != ""
	r.prepare(e)
	r.addToIndexes(e)
	r.entries = append(r.entries, e)
	if r.limits != nil {
		r.limits.join(e)
	}
	r.plan.Store(nil)
	return nil
}

// admit checks whether the collector can be registered beside the others. Unchecked collectors always can.
func (r *Registry) admit(e *Entry) error {
	if err := r.refuseBackground(e); err != nil {
		return err
	}
	if len(e.Announced.List) == 0 {
		if e.Binding.Stream {
			return fmt.Errorf("the stream collector %s describes no family, but must describe all that it sends", e.Called())
		}
		return nil
	}
	if err := r.suffixClash(e); err != nil {
		return err
	}
	existing, known, err := r.index.Check(e.Described)
	if known {
		return prometheus.AlreadyRegisteredError{ExistingCollector: collect.Unwrap(existing.Collector), NewCollector: e.Collector}
	}
	if err != nil {
		return err
	}
	if other, name := r.sharedStream(e); other != nil {
		return fmt.Errorf("the family %q of a stream collector cannot be shared: collectors %s and %s both describe it",
			name, other.name, e.Called())
	}
	return nil
}

// sharedStream returns another collector that has a family in common with e, if one of the two is a stream
// collector.
func (r *Registry) sharedStream(e *Entry) (other *Entry, family string) {
	for _, name := range e.Announced.Names() {
		if others := r.families[name]; len(others) > 0 && (e.Binding.Stream || others[0].Binding.Stream) {
			return others[0], name
		}
	}
	return nil, ""
}

// Unregister removes the entry with that ID or, if it does not exist, one with these descriptors. A collector
// and its adapter may have the same ID. Of several entries with the ID, Unregister prefers one for which
// isSame returns true, and then the latest, so that the earlier ones keep their names.
func (r *Registry) Unregister(id RegistrationID, isSame func(prometheus.Collector) bool, described func() ([]descs.Desc, error)) bool {
	if r.unregisterSame(id, isSame) {
		return true
	}
	list, err := described()
	if err != nil {
		return false
	}
	r.mu.Lock()
	defer r.unlock()
	e, ok := r.index.Find(list)
	return ok && r.remove(e)
}

func (r *Registry) unregisterSame(id RegistrationID, isSame func(prometheus.Collector) bool) bool {
	if id.origin == nil {
		return false
	}
	r.mu.Lock()
	defer r.unlock()
	same := r.byOrigin[id]
	if len(same) == 0 {
		return false
	}
	for _, e := range slices.Backward(same) {
		if isSame(e.Collector) {
			return r.remove(e)
		}
	}
	return r.remove(same[len(same)-1])
}

// UnregisterNamed removes the entry with that name and reports whether it was registered.
func (r *Registry) UnregisterNamed(name string) bool {
	r.mu.Lock()
	defer r.unlock()
	e, ok := r.byName[name]
	return ok && r.remove(e)
}

func (r *Registry) remove(e *Entry) bool {
	r.unindex(e)
	r.keepRunning(e)
	r.releaseNumber(e)
	if r.limits != nil {
		r.limits.leave(e)
	}
	i := slices.Index(r.entries, e)
	r.entries = slices.Delete(r.entries, i, i+1)
	r.plan.Store(nil)
	return true
}

// Describe sends the descriptors of all collectors.
func (r *Registry) Describe(ch chan<- *prometheus.Desc) {
	r.mu.Lock()
	entries := slices.Clone(r.entries)
	r.mu.Unlock()
	for _, e := range entries {
		for _, d := range e.Announced.List {
			ch <- d
		}
	}
}

// closeWait is how long Close waits for background runs.
const closeWait = time.Second

// Close ends all background runs.
func (r *Registry) Close() error {
	r.mu.Lock()
	r.closed = true
	entries := slices.Clone(r.entries)
	r.mu.Unlock()
	for _, e := range entries {
		r.Engine.EndBackground(e.engineCollector, true)
	}
	if stuck := r.Engine.AwaitEnded(closeWait); len(stuck) > 0 {
		return fmt.Errorf("closing a registry: background runs of %s have not returned within %v: %w",
			strings.Join(stuck, ", "), closeWait, engine.ErrStillRunning)
	}
	return nil
}

// IsClosed reports whether Close has been called.
func (r *Registry) IsClosed() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.closed
}

// refuseBackground returns an error if e would run in the background of a closed registry.
func (r *Registry) refuseBackground(e *Entry) error {
	if r.closed && e.Policy != nil && e.Policy.Background != nil {
		return fmt.Errorf("cannot register %s WithBackground: %w", e.Called(), engine.ErrClosed)
	}
	return nil
}
