package exporter

import (
	"context"
	"errors"
	"log/slog"

	"github.com/luxfi/metric"
)

// ErrNoData is the error that a collector returns, alone or wrapped, if it has nothing to collect: for
// example, because the backend lacks a feature. The gauge <namespace>_scrape_collector_success is then
// 0, but the failure is logged only at level debug.
var ErrNoData = errors.New("collector returned no data")

// ErrInvalid marks an error of [Collector.New] as an error in the configuration that a retry cannot
// fix. An error that wraps it makes the exporter refuse the configuration. After any other error, the
// exporter tries again to make the collector.
var ErrInvalid = errors.New("invalid configuration")

// Collector describes a collector that an exporter offers under a name.
type Collector struct {
	// Name identifies the collector in flags, in the configuration file, in the parameter collect[] and
	// in the label collector of the metrics <namespace>_scrape_collector_….
	Name string
	// Help says in a few words, without a period, what the collector collects. --help prints it.
	Help string
	// Disabled keeps the collector from running unless --collector.<name> or the configuration file
	// enables it.
	Disabled bool
	// Flags, if not nil, registers flags of the collector. A flag that it names "path" becomes
	// --collector.<name>.path.
	Flags func(Flagger)
	// New makes the collector. The exporter calls it once for each configuration that enables the
	// collector, unless the previous configuration had the collector with the same settings. New may
	// connect to a backend: if it fails, scrapes call it again until it succeeds. If its error wraps
	// [ErrInvalid], the exporter refuses the configuration instead. A collector that implements
	// [io.Closer] is closed after its last run, when no configuration needs it any more.
	New func(ctx context.Context, logger *slog.Logger) (metric.Collector, error)
	// Policy says how the collector is run. The configuration file and flags can change parts of it.
	Policy Policy
	// Settings are the values that New depends on. If a new configuration has a collector of the same
	// name with deeply equal settings, the exporter keeps the old collector with its cache, its
	// connections and its state. Settings must not be modified after they have been passed to the
	// exporter. The collectors in [Config] need no settings.
	Settings any

	// always is true for the collector of [Config.Ping], which has no flag and cannot be disabled.
	always bool
}
