package instrument

import "sync"

// maxNoOp is how many series a no-op vector remembers, and how many instruments of a kind
// no-op Metrics do. A program that has metrics switched off cannot see what grows.
const maxNoOp = 1000

// Memory holds what was made under a key.
type Memory[K comparable] struct {
	mu   sync.Mutex
	made map[K]any
}

// Remember returns what was made under a key, or makes it.
func Remember[T any, K comparable](in *Memory[K], key K, create func() T) T {
	in.mu.Lock()
	defer in.mu.Unlock()
	if known, ok := in.made[key].(T); ok {
		return known
	}
	made := create()
	if len(in.made) < maxNoOp {
		if in.made == nil {
			in.made = map[K]any{}
		}
		in.made[key] = made
	}
	return made
}
