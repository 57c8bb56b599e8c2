package metric

import (
	"fmt"
	"maps"

	"github.com/luxfi/metric/internal/collect"
)

// MetricsOption is an option of [New] and [NewWithRegistry], such as [WithConstLabels]. It works
// with every [Factory].
type MetricsOption interface{ applyToMetrics(c *metricsConfig) }

type metricsConfig struct{ labels Labels }

type metricsOption func(*metricsConfig)

func (f metricsOption) applyToMetrics(c *metricsConfig) { f(c) }

// WithConstLabels adds constant labels to everything that the Metrics make, and to collectors that
// are registered with their Registry, as [WrapRegistererWith] does. Metrics with other values of
// the labels may have instruments with the same names. New and NewWithRegistry panic if a label is
// given twice. WithConstLabels does not keep labels.
func WithConstLabels(labels Labels) MetricsOption {
	labels = maps.Clone(labels)
	return metricsOption(func(c *metricsConfig) {
		if c.labels == nil {
			c.labels = make(Labels, len(labels))
		}
		for name, value := range labels {
			if old, ok := c.labels[name]; ok {
				panic(fmt.Errorf("metric: the constant label %q is given twice, with the values %q and %q", name, old, value))
			}
			c.labels[name] = value
		}
	})
}

func metricsConfigOf(opts []MetricsOption) (c metricsConfig) {
	for i, opt := range opts {
		if collect.IsNil(opt) {
			panic(fmt.Errorf("metric: option %d of Metrics is nil (%T)", i+1, opt))
		}
		opt.applyToMetrics(&c)
	}
	return c
}

func (c *metricsConfig) around(reg Registerer) Registerer { return WrapRegistererWith(c.labels, reg) }
