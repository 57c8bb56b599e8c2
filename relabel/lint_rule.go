package relabel

import (
	"regexp/syntax"
	"strings"
)

// unusedFields finds fields that Prometheus accepts and ignores.
func (l *linter) unusedFields(source Rule, r *rule) {
	var (
		regex       = valueOr(source.Regex, DefaultRegex) != DefaultRegex
		replacement = valueOr(source.Replacement, DefaultReplacement) != DefaultReplacement
		matches     = r.action.matchesRegex() || !r.action.readsSources()
		unused      []string
	)
	for _, field := range []struct {
		name string
		set  bool
	}{
		{"source_labels", r.action == LabelMap && len(source.SourceLabels) > 0},
		{"regex", !matches && regex},
		{"modulus", r.action != HashMod && source.Modulus != 0},
		{"target_label", !r.action.needsTarget() && source.TargetLabel != ""},
		{"replacement", r.action != Replace && r.action != LabelMap && replacement},
	} {
		if field.set {
			unused = append(unused, field.name)
		}
	}
	if len(unused) > 0 {
		l.note("%s ignores %s: remove it", r.action, list(unused))
	}
}

// noSources checks a rule whose source value is always empty.
func (l *linter) noSources(source Rule, r *rule) {
	const instead = "name the labels in source_labels"
	matches := r.regex.match("")
	switch {
	case r.action == Replace && r.regex.all(): // sets a label on all series
	case r.action == Replace && !matches:
		l.warn("the rule never applies, because there are no source_labels and regex %q does not match the empty text: %s", *source.Regex, instead)
	case r.action == Replace:
		l.warn("the rule applies to every series, because there are no source_labels and regex %q matches the empty text: %s, or remove the regex", *source.Regex, instead)
	case r.action == Keep && !matches, r.action == Drop && matches:
		l.warn("the rule drops every series, because there are no source_labels and the source value is always empty: %s", instead)
	case r.action == Keep, r.action == Drop:
		l.warn("the rule drops nothing, because there are no source_labels and the source value is always empty: %s", instead)
	default:
		l.warn("%s has no source_labels, so the source value is always empty: %s", r.action, instead)
	}
}

// absentLabels finds labels that no series has when the rule is applied.
func (l *linter) absentLabels(r *rule) bool {
	names := r.sources
	if r.action.comparesEqual() {
		names = append(names[:len(names):len(names)], r.target.text)
	}
	found := false
	for _, name := range names {
		switch position, absent := l.flow.absent(name); {
		case !absent:
			continue
		case position > 0:
			l.warn("label %s is always empty here, because rule %d has removed it: move this rule up", name, position)
		default:
			l.warn("label %s is always empty: names that begin with __ belong to targets, or to rules above that set them", name)
		}
		found = true
	}
	return found
}

// names checks a rule that selects labels by name.
func (l *linter) names(r *rule) {
	name := r.regex.match(metricName)
	switch r.action {
	case LabelMap:
		l.collisions(r)
	case LabelKeep:
		if !name {
			l.warn("labelkeep removes the name of every series, because regex %q does not match __name__: write %q", r.regex.source, "__name__|"+r.regex.source)
		}
	default:
		if name {
			l.warn("labeldrop removes the name of every series, because regex %q matches __name__", r.regex.source)
			return
		}
		for _, reserved := range []string{"le", "quantile"} {
			if r.regex.match(reserved) {
				l.warn("labeldrop removes %s, which tells the parts of a histogram or summary apart: "+
					"drop the family instead, or make fewer series of it with the action aggregate", reserved)
			}
		}
	}
}

// collisions finds labels to which labelmap gives the same name.
func (l *linter) collisions(r *rule) {
	if r.regex.all() && len(r.replacement.parts) == 1 && r.replacement.parts[0].group >= 0 {
		l.note("labelmap copies every label to itself, because regex %q matches every name: write a regex for the names to be changed", r.regex.source)
		return
	}
	if r.regex.plain() {
		l.wordCollisions(r)
		return
	}
	used := make(map[int]bool)
	for _, p := range r.replacement.parts {
		used[p.group] = true
		for _, other := range p.others {
			used[other] = true
		}
	}
	parsed, err := syntax.Parse("(?s:"+r.regex.source+")", syntax.Perl)
	if err == nil && !used[0] && variesOutside(parsed, used) {
		l.warn("regex %q matches names that differ in parts which are not in the replacement; if two labels of a series get the same name, "+
			"one of the values is lost: put the part into the replacement, too", r.regex.source)
	}
}

// wordCollisions is like collisions for a regex that matches only a few names.
func (l *linter) wordCollisions(r *rule) {
	var (
		ls    labelSet
		names = make(map[string]string) // from new names to old ones
	)
	for i := range r.regex.globs {
		name := r.regex.globs[i].prefix
		f := r.regex.find(name)
		target := strings.Clone(r.replacement.expand(&ls.memory, &f, name))
		if other, ok := names[target]; ok && other != name {
			l.warn("labelmap copies both %s and %s to %s, where only the last one stays: write a rule for each", other, name, target)
			return
		}
		names[target] = name
	}
}

// target checks the label that a rule sets.
func (l *linter) target(r *rule) {
	if !r.action.needsTarget() || r.action.comparesEqual() || !r.target.constant() {
		return
	}
	name := r.target.text
	always := r.action != Replace || r.regex.all()
	switch {
	case name == "le" || name == "quantile":
		l.warn("target_label %s is reserved for the parts of histograms and summaries: choose another name", name)
	case name == metricName && r.action == Replace && r.replacement.constant() && r.replacement.text == "":
		l.warn("the rule removes the names of series: to drop the series, use the action drop")
	case name == metricName && r.action == Replace && r.replacement.constant() && always:
		l.warn("the rule gives every series the name %s: set a regex for the series to be renamed", r.replacement.text)
	case isHidden(name) && !l.readLater(name):
		l.note("label %s is removed at the end, and no later rule reads it: choose a name that does not begin with __", name)
	}
}

// readLater reports whether a later step reads a label.
func (l *linter) readLater(name string) bool {
	for _, s := range l.pipeline.stages[l.position:] {
		r, ok := s.(*rule)
		if !ok {
			continue
		}
		for _, source := range r.sources {
			if source == name && r.action.readsSources() {
				return true
			}
		}
		if r.action.comparesEqual() && r.target.text == name || r.action == LabelMap && r.regex.match(name) {
			return true
		}
	}
	return false
}

// torn finds a rule that treats the buckets of a histogram differently from its sum and its count.
func (l *linter) torn(r *rule) {
	const bucket = "_bucket"
	if len(r.sources) != 1 || r.sources[0] != metricName {
		return
	}
	l.prefix(r.regex)
	if r.action == Replace && (!r.target.constant() || r.target.text != metricName) {
		return
	}
	for i := range r.regex.globs {
		stem, ok := strings.CutSuffix(r.regex.globs[i].example(), bucket)
		if !ok || r.regex.match(stem+"_sum") && r.regex.match(stem+"_count") {
			continue
		}
		l.warn("regex %q matches %[2]s_bucket, but not %[2]s_sum and %[2]s_count, which tears the histogram %[2]s apart: "+
			"match all of it, as in %[2]s(_bucket|_sum|_count)?, or use the action dropfamilies or keepfamilies", r.regex.source, stem)
		return
	}
}

// example returns a text that the glob matches.
func (g *glob) example() string {
	text := g.prefix
	for _, p := range g.rest {
		text += strings.Repeat("x", max(p.min, 1)) + p.text
	}
	return text
}
