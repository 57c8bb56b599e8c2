package scrape

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric/internal/collect"
)

// walk is the path of a scrape through a registry and those in it. A registry may be reached on many paths:
// if registries hold the next one twice, there are twice as many paths on every level.
type walk struct {
	ctx       context.Context //nolint:containedctx // It lives as long as the walk.
	path      []*Registry     // registries around the current one, and that itself
	seen      map[*Registry]*ways
	repeats   int
	exhausted bool // No more registries are entered.
}

// Limits of a walk. A registry that is reached for the first time counts only for the depth, so any number
// of registries may be nested side by side.
const (
	maxNestingDepth = 100
	maxRepeats      = 1000 // how often registries may be reached again
)

var (
	errNestedTwice = errors.New("the registry is nested more than once with the same prefix and labels; it is gathered from once")
	errTooDeep     = fmt.Errorf("more than %d registries are nested in one another; this one is left out", maxNestingDepth)
	errTooManyWays = fmt.Errorf("registries are nested more than once, and reached on more than %d additional ways; the rest is left out", maxRepeats)
)

// enter reports whether to gather from a registry. The error, if any, is a problem with the nesting to
// report. enter skips a registry that is nested in itself.
func (w *walk) enter(s *Scrape, p *part) (bool, error) {
	switch {
	case slices.Contains(w.path, p.registry):
		return false, nil
	case len(w.path) >= maxNestingDepth:
		return false, errTooDeep
	}
	if w.seen == nil {
		w.seen = make(map[*Registry]*ways)
	}
	before := w.seen[p.registry]
	if before == nil {
		w.seen[p.registry] = &ways{first: p.wrappings}
		return true, nil
	}
	if w.repeats++; w.repeats > maxRepeats {
		w.exhausted = true
		return false, errTooManyWays
	}
	if err := w.ctx.Err(); err != nil {
		w.exhausted = true
		return false, fmt.Errorf("the scrape was over before its registries were found: %w", err)
	}
	// With a selection, each path has collectors of its own. A host is entered on each path, because its
	// gatherer may send nothing; if it sends samples twice, the merge reports them.
	known := before.add(p.wrappings)
	if !known || s.selection.byCollector() || p.registry.Host {
		return true, nil
	}
	if len(p.registry.currentPlan().entries) == 0 {
		return false, nil
	}
	return false, errNestedTwice
}

// ways holds the wrappings with which a registry was reached.
type ways struct {
	first []collect.Wrapping
	all   map[string]struct{} // all wrappings, as addedBy returns them; nil while there is only first
}

// add adds wrappings, and reports whether equal ones were already there.
func (w *ways) add(wrappings []collect.Wrapping) (known bool) {
	if w.all == nil {
		w.all = map[string]struct{}{addedBy(w.first): {}}
	}
	added := addedBy(wrappings)
	_, known = w.all[added]
	w.all[added] = struct{}{}
	return known
}

// addedBy returns a text that is the same for wrappings that add the same.
func addedBy(wrappings []collect.Wrapping) string {
	prefix, labels, reshaped := "", make(prometheus.Labels), ""
	for _, w := range wrappings {
		if w.Reshape != nil { // What follows is added to the output of the reshaper.
			reshaped += fmt.Sprintf("%q%q%p", prefix, labels, w.Reshape)
			prefix = ""
			clear(labels)
			continue
		}
		prefix = w.Prefix + prefix
		maps.Copy(labels, w.Labels)
	}
	return fmt.Sprintf("%s%q%q", reshaped, prefix, labels)
}
