package metric

import (
	"fmt"
	"net/http"
	"time"

	"github.com/luxfi/metric/internal/scrape"
	"github.com/luxfi/metric/internal/web"
)

// StatusHandler returns a handler that serves the state of all collectors that g gathers
// from as a table: to browsers as HTML, to others as plain text. See
// [ContextRegistry.Status]. It runs no collector and waits for no scrape, so that it answers
// when everything hangs. Package dashboard has a page that is live, and also shows metrics.
//
// g is a registry, several of them ([Gatherers], [NewMultiGatherer]), DefaultGatherer for
// the default registry, or DefaultGatherers() for that and client_golang's. It panics if g is
// nil, or a gatherer that is no registry of this package: nobody here runs its collectors.
//
// The tables have the texts of errors and values of labels, in which there may be what not everybody
// should read, such as the names of hosts and users. Passwords, tokens and keys in them are replaced
// by xxxxx where their form gives them away; see HandlerOpts.ErrorText. Status has the whole
// texts. The page is meant for a port of the operators.
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

// vectorsOnPage is how many of the largest vectors the status page shows.
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

// statusSource returns a registry whose Status is that of g.
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
