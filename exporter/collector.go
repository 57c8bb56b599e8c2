package exporter

import (
	"context"
	"errors"
	"log/slog"

	metrics "github.com/luxfi/metric"
)

// ErrNoData is what a collector returns, alone or wrapped, if there is nothing to collect: a
// feature that the backend does not have, for example. <namespace>_scrape_collector_success is 0
// then, but the log mentions it at level debug only.
var ErrNoData = errors.New("collector returned no data")

// ErrInvalid marks an error of [Collector.New] as one of the configuration: trying again is of no
// use. Such an error refuses the configuration, where any other has the collector be tried again.
var ErrInvalid = errors.New("invalid configuration")

// Collector is a collector that an exporter offers under a name.
type Collector struct {
	// Name is what flags, the configuration file, collect[] and the label collector of the
	// metrics <namespace>_scrape_collector_… call it.
	Name string
	// Help says in --help what it collects, in a few words and without a period.
	Help string
	// Disabled keeps it from running unless --collector.<name> or the configuration file
	// enables it.
	Disabled bool
	// Flags, if not nil, registers flags of the collector; the flag "path" is
	// --collector.<name>.path.
	Flags func(Flagger)
	// New makes the collector. It is called once for each configuration in which the collector
	// is enabled, unless the one before had it with the same settings. It may connect to a
	// backend: if it fails, scrapes try again, until it has succeeded. An error that wraps
	// ErrInvalid refuses the configuration instead. If the collector is an io.Closer, it is
	// closed when it is not needed any more, after its last run.
	New func(ctx context.Context, logger *slog.Logger) (metrics.Collector, error)
	// Policy says how it is run. The configuration file and flags change single parts of it.
	Policy Policy
	// Settings is what New depends on. If a new configuration has a collector of the same name
	// whose settings are deeply equal, the old collector stays, with its cache, its connections
	// and its state. It must not be changed afterwards. Collectors of [Config] need none.
	Settings any

	// Whether it is that of Config.Ping, which has no flag and cannot be disabled.
	always bool
}
