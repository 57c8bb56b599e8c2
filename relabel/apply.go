package relabel

import (
	"crypto/md5"
	"encoding/binary"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/prometheus/common/model"
)

// metricName is the label that holds the name of a series.
const metricName = model.MetricNameLabel

var runs = map[Action]func(*rule, *labelSet) bool{
	Replace:   (*rule).replace,
	Keep:      func(r *rule, ls *labelSet) bool { return r.matches(ls) },
	Drop:      func(r *rule, ls *labelSet) bool { return !r.matches(ls) },
	KeepEqual: func(r *rule, ls *labelSet) bool { return r.equal(ls) },
	DropEqual: func(r *rule, ls *labelSet) bool { return !r.equal(ls) },
	HashMod:   (*rule).hashMod,
	LabelMap:  (*rule).labelMap,
	LabelDrop: (*rule).labelDrop,
	LabelKeep: (*rule).labelKeep,
	Lowercase: (*rule).lowercase,
	Uppercase: (*rule).uppercase,
}

// series changes the labels of a series and reports whether the series is kept. It does not allocate unless
// a regex that needs the engine of package regexp sees a value for the first time.
func (r *rule) series(ls *labelSet) (keep bool) { return r.run(r, ls) }

func (r *rule) matches(ls *labelSet) bool {
	value, start := ls.join(r.sources, r.separator)
	ok := r.matchesValue(ls, value)
	ls.memory.release(start)
	return ok
}

func (r *rule) matchesValue(ls *labelSet, value string) bool {
	if !r.regex.engine {
		return r.regex.matchGlobs(value)
	}
	return ls.cache(r).outcome(r, ls, value).ok
}

func (r *rule) equal(ls *labelSet) bool {
	target := ls.get(r.target.text)
	value, start := ls.join(r.sources, r.separator)
	ok := value == target
	ls.memory.release(start)
	return ok
}

// outcome returns the outcome for a value: the label that is set, and its new value.
func (r *rule) outcome(ls *labelSet, value string) outcome {
	if r.regex.engine {
		return ls.cache(r).outcome(r, ls, value)
	}
	f := r.regex.find(value)
	return r.expand(ls, &f, value)
}

// expand returns the outcome of a match.
func (r *rule) expand(ls *labelSet, f *found, value string) outcome {
	if !f.ok {
		return outcome{}
	}
	return outcome{
		ok:     true,
		target: r.target.expand(&ls.memory, f, value),
		text:   r.replacement.expand(&ls.memory, f, value),
	}
}

func (r *rule) replace(ls *labelSet) bool {
	value, _ := ls.join(r.sources, r.separator)
	o := r.outcome(ls, value)
	if o.ok && (r.target.constant() || isLabelName(o.target)) {
		ls.set(o.target, o.text)
	}
	return true
}

// hashMod uses the last eight bytes of an MD5 sum, as Prometheus does.
func (r *rule) hashMod(ls *labelSet) bool {
	value, _ := ls.join(r.sources, r.separator)
	sum := md5.Sum(bytesOf(value))
	mod := binary.BigEndian.Uint64(sum[8:]) % r.modulus
	start := ls.memory.begin()
	ls.memory.buf = strconv.AppendUint(ls.memory.buf, mod, 10)
	ls.set(r.target.text, ls.memory.since(start))
	return true
}

// labelMap copies labels. It reads only the labels from before the rule, not those that it sets.
func (r *rule) labelMap(ls *labelSet) bool {
	ls.open()
	ls.pending = ls.pending[:0]
	named := ls.metric == ""
	for i := range ls.entries {
		e := &ls.entries[i]
		if !named && e.name > metricName {
			r.mapLabel(ls, metricName, ls.metric, ls.metricSet)
			named = true
		}
		r.mapLabel(ls, e.name, e.value, e.set)
	}
	if !named {
		r.mapLabel(ls, metricName, ls.metric, ls.metricSet)
	}
	ls.setPending()
	return true
}

// mapLabel appends the copy of one label to the pending labels.
func (r *rule) mapLabel(ls *labelSet, name, value string, set uint32) {
	if !r.regex.mayMatch(name) {
		return
	}
	if o := r.outcome(ls, name); o.ok {
		ls.pending = append(ls.pending, entry{name: o.text, value: value, set: set})
	}
}

func (r *rule) labelDrop(ls *labelSet) bool { return r.selectNames(ls, false) }

func (r *rule) labelKeep(ls *labelSet) bool { return r.selectNames(ls, true) }

// selectNames removes the labels whose names match, or, if keepMatching is true, all other labels.
func (r *rule) selectNames(ls *labelSet, keepMatching bool) bool {
	ls.open()
	if r.matchesValue(ls, metricName) != keepMatching {
		ls.setMetric("")
	}
	kept := 0
	for i := range ls.entries {
		name := ls.entries[i].name
		if (r.regex.mayMatch(name) && r.matchesValue(ls, name)) != keepMatching {
			continue
		}
		if kept != i {
			ls.entries[kept] = ls.entries[i]
		}
		kept++
	}
	if kept < len(ls.entries) {
		ls.changed = true
		ls.entries = ls.entries[:kept]
	}
	return true
}

func (r *rule) lowercase(ls *labelSet) bool {
	return r.changeCase(ls, 'A', 'Z', strings.ToLower)
}

func (r *rule) uppercase(ls *labelSet) bool {
	return r.changeCase(ls, 'a', 'z', strings.ToUpper)
}

// changeCase sets the target to the source value with the ASCII letters from low to high in the other case.
// For a value with non-ASCII characters it calls convert, which allocates.
func (r *rule) changeCase(ls *labelSet, low, high byte, convert func(string) string) bool {
	value, _ := ls.join(r.sources, r.separator)
	start := ls.memory.begin()
	ls.memory.add(value)
	text := ls.memory.buf[start:]
	for i, c := range text {
		switch {
		case c >= utf8.RuneSelf:
			ls.set(r.target.text, convert(value))
			return true
		case low <= c && c <= high:
			text[i] ^= 'a' - 'A'
		}
	}
	ls.set(r.target.text, ls.memory.since(start))
	return true
}
