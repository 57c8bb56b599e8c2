package store

import (
	"slices"

	"github.com/luxfi/metric/internal/model"
)

// directory holds all series to which the past refers. Only rounds read and change it, one at a time. A
// round collects its changes in a [plan], and applies them in Commit.
type directory struct {
	byName  map[string]*record
	shown   []*record // records of the last sample, in its order
	series  int       // number of series in the last sample
	columns int       // number of columns in a snapshot
	free    []int32   // columns to which nothing refers
	bytes   int       // memory of all series and families
}

// memory returns the memory that the directory takes.
func (dir *directory) memory() int { return dir.bytes + cap(dir.free)*4 + cap(dir.shown)*8 }

// record is the directory's record of a family.
type record struct {
	name   string
	kind   Kind
	family *Family // the family in the last sample that had it
	sorted bool    // whether its series are in the order of model.CompareLabels
	absent bool    // whether it was missing in the last sample
	round  uint64  // the last round that has begun the family
	goneIn uint64  // if absent is true, the generation that was being written when this was noticed

	// gone maps keys to series that existed before the last sample of the family.
	gone map[string]goneSeries
}

// goneSeries is a series that is gone.
type goneSeries struct {
	series *Series
	goneIn uint64 // the generation that was being written when this was noticed
}

// Memory of a record, and of a series in a family or among those that are gone.
const (
	recordMemory    = 400
	listedMemory    = 8
	goneMemory      = 80
	columnMemory    = 8 + columnSize + blockSize // in a snapshot and while it is recorded
	departureMemory = 16
	exemplarsMemory = 80
	exemplarMemory  = 120
)

func (r *record) memory() int {
	return recordMemory + len(r.name) + len(r.family.Help) + len(r.family.Unit) + listedMemory*cap(r.family.Series)
}

// departures are the series and families that disappeared while a generation was being written. The store
// forgets them with the generation, unless they have come back.
type departures struct {
	number  uint64 // number of the generation
	series  []departure
	records []*record
	columns []int32 // columns of series that have another shape now
}

type departure struct {
	record *record
	series *Series
}

func (d *departures) isEmpty() bool { return len(d.series)+len(d.records)+len(d.columns) == 0 }

func (d *departures) memory() int {
	return cap(d.series)*departureMemory + cap(d.records)*8 + cap(d.columns)*4
}

// plan collects the changes of a round.
type plan struct {
	sections []section
	returned []departure // series that have come back
	departed []departure // series that are gone
	columns  []int32     // columns that no series uses any longer
	taken    int         // number of free columns that were taken, from the end
	numbers  int         // number of columns in a snapshot
	bytes    int         // additional memory
	short    bool        // whether series were left out for lack of memory
}

func (p *plan) reset() {
	clear(p.sections)
	clear(p.returned)
	clear(p.departed)
	*p = plan{sections: p.sections[:0], returned: p.returned[:0], departed: p.departed[:0], columns: p.columns[:0]}
}

// section is a family in a round.
type section struct {
	record   *record
	replaces *record // the previous record of that name, with series of another kind
	family   *Family
	sorted   bool
}

// apply applies a plan. d are the departures of the generation that is being written.
func (dir *directory) apply(p *plan, d *departures, round uint64) {
	dir.free = dir.free[:len(dir.free)-p.taken]
	dir.columns = p.numbers
	dir.bytes += p.bytes
	d.columns = append(d.columns, p.columns...)
	for _, r := range p.returned {
		delete(r.record.gone, r.series.Key)
		dir.bytes -= goneMemory
	}
	for _, l := range p.departed {
		if l.record.gone == nil {
			l.record.gone = make(map[string]goneSeries)
		}
		l.record.gone[l.series.Key] = goneSeries{l.series, d.number}
		dir.bytes += goneMemory
	}
	d.series = append(d.series, p.departed...)
	for i := range p.sections {
		dir.applySection(&p.sections[i], d)
	}
	for _, r := range dir.shown {
		if r.round != round && !r.absent {
			r.absent, r.goneIn = true, d.number
			d.records = append(d.records, r)
		}
	}
	dir.shown = dir.shown[:0]
	dir.series = 0
	for i := range p.sections {
		r := p.sections[i].record
		dir.shown = append(dir.shown, r)
		dir.series += len(r.family.Series)
	}
}

func (dir *directory) applySection(s *section, d *departures) {
	r := s.record
	if old := s.replaces; old != nil {
		dir.bytes -= dir.forgetRecord(old, func(column int32) { d.columns = append(d.columns, column) })
	}
	if r.family != nil {
		dir.bytes -= r.memory()
	} else {
		if dir.byName == nil {
			dir.byName = make(map[string]*record)
		}
		dir.byName[r.name] = r
	}
	r.family, r.sorted, r.absent = s.family, s.sorted, false
	dir.bytes += r.memory()
}

// forget forgets the departures of the oldest generation.
func (dir *directory) forget(d *departures) {
	release := func(column int32) { dir.free = append(dir.free, column) }
	for _, column := range d.columns {
		release(column)
	}
	for _, l := range d.series {
		if g, ok := l.record.gone[l.series.Key]; ok && g.goneIn == d.number {
			delete(l.record.gone, l.series.Key)
			dir.bytes -= g.series.memory() + goneMemory
			for _, column := range g.series.Cols {
				release(column)
			}
			if len(l.record.gone) == 0 {
				l.record.gone = nil // A map never shrinks.
			}
		}
	}
	for _, r := range d.records {
		if r.absent && r.goneIn == d.number {
			dir.bytes -= dir.forgetRecord(r, release)
		}
	}
	dir.tidy()
}

// tidy sorts the free columns so that the lowest are taken first, and shortens snapshots to the last column
// in use.
func (dir *directory) tidy() {
	slices.Sort(dir.free)
	for len(dir.free) > 0 && dir.free[len(dir.free)-1] == int32(dir.columns-1) {
		dir.free = dir.free[:len(dir.free)-1]
		dir.columns--
	}
	slices.Reverse(dir.free)
}

// forgetRecord forgets a family, and returns the memory that it took. It calls release for each of its
// columns.
func (dir *directory) forgetRecord(r *record, release func(column int32)) (memory int) {
	forget := func(s *Series) {
		memory += s.memory()
		for _, column := range s.Cols {
			release(column)
		}
	}
	for _, s := range r.family.Series {
		forget(s)
	}
	for _, g := range r.gone {
		forget(g.series)
		memory += goneMemory
	}
	memory += r.memory()
	r.family, r.gone, r.absent = &Family{Family: &model.Family{}}, nil, false
	if dir.byName[r.name] == r {
		delete(dir.byName, r.name)
	}
	return memory
}
