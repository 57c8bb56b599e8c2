package relabel

import (
	"fmt"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/luxfi/metric/internal/model"
)

// A destination is the series that other series become. A stream is written before all of its series are known,
// so the pipeline must know in advance which series may turn out to be the same. It compares only series
// that share a destination, and only with each other.
type destination struct {
	key     destinationKey
	shares  int           // number of verdicts with this destination; guarded by the store's mutex
	several atomic.Bool   // whether there was ever more than one
	run     atomic.Uint64 // last run in which the only series has come
}

type destinationKey struct{ family, labels string }

// join sets the destination of the verdict on the series text.
func (s *store) join(v *verdict, text string) {
	if v.dropped {
		return
	}
	labels := text
	if v.relabeled {
		labels = v.labels.Text()
	}
	key := destinationKey{v.family.Name, labels}
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.destinations[key]
	if d == nil {
		d = &destination{key: key}
		s.destinations[key] = d
	}
	if d.shares++; d.shares > 1 {
		d.several.Store(true)
	}
	v.destination = d
}

// leave removes a verdict from its destination. The caller must hold the mutex.
func (s *store) leave(v *verdict) {
	if d := v.destination; d != nil {
		if d.shares--; d.shares == 0 {
			delete(s.destinations, d.key)
		}
	}
}

// pass records that the only series with the destination has come in a run. The number of the run never
// decreases, so an overlapping earlier run hides nothing.
func (d *destination) pass(run uint64) {
	for {
		last := d.run.Load()
		if last >= run || d.run.CompareAndSwap(last, run) {
			return
		}
	}
}

// mayHavePassed reports whether pass was called for the run. It also returns true if pass was called for a
// later run, because that hides earlier ones.
func (d *destination) mayHavePassed(run uint64) bool { return d.run.Load() >= run }

// arrivals are the series of one run that have come to a destination that several series share.
type arrivals struct {
	run     uint64 // number of the run, from 1 on
	first   map[*destination]arrival
	reports int
}

// arrival is the series that came first.
type arrival struct {
	verdict *verdict // nil if the series came while it was the only one with its destination
	series  string
}

// maxArrivals limits the errors with names that a run reports about series that have become the same.
const maxArrivals = 10

// isFirst reports whether a series is the first one with its destination. If it is not, the error names the
// first one, unless maxArrivals has been reached. before returns all series that may have become the given
// one.
func (a *arrivals) isFirst(f *model.Family, p *model.Point, v *verdict, before func(family, labels string) []string) (bool, error) {
	d := v.destination
	switch {
	case d == nil || p.HasTimestamp:
		return true, nil
	case !d.several.Load():
		d.pass(a.run)
		return true, nil
	}
	if a.first == nil {
		a.first = make(map[*destination]arrival)
	}
	one, known := a.first[d]
	if !known && !d.mayHavePassed(a.run) {
		a.first[d] = arrival{v, series(f.Name, p.Labels)}
		return true, nil
	}
	if one.verdict == v {
		return true, nil // The source sent the series twice. The pipeline does not report this.
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

// twinError returns an error that two series have become the same.
func twinError(first, second, family, labels string) error {
	return fmt.Errorf("%s and %s both become %s{%s}: the first one is served", first, second, model.AppendName(nil, family), labels)
}
