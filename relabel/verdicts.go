package relabel

import (
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/luxfi/metric/internal/model"
)

// lastUse is the time at which something was last used.
type lastUse struct{ seconds atomic.Int64 }

func (u *lastUse) set(now time.Time) { u.seconds.Store(now.Unix()) }

func (u *lastUse) before(t time.Time) bool { return u.seconds.Load() < t.Unix() }

// familyState has the verdicts on a family.
type familyState struct {
	family model.Family
	whole  *verdict // verdict on all series, if it does not depend on their labels
	used   lastUse

	mu        sync.RWMutex
	series    map[string]*verdict // by labels, as rendered
	layout    *layout             // layout of the series that was added last
	forgotten bool                // whether the store has removed the family, so that nothing may be added
}

// verdict returns the verdict on a series of the family.
func (s *familyState) verdict(r *reshaper, p *model.Point) *verdict {
	if s.whole != nil {
		return s.whole
	}
	text, now := p.Labels.Text(), s.used.seconds.Load()
	s.mu.RLock()
	v := s.series[text]
	s.mu.RUnlock()
	if v == nil || !v.layout.fits(p) {
		v = r.evaluate(r.steps, &s.family, p)
		v.used.seconds.Store(now)
		if r.store.hasRoom() {
			s.add(r.store, strings.Clone(text), v, p)
		}
	}
	if v.used.seconds.Load() != now {
		v.used.seconds.Store(now)
	}
	return v
}

// add adds the verdict on a series.
func (s *familyState) add(to *store, text string, v *verdict, p *model.Point) {
	to.join(v, text)
	s.mu.Lock()
	left := v // Unless it is remembered.
	if !s.forgotten {
		s.layout = layoutOf(p, s.layout)
		v.layout = s.layout
		left = s.series[text]
		s.series[text] = v
		to.remembered.Add(v.size(text))
		if left != nil {
			to.remembered.Add(-left.size(text))
		}
	}
	s.mu.Unlock()
	if left != nil {
		to.mu.Lock()
		to.leave(left)
		to.mu.Unlock()
	}
}

// verdictSize is the approximate size of a verdict in bytes, including its destination and map entries but
// without texts.
const verdictSize = 320

// size returns the approximate size of the verdict on a series in bytes. It does not count errors.
func (v *verdict) size(text string) int64 {
	return int64(verdictSize + len(text) + len(v.labels.Text()))
}

// forget removes series that have not been used since oldest, or all series, and returns the number of
// bytes that this frees. It calls leave for each removed series.
func (s *familyState) forget(oldest time.Time, all bool, leave func(*verdict)) (bytes int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forgotten = all
	for text, v := range s.series {
		if all || v.used.before(oldest) {
			bytes += v.size(text)
			delete(s.series, text)
			leave(v)
		}
	}
	return bytes
}
