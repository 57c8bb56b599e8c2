package relabel

import (
	"fmt"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/luxfi/metric/internal/model"
)

// A destiny is a series that others become. Streams are written before all that is sent is known, so
// it has to be known in advance which series may turn out to be the same: only those that share a
// destiny are looked for, and only among themselves.
type destiny struct {
	key     destinyKey
	shares  int           // The verdicts that have it. Guarded by the store's mutex.
	several atomic.Bool   // There was more than one.
	run     atomic.Uint64 // The last run that a series has come in, as long as it was the only one.
}

type destinyKey struct{ family, labels string }

// join gives a verdict on the series text its destiny.
func (s *store) join(v *verdict, text string) {
	if v.dropped {
		return
	}
	labels := text
	if v.relabeled {
		labels = v.labels.Text()
	}
	key := destinyKey{v.family.Name, labels}
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.destinies[key]
	if d == nil {
		d = &destiny{key: key}
		s.destinies[key] = d
	}
	if d.shares++; d.shares > 1 {
		d.several.Store(true)
	}
	v.destiny = d
}

// leave is the end of a verdict. It is called with the mutex held.
func (s *store) leave(v *verdict) {
	if d := v.destiny; d != nil {
		if d.shares--; d.shares == 0 {
			delete(s.destinies, d.key)
		}
	}
}

// pass notes that the only series with the destiny has come in a run. Runs are numbered, and the number
// never goes back, so that another run that overlaps hides nothing.
func (d *destiny) pass(run uint64) {
	for {
		last := d.run.Load()
		if last >= run || d.run.CompareAndSwap(last, run) {
			return
		}
	}
}

// mayHavePassed reports whether pass has been called for the run, or perhaps has: a later one has come
// since.
func (d *destiny) mayHavePassed(run uint64) bool { return d.run.Load() >= run }

// arrivals are the series of one run that have come to a destiny which several share.
type arrivals struct {
	run     uint64 // Its number, from 1 on.
	first   map[*destiny]arrival
	reports int
}

// arrival is the series that came first.
type arrival struct {
	verdict *verdict // Nil if it came when it was the only one with its destiny.
	series  string
}

// maxArrivals is how many errors about series that are the same a run reports with their names.
const maxArrivals = 10

// isFirst reports whether a series is the first one with its destiny. If not, the error says which one
// was, unless that has been said often enough. before returns all series that may have become one.
func (a *arrivals) isFirst(f *model.Family, p *model.Point, v *verdict, before func(family, labels string) []string) (bool, error) {
	d := v.destiny
	switch {
	case d == nil || p.HasTimestamp:
		return true, nil
	case !d.several.Load():
		d.pass(a.run)
		return true, nil
	}
	if a.first == nil {
		a.first = make(map[*destiny]arrival)
	}
	one, known := a.first[d]
	if !known && !d.mayHavePassed(a.run) {
		a.first[d] = arrival{v, series(f.Name, p.Labels)}
		return true, nil
	}
	if one.verdict == v {
		return true, nil // It has been sent twice, which is not for a pipeline to find out.
	}
	if a.reports++; a.reports > maxArrivals {
		return false, nil
	}
	this := series(f.Name, p.Labels)
	if !known {
		all := slices.DeleteFunc(before(d.key.family, d.key.labels), func(s string) bool { return s == this })
		one.series = strings.Join(all, " or ")
		a.first[d] = one
	}
	return false, twinError(one.series, this, d.key.family, d.key.labels)
}

// twinError reports that two series have become the same.
func twinError(first, second, family, labels string) error {
	return fmt.Errorf("%s and %s both become %s{%s}: the first one is served", first, second, model.AppendName(nil, family), labels)
}
