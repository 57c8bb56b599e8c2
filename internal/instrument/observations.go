package instrument

import (
	"math"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	"github.com/luxfi/metric/internal/native"
	"github.com/luxfi/metric/internal/stripe"
)

// observations holds the counts of a histogram or a summary. An observation changes several numbers,
// and a reader must see all of these changes or none, so a mutex guards them. Observations only try to
// lock it: when several cores turn out to contend for it, stripes are added, each with its own mutex,
// and an observation goes to a free one.
//
// The value is the sum of first and all of more. Reading one stripe after the other is consistent: each
// observation is in one of them, as a whole.
type observations struct {
	first observed
	// more is set once, while first is locked; so a reader that has read first has seen all
	// observations from before more was set.
	more atomic.Pointer[[]paddedObserved]

	// missed counts how often first was locked since a certain time, in milliseconds since another
	// time. Guarded by first.mu. In 32 bits they wrap around after 49 days, which at worst makes
	// stripes too early.
	missed      uint32
	missedSince uint32
}

// observed is one stripe.
type observed struct {
	mu     sync.Mutex
	sum    float64         // sum of all values
	counts []uint64        // by bucket, not cumulative; the last is +Inf
	native *native.Buckets // nil if the histogram has no native buckets
}

// paddedObserved is a stripe with its own cache line.
type paddedObserved struct {
	observed
	_ [128 - unsafe.Sizeof(observed{})%128]byte
}

// If this many observations find first locked within this time, the histogram gets stripes. A scrape or
// an occasional collision is not a reason: stripes take many times the memory, and there may be very
// many histograms that are observed a thousand times per second and have a collision every minute.
const (
	maxMissed    = 16
	missedMillis = 10
)

var started = time.Now()

func (o *observations) init(buckets int, config *native.Config) {
	o.first.counts = make([]uint64, buckets)
	if config != nil {
		o.first.native = new(native.Buckets)
		o.first.native.Reset(config)
	}
}

// mine returns the stripe that the calling goroutine tries first.
func (o *observations) mine() *observed {
	if more := o.more.Load(); more != nil {
		return &(*more)[stripe.Index(len(*more))].observed
	}
	return &o.first
}

// add counts v in the given bucket. The result reports whether the caller must check the limit of
// native buckets.
func (o *observations) add(v float64, bucket int) (check bool) {
	s := o.mine()
	if !s.mu.TryLock() {
		s = o.lockFree()
	}
	s.sum += v
	s.counts[bucket]++
	if s.native != nil && !math.IsNaN(v) { // NaN is in no native bucket.
		check = s.native.Observe(v)
	}
	s.mu.Unlock()
	runtime.KeepAlive(o) // as in Counter.Inc
	return check
}

// add counts n observations of v; n must not be 0. The caller must have locked the stripe.
func (s *observed) add(v float64, bucket int, n uint64) (check bool) {
	s.sum += v * float64(n)
	s.counts[bucket] += n
	if s.native != nil && !math.IsNaN(v) { // NaN is in no native bucket.
		return s.native.ObserveN(v, n)
	}
	return false
}

// read returns the sum of all values, and overwrites counts with the cumulative counts.
func (o *observations) read(counts []uint64) (sum float64) {
	o.first.mu.Lock()
	cumulated := uint64(0)
	for i, n := range o.first.counts[:len(counts)] {
		cumulated += n
		counts[i] = cumulated
	}
	sum = o.first.sum
	more := o.more.Load()
	o.first.mu.Unlock()
	if more != nil {
		for i := range *more {
			s := &(*more)[i]
			s.mu.Lock()
			sum += s.cumulate(counts)
			s.mu.Unlock()
		}
	}
	return sum
}

// cumulate adds the stripe's cumulative counts to counts, and returns its sum.
func (s *observed) cumulate(counts []uint64) (sum float64) {
	cumulated := uint64(0)
	counts = counts[:len(s.counts)]
	for i, n := range s.counts {
		cumulated += n
		counts[i] += cumulated
	}
	return s.sum
}

// lockFree locks a stripe, preferably a free one.
func (o *observations) lockFree() *observed {
	more := o.more.Load()
	if more == nil {
		o.first.mu.Lock()
		o.miss()
		return &o.first
	}
	stripes := *more
	home := stripe.Index(len(stripes))
	for i := range stripes {
		if s := &stripes[(home+i)%len(stripes)]; s.mu.TryLock() {
			if i > 0 {
				stripe.Shuffle()
			}
			return &s.observed
		}
	}
	stripes[home].mu.Lock()
	return &stripes[home].observed
}

// miss records that first was locked. The caller must hold its lock by now.
func (o *observations) miss() {
	if o.more.Load() != nil {
		return // Another goroutine has made the stripes.
	}
	now := uint32(time.Since(started).Milliseconds())
	if now-o.missedSince > missedMillis {
		o.missed, o.missedSince = 0, now
	}
	o.missed++
	if o.missed == maxMissed {
		o.spread()
	}
}

// spread makes the stripes. The caller must hold the lock of first, and there must be no stripes yet.
func (o *observations) spread() {
	buckets := len(o.first.counts)
	stride := (buckets + 7) / 8 * 8 // No two stripes share a cache line.
	stripes := make([]paddedObserved, stripe.Count())
	counts := make([]uint64, stride*len(stripes))
	for i := range stripes {
		s := &stripes[i]
		s.counts = counts[i*stride:][:buckets:buckets]
		if o.first.native != nil {
			s.native = new(native.Buckets)
			s.native.ResetLike(o.first.native)
		}
	}
	o.more.Store(&stripes)
}

// each calls f with every stripe, which is locked during the call.
func (o *observations) each(f func(*observed)) {
	o.first.mu.Lock()
	f(&o.first)
	more := o.more.Load()
	o.first.mu.Unlock()
	if more == nil {
		return
	}
	for i := range *more {
		s := &(*more)[i]
		s.mu.Lock()
		f(&s.observed)
		s.mu.Unlock()
	}
}

// lockAll locks every stripe and returns them. No stripe is added until they are unlocked.
func (o *observations) lockAll() []*observed {
	o.first.mu.Lock()
	all := []*observed{&o.first}
	if more := o.more.Load(); more != nil {
		for i := range *more {
			s := &(*more)[i].observed
			s.mu.Lock()
			all = append(all, s)
		}
	}
	return all
}

// total returns the number of observations.
func (s *observed) total() (n uint64) {
	for _, count := range s.counts {
		n += count
	}
	return n
}

// addAll adds the counts of another stripe. The caller must have locked both, or own them.
func (s *observed) addAll(other *observed) {
	s.sum += other.sum
	for i, n := range other.counts {
		s.counts[i] += n
	}
	if s.native != nil {
		s.native.Merge(other.native)
	}
}

// empty drops the observations, except those in native buckets.
func (s *observed) empty() {
	s.sum = 0
	clear(s.counts)
}
