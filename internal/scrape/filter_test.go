package scrape

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// numbered returns n names.
func numbered(n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprint("c", i)
	}
	return names
}

// TestFilterBounds checks which selections are refused before anything is collected. Any client can send
// any selection.
func TestFilterBounds(t *testing.T) {
	for name, test := range map[string]struct {
		filter  Filter
		problem string // empty if the selection is allowed
	}{
		"most names":     {Filter{Families: numbered(maxSelected)}, ""},
		"too many names": {Filter{Families: numbered(maxSelected + 1)}, "1001 names"},
		"longest name":   {Filter{Collectors: []string{strings.Repeat("x", maxNameLength)}}, ""},
		"too long name":  {Filter{Exclude: []string{strings.Repeat("x", maxNameLength+1)}}, "1001 bytes"},
		"contradiction":  {Filter{Collectors: []string{"a"}, Exclude: []string{"b"}}, "both selected and excluded"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := selectionOf(test.filter.Under(t.Context()))
			if (err == nil) != (test.problem == "") || err != nil && !strings.Contains(err.Error(), test.problem) {
				t.Errorf("got error %v, want %q", err, test.problem)
			}
		})
	}
}

// TestSelectionAddsUp checks that a collector or family is selected only if each filter of a context wants
// it, and that the name of a registry selects everything in it.
func TestSelectionAddsUp(t *testing.T) {
	ctx := t.Context()
	for _, f := range []Filter{
		{Collectors: []string{"inner", "a"}}, {Exclude: []string{"inner/b"}}, {}, {Families: []string{"f", "g"}}, {Families: []string{"g", "h"}},
	} {
		ctx = f.Under(ctx)
	}
	s, err := selectionOf(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{
		"a": true, "a/x": true, "b": false, "inner": true, "inner/b": false, "inner/b/x": false, "inner/c": true, "innerb": false,
	} {
		if got := s.wantsCollector(name); got != want {
			t.Errorf("collector %q is wanted: %v, want %v", name, got, want)
		}
	}
	for name, want := range map[string]bool{"f": false, "g": true, "h": false} {
		if got := s.wantsFamily(name); got != want {
			t.Errorf("family %q is wanted: %v, want %v", name, got, want)
		}
	}
	if err := s.unknown(); err != nil {
		t.Error(err)
	}
}

// TestUnknownNames checks the error for names that were not found: it lists the existing names, and both
// lists are bounded.
func TestUnknownNames(t *testing.T) {
	for name, test := range map[string]struct {
		asked, there []string
		want         []string
		not          string
	}{
		"one":            {[]string{"x"}, []string{"b", "a", "b"}, []string{`no collector named "x"`, "there are a, b"}, "others"},
		"several":        {[]string{"y", "x"}, nil, []string{`no collectors named "x", "y"`, "there are none"}, "others"},
		"empty":          {[]string{""}, []string{"a"}, []string{"the name of a collector is empty"}, "others"},
		"many asked for": {numbered(maxQuoted + 1), nil, []string{`"c4" and others`}, `"c5"`},
		"many there":     {[]string{"x"}, numbered(5 * maxListed), []string{" and others"}, "c99"},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := selectionOf(WithFilter(t.Context(), Filter{Collectors: test.asked}))
			if err != nil {
				t.Fatal(err)
			}
			for _, name := range test.there {
				s.wantsCollector(name)
			}
			got := fmt.Sprint(s.unknown())
			if slices.ContainsFunc(test.want, func(part string) bool { return !strings.Contains(got, part) }) || strings.Contains(got, test.not) {
				t.Errorf("got error %s, want %q and not %q", got, test.want, test.not)
			}
		})
	}
}
