package relabel

import "strings"

// flow records what is known about series after the earlier steps.
type flow struct {
	facts    []fact
	removals []removal
	writes   map[string]int // positions of the last rules that set labels
	anywhere int            // position of the last rule that may have set any label
	position int            // position of the current step
}

// A fact states that the source values of all series match a regex, or that none does.
type fact struct {
	position int // position of the rule that keeps or drops
	labels   []string
	joined   string // labels and separator
	regex    *regex
	matches  bool
}

// A removal records that a rule has removed labels.
type removal struct {
	position int
	removes  func(name string) bool
}

// start sets what is known about all series: no label begins with two underscores.
func (f *flow) start() {
	f.writes = make(map[string]int)
	f.removals = []removal{{0, isHidden}}
}

// absent reports whether no series can have a label, and returns the position of the rule that has removed
// it.
func (f *flow) absent(name string) (position int, absent bool) {
	for i := len(f.removals) - 1; i >= 0; i-- {
		r := &f.removals[i]
		if r.position < f.anywhere || r.position < f.writes[name] {
			return 0, false
		}
		if r.removes(name) {
			return r.position, true
		}
	}
	return 0, false
}

// write discards what is known about a label.
func (f *flow) write(name string) {
	f.writes[name] = f.position
	f.forget(func(label string) bool { return label == name })
}

// forget discards the facts about changed labels.
func (f *flow) forget(changed func(label string) bool) {
	kept := f.facts[:0]
	for _, known := range f.facts {
		affected := false
		for _, label := range known.labels {
			affected = affected || changed(label)
		}
		if !affected {
			kept = append(kept, known)
		}
	}
	f.facts = kept
}

// after records the effects of a rule.
func (f *flow) after(r *rule) {
	switch {
	case r.action == Keep, r.action == Drop:
		f.learn(r.sources, r.separator, r.regex, r.action == Keep)
	case r.action == LabelMap, r.action == Replace && !r.target.constant():
		f.anywhere = f.position
		f.facts = nil
	case r.action.selectsNames():
		removes := r.regex.match
		if r.action == LabelKeep {
			removes = func(name string) bool { return !r.regex.match(name) }
		}
		f.remove(removes)
	case r.action == Replace && r.regex.all() && r.replacement.constant() && r.replacement.text == "":
		name := r.target.text
		f.remove(func(label string) bool { return label == name })
	case !r.action.comparesEqual():
		f.write(r.target.text)
	}
}

func (f *flow) remove(removes func(string) bool) {
	f.removals = append(f.removals, removal{f.position, removes})
	f.forget(removes)
}

// learn adds a fact, unless the regex is too complex to compare.
func (f *flow) learn(labels []string, separator string, re *regex, matches bool) {
	if len(re.globs) > 0 && len(labels) > 0 {
		f.facts = append(f.facts, fact{f.position, labels, joinKey(labels, separator), re, matches})
	}
}

// joinKey identifies the source value of labels.
func joinKey(labels []string, separator string) string {
	if len(labels) == 1 {
		return labels[0]
	}
	return strings.Join(append(labels[:len(labels):len(labels)], separator), "\x00")
}

// never returns the position of an earlier rule that prevents all source values from matching a regex. ok
// reports whether there is one.
func (f *flow) never(labels []string, separator string, re *regex) (position int, ok bool) {
	key := joinKey(labels, separator)
	for i := range f.facts {
		if known := &f.facts[i]; known.joined == key && known.excludes(re) {
			return known.position, true
		}
	}
	return 0, false
}

// excludes reports whether a fact rules out every match of a regex.
func (f *fact) excludes(re *regex) bool {
	for i := range re.globs {
		g := &re.globs[i]
		if f.matches && !f.regex.disjoint(g) || !f.matches && !f.regex.covers(g) {
			return false
		}
	}
	return len(re.globs) > 0
}

// covers reports whether the regex certainly matches every string that g matches.
func (re *regex) covers(g *glob) bool {
	if len(g.rest) == 0 {
		return re.match(g.prefix)
	}
	for i := range re.globs {
		known := &re.globs[i]
		// A gap at the end matches the rest, unless it needs a character that g may not have.
		if len(known.rest) == 1 && known.rest[0] == (piece{}) && strings.HasPrefix(g.prefix, known.prefix) {
			return true
		}
	}
	return false
}

// disjoint reports whether the regex certainly matches none of the strings that g matches.
func (re *regex) disjoint(g *glob) bool {
	if len(g.rest) == 0 {
		return !re.match(g.prefix)
	}
	for i := range re.globs {
		known := &re.globs[i]
		switch {
		case len(known.rest) == 0 && !g.match(known.prefix):
		case !strings.HasPrefix(known.prefix, g.prefix) && !strings.HasPrefix(g.prefix, known.prefix):
		default:
			return false
		}
	}
	return true
}

// neverApplies finds a rule whose values an earlier rule has dropped.
func (l *linter) neverApplies(r *rule) bool {
	if !r.action.matchesRegex() {
		return false
	}
	position, never := l.flow.never(r.sources, r.separator, r.regex)
	switch {
	case !never:
	case r.action == Keep:
		l.warn("no series is left, because rule %d has dropped all that regex %q matches: to keep several kinds of series, list them in one regex, as in a|b",
			position, r.regex.source)
	default:
		l.warn("the rule never applies, because rule %d has dropped all that regex %q matches", position, r.regex.source)
	}
	return never
}

// deadFamilies finds a step whose families earlier steps have dropped.
func (l *linter) deadFamilies(f families) {
	for _, re := range f {
		if position, never := l.flow.never([]string{metricName}, "", re); never {
			l.warn("regex %q selects no family, because rule %d has dropped all that it matches", re.source, position)
		}
	}
}

// selection records the effects of KeepFamilies and DropFamilies.
func (l *linter) selection(s *selection) {
	all := &regex{}
	for _, re := range s.families {
		if re.engine {
			return // Nothing is known about its matches.
		}
		all.globs = append(all.globs, re.globs...)
	}
	l.flow.learn([]string{metricName}, "", all, s.keeps)
}
