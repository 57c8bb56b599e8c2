package metric

import (
	"fmt"

	"github.com/luxfi/metric/internal/scrape"
)

// Registration is a collector with the options to register it with; see [ContextRegistry.Exchange].
type Registration struct {
	Collector Collector
	Options   []CollectorOption
}

// Exchange unregisters the collectors with the names in remove and registers others, as one change: every
// scrape has either all of the old collectors or all of the new ones. If a name is unknown or a collector
// cannot be registered, Exchange changes nothing and returns an error. It is for programs that reload their
// configuration while they are scraped. See [ContextRegistry.RegisterWith] for the errors, and
// [ContextRegistry.UnregisterNamed] for names.
func (r *ContextRegistry) Exchange(remove []string, register ...Registration) error {
	core, err := r.open()
	if err != nil {
		return fmt.Errorf("cannot exchange collectors: %w", err)
	}
	added := make([]scrape.NamedEntry, len(register))
	for i, n := range register {
		e, name, err := newEntry(core.Pedantic, n.Collector, n.Options)
		if err != nil {
			return err
		}
		added[i] = scrape.NamedEntry{Entry: e, Name: name}
	}
	i, err := core.Exchange(remove, added)
	if i < 0 || err == nil {
		return err
	}
	return forAsker(register[i].Collector, err)
}
