package native

import (
	"math"
	"slices"
	"sync"
	"time"

	"github.com/luxfi/metric/internal/model"
)

// Exemplars keeps the exemplars of one native histogram, sorted by value. When it is full, a new
// exemplar replaces one that has outlived its TTL, or else one that has a close neighbor.
// This spreads the exemplars as evenly as possible on a logarithmic scale.
//
// Exemplars is safe for concurrent use after [Exemplars.Init]. The zero value keeps no exemplars.
type Exemplars struct {
	max int
	ttl time.Duration

	mu   sync.Mutex
	kept []kept // by ascending value
}

type kept struct {
	*model.Exemplar
	log float64 // logarithm of the value; NaN if the value is negative
}

func (k kept) before(other kept) bool { return k.Timestamp.Nanos < other.Timestamp.Nanos }

// Init must be called before the first Add.
func (e *Exemplars) Init(cfg *Config) { e.max, e.ttl = cfg.MaxExemplars, cfg.ExemplarTTL }

// Add adds an exemplar. It must have a timestamp. It ignores an exemplar with the value NaN, which is in no
// native bucket.
func (e *Exemplars) Add(exemplar *model.Exemplar) {
	if e.max == 0 || math.IsNaN(exemplar.Value) {
		return
	}
	added := kept{exemplar, math.Log(exemplar.Value)}

	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case len(e.kept) < e.max:
		e.kept = slices.Insert(e.kept, e.position(added.Value, true), added)
	case e.max == 1:
		e.kept[0] = added
	default:
		at := e.position(added.Value, false)
		e.replace(e.victim(added, at), at, added)
	}
}

// Snapshot appends the exemplars to dst by ascending value.
func (e *Exemplars) Snapshot(dst []*model.Exemplar) []*model.Exemplar {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, k := range e.kept {
		dst = append(dst, k.Exemplar)
	}
	return dst
}

// position returns the index where a value belongs: after all equal values if afterEqual is set,
// otherwise before them.
func (e *Exemplars) position(value float64, afterEqual bool) int {
	for i, k := range e.kept {
		if value < k.Value || value == k.Value && !afterEqual {
			return i
		}
	}
	return len(e.kept)
}

// victim returns the index of the exemplar to replace with the one that belongs at the given position.
// There must be at least two exemplars.
func (e *Exemplars) victim(added kept, at int) int {
	if oldest := e.oldest(); added.Timestamp.Nanos-e.kept[oldest].Timestamp.Nanos > int64(e.ttl) {
		return oldest
	}
	victim, distance := e.closestPair()
	if at > 0 {
		if d := math.Abs(added.log - e.kept[at-1].log); d < distance {
			victim, distance = at-1, d
		}
	}
	if at < len(e.kept) {
		if d := math.Abs(added.log - e.kept[at].log); d < distance {
			victim = at
		}
	}
	return victim
}

// oldest returns the index of the oldest exemplar.
func (e *Exemplars) oldest() int {
	oldest := 0
	for i, k := range e.kept {
		if k.before(e.kept[oldest]) {
			oldest = i
		}
	}
	return oldest
}

// closestPair returns the index of the older of the two neighbors that are closest to each other, and
// their distance.
func (e *Exemplars) closestPair() (older int, distance float64) {
	for i := 1; i < len(e.kept); i++ {
		d := math.Abs(e.kept[i].log - e.kept[i-1].log)
		// The distance between negative values is NaN. It must count as the largest distance.
		if i > 1 && !(d < distance) {
			continue
		}
		distance = d
		older = i - 1
		if e.kept[i].before(e.kept[i-1]) {
			older = i
		}
	}
	return older, distance
}

// replace removes the exemplar at index victim and inserts the new one in order of value. at is the
// index of the new one before the removal.
func (e *Exemplars) replace(victim, at int, added kept) {
	if victim < at {
		at--
		copy(e.kept[victim:at], e.kept[victim+1:])
	} else {
		copy(e.kept[at+1:victim+1], e.kept[at:victim])
	}
	e.kept[at] = added
}
