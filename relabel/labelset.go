package relabel

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/prometheus/common/model"

	imodel "github.com/luxfi/metric/internal/model"
)

// A labelSet has the labels of one series while a pipeline changes them, including the name as __name__. A
// labelSet belongs to one pipeline and must be used by only one goroutine at a time. Its memory and caches
// are reused for each series.
//
// The strings that get returns are valid until the next reset. Strings of labels that were passed to reset
// are valid only as long as those labels.
type labelSet struct {
	metric    string // value of __name__, which rules read most; empty if it is missing
	metricSet uint32 // like entry.set

	// The labels are parsed only when a rule asks for one of them. Rules that drop by name, which are the
	// most common ones, never do.
	source  imodel.Labels
	waiting bool // whether the source has not been parsed yet
	changed bool // whether the entries differ from the source

	entries []entry // all labels except the name, sorted by name; no value is empty
	sets    uint32  // number of labels that were set since reset

	memory  memory
	caches  []cache // one for each rule that has a slot
	pending []entry // for labelMap
}

// An entry is a label of a series.
type entry struct {
	name, value string
	// raw is the value as it is written, with escapes. It is valid if set is 0.
	raw string
	// set numbers the labels that rules have set, in order, from 1 on. It is 0 for an original label of the
	// series.
	set uint32
}

// newLabelSet returns a labelSet for the rules of p.
func (p *Pipeline) newLabelSet() *labelSet { return &labelSet{caches: make([]cache, p.slots)} }

// reset starts a new series.
func (ls *labelSet) reset(name string, labels imodel.Labels) {
	ls.clear()
	ls.metric = name
	ls.source, ls.waiting = labels, !labels.IsEmpty()
}

// load starts a new series with the labels of a map.
func (ls *labelSet) load(labels map[string]string) {
	ls.clear()
	ls.changed = true
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		switch value := labels[name]; {
		case name == metricName:
			ls.metric = value
		case value != "":
			ls.entries = append(ls.entries, entry{name: name, value: value})
		}
	}
}

func (ls *labelSet) clear() {
	ls.metric, ls.metricSet = "", 0
	ls.source, ls.waiting, ls.changed = imodel.Labels{}, false, false
	ls.entries, ls.sets = ls.entries[:0], 0
	ls.memory.reset()
}

// open parses the labels unless that has been done.
func (ls *labelSet) open() {
	if !ls.waiting {
		return
	}
	ls.waiting = false
	for c := ls.source.Cursor(); c.Next(); {
		if c.RawValue == "" {
			ls.changed = true
			continue
		}
		ls.entries = append(ls.entries, entry{name: c.Name, value: ls.memory.unescape(c.RawValue), raw: c.RawValue})
	}
}

// get returns the value of a label, or an empty string if the label is missing.
func (ls *labelSet) get(name string) string {
	if name == metricName {
		return ls.metric
	}
	ls.open()
	for i := range ls.entries {
		if e := &ls.entries[i]; e.name == name {
			return e.value
		}
	}
	return ""
}

// name returns the name of the series.
func (ls *labelSet) name() string { return ls.metric }

// set sets a label. An empty value removes it.
func (ls *labelSet) set(name, value string) {
	if name == metricName {
		ls.setMetric(value)
		return
	}
	ls.open()
	i := 0
	for i < len(ls.entries) && ls.entries[i].name < name {
		i++
	}
	switch {
	case i == len(ls.entries) || ls.entries[i].name != name:
		if value != "" {
			ls.changed = true
			ls.entries = slices.Insert(ls.entries, i, entry{name: name, value: value, set: ls.nextSet()})
		}
	case value == "":
		ls.changed = true
		ls.entries = slices.Delete(ls.entries, i, i+1)
	default:
		ls.changed = true
		e := &ls.entries[i]
		if e.value = value; e.set == 0 {
			e.set = ls.nextSet()
		}
	}
}

func (ls *labelSet) setMetric(value string) {
	ls.metric = value
	switch {
	case value == "":
		ls.metricSet = 0
	case ls.metricSet == 0:
		ls.metricSet = ls.nextSet()
	}
}

func (ls *labelSet) nextSet() uint32 {
	ls.sets++
	return ls.sets
}

// setPending sets the pending labels. If several have the same name, the last one takes precedence, in
// Prometheus's order: first the original labels of the series by name, then the labels set by rules, in the
// order in which they were set.
func (ls *labelSet) setPending() {
	if ls.sets > 0 {
		slices.SortStableFunc(ls.pending, func(a, b entry) int { return int(a.set) - int(b.set) })
	}
	for i := range ls.pending {
		ls.set(ls.pending[i].name, ls.pending[i].value)
	}
}

// join returns the values of labels with a separator between them. It also returns the offset in memory
// from which the memory can be reused when the value is no longer needed.
func (ls *labelSet) join(names []string, separator string) (value string, start int) {
	switch len(names) {
	case 0:
		return "", ls.memory.begin()
	case 1:
		value = ls.get(names[0])
		return value, ls.memory.begin()
	}
	ls.open() // open uses memory, too.
	start = ls.memory.begin()
	for i, name := range names {
		if i > 0 {
			ls.memory.add(separator)
		}
		ls.memory.add(ls.get(name))
	}
	return ls.memory.since(start), start
}

// isHidden reports whether a label is removed at the end of a pipeline. LabelMap can make a label with an
// empty name, but no exposition can contain one.
func isHidden(name string) bool {
	return name == "" || strings.HasPrefix(name, model.ReservedLabelPrefix) && name != metricName
}

// appendLabels renders the labels, except the name and labels that begin with two underscores. If a rule
// has made a label that no exposition can contain, it returns an error and buf unchanged. The returned
// labels use the returned buffer if they have changed.
func (ls *labelSet) appendLabels(buf []byte) ([]byte, imodel.Labels, error) {
	if !ls.changed {
		return buf, ls.source, nil
	}
	var (
		start  = len(buf)
		quoted = false
	)
	for i := range ls.entries {
		e := &ls.entries[i]
		if isHidden(e.name) {
			continue
		}
		if len(buf) > start {
			buf = append(buf, ',')
		}
		if e.set == 0 && e.raw != "" && !ls.source.Quoted() {
			buf = append(buf, e.name...)
		} else {
			buf = imodel.AppendLabelName(buf, e.name)
			quoted = quoted || buf[len(buf)-1] == '"'
		}
		buf = append(buf, '=', '"')
		if e.set == 0 && e.raw != "" {
			buf = append(buf, e.raw...)
		} else {
			if err := checkLabel(e); err != nil {
				return buf[:start], imodel.Labels{}, err
			}
			buf = imodel.AppendEscaped(buf, e.value)
		}
		buf = append(buf, '"')
	}
	return buf, imodel.VolatileLabels(buf[start:], quoted), nil
}

// checkLabel returns an error if a label that a rule has set cannot be exposed.
func checkLabel(e *entry) error {
	if err := imodel.CheckName(e.name); err != nil {
		return fmt.Errorf("a label with an invalid name: %w", err)
	}
	if !utf8.ValidString(e.value) {
		return fmt.Errorf("a label named %q whose value is not UTF-8: %q", e.name, e.value)
	}
	return nil
}
