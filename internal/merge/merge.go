// Package merge merges what many collectors have given into one checked sequence of families, sorted by
// name.
//
// It leaves out and reports samples that do not fit, and serves everything else. A sample does not fit in
// three cases: earlier samples of its family have another type, its series is already there, or another
// family has the same name. The package compares names as written: after escaping, and with suffixes; see
// package naming. If the help or unit of a family differs between collectors, the package serves the first
// one, and reports the difference.
package merge

import (
	"cmp"
	"slices"
	"sync"

	"github.com/luxfi/metric/internal/model"
	"github.com/luxfi/metric/internal/naming"
	"github.com/luxfi/metric/internal/order"
)

// Native is a family of this library's own instruments.
type Native struct {
	Family  *model.Family
	Sources []model.Source // all sources of that name and type
	Owners  []string       // names of the sources, for reports; may be nil
}

// Batch is the output of one collector or gatherer.
type Batch struct {
	Samples []model.Sample // in any order; not modified
}

// Input is everything to merge. If two samples cannot both be served, names that need no escaping come
// first, then native families, then the batches in their order.
type Input struct {
	Natives []Native // sorted by name; each name appears once
	Batches []Batch
	// Scheme determines how the sink writes names.
	Scheme naming.Scheme
	// Taken, if not nil, holds the names that the exposition already has.
	Taken *naming.Claims
	// Select, if not nil, reports whether a family is wanted.
	Select func(name string) bool
	// Report is called for each sample that is left out, or once for each owner if all its samples of a
	// family are left out, and for all other problems.
	Report func(Finding)
	// At, if not nil, is set to the owner of each point before the sink gets it.
	At *Owner
}

// Owner is the origin of samples.
type Owner struct {
	Batch  int    // index of Input.Batches, or -1
	Native string // name of the native source, if Batch is -1
}

// Finding is a problem with samples.
type Finding struct {
	Owner
	Samples int // how many were left out; 0 if they are still served
	Err     error
}

// group holds all samples of one family, from the batches and natives.
type group struct {
	family  *model.Family
	written string // the family's name as written
	native  []model.Source
	owners  []string // owners of native
	foreign []ref

	dropped     bool // The family must not be written because another family has its name.
	omitCreated bool // Its creation times must not be written, for the same reason.
}

func (g *group) isPlain() bool { return g.written == g.family.Name }

// ref is a sample and its origin.
type ref struct {
	sample *model.Sample
	batch  int
}

// Families writes the merged families to sink. It stops at the first error of sink, and returns it.
func Families(in Input, sink model.Sink) error {
	m, ok := memories.Get().(*memory)
	if !ok {
		m = new(memory)
	}
	defer m.release()
	groups := in.groups(m)
	in.leaveOutTaken(groups)
	in.resolveNames(groups)
	w := writer{in: &in, sink: sink, sorter: &m.sorter, at: in.At}
	if w.at == nil {
		w.at = new(Owner)
	}
	w.origins, _ = sink.(model.OriginSink)
	for i := range groups {
		if groups[i].dropped {
			continue
		}
		if err := w.write(&groups[i]); err != nil {
			return err
		}
	}
	return nil
}

// memory is the reusable memory that merging needs for each sample.
type memory struct {
	refs   []ref
	sorter sorter
}

var memories sync.Pool

// maxReused is the maximum number of samples whose memory is reused.
const maxReused = 1 << 13

func (m *memory) release() {
	if cap(m.refs) > maxReused {
		return
	}
	clear(m.refs)
	m.refs = m.refs[:0]
	m.sorter.reset()
	memories.Put(m)
}

// groups collects the samples of each family, sorted by name.
func (in *Input) groups(m *memory) []group {
	groups := make([]group, 0, len(in.Natives))
	for _, n := range in.Natives {
		if in.wants(n.Family.Name) {
			groups = append(groups, group{family: n.Family, written: in.Scheme.Name(n.Family.Name), native: n.Sources, owners: n.Owners})
		}
	}
	if len(in.Batches) == 0 {
		return groups
	}
	index := make(map[string]int, len(groups)+len(in.Batches))
	groups = slices.Grow(groups, len(in.Batches)) // Usually each batch has a family of its own.
	samples := 0
	for i := range groups {
		index[groups[i].family.Name] = i
	}
	for b := range in.Batches {
		samples += len(in.Batches[b].Samples)
	}
	m.refs = slices.Grow(m.refs, samples)[:samples]
	free := m.refs
	for b := range in.Batches {
		groups = in.addBatch(groups, index, b, &free)
	}
	order.By(groups, func(a, b group) int { return cmp.Compare(a.family.Name, b.family.Name) })
	return groups
}

// addBatch takes references to samples from free, which must have room for all of them.
func (in *Input) addBatch(groups []group, index map[string]int, batch int, free *[]ref) []group {
	var (
		last  *model.Family
		g     = -1 // group of last, or -1 if its samples are not wanted
		err   *ConflictError
		noted []*model.Family // families that differ from their group but are served
	)
	samples := in.Batches[batch].Samples
	for i := range samples {
		s := &samples[i]
		if s.Family != last {
			last, g, err = s.Family, -1, nil
			if in.wants(last.Name) {
				var known bool
				if g, known = index[last.Name]; !known {
					g = len(groups)
					index[last.Name] = g
					groups = append(groups, group{family: last, written: in.Scheme.Name(last.Name)})
				}
				if !groups[g].admitGauge(last) {
					err = conflict(last, groups[g].family)
				}
				have := groups[g].family
				if note := difference(last, have); err == nil && note != nil && !slices.Contains(noted, last) {
					noted = append(noted, last)
					in.Report(Finding{Owner: Owner{Batch: batch}, Err: note.about(s)})
				}
			}
		}
		switch {
		case g < 0:
		case err != nil:
			in.Report(Finding{Owner{Batch: batch}, 1, err.about(s)})
		default:
			if groups[g].foreign == nil {
				n := sameFamily(samples[i:])
				groups[g].foreign, *free = (*free)[:0:n], (*free)[n:]
			}
			groups[g].foreign = append(groups[g].foreign, ref{sample: s, batch: batch})
		}
	}
	return groups
}

// sameFamily returns the number of samples at the beginning that are of the same family as the first.
func sameFamily(samples []model.Sample) int {
	n := 1
	for n < len(samples) && samples[n].Family == samples[0].Family {
		n++
	}
	return n
}

func (in *Input) wants(name string) bool { return in.Select == nil || in.Select(name) }
