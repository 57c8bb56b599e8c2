package staleness

import (
	"sync"

	"github.com/luxfi/metric/internal/order"
)

// indexPool keeps the indexes of one round for the sections that need one in the next. Most rounds need
// none, so it is not a sync.Pool: if every push has some families in random order, their indexes should
// survive garbage collections, and when this ends, the memory should be freed.
//
// It is safe for concurrent use.
type indexPool struct {
	mu    sync.Mutex
	idle  []*index
	inUse int // number of indexes that sections have taken
	peak  int // largest inUse since the last trim
}

func (p *indexPool) take() *index {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.inUse++
	p.peak = max(p.peak, p.inUse)
	n := len(p.idle)
	if n == 0 {
		return newIndex()
	}
	x := p.idle[n-1]
	p.idle[n-1] = nil
	p.idle = p.idle[:n-1]
	return x
}

func (p *indexPool) put(x *index) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.inUse--
	p.idle = append(p.idle, x)
}

// trim drops the indexes that were not needed since the last trim, and those that have much more memory
// than was needed. No index may be in use.
func (p *indexPool) trim() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.idle = order.DeleteFunc(p.idle, (*index).isOversized)
	if len(p.idle) > p.peak {
		clear(p.idle[p.peak:])
		p.idle = p.idle[:p.peak]
	}
	p.peak = 0
}
