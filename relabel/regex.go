package relabel

import (
	"fmt"
	"regexp"
	"regexp/syntax"
)

// manyWords is the number of plain words from which on a map is faster than a loop.
const manyWords = 8

// A regex matches whole strings, as ^(?s:source)$ does. The regexes of most rules are lists of words,
// prefixes or suffixes. They are matched by comparing strings: http_.* matches http_requests_total in about
// 20 ns, compared to 500 ns for the engine of package regexp.
type regex struct {
	source   string
	compiled *regexp.Regexp

	// engine is set if the expression cannot be replaced by globs.
	engine bool
	globs  []glob
	words  map[string]struct{} // the globs, if there are many and they have no gaps
	starts *[256]bool          // possible first bytes of a match; nil if a match can be empty or begin with any byte
}

// newRegex compiles an expression. If groups is set, find returns the texts that the groups capture.
func newRegex(source string, groups bool) (*regex, error) {
	// Parsing source alone rejects an expression such as "a)|(b", which is valid between the anchors but not
	// anchored by them.
	parsed, err := syntax.Parse("(?s:"+source+")", syntax.Perl)
	if err == nil {
		_, err = syntax.Parse(source, syntax.Perl)
	}
	if err != nil {
		return nil, fmt.Errorf("regex %q is invalid: %w", source, err)
	}
	compiled, err := regexp.Compile("^(?s:" + source + ")$")
	if err != nil {
		return nil, fmt.Errorf("regex %q is invalid: %w", source, err)
	}
	re := &regex{source: source, compiled: compiled}
	globs, ok := globsOf(parsed)
	if !ok || groups && !capturing(globs) {
		re.engine = true
		return re, nil
	}
	re.globs = globs
	re.index(groups)
	return re, nil
}

// index prepares shortcuts for match. If no groups are captured, it also prepares them for find.
func (re *regex) index(groups bool) {
	plain := true
	starts := new([256]bool)
	for i := range re.globs {
		g := &re.globs[i]
		plain = plain && len(g.rest) == 0
		switch {
		case starts == nil:
		case g.prefix == "":
			starts = nil
		default:
			starts[g.prefix[0]] = true
		}
	}
	re.starts = starts
	if plain && !groups && len(re.globs) > manyWords {
		re.words = make(map[string]struct{}, len(re.globs))
		for i := range re.globs {
			re.words[re.globs[i].prefix] = struct{}{}
		}
	}
}

// all reports whether the regex matches every string.
func (re *regex) all() bool {
	for i := range re.globs {
		if g := &re.globs[i]; g.prefix == "" && len(g.rest) == 1 && g.rest[0] == (piece{}) {
			return true
		}
	}
	return false
}

// match reports whether the regex matches the whole of s.
func (re *regex) match(s string) bool {
	if re.engine {
		return re.compiled.MatchString(s)
	}
	return re.matchGlobs(s)
}

// mayMatch is a fast check that excludes most strings that do not match.
func (re *regex) mayMatch(s string) bool {
	return re.starts == nil || s != "" && re.starts[s[0]]
}

func (re *regex) matchGlobs(s string) bool {
	if !re.mayMatch(s) {
		return false
	}
	if re.words != nil {
		_, ok := re.words[s]
		return ok
	}
	for i := range re.globs {
		if re.globs[i].match(s) {
			return true
		}
	}
	return false
}

// A found is the position of a match in a string. The zero value means no match.
type found struct {
	ok    bool
	glob  *glob // nil if the engine found the match
	index []int // as returned by FindStringSubmatchIndex
}

// find is like match, but also returns the groups. It allocates if it needs the engine.
func (re *regex) find(s string) found {
	if re.engine {
		index := re.compiled.FindStringSubmatchIndex(s)
		return found{ok: index != nil, index: index}
	}
	if re.words != nil {
		return found{ok: re.matchGlobs(s)}
	}
	if !re.mayMatch(s) {
		return found{}
	}
	for i := range re.globs {
		if re.globs[i].match(s) {
			return found{ok: true, glob: &re.globs[i]}
		}
	}
	return found{}
}

// group returns the part of s that group n has captured, or false if the group is not part of the match.
func (f *found) group(n int, s string) (string, bool) {
	switch {
	case n == 0:
		return s, true
	case f.glob != nil:
		return f.glob.group(n, s)
	case 2*n+1 < len(f.index) && f.index[2*n] >= 0:
		return s[f.index[2*n]:f.index[2*n+1]], true
	}
	return "", false
}

// groups returns the number of groups.
func (re *regex) groups() int { return re.compiled.NumSubexp() }
