package relabel

import (
	"regexp/syntax"
	"strings"
)

// families checks the regexes for the names of families.
func (l *linter) families(f families) {
	for _, re := range f {
		l.regex(re)
		l.prefix(re)
	}
	l.deadFamilies(f)
}

// regex finds a regex that was written as if it did not have to match the whole value.
func (l *linter) regex(re *regex) {
	var (
		source = re.source
		begins = strings.HasPrefix(source, "^")
		ends   = strings.HasSuffix(source, "$") && !strings.HasSuffix(source, `\$`)
	)
	switch {
	case isShellPattern(source):
		l.warn("regex %q: a * repeats the character before it, so this does not mean what it does in a shell: write %q",
			source, strings.ReplaceAll(source, "*", ".*"))
	case !re.plain():
	case begins && !ends:
		l.warn("regex %q matches only %q, because regexes are compared with the whole value: write %q, or leave the ^ out",
			source, source[1:], source[1:]+".*")
	case ends && !begins:
		text := strings.TrimSuffix(source, "$")
		l.warn("regex %q matches only %q, because regexes are compared with the whole value: write %q, or leave the $ out",
			source, text, ".*"+text)
	}
}

// isShellPattern reports whether a regex consists only of characters of names and of stars.
func isShellPattern(source string) bool {
	return strings.Contains(source, "*") && strings.TrimLeft(source, "*") == source && strings.IndexFunc(source, func(r rune) bool {
		return r != '*' && r != '_' && r != ':' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	}) < 0
}

// prefix finds beginnings of names that are compared with whole names.
func (l *linter) prefix(re *regex) {
	for i := range re.globs {
		if g := &re.globs[i]; len(g.rest) == 0 && len(g.prefix) > 1 && strings.HasSuffix(g.prefix, "_") {
			l.warn("regex %q matches the name %q, but not longer ones, because it is compared with the whole name: write %q",
				re.source, g.prefix, g.prefix+".*")
		}
	}
}

// plain reports whether the regex matches only a few texts.
func (re *regex) plain() bool {
	for i := range re.globs {
		if len(re.globs[i].rest) > 0 {
			return false
		}
	}
	return len(re.globs) > 0
}

// references finds references to groups that the regex does not have.
func (l *linter) references(source Rule, r *rule) {
	if r.action != Replace && r.action != LabelMap {
		return
	}
	_, refs := newTemplate(valueOr(source.Replacement, DefaultReplacement), r.regex.compiled)
	if source.Replacement == nil && r.action == Replace && r.regex.groups() == 0 {
		l.warn("regex %q has no group, so the default replacement $1 is empty, which removes label %s: "+
			"put parentheses around what should be written, or set a replacement", r.regex.source, source.TargetLabel)
		return
	}
	l.missing("replacement", refs, r.regex)
	if r.action == Replace {
		_, refs = newTemplate(source.TargetLabel, r.regex.compiled)
		l.missing("target_label", refs, r.regex)
	}
}

func (l *linter) missing(field string, refs []reference, re *regex) {
	for _, ref := range refs {
		digits := ref.name[:len(ref.name)-len(strings.TrimLeft(ref.name, "0123456789"))]
		switch {
		case ref.group >= 0:
		case !ref.braced && digits != "" && digits != ref.name:
			l.warn("%s: $%s is the group named %q, which does not exist, so it is empty: write ${%s}%s",
				field, ref.name, ref.name, digits, ref.name[len(digits):])
		default:
			l.warn("%s refers to the group %s, which regex %q does not have, so it is empty: the regex has %d groups; put parentheses around the part",
				field, ref.name, re.source, re.groups())
		}
	}
}

// separated finds a regex that cannot match the separator between several labels.
func (l *linter) separated(r *rule) bool {
	if !r.action.matchesRegex() || len(r.sources) < 2 || r.separator == "" || !r.regex.plain() {
		return false
	}
	for i := range r.regex.globs {
		if strings.Count(r.regex.globs[i].prefix, r.separator) >= len(r.sources)-1 {
			return false
		}
	}
	l.warn("the regex %q never matches, because the values of %s are joined by %q: write the separator, too, as in %q",
		r.regex.source, list(r.sources), r.separator, "("+r.regex.source+")"+r.separator+".*")
	return true
}

// matchesAll finds a rule that keeps or drops everything.
func (l *linter) matchesAll(r *rule) bool {
	if !r.regex.all() {
		return false
	}
	switch r.action {
	case Keep:
		l.warn("regex %q matches every value, so the rule keeps every series: to keep those that have a value, write .+", r.regex.source)
	case Drop:
		l.warn("regex %q matches every value, so the rule drops every series: to drop those that have a value, write .+", r.regex.source)
	default:
		return false
	}
	return true
}

// variesOutside reports whether an expression can match texts that differ outside of the used groups.
func variesOutside(re *syntax.Regexp, used map[int]bool) bool {
	switch re.Op {
	case syntax.OpLiteral:
		return re.Flags&syntax.FoldCase != 0
	case syntax.OpCapture:
		return !used[re.Cap] && variesOutside(re.Sub[0], used)
	case syntax.OpConcat:
		for _, sub := range re.Sub {
			if variesOutside(sub, used) {
				return true
			}
		}
		return false
	case syntax.OpEmptyMatch, syntax.OpBeginText, syntax.OpEndText, syntax.OpBeginLine, syntax.OpEndLine,
		syntax.OpWordBoundary, syntax.OpNoWordBoundary:
		return false
	default:
		return true
	}
}
