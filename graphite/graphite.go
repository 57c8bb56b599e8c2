// Package graphite pushes metrics to a Graphite server: client_golang's package of that
// name, under the import path of this module and with its default registry.
package graphite

import (
	"github.com/prometheus/client_golang/prometheus/graphite"

	"github.com/luxfi/metric"
)

type (
	// Bridge pushes metrics to a Graphite server.
	Bridge = graphite.Bridge
	// Config is the configuration of a Bridge.
	Config = graphite.Config
	// Logger takes the errors of a Bridge. A *log.Logger is one.
	Logger = graphite.Logger
	// HandlerErrorHandling tells what a Bridge does when something cannot be gathered.
	HandlerErrorHandling = graphite.HandlerErrorHandling
)

// What a Bridge does when something cannot be gathered.
const (
	ContinueOnError = graphite.ContinueOnError // Push what there is.
	AbortOnError    = graphite.AbortOnError    // Push nothing.
)

// NewBridge returns a bridge. Without a Gatherer in c, which is not changed, it gathers
// from metric.DefaultGatherers. It is an error if c has no URL.
func NewBridge(c *Config) (*Bridge, error) {
	withDefault := *c
	if withDefault.Gatherer == nil {
		withDefault.Gatherer = metric.DefaultGatherers()
	}
	return graphite.NewBridge(&withDefault)
}
