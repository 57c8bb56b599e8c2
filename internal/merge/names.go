package merge

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/luxfi/metric/internal/model"
	"github.com/luxfi/metric/internal/naming"
	"github.com/luxfi/metric/internal/order"
)

// leaveOutTaken drops families whose names the exposition already has.
func (in *Input) leaveOutTaken(groups []group) {
	if in.Taken == nil {
		return
	}
	for i := range groups {
		g := &groups[i]
		if err := in.Taken.Check(g.family); err != nil {
			g.dropped = true // even if it has no series yet
			if !g.isEmpty() {
				in.reportGroup(g, true, err)
			}
			continue
		}
		if err := in.Taken.CheckCreated(g.family); err != nil {
			in.leaveOutCreated(g, err)
		}
	}
}

func (in *Input) leaveOutCreated(g *group, err error) {
	if g.omitCreated {
		return
	}
	g.omitCreated = true
	if g.hasCreated() {
		in.reportGroup(g, false, err)
	}
}

// clash is two families that would be written under the same name.
type clash struct {
	groups  [2]int
	written string // the common name
}

// resolveNames drops families that would be written under the name of another family, or of a series of a
// histogram or summary.
//
// There are usually no clashes, so the only cost is looking for them. A family costs nothing if it has no
// suffix and needed no escaping.
func (in *Input) resolveNames(groups []group) {
	n := names{scheme: in.Scheme, groups: groups}
	n.index()
	clashes := n.clashes()
	if len(clashes) > 0 {
		in.resolve(groups, clashes)
	}
	if in.Scheme.CreatedLines {
		in.resolveCreated(&n)
	}
}

// resolve resolves clashes. A family gives way to others that come before it, unless they have given way
// themselves.
func (in *Input) resolve(groups []group, clashes []clash) {
	var turns []int
	others := make(map[int][]clash)
	for _, c := range clashes {
		for _, i := range c.groups {
			if others[i] == nil {
				turns = append(turns, i)
			}
			others[i] = append(others[i], c)
		}
	}
	rank := func(i int) int {
		g := &groups[i]
		switch {
		case g.isEmpty():
			return 4 // Others need not wait for its first series, which may come meanwhile.
		case g.isPlain() && g.native != nil:
			return 0
		case g.isPlain():
			return 1
		case g.native != nil:
			return 2
		default:
			return 3
		}
	}
	ranks := make(map[int]int, len(turns))
	for _, i := range turns {
		ranks[i] = rank(i)
	}
	order.By(turns, func(a, b int) int { return cmp.Or(ranks[a]-ranks[b], a-b) })
	served := make(map[int]int, len(turns)) // turn in which each was served, counting from 1
	for turn, i := range turns {
		var first *clash // clash with the first of those that i must give way to
		for k := range others[i] {
			c := &others[i][k]
			if at := served[c.other(i)]; at > 0 && (first == nil || at < served[first.other(i)]) {
				first = c
			}
		}
		if first == nil {
			served[i] = turn + 1
			continue
		}
		groups[i].dropped = true
		if ranks[i] < 4 {
			in.reportGroup(&groups[i], true, first.err(in.Scheme, &groups[i], &groups[first.other(i)]))
		}
	}
}

func (c *clash) other(i int) int { return c.groups[0] + c.groups[1] - i }

func (c *clash) err(scheme naming.Scheme, loser, winner *group) error {
	if loser.isPlain() && winner.isPlain() {
		if base, suffix, ok := scheme.CutSuffix(winner.written); ok && base == loser.written {
			kind := "histogram"
			if slices.Contains(scheme.Suffixes(model.Summary), suffix) {
				kind = "histogram or summary"
			}
			return fmt.Errorf("collected %s named %q collides with previously collected metric named %q", kind, loser.family.Name, winner.family.Name)
		}
		return fmt.Errorf("collected metric named %q collides with previously collected %s named %q",
			loser.family.Name, winner.family.Type, winner.family.Name)
	}
	return fmt.Errorf("collected metric named %q collides with previously collected %s named %q, since both would be written as %q",
		loser.family.Name, winner.family.Type, winner.family.Name, c.written)
}

// names finds groups by their written names.
type names struct {
	scheme  naming.Scheme
	groups  []group          // sorted by the names before escaping
	escaped map[string][]int // groups whose names had to be escaped
}

func (n *names) index() {
	for i := range n.groups {
		if g := &n.groups[i]; !g.isPlain() {
			if n.escaped == nil {
				n.escaped = make(map[string][]int)
			}
			n.escaped[g.written] = append(n.escaped[g.written], i)
		}
	}
}

// plain returns the group with that name, if the name needed no escaping.
func (n *names) plain(name string) (int, bool) {
	i, ok := slices.BinarySearchFunc(n.groups, name, func(g group, name string) int { return cmp.Compare(g.family.Name, name) })
	return i, ok && n.groups[i].isPlain()
}

// find calls each for every group with that name.
func (n *names) find(name string, each func(i int)) {
	if i, ok := n.plain(name); ok {
		each(i)
	}
	for _, i := range n.escaped[name] {
		each(i)
	}
}

// clashes returns all clashing pairs.
func (n *names) clashes() (all []clash) {
	for i := range n.groups {
		g := &n.groups[i]
		if g.dropped {
			continue
		}
		add := func(j int) {
			if i != j && !n.groups[j].dropped {
				all = append(all, clash{[2]int{i, j}, g.written})
			}
		}
		if !g.isPlain() {
			if j, ok := n.plain(g.written); ok {
				add(j)
			}
			for _, j := range n.escaped[g.written] {
				if j < i {
					add(j)
				}
			}
		}
		if base, suffix, ok := n.scheme.CutSuffix(g.written); ok {
			n.find(base, func(j int) {
				if slices.Contains(n.scheme.Suffixes(n.groups[j].family.Type), suffix) {
					add(j)
				}
			})
		}
	}
	return all
}

// resolveCreated makes families give up their creation times if the name of these lines is also the name of
// another family, or of another family's creation times.
func (in *Input) resolveCreated(n *names) {
	taken := make(map[string]int) // group that has the name
	for i := range n.groups {
		g := &n.groups[i]
		base, ok := naming.CreatedBase(g.family.Type, g.written)
		if !ok || g.dropped || g.omitCreated {
			continue
		}
		name := base + naming.CreatedSuffix
		other, ok := taken[name]
		if !ok {
			n.find(name, func(j int) {
				if !n.groups[j].dropped {
					other, ok = j, true
				}
			})
		}
		if ok {
			in.leaveOutCreated(g, &naming.CreatedError{Family: g.family, Other: n.groups[other].family, Written: name})
			continue
		}
		if g.hasCreated() {
			taken[name] = i
		}
	}
}

// hasCreated reports whether a series has a creation time. For a native source, its first series stands for
// all.
func (g *group) hasCreated() bool {
	for _, r := range g.foreign {
		if r.sample.Point.Created.Valid {
			return true
		}
	}
	found := false
	for _, source := range g.native {
		look(func() {
			if series := source.Series(); series.Len() > 0 {
				var (
					p       model.Point
					scratch model.Scratch
				)
				series.At(0, &p, &scratch)
				found = found || p.Created.Valid
			}
		})
	}
	return found
}

// isEmpty reports whether there are no series, as in a vector that has not been used.
func (g *group) isEmpty() bool { return len(g.foreign) == 0 && g.nativeSeries() == 0 }

func (g *group) nativeSeries() (n int) {
	for _, s := range g.native {
		n += lenOf(s)
	}
	return n
}

// lenOf returns the number of series of a native source.
func lenOf(s model.Source) (n int) {
	look(func() { n = model.LenOf(s) })
	return n
}

// reportGroup reports a problem of a family once for each of its owners, and whether their samples are left
// out.
func (in *Input) reportGroup(g *group, leftOut bool, err error) {
	count := func(n int) int {
		if !leftOut {
			return 0
		}
		return n
	}
	for i, source := range g.native {
		if n := lenOf(source); n > 0 {
			in.Report(Finding{g.owner(i), count(n), err})
		}
	}
	for rest := g.foreign; len(rest) > 0; {
		n := 1
		for n < len(rest) && rest[n].batch == rest[0].batch {
			n++
		}
		in.Report(Finding{Owner{Batch: rest[0].batch}, count(n), err})
		rest = rest[n:]
	}
}

// owner returns the owner of a native source.
func (g *group) owner(source int) Owner {
	if g.owners == nil {
		return Owner{Batch: -1}
	}
	return Owner{-1, g.owners[source]}
}
