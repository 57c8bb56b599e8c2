// Package merge makes one checked sequence of families, sorted by name, out of
// what many collectors have given.
//
// A sample that does not fit is left out and reported, and everything else is
// served: a family whose type or help differs from what came before it, a series
// that is there already, a name that another family's suffixes occupy.
package merge

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/luxfi/metric/internal/model"
)

// Native is a family of our own instruments.
type Native struct {
	Family  *model.Family
	Sources []model.Source // All of that name and type.
}

// Batch is what one collector or gatherer has given.
type Batch struct {
	Samples []model.Sample // In any order. They are not modified.
}

// Input is everything that is to be merged. Where two samples cannot both be
// served, native families come first, then the batches in their order.
type Input struct {
	Natives []Native // Sorted by name, each name once.
	Batches []Batch
	// Select, if not nil, tells which families are wanted.
	Select func(name string) bool
	// Report is told about each sample of Batches that is left out, or once for
	// each batch if its whole family is. batch is -1 where the sample or family is
	// native.
	Report func(batch int, err error)
}

// group is all samples of one family, from the batches and natives.
type group struct {
	family  *model.Family
	native  []model.Source
	foreign []ref
	dropped bool // It must not be written, because of another family's suffixes.
}

// ref is a sample and where it comes from.
type ref struct {
	sample *model.Sample
	batch  int
}

// Families writes the merged families to sink. It stops at the first error that
// sink returns, and returns it.
func Families(in Input, sink model.Sink) error {
	m, ok := memories.Get().(*memory)
	if !ok {
		m = new(memory)
	}
	defer m.release()
	groups := in.groups(m)
	in.resolveSuffixes(groups)
	w := writer{report: in.Report, sink: sink, sorter: &m.sorter}
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

// memory is what merging takes for each sample, to be used again.
type memory struct {
	refs   []ref
	sorter sorter
}

var memories sync.Pool

// maxReused is for how many samples memory is used again.
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

// groups brings the samples of each family together, sorted by name.
func (in *Input) groups(m *memory) []group {
	groups := make([]group, 0, len(in.Natives))
	for _, n := range in.Natives {
		if in.wants(n.Family.Name) {
			groups = append(groups, group{family: n.Family, native: n.Sources})
		}
	}
	if len(in.Batches) == 0 {
		return groups
	}
	index := make(map[string]int, len(groups)+len(in.Batches))
	groups = slices.Grow(groups, len(in.Batches)) // Mostly, each has a family of its own.
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
	slices.SortFunc(groups, func(a, b group) int { return cmp.Compare(a.family.Name, b.family.Name) })
	return groups
}

// addBatch takes references to samples from free, which has room for all of them.
func (in *Input) addBatch(groups []group, index map[string]int, batch int, free *[]ref) []group {
	var (
		last *model.Family
		g    = -1 // The group of last, or -1 if its samples are not wanted.
		err  error
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
					groups = append(groups, group{family: last})
				}
				err = conflict(last, groups[g].family)
			}
		}
		switch {
		case g < 0:
		case err != nil:
			in.Report(batch, fmt.Errorf("collected metric %s%s %w", last.Name, braced(s.Point.Labels), err))
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

// sameFamily returns how many samples there are of the first one's family before the
// first one of another.
func sameFamily(samples []model.Sample) int {
	n := 1
	for n < len(samples) && samples[n].Family == samples[0].Family {
		n++
	}
	return n
}

func (in *Input) wants(name string) bool { return in.Select == nil || in.Select(name) }

// conflict tells why points of family f cannot be served as points of have.
func conflict(f, have *model.Family) error {
	switch {
	case f == have:
		return nil
	case f.Type != have.Type:
		return fmt.Errorf("is a %s but should be a %s", f.Type, have.Type)
	case f.Help != have.Help:
		return fmt.Errorf("has help %q but should have %q", f.Help, have.Help)
	case f.Unit != have.Unit:
		return fmt.Errorf("has unit %q but should have %q", f.Unit, have.Unit)
	}
	return nil
}

// resolveSuffixes takes out families whose name is that of a series which a
// histogram or summary is written as. If one of the two is native, the other one
// has to go; otherwise, the one with the suffix.
func (in *Input) resolveSuffixes(groups []group) {
	// What a native family throws out is in nobody else's way any more.
	for _, foreign := range [...]bool{false, true} {
		for i := range groups {
			j, ok := occupier(groups, i)
			if !ok || foreign != (groups[i].native == nil && groups[j].native == nil) {
				continue
			}
			loser, winner := i, j
			if groups[i].native != nil && groups[j].native == nil {
				loser, winner = j, i
			}
			in.reportGroup(&groups[loser], fmt.Errorf("collected metric named %q collides with previously collected %s named %q",
				groups[loser].family.Name, groups[winner].family.Type, groups[winner].family.Name))
			groups[loser].dropped = true
		}
	}
}

// occupier returns the family that is written as a series with the name of family i,
// if there is one.
func occupier(groups []group, i int) (j int, ok bool) {
	name := groups[i].family.Name
	base, ok := cutSuffix(name)
	if !ok || groups[i].dropped {
		return 0, false
	}
	j, ok = slices.BinarySearchFunc(groups[:i], base, func(g group, name string) int {
		return cmp.Compare(g.family.Name, name)
	})
	if !ok || groups[j].dropped || !occupies(groups[j].family.Type, name[len(base):]) {
		return 0, false
	}
	for _, g := range [...]*group{&groups[i], &groups[j]} {
		if g.isEmpty() {
			g.dropped = true // In case it gets its first series meanwhile.
			return 0, false
		}
	}
	return j, true
}

// isEmpty tells whether there are no series, as in a vector of which none has been
// used.
func (g *group) isEmpty() bool {
	return len(g.foreign) == 0 && !slices.ContainsFunc(g.native, func(s model.Source) bool { return s.Series().Len() > 0 })
}

func (in *Input) reportGroup(g *group, err error) {
	if g.native != nil {
		in.Report(-1, err)
	}
	last := -1
	for _, r := range g.foreign {
		if r.batch != last {
			in.Report(r.batch, err)
			last = r.batch
		}
	}
}

func cutSuffix(name string) (base string, ok bool) {
	for _, suffix := range [...]string{"_count", "_sum", "_bucket"} {
		if base, ok = strings.CutSuffix(name, suffix); ok {
			return base, true
		}
	}
	return name, false
}

// occupies tells whether a family of that type is written as a series with that
// suffix.
func occupies(t model.Type, suffix string) bool {
	switch t {
	case model.Histogram, model.GaugeHistogram:
		return true
	case model.Summary:
		return suffix != "_bucket"
	default:
		return false
	}
}

func braced(l model.Labels) string {
	if l.IsEmpty() {
		return ""
	}
	return "{" + l.Text() + "}"
}
