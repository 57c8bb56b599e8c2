package scrape

import (
	"fmt"
	"strings"
)

// numbers holds the numbers that were appended to a name because it was taken.
type numbers struct {
	last    int
	holders int // entries whose names were made from it
}

// chooseName returns the requested name, or makes one.
func (r *Registry) chooseName(name string, e *Entry) (string, error) {
	switch {
	case strings.Contains(name, "/"):
		return "", fmt.Errorf("a collector cannot be named %q: a slash is for collectors of a nested registry; see Selection", name)
	case name == "":
		return r.numbered(e, e.Fallback), nil
	case e.Several:
		return r.numbered(e, name), nil
	}
	if _, taken := r.byName[name]; taken {
		return "", fmt.Errorf("a collector named %q is registered already", name)
	}
	return name, nil
}

// numbered returns base, or base with a number if that is taken.
func (r *Registry) numbered(e *Entry, base string) string {
	e.numbered = base
	n := r.numbers[base]
	if n == nil {
		n = &numbers{last: 1}
		r.numbers[base] = n
	}
	n.holders++
	name := base
	for r.byName[name] != nil {
		n.last++
		name = fmt.Sprintf("%s#%d", base, n.last)
	}
	return name
}

// releaseNumber forgets the numbers of a name when the last entry named after it is removed.
func (r *Registry) releaseNumber(e *Entry) {
	n := r.numbers[e.numbered]
	if e.numbered == "" || n == nil {
		return
	}
	if n.holders--; n.holders == 0 {
		delete(r.numbers, e.numbered)
	}
}
