package query

import (
	"cmp"
	"hash/fnv"
	"math"
	"slices"
	"strconv"

	"github.com/luxfi/metric/dashboard/internal/api"
	"github.com/luxfi/metric/dashboard/internal/store"
	"github.com/luxfi/metric/internal/model"
)

// Limits of a spec.
const (
	maxSpecLabels = 16
	maxSpecKeys   = 256
)

// bounded returns a copy of a spec within the limits.
func bounded(spec api.Spec) api.Spec {
	spec.Match = spec.Match[:min(len(spec.Match), maxSpecLabels)]
	spec.By = spec.By[:min(len(spec.By), maxSpecLabels)]
	spec.Keys = spec.Keys[:min(len(spec.Keys), maxSpecKeys)]
	if spec.Each {
		spec.By = nil
	}
	return spec
}

// group is a group of series of which a plot shows the sum.
type group struct {
	key    string
	labels []model.Label
	series []*store.Series // in the last sample
	gone   []*store.Series // no longer in the last sample, but part of the past
}

// all returns all series of the group.
func (g *group) all() []*store.Series { return slices.Concat(g.series, g.gone) }

// groupsOf returns the series with the labels of spec, in groups, sorted by key. lost are the groups all
// of whose series are gone.
func groupsOf(f *store.Family, gone []*store.Series, spec api.Spec) (groups, lost []*group) {
	g := grouping{spec: spec, byKey: make(map[string]*group)}
	for _, s := range f.Series {
		if hasLabels(s, spec.Match) {
			one := g.of(s)
			one.series = append(one.series, s)
		}
	}
	here := len(g.groups)
	for _, s := range gone {
		if hasLabels(s, spec.Match) {
			one := g.of(s)
			one.gone = append(one.gone, s)
		}
	}
	groups, lost = g.groups[:here:here], g.groups[here:]
	if len(groups) == 1 && len(groups[0].series) == 1 && len(groups[0].gone) == 0 {
		groups[0].labels = groups[0].series[0].Labels
	}
	slices.SortStableFunc(groups, func(a, b *group) int { return cmp.Compare(a.key, b.key) })
	return groups, lost
}

// grouping assigns series to groups.
type grouping struct {
	spec   api.Spec
	groups []*group // in order of discovery
	byKey  map[string]*group

	text   []byte
	labels []model.Label
}

// of returns the group of a series.
func (g *grouping) of(s *store.Series) *group {
	if g.spec.Each {
		one := &group{key: shortKey(s.Key), labels: s.Labels}
		g.groups = append(g.groups, one)
		return one
	}
	g.text, g.labels = g.text[:0], g.labels[:0]
	for _, name := range g.spec.By {
		l := model.Label{Name: name, Value: valueOf(s, name)}
		g.labels = append(g.labels, l)
		if len(g.text) > 0 {
			g.text = append(g.text, ',')
		}
		g.text = append(model.AppendLabelName(g.text, l.Name), `="`...)
		g.text = append(model.AppendEscaped(g.text, l.Value), '"')
	}
	one := g.byKey[string(g.text)]
	if one == nil {
		one = &group{key: shortKey(string(g.text)), labels: slices.Clone(g.labels)}
		g.byKey[string(g.text)] = one
		g.groups = append(g.groups, one)
	}
	return one
}

// maxKey limits the length of a group's key, in bytes.
const maxKey = 400

// shortKey returns a replacement for a long key. It is valid UTF-8, like labels.
func shortKey(key string) string {
	if len(key) <= maxKey {
		return key
	}
	h := fnv.New64a()
	h.Write([]byte(key))
	return clean(key[:maxKey], maxKey/4) + strconv.FormatUint(h.Sum64(), 16)
}

// hasLabels reports whether a series has all labels, given in the page's form. An empty value stands for
// a missing label.
func hasLabels(s *store.Series, labels []api.Label) bool {
	for _, l := range labels {
		value := valueOf(s, l[0])
		if value != l[1] && (!isCut(l[1]) || cleanValue(value) != l[1]) {
			return false
		}
	}
	return true
}

// valueOf returns the value of a label, or an empty string.
func valueOf(s *store.Series, name string) string {
	for i := range s.Labels {
		if s.Labels[i].Name == name || isCut(name) && cleanName(s.Labels[i].Name) == name {
			return s.Labels[i].Value
		}
	}
	return ""
}

// line is a line of a group.
type line struct {
	name   string // of the line in its group
	values []float64
}

// chosen are the groups that a plot shows: at most MaxLines.
type chosen struct {
	pinned map[string]bool // keys of lines
	all    []candidate
}

type candidate struct {
	group  *group
	lines  []line
	pinned bool
	score  float64
}

// offer adds a group unless enough groups have larger values.
func (c *chosen) offer(g *group, lines []line) {
	one := candidate{group: g, lines: lines, score: math.Inf(-1)}
	for _, l := range lines {
		one.pinned = one.pinned || c.pinned[lineKey(g, l.name)]
		for _, v := range l.values {
			if v > one.score {
				one.score = v
			}
		}
	}
	at, _ := slices.BinarySearchFunc(c.all, one, compareCandidates)
	c.all = slices.Insert(c.all, at, one)
	if len(c.all) > api.MaxLines {
		c.all = c.all[:api.MaxLines]
	}
}

// compareCandidates orders first the groups that the page already shows, then those with the largest
// values.
func compareCandidates(a, b candidate) int {
	switch {
	case a.pinned != b.pinned && a.pinned:
		return -1
	case a.pinned != b.pinned:
		return +1
	}
	return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.group.key, b.group.key))
}

// preselect drops groups that cannot be shown before their numbers are read. A plot that continues sees
// too little of the window to compare values, so it shows the previous groups, and then others by key.
func (c *chosen) preselect(groups []*group, names []string) []*group {
	if len(groups) <= api.MaxLines {
		return groups
	}
	pinned := func(g *group) bool {
		return slices.ContainsFunc(names, func(name string) bool { return c.pinned[lineKey(g, name)] })
	}
	var first, rest []*group
	for _, g := range groups {
		if pinned(g) {
			first = append(first, g)
		} else {
			rest = append(rest, g)
		}
	}
	return append(first, rest...)[:api.MaxLines]
}

// lineKey returns the key of a line. A group's key is empty, or ends in a quote or, if it is long, in a
// number.
func lineKey(g *group, name string) string {
	if name == "" {
		return g.key
	}
	return g.key + "#" + name
}

// lines returns the lines of the groups for the page, sorted by their groups' keys.
func (c *chosen) lines() []api.Line {
	slices.SortStableFunc(c.all, func(a, b candidate) int { return cmp.Compare(a.group.key, b.group.key) })
	lines := []api.Line{}
	for _, one := range c.all {
		for _, l := range one.lines {
			v := make([]api.Number, len(l.values))
			for k, n := range l.values {
				v[k] = toAPI(n)
			}
			lines = append(lines, api.Line{
				Key: lineKey(one.group, l.name), Labels: labelsOf(one.group.labels), Name: cleanValue(l.name), V: v,
			})
		}
	}
	return lines
}
