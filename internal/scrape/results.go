package scrape

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Result is what one collector has given to a scrape.
type Result struct {
	Name     string // name in its registry
	Of       prometheus.Collector
	Err      error
	Duration time.Duration
	Series   int // may be from an earlier run if there is an error
}

// results returns what the collectors of the part have given. Instruments and nested registries are not
// included.
func (p *part) results() []Result {
	all := make([]Result, 0, len(p.running)+len(p.refused))
	for i, e := range p.running {
		o := &p.outcomes[i]
		all = append(all, Result{e.name, e.Collector, o.Err, o.Duration, o.Count()})
	}
	for _, r := range p.refused {
		all = append(all, Result{Name: r.entry.name, Of: r.entry.Collector, Err: r.err})
	}
	return all
}
