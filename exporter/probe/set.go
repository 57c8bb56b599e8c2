package probe

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
)

// Set is a checked configuration. It belongs to the [Handler] that prepared it.
type Set struct {
	handler *Handler
	modules map[string]*module
	names   []string // names of the modules, sorted
	targets Targets
	policy  *policy
	limits  limits

	// uses is 1 while this is the handler's set, plus 1 for each probe that has not returned. When it is
	// 0, the connections in the modules' pools may be closed. Handler.mu guards it.
	uses int
}

// Prepare checks a configuration without applying it. File is the file's name for errors. Prepare calls
// [Prober.New] for each module. It returns an error if New returns one or panics.
func (h *Handler) Prepare(file string, c Config) (*Set, error) {
	policy, err := newPolicy(c.Targets)
	limits, limitsErr := limitsOf(c.Targets)
	if err = errors.Join(err, limitsErr); err != nil {
		err = fmt.Errorf("%s: %w", file, err)
	}
	modules, modulesErr := h.prepareModules(file, c.Modules)
	if err := errors.Join(err, modulesErr); err != nil {
		return nil, err
	}
	for _, m := range modules {
		m.pool = newPool(policy, limits, m.TLS)
	}
	return &Set{
		handler: h, modules: modules, names: slices.Sorted(maps.Keys(modules)),
		targets: c.Targets.clone(), policy: policy, limits: limits,
	}, nil
}

func limitsOf(t Targets) (limits, error) {
	l := limits{concurrent: t.MaxConcurrent, perTarget: t.MaxPerTarget}
	if l.concurrent == 0 {
		l.concurrent = defaultMaxConcurrent
	}
	if l.perTarget == 0 {
		l.perTarget = defaultMaxPerTarget
	}
	return l, t.checkNumbers()
}

// Use makes the handler serve probes with another configuration. Probes in flight keep theirs. A module
// whose name and targets stay the same keeps its connections, unless it has TLS settings. If s is nil,
// the handler refuses all probes again. Use panics if another handler has prepared s.
func (h *Handler) Use(s *Set) {
	if s != nil && s.handler != h {
		panic(errors.New("probe: Use of a Set that another Handler has prepared"))
	}
	h.mu.Lock()
	old := h.set
	if old == s {
		h.mu.Unlock()
		return
	}
	h.set = s
	if s != nil {
		s.adopt(old)
		h.retainLocked(s)
		h.limiter.setLimits(s.limits)
	}
	idle := h.releaseLocked(old)
	h.mu.Unlock()
	if s != nil {
		h.counts.know(s.names)
	}
	closeIdle(idle)
}

// adopt takes over pools from the previous set. The caller holds h.mu.
func (s *Set) adopt(old *Set) {
	if old == nil || s.uses > 0 || !reflect.DeepEqual(s.targets, old.targets) {
		return
	}
	for name, m := range s.modules {
		if before := old.modules[name]; before != nil && before.TLS == nil && m.TLS == nil {
			m.pool = before.pool
		}
	}
}

// retain returns the current set, or nil. The caller must release it.
func (h *Handler) retain() *Set {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.set != nil {
		h.retainLocked(h.set)
	}
	return h.set
}

func (h *Handler) retainLocked(s *Set) {
	if s.uses == 0 {
		for _, m := range s.modules {
			m.pool.sets++
		}
	}
	s.uses++
}

func (h *Handler) release(s *Set) {
	h.mu.Lock()
	idle := h.releaseLocked(s)
	h.mu.Unlock()
	closeIdle(idle)
}

// releaseLocked returns the pools that are no longer needed.
func (h *Handler) releaseLocked(s *Set) (idle []*pool) {
	if s == nil {
		return nil
	}
	if s.uses--; s.uses > 0 {
		return nil
	}
	for _, m := range s.modules {
		if m.pool.sets--; m.pool.sets == 0 {
			idle = append(idle, m.pool)
		}
	}
	return idle
}

func closeIdle(pools []*pool) {
	for _, p := range pools {
		p.transport.CloseIdleConnections()
	}
}
