package metric

import (
	"context"
	"net/http"

	"github.com/luxfi/metric/internal/engine"
)

// ToTransactionalGatherer returns g as a TransactionalGatherer, which does nothing when
// its result is no longer used. HandlerForTransactional treats it like g itself.
func ToTransactionalGatherer(g Gatherer) TransactionalGatherer { return noTransaction{g} }

type noTransaction struct{ gatherer Gatherer }

func (t noTransaction) Gather() ([]*MetricFamily, func(), error) {
	families, err := t.gatherer.Gather()
	return families, func() {}, err
}

// HandlerForTransactional returns a handler that serves what g gathers, and tells it
// when a result is no longer used: as soon as it has been read, before it is sent. A
// TransactionalGatherer cannot take a context; it is waited for until the deadline of
// the scrape, and scrapes that overlap share one call of it.
func HandlerForTransactional(g TransactionalGatherer, opts HandlerOpts) http.Handler {
	if plain, ok := g.(noTransaction); ok {
		return HandlerFor(plain.gatherer, opts)
	}
	return newHandler(registryForShared(func(_ context.Context, sink engine.Sink) error {
		families, done, err := g.Gather()
		if done != nil {
			defer done()
		}
		decodeFamilies(families, sink)
		return err
	}), opts)
}

// registryForShared returns a registry that gathers what run does, which scrapes that
// overlap share.
func registryForShared(run engine.Run) *ContextRegistry {
	r := NewContextRegistry()
	if err := r.add(&entry{announced: &descs{}, binding: binding{run: run, shared: true}, sole: true}, ""); err != nil {
		panic("BUG: " + err.Error())
	}
	return r
}

// decodeFamilies copies the samples of families into sink, until nobody waits for them.
func decodeFamilies(families []*MetricFamily, sink engine.Sink) {
	for _, mf := range families {
		if mf != nil && sendFamily(mf, sink) != nil {
			return
		}
	}
}
