package collect

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric/internal/instrument"
	"github.com/luxfi/metric/internal/model"
)

// states returns the state set behind all wrappings, without and with the wrappings around it. Both are nil
// for all other collectors.
func (c *Wrapped) states() (states instrument.StateSource, wrapped model.Source) {
	if inner, ok := c.Collector.(*Wrapped); ok {
		if states, wrapped = inner.states(); states == nil {
			return nil, nil
		}
		return states, c.Wrapping.Source(wrapped)
	}
	states, ok := instrument.SourceOf(c.Collector).(instrument.StateSource)
	if !ok {
		return nil, nil
	}
	return states, c.Wrapping.Source(states)
}

// sendStates sends a gauge for each state if the collector is a state set, and reports whether it is.
func (c *Wrapped) sendStates(ctx context.Context, ch chan<- prometheus.Metric) bool {
	states, wrapped := c.states()
	if states == nil {
		return false
	}
	d, err := Describe(c)
	if err != nil || d.Infos[d.List[0]].Err != nil {
		return true // It cannot have been registered.
	}
	for _, m := range states.Metrics(wrapped, d.List[0]) {
		select {
		case ch <- m:
		case <-ctx.Done():
			return true
		}
	}
	return true
}

// describe returns a descriptor of the collector behind the wrapping, changed by the wrapping. A prefix
// also changes the label for the state of a state set.
func (c *Wrapped) describe(desc *prometheus.Desc, before string) *prometheus.Desc {
	wrapped := c.Wrapping.Desc(desc)
	if c.Wrapping.Prefix != "" {
		if states, _ := c.states(); states != nil {
			return states.RenamedDesc(wrapped, before)
		}
	}
	return wrapped
}
