package instrument

import "sync"

// maxNoOp limits the series that a no-op vector remembers, and the instruments of a kind that no-op
// Metrics remember. A program with disabled metrics cannot notice growth.
const maxNoOp = 1000

// Memory stores values by the key for which they were made.
type Memory[K comparable] struct {
	mu   sync.Mutex
	made map[K]any
}

// Remember returns the value stored under key, or stores the result of create.
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
