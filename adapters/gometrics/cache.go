package gometrics

import (
	"hash/maphash"
	"math/bits"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	metrics "github.com/hashicorp/go-metrics"
)

const (
	// refreshEvery is how long a cache keeps its entries. After that, the memory of expired series can be
	// freed, and label sets that had overflowed get their own series if there is room again.
	refreshEvery = time.Minute
	// maxEntries bounds the size of a cache. Further keys and labels are looked up without it.
	maxEntries = 1 << 17
)

// cache maps keys and labels, as the program writes them, to series. The zero value is empty and ready to
// use. Readers take no lock.
type cache struct {
	table atomic.Pointer[table] // nil if the cache is empty
	mu    sync.Mutex            // held by writers
}

// table is a hash table whose buckets are linked lists. Nodes do not change once they are in a table. A
// table that becomes too small is replaced with a larger copy.
type table struct {
	buckets []atomic.Pointer[node] // The number of buckets is a power of two.
	size    int
}

type node struct {
	hash   uint64
	kind   kind
	key    []string
	labels []metrics.Label
	series *series
	next   *node
}

// seed is the same for all caches and never changes.
var seed = maphash.MakeSeed()

func hashOf(k kind, key []string, labels []metrics.Label) uint64 {
	h := uint64(k + 1)
	for _, part := range key {
		h = mix(h, part)
	}
	h = bits.RotateLeft64(h, 32) + uint64(len(key))
	for i := range labels {
		h = mix(mix(h, labels[i].Name), labels[i].Value)
	}
	return h
}

func mix(h uint64, s string) uint64 {
	const odd = 0x9e3779b97f4a7c15
	h = (bits.RotateLeft64(h, 5) ^ maphash.String(seed, s)) * odd
	return h ^ h>>29
}

// get returns the series that put stored for the key and labels, or nil.
func (c *cache) get(hash uint64, k kind, key []string, labels []metrics.Label) *series {
	t := c.table.Load()
	if t == nil {
		return nil
	}
	for n := t.bucket(hash).Load(); n != nil; n = n.next {
		if n.hash == hash && n.kind == k && slices.Equal(n.key, key) && slices.Equal(n.labels, labels) {
			return n.series
		}
	}
	return nil
}

// put stores s for the key and labels. It copies them.
func (c *cache) put(hash uint64, k kind, key []string, labels []metrics.Label, s *series) {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := c.table.Load()
	switch {
	case t == nil:
		t = &table{buckets: make([]atomic.Pointer[node], 64)}
		time.AfterFunc(refreshEvery, c.clear)
		c.table.Store(t)
	case t.size >= maxEntries:
		return
	case t.size >= len(t.buckets):
		t = t.grown()
		c.table.Store(t)
	}
	n := &node{hash: hash, kind: k, key: make([]string, len(key)), labels: make([]metrics.Label, len(labels)), series: s}
	for i, part := range key {
		n.key[i] = strings.Clone(part)
	}
	for i, l := range labels {
		n.labels[i] = metrics.Label{Name: strings.Clone(l.Name), Value: strings.Clone(l.Value)}
	}
	t.add(n)
}

// clear removes all entries.
func (c *cache) clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.table.Store(nil)
}

func (t *table) bucket(hash uint64) *atomic.Pointer[node] {
	return &t.buckets[hash&uint64(len(t.buckets)-1)]
}

func (t *table) add(n *node) {
	b := t.bucket(n.hash)
	n.next = b.Load()
	b.Store(n)
	t.size++
}

// grown returns a table of twice the size with the same entries. It leaves t unchanged for its readers.
func (t *table) grown() *table {
	larger := &table{buckets: make([]atomic.Pointer[node], 2*len(t.buckets))}
	for i := range t.buckets {
		for n := t.buckets[i].Load(); n != nil; n = n.next {
			moved := *n
			larger.add(&moved)
		}
	}
	return larger
}
