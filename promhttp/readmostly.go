package promhttp

import (
	"maps"
	"sync"
	"sync/atomic"
)

// readMostly is a map that grows and is read without a lock. Adding a key copies the map, which
// is cheap enough for maps that stop growing at some hundreds of keys. The zero value is empty.
type readMostly[K comparable, V any] struct {
	current atomic.Pointer[map[K]V]
	mu      sync.Mutex // held while adding
}

func (m *readMostly[K, V]) get(key K) (v V, ok bool) {
	if current := m.current.Load(); current != nil {
		v, ok = (*current)[key]
	}
	return v, ok
}

func (m *readMostly[K, V]) len() int {
	if current := m.current.Load(); current != nil {
		return len(*current)
	}
	return 0
}

// getOrAdd returns the value of a key. If the map does not contain key, getOrAdd adds the key and the value
// that create returns. If the map already has limit keys, it adds nothing and returns false. A limit of 0
// means no limit.
func (m *readMostly[K, V]) getOrAdd(key K, limit int, create func() (K, V)) (v V, ok bool) {
	if limit > 0 && m.len() >= limit {
		return m.get(key)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if v, ok = m.get(key); ok || limit > 0 && m.len() >= limit {
		return v, ok
	}
	next := make(map[K]V, m.len()+1)
	if current := m.current.Load(); current != nil {
		maps.Copy(next, *current)
	}
	key, v = create()
	next[key] = v
	m.current.Store(&next)
	return v, true
}
