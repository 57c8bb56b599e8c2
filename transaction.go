package metric

import (
	"context"
	"fmt"
	"net/http"

	"github.com/luxfi/metric/internal/collect"
	"github.com/luxfi/metric/internal/engine"
	"github.com/luxfi/metric/internal/scrape"
)

// ToTransactionalGatherer returns g as a [TransactionalGatherer] whose done function does nothing.
// [HandlerForTransactional] treats the result like g itself.
func ToTransactionalGatherer(g Gatherer) TransactionalGatherer { return noTransaction{g} }

type noTransaction struct{ gatherer Gatherer }

func (t noTransaction) Gather() ([]*MetricFamily, func(), error) {
	families, err := t.gatherer.Gather()
	return families, func() {}, err
}

// HandlerForTransactional returns a handler that serves what g gathers, and calls the done function
// of a result as soon as it has read the result, before it sends the answer. A
// [TransactionalGatherer] cannot take a context. The handler waits for it until the deadline of the
// scrape, and scrapes that overlap share one call. Package promhttp builds on this handler. It logs
// nothing unless opts.ErrorLog is set. HandlerForTransactional panics if g is nil.
func HandlerForTransactional(g TransactionalGatherer, opts HandlerOpts) http.Handler {
	if plain, ok := g.(noTransaction); ok {
		return newHandler(registryFor(plain.gatherer), opts)
	}
	if collect.IsNil(g) {
		panic(fmt.Errorf("cannot serve what a nil TransactionalGatherer (%T) gathers: pass one that is not nil", g))
	}
	return newHandler(hostOfGatherer(g, scrape.Binding{Kind: "gatherer", Shared: true, Run: func(_ context.Context, _ engine.Running, sink engine.Sink) error {
		families, done, err := g.Gather()
		if done != nil {
			defer done()
		}
		return collect.WithDecoded(err, families, sink)
	}}, collect.Wrapping{}), opts)
}
