// Package graphite pushes metrics to a Graphite server. It re-exports client_golang's package of the same
// name under the import path of this module, with this module's default registry.
package graphite

import (
	"github.com/prometheus/client_golang/prometheus/graphite"

	"github.com/luxfi/metric"
)

type (
	// Bridge pushes metrics to a Graphite server.
	Bridge = graphite.Bridge
	// Config is the configuration of a [Bridge].
	Config = graphite.Config
	// Logger receives the errors of a [Bridge]. A [*log.Logger] is one.
	Logger = graphite.Logger
	// HandlerErrorHandling selects what a [Bridge] does when part of the metrics cannot be gathered.
	HandlerErrorHandling = graphite.HandlerErrorHandling
)

// The values of [HandlerErrorHandling].
const (
	ContinueOnError = graphite.ContinueOnError // push the metrics that could be gathered
	AbortOnError    = graphite.AbortOnError    // push nothing
)

// NewBridge returns a bridge. If c has no Gatherer, the bridge gathers from [metric.DefaultGatherers];
// NewBridge does not modify c. It returns an error if c has no URL.
func NewBridge(c *Config) (*Bridge, error) {
	withDefault := *c
	if withDefault.Gatherer == nil {
		withDefault.Gatherer = metric.DefaultGatherers()
	}
	return graphite.NewBridge(&withDefault)
}
