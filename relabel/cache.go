package relabel

import "strings"

const (
	maxCached       = 1024 // values of one rule; the cache is cleared when it is full
	maxCachedLength = 512  // bytes of one value
)

// An outcome is the result of a rule for a value.
type outcome struct {
	ok           bool // whether the regex matches
	target, text string
}

// A cache remembers the outcomes of a rule that needs the engine of package regexp. From one scrape to the
// next, most labels keep their values. Without the cache, the rules "captures" of BenchmarkRelabel take 2.5
// times as long, and each allocates.
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

// search uses the engine.
func (r *rule) search(ls *labelSet, value string) outcome {
	if r.action != Replace && r.action != LabelMap {
		return outcome{ok: r.regex.match(value)}
	}
	f := r.regex.find(value)
	return r.expand(ls, &f, value)
}
