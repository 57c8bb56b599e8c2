package relabel

import (
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/luxfi/metric/internal/model"
)

// lastUse is when something was used last.
type lastUse struct{ seconds atomic.Int64 }

func (u *lastUse) set(now time.Time) { u.seconds.Store(now.Unix()) }

func (u *lastUse) before(t time.Time) bool { return u.seconds.Load() < t.Unix() }

// familyState is what is known of a family.
type familyState struct {
	family model.Family
	whole  *verdict // On all series, if it does not depend on their labels.
	used   lastUse

	mu        sync.RWMutex
	series    map[string]*verdict // By labels, as rendered.
	layout    *layout             // Of the series that was added last.
	forgotten bool                // The store does not know the family any more: nothing is added.
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
			r.store.remembered.Add(s.add(text, v, p))
		}
	}
	if v.used.seconds.Load() != now {
		v.used.seconds.Store(now)
	}
	return v
}

// add remembers the verdict on a series, and returns how many bytes that takes.
func (s *familyState) add(text string, v *verdict, p *model.Point) (bytes int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.forgotten {
		return 0
	}
	s.layout = layoutOf(p, s.layout)
	v.layout = s.layout
	if old := s.series[text]; old != nil {
		bytes -= old.size(text)
	}
	s.series[strings.Clone(text)] = v
	return bytes + v.size(text)
}

// verdictSize is roughly how many bytes a verdict takes, with its place in the map but without its text.
const verdictSize = 160

// size returns roughly how many bytes the verdict on a series takes. Errors count as those of
// another series that are alike do not.
func (v *verdict) size(text string) int64 {
	return int64(verdictSize + len(text) + len(v.labels.Text()))
}

// forget forgets series that have not been met since a time, or all of them, and returns how many
// bytes that frees.
func (s *familyState) forget(oldest time.Time, all bool) (bytes int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forgotten = all
	for text, v := range s.series {
		if all || v.used.before(oldest) {
			bytes += v.size(text)
			delete(s.series, text)
		}
	}
	return bytes
}
