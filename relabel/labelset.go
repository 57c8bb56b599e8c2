package relabel

import (
	"maps"
	"slices"
	"strings"

	"github.com/prometheus/common/model"

	imodel "github.com/luxfi/metric/internal/model"
)

// A labelSet has the labels of one series while a pipeline changes them, the name among
// them as __name__. A labelSet belongs to one pipeline and is used by one goroutine at a
// time; its memory and caches serve one series after the other.
//
// The strings that get returns are valid until the next reset, and those of the labels that
// were passed to reset only as long as these.
type labelSet struct {
	entries []entry // Sorted by name; no value is empty.
	sets    uint32  // The number of labels that were set since reset.

	memory  memory
	caches  []cache // One for each rule that has a slot.
	pending []entry // For labelMap.
	out     []imodel.Label
}

// An entry is a label of a series.
type entry struct {
	name, value string
	// set numbers the labels that rules have set, from 1 on, in the order in which they did.
	// It is 0 for a label that the series came with.
	set uint32
}

// newLabelSet returns a labelSet for the rules of p.
func (p *Pipeline) newLabelSet() *labelSet { return &labelSet{caches: make([]cache, p.slots)} }

// reset starts a series.
func (ls *labelSet) reset(name string, labels imodel.Labels) {
	ls.clear()
	named := name == ""
	for c := labels.Cursor(); c.Next(); {
		if !named && c.Name > metricName {
			ls.entries = append(ls.entries, entry{name: metricName, value: name})
			named = true
		}
		if c.RawValue != "" {
			ls.entries = append(ls.entries, entry{name: c.Name, value: ls.memory.unescape(c.RawValue)})
		}
	}
	if !named {
		ls.entries = append(ls.entries, entry{name: metricName, value: name})
	}
}

// load starts a series with the labels of a map.
func (ls *labelSet) load(labels map[string]string) {
	ls.clear()
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		if labels[name] != "" {
			ls.entries = append(ls.entries, entry{name: name, value: labels[name]})
		}
	}
}

func (ls *labelSet) clear() {
	ls.entries, ls.sets = ls.entries[:0], 0
	ls.memory.reset()
}

// get returns the value of a label, and an empty string if there is none.
func (ls *labelSet) get(name string) string {
	for i := range ls.entries {
		if e := &ls.entries[i]; e.name == name {
			return e.value
		}
	}
	return ""
}

// name returns the name of the series.
func (ls *labelSet) name() string { return ls.get(metricName) }

// set sets a label. An empty value removes it.
func (ls *labelSet) set(name, value string) {
	for i := range ls.entries {
		switch e := &ls.entries[i]; {
		case e.name < name:
		case e.name > name:
			if value != "" {
				ls.entries = slices.Insert(ls.entries, i, entry{name, value, ls.nextSet()})
			}
			return
		case value == "":
			ls.entries = slices.Delete(ls.entries, i, i+1)
			return
		default:
			if e.value = value; e.set == 0 {
				e.set = ls.nextSet()
			}
			return
		}
	}
	if value != "" {
		ls.entries = append(ls.entries, entry{name, value, ls.nextSet()})
	}
}

func (ls *labelSet) nextSet() uint32 {
	ls.sets++
	return ls.sets
}

// setPending sets the pending labels. If several have the same name, the last one wins, in
// Prometheus's order: labels that the series came with by name, then those that were set by
// rules, in the order in which they were.
func (ls *labelSet) setPending() {
	if ls.sets > 0 {
		slices.SortStableFunc(ls.pending, func(a, b entry) int { return int(a.set) - int(b.set) })
	}
	for i := range ls.pending {
		ls.set(ls.pending[i].name, ls.pending[i].value)
	}
}

// join returns the values of labels with a separator between them.
func (ls *labelSet) join(names []string, separator string) string {
	switch len(names) {
	case 0:
		return ""
	case 1:
		return ls.get(names[0])
	}
	start := ls.memory.begin()
	for i, name := range names {
		if i > 0 {
			ls.memory.add(separator)
		}
		ls.memory.add(ls.get(name))
	}
	return ls.memory.since(start)
}

// isHidden reports whether a label is removed at the end of a pipeline. LabelMap can make a
// label with an empty name, which no exposition can contain.
func isHidden(name string) bool {
	return name == "" || strings.HasPrefix(name, model.ReservedLabelPrefix) && name != metricName
}

// visible appends the labels but for the name and those that are removed at the end.
func (ls *labelSet) visible(to []imodel.Label) []imodel.Label {
	for i := range ls.entries {
		if e := &ls.entries[i]; e.name != metricName && !isHidden(e.name) {
			to = append(to, imodel.Label{Name: e.name, Value: e.value})
		}
	}
	return to
}

// appendLabels renders the labels without the name and without those that begin with two
// underscores. It is an error if a rule has made a label that no exposition can contain.
// The labels lie in the returned buffer.
func (ls *labelSet) appendLabels(buf []byte) ([]byte, imodel.Labels, error) {
	ls.out = ls.visible(ls.out[:0])
	return imodel.AppendLabels(buf, ls.out)
}
