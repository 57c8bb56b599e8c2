package relabel

import "strings"

const (
	maxCached       = 1024 // Values of one rule. Then the cache starts again.
	maxCachedLength = 512  // Bytes of one value.
)

// An outcome is what a rule makes of a value.
type outcome struct {
	ok           bool // The regex matches.
	target, text string
}

// A cache remembers what a rule made of a value if that takes the engine of package regexp.
// From one scrape to the next, most labels have the values that they had before. Without the
// cache, the rules "captures" of BenchmarkRelabel take 2.5 times as long, and each allocates.
type cache struct {
	outcomes map[string]outcome
}

// cache returns the cache of a rule.
func (ls *labelSet) cache(r *rule) *cache { return &ls.caches[r.slot] }

func (c *cache) outcome(r *rule, ls *labelSet, value string) outcome {
	if o, ok := c.outcomes[value]; ok {
		return o
	}
	o := r.search(ls, value)
	if len(value) > maxCachedLength {
		return o
	}
	switch {
	case c.outcomes == nil:
		c.outcomes = make(map[string]outcome)
	case len(c.outcomes) >= maxCached:
		clear(c.outcomes)
	}
	o.target, o.text = strings.Clone(o.target), strings.Clone(o.text)
	c.outcomes[strings.Clone(value)] = o
	return o
}

// search asks the engine.
func (r *rule) search(ls *labelSet, value string) outcome {
	if r.action != Replace && r.action != LabelMap {
		return outcome{ok: r.regex.match(value)}
	}
	f := r.regex.find(value)
	return r.expand(ls, &f, value)
}
