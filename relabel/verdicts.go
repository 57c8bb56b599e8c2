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
	whole *verdict // On all series, if it does not depend on their labels.
	used  lastUse

	mu     sync.RWMutex
	series map[string]*verdict // By labels, as rendered.
}

// verdict returns the verdict on a series of the family.
func (s *familyState) verdict(r *reshaper, f *model.Family, p *model.Point) *verdict {
	if s.whole != nil {
		return s.whole
	}
	text, now := p.Labels.Text(), s.used.seconds.Load()
	s.mu.RLock()
	v := s.series[text]
	s.mu.RUnlock()
	if v == nil {
		v = r.evaluate(r.steps, f, p)
		s.mu.Lock()
		s.series[strings.Clone(text)] = v
		s.mu.Unlock()
	}
	if v.used.seconds.Load() != now {
		v.used.seconds.Store(now)
	}
	return v
}

// sweep forgets series that have not been met since a time.
func (s *familyState) sweep(oldest time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for text, v := range s.series {
		if v.used.before(oldest) {
			delete(s.series, text)
		}
	}
}
