package scrape

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/luxfi/metric/internal/collect"
)

// nestedEntry returns an entry for a registry that the test calls name.
func nestedEntry(name string) *Entry {
	return &Entry{
		Called: func() string { return name }, Fallback: name, Announced: new(collect.Announced),
		Binding: Binding{Kind: "registry", Nested: newTestRegistry()},
	}
}

func newTestRegistry() *Registry {
	return NewRegistry(func([]*Failure) error { return errors.New("a test has no failures") })
}

// TestPlanIsKept checks that scrapes share a plan until the registry changes, and that a change leaves the
// plans of scrapes under way unchanged.
func TestPlanIsKept(t *testing.T) {
	r := newTestRegistry()
	if err := r.Register(nestedEntry("a"), ""); err != nil {
		t.Fatal(err)
	}
	old := r.currentPlan()
	if r.currentPlan() != old {
		t.Error("the plan was made again, although nothing has changed")
	}
	for _, change := range []func() error{
		func() error { return r.Register(nestedEntry("b"), "") },
		func() error { return r.ReplaceNamed("b", nestedEntry("b")) },
		func() error {
			if !r.UnregisterNamed("a") {
				return errors.New("it was not there")
			}
			return nil
		},
	} {
		before := r.currentPlan()
		if err := change(); err != nil {
			t.Fatal(err)
		}
		if r.currentPlan() == before {
			t.Error("the plan is an old one")
		}
	}
	if len(old.entries) != 1 || old.entries[0].name != "a" {
		t.Errorf("the first plan has %d entries now", len(old.entries))
	}
}

// TestChosenNames checks the names of collectors: requested names are taken or refused, and other names get
// numbers. The numbers start over when no collector is left.
func TestChosenNames(t *testing.T) {
	r := newTestRegistry()
	register := func(name string) error { return r.Register(nestedEntry("c"), name) }
	names := func() (names []string) {
		for _, e := range r.currentPlan().entries {
			names = append(names, e.name)
		}
		return names
	}
	for _, name := range []string{"", "", "x", ""} {
		if err := register(name); err != nil {
			t.Fatal(err)
		}
	}
	if got := names(); !slices.Equal(got, []string{"c", "c#2", "x", "c#3"}) {
		t.Errorf("the names are %q", got)
	}
	for name, want := range map[string]string{"x": `named "x" is registered already`, "a/b": "a slash"} {
		if err := register(name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got error %v", name, err)
		}
	}
	for _, name := range names() {
		r.UnregisterNamed(name)
	}
	if err := register(""); err != nil {
		t.Fatal(err)
	}
	if got := names(); !slices.Equal(got, []string{"c"}) {
		t.Errorf("the names are %q", got)
	}
}
