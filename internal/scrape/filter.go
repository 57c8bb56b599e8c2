package scrape

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Filter selects collectors and families of a registry.
type Filter struct{ Collectors, Exclude, Families []string }

func (s *Filter) isZero() bool {
	return len(s.Collectors) == 0 && len(s.Exclude) == 0 && len(s.Families) == 0
}

type selectionKey struct{}

// Under returns ctx with the filter, or ctx itself if the filter is empty.
func (s *Filter) Under(ctx context.Context) context.Context {
	if s.isZero() {
		return ctx
	}
	return WithFilter(ctx, *s)
}

// WithFilter returns ctx with an additional filter.
func WithFilter(ctx context.Context, f Filter) context.Context {
	outer, _ := ctx.Value(selectionKey{}).([]Filter)
	return context.WithValue(ctx, selectionKey{}, append(slices.Clip(outer), f))
}

// Limits of a selection. Any client that can send a request can ask for one.
const (
	maxSelected   = 1000 // names
	maxNameLength = 1000 // bytes of a name
)

// errSelection is wrapped by the error of a selection that is not valid.
var errSelection = errors.New("the selection is not valid")

// selection is everything that limits a scrape.
type selection []*selected

type selected struct {
	Filter

	families map[string]struct{} // nil if all families are wanted
	known    map[string]bool     // collector names, and whether they were found
	seen     []string            // existing names, for the error if one was not found
}

// selectionOf returns the selection for a scrape under ctx.
func selectionOf(ctx context.Context) (selection, error) {
	list, _ := ctx.Value(selectionKey{}).([]Filter)
	if len(list) == 0 {
		return nil, nil
	}
	s := make(selection, len(list))
	for i, one := range list {
		if err := one.check(); err != nil {
			return nil, err
		}
		s[i] = &selected{Filter: one, known: make(map[string]bool)}
		if len(one.Families) > 0 {
			s[i].families = make(map[string]struct{}, len(one.Families))
			for _, name := range one.Families {
				s[i].families[name] = struct{}{}
			}
		}
		for _, name := range slices.Concat(one.Collectors, one.Exclude) {
			s[i].known[name] = false
		}
	}
	return s, nil
}

func (s *Filter) check() error {
	if len(s.Collectors) > 0 && len(s.Exclude) > 0 {
		return fmt.Errorf("%w: collectors are both selected and excluded, but only one is possible at a time", errSelection)
	}
	for _, names := range [][]string{s.Collectors, s.Exclude, s.Families} {
		if len(names) > maxSelected {
			return fmt.Errorf("%w: it has %d names, more than the %d that are allowed", errSelection, len(names), maxSelected)
		}
		for _, name := range names {
			if len(name) > maxNameLength {
				return fmt.Errorf("%w: the name %.50q… has %d bytes, more than the %d that are allowed", errSelection, name, len(name), maxNameLength)
			}
		}
	}
	return nil
}

// wantsFamily reports whether a family is wanted. It may be called concurrently.
func (s selection) wantsFamily(name string) bool {
	for _, one := range s {
		if _, ok := one.families[name]; one.families != nil && !ok {
			return false
		}
	}
	return true
}

// byFamily reports whether families are selected.
func (s selection) byFamily() bool {
	return slices.ContainsFunc(s, func(one *selected) bool { return one.families != nil })
}

// byCollector reports whether collectors are selected.
func (s selection) byCollector() bool {
	return slices.ContainsFunc(s, func(one *selected) bool { return len(one.known) > 0 })
}

// wantsCollector reports whether a collector, given by its full name, is wanted.
func (s selection) wantsCollector(name string) bool {
	wanted := true
	for _, one := range s {
		if len(one.known) == 0 {
			continue
		}
		if one.seen = append(one.seen, name); len(one.seen) > 2*maxListed {
			slices.Sort(one.seen)
			one.seen = slices.Compact(one.seen)
			one.seen = one.seen[:min(len(one.seen), maxListed+1)]
		}
		named := false
		for prefix := name; prefix != ""; {
			if _, ok := one.known[prefix]; ok {
				one.known[prefix] = true
				named = true
			}
			i := strings.LastIndexByte(prefix, '/')
			if i < 0 {
				break
			}
			prefix = prefix[:i]
		}
		wanted = wanted && named == (len(one.Exclude) == 0)
	}
	return wanted
}

// unknown returns an error if a selected name was not found. It ignores the empty name.
func (s selection) unknown() error {
	for _, one := range s {
		var names []string
		for name, found := range one.known {
			if !found {
				names = append(names, name)
			}
		}
		switch slices.Sort(names); {
		case len(names) == 0:
		case names[0] == "":
			return fmt.Errorf("%w: the name of a collector is empty: write collect[]=NAME or exclude[]=NAME, or leave it out for all; there are %s", errSelection, listed(one.seen))
		case len(names) == 1:
			return fmt.Errorf("%w: there is no collector named %.200q; there are %s", errSelection, names[0], listed(one.seen))
		default:
			return fmt.Errorf("%w: there are no collectors named %s; there are %s", errSelection, quoted(names), listed(one.seen))
		}
	}
	return nil
}

// maxListed is the maximum number of collector names in an error.
const maxListed = 20

// listed formats names for an error: all of them, or the first ones if there are many.
func listed(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	slices.Sort(names)
	names = slices.Compact(names) // A registry with a single member has its name twice.
	if len(names) > maxListed {
		return strings.Join(names[:maxListed], ", ") + " and others"
	}
	return strings.Join(names, ", ")
}

// Limits of what an error about several unknown names repeats.
const (
	maxQuoted     = 5  // names
	maxQuotedName = 80 // runes of a name
)

// quoted formats several names for an error, each in quotes: all of them, or the first ones if there are
// many.
func quoted(names []string) string {
	all := make([]string, 0, maxQuoted)
	for _, name := range names[:min(len(names), maxQuoted)] {
		all = append(all, fmt.Sprintf("%.*q", maxQuotedName, name))
	}
	if len(names) > maxQuoted {
		return strings.Join(all, ", ") + " and others"
	}
	return strings.Join(all, ", ")
}
