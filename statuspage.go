package metric

import (
	"fmt"
	"net/http"
	"time"

	"github.com/luxfi/metric/internal/scrape"
	"github.com/luxfi/metric/internal/web"
)

// StatusHandler returns a handler that serves a table with the state of all collectors that g
// gathers from: HTML for browsers, and plain text for other clients. See [ContextRegistry.Status].
// The handler runs no collector and waits for no scrape, so it answers even when every collector
// hangs. Package dashboard has a live page that also shows metrics.
//
// g is a registry, several of them ([Gatherers], [NewMultiGatherer]), [DefaultGatherer] for the
// default registry, or [DefaultGatherers] for that and client_golang's. StatusHandler panics if g
// is nil, or if g is another kind of gatherer, because this package does not run its collectors.
//
// The tables contain the texts of errors and values of labels. These may be confidential, such as
// names of hosts and users. The handler replaces passwords, tokens and keys by xxxxx if it
// recognizes their form; see HandlerOpts.ErrorText. Status returns the full texts. Serve the page
// on a port for operators only.
func StatusHandler(g Gatherer) http.Handler {
	r, err := statusSource(g)
	if err != nil {
		panic(fmt.Errorf("StatusHandler: %w", err))
	}
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		states := r.Status()
		collectors := make([]web.Collector, len(states))
		for i, state := range states {
			collectors[i] = web.Collector(state)
		}
		now := time.Now()
		table := web.StatusTable(collectors, now)
		table.Next = web.VectorTable(largestVectors(r))
		table.Serve(w, req, now)
	})
}

// vectorsOnPage is the number of the largest vectors that the status page shows.
const vectorsOnPage = 10

func largestVectors(r *scrape.Registry) []web.Vector {
	scrape.KnowVectors(vectorIn)
	vectors := r.Cardinality(vectorsOnPage)
	all := make([]web.Vector, len(vectors))
	for i, v := range vectors {
		all[i] = web.Vector{
			Name: v.Collector, Series: v.Series, Bytes: v.Bytes, Limit: v.Limit, Shared: v.Shared, Full: v.Full,
			Overflowed: v.Overflowed, Long: v.Long, Labels: make([]web.Label, len(v.Labels)),
		}
		for k, label := range v.Labels {
			all[i].Labels[k] = web.Label{Name: label.Name, Values: label.Values}
			if n := len(label.Examples); n > 0 {
				all[i].Labels[k].Example = label.Examples[n/2]
			}
		}
	}
	return all
}

// statusSource returns a registry that has the Status of g.
func statusSource(g Gatherer) (*scrape.Registry, error) {
	if err := checkGatherer(g); err != nil {
		return nil, fmt.Errorf("the gatherer has no status: %w", err)
	}
	if r := registryBehind(g); r != nil {
		return r, nil
	}
	if members, ok := asGatherers(g); ok {
		return members.registry(nil), nil
	}
	return nil, fmt.Errorf("a %T has no status, since it is no registry of this package: pass one, or DefaultGatherer, DefaultGatherers(), Gatherers or a MultiGatherer", g)
}
