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
// when everything hangs.
//
// g is a registry, several of them ([Gatherers], [NewMultiGatherer]), DefaultGatherer for
// the default registry, or DefaultGatherers() for that and client_golang's. It panics if g is
// nil, or a gatherer that is no registry of this package: nobody here runs its collectors.
//
// The table has the texts of errors, in which there may be what not everybody should
// read, such as the names of hosts and users. Passwords, tokens and keys in them are replaced
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
		web.StatusTable(collectors, now).Serve(w, req, now)
	})
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
