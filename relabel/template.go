package relabel

import (
	"regexp"
	"strconv"
	"strings"
	"unicode"
)

// A template is a text with references to the groups of a regex, in the syntax of [regexp.Regexp.Expand].
type template struct {
	text  string // whole text, if it has no references
	parts []part // nil if the text has no references
}

// A part is either a text or a reference to a group.
type part struct {
	text   string
	group  int   // negative for a text
	others []int // groups of the same name; the first one in the match counts
}

// A reference is a $name, $1, ${name} or ${1} in the source of a template.
type reference struct {
	name   string
	braced bool
	group  int // negative if the regex has no such group
	others []int
}

// newTemplate parses a template for a regex. It also returns the template's references.
func newTemplate(source string, re *regexp.Regexp) (*template, []reference) {
	var (
		t    template
		refs []reference
		text strings.Builder
	)
	flush := func() {
		if text.Len() > 0 {
			t.parts = append(t.parts, part{text: text.String(), group: -1})
			text.Reset()
		}
	}
	for rest := source; rest != ""; {
		before, after, ok := strings.Cut(rest, "$")
		text.WriteString(before)
		if rest = after; !ok {
			break
		}
		if strings.HasPrefix(rest, "$") {
			text.WriteByte('$')
			rest = rest[1:]
			continue
		}
		ref, remainder, ok := cutReference(rest, re)
		if !ok {
			text.WriteByte('$')
			continue
		}
		rest = remainder
		refs = append(refs, ref)
		if ref.group >= 0 {
			flush()
			t.parts = append(t.parts, part{group: ref.group, others: ref.others})
		}
	}
	if t.parts == nil {
		t.text = text.String()
		return &t, refs
	}
	flush()
	return &t, refs
}

// cutReference reads the reference at the beginning of s, after its dollar sign.
func cutReference(s string, re *regexp.Regexp) (ref reference, rest string, ok bool) {
	s, ref.braced = strings.CutPrefix(s, "{")
	length := strings.IndexFunc(s, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '_'
	})
	if length < 0 {
		length = len(s)
	}
	ref.name, rest = s[:length], s[length:]
	if ref.braced {
		rest, ok = strings.CutPrefix(rest, "}")
		if !ok {
			return ref, "", false
		}
	}
	ref.group, ref.others = groupsOf(ref.name, re)
	return ref, rest, ref.name != ""
}

// groupsOf returns the number of the group with a name, or a negative number if no group has it. Groups can
// share a name.
func groupsOf(name string, re *regexp.Regexp) (group int, others []int) {
	if isGroupNumber(name) {
		n, err := strconv.Atoi(name)
		if err != nil || n > re.NumSubexp() {
			return -1, nil
		}
		return n, nil
	}
	group = -1
	for i, known := range re.SubexpNames() {
		switch {
		case known != name || name == "":
		case group < 0:
			group = i
		default:
			others = append(others, i)
		}
	}
	return group, others
}

// isGroupNumber reports whether a name is the number of a group.
func isGroupNumber(name string) bool {
	return name != "" && strings.Trim(name, "0123456789") == "" && (name[0] != '0' || name == "0")
}

// constant reports whether the template produces the same text for every match.
func (t *template) constant() bool { return t.parts == nil }

// captures reports whether the template needs a group other than the whole match.
func (t *template) captures() bool {
	for i := range t.parts {
		if t.parts[i].group > 0 {
			return true
		}
	}
	return false
}

// expand returns the text for a match in s. A text that is composed of parts is stored in memory m and is
// valid until m is reset.
func (t *template) expand(m *memory, f *found, s string) string {
	switch len(t.parts) {
	case 0:
		return t.text
	case 1:
		return t.parts[0].expand(f, s)
	}
	start := m.begin()
	for i := range t.parts {
		m.add(t.parts[i].expand(f, s))
	}
	return m.since(start)
}

func (p *part) expand(f *found, s string) string {
	if p.group < 0 {
		return p.text
	}
	text, ok := f.group(p.group, s)
	for i := 0; !ok && i < len(p.others); i++ {
		text, ok = f.group(p.others[i], s)
	}
	return text
}
