package metric_test

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric"
)

// familyOf is one of the families of a source.
type familyOf struct {
	name, typ, help string
	labels          []map[string]string
	ids             []float64
}

func (f *familyOf) names() []string { return slices.Sorted(maps.Keys(f.labels[0])) }

func values(names []string, labels map[string]string) (values []string) {
	for _, name := range names {
		values = append(values, labels[name])
	}
	return values
}

func nativeOf(f *familyOf, vector bool) metric.Collector {
	labels, names := metric.Labels(f.labels[0]), f.names()
	if vector {
		labels = nil
	} else {
		names = nil
	}
	each := func(set func(values []string, id float64)) {
		for n, id := range f.ids {
			set(values(names, f.labels[n]), id)
		}
	}
	switch f.typ {
	case "counter":
		v := metric.NewCounterVec(metric.CounterOpts{Name: f.name, Help: f.help, ConstLabels: labels}, names)
		if vector {
			each(func(values []string, id float64) { v.WithLabelValues(values...).Add(id) })
			return v
		}
		c := metric.NewCounter(metric.CounterOpts{Name: f.name, Help: f.help, ConstLabels: labels})
		c.Add(f.ids[0])
		return c
	case "gauge":
		v := metric.NewGaugeVec(metric.GaugeOpts{Name: f.name, Help: f.help, ConstLabels: labels}, names)
		if vector {
			each(func(values []string, id float64) { v.WithLabelValues(values...).Set(id) })
			return v
		}
		c := metric.NewGauge(metric.GaugeOpts{Name: f.name, Help: f.help, ConstLabels: labels})
		c.Set(f.ids[0])
		return c
	case "histogram":
		v := metric.NewHistogramVec(metric.HistogramOpts{Name: f.name, Help: f.help, ConstLabels: labels}, names)
		if vector {
			each(func(values []string, id float64) { v.WithLabelValues(values...).Observe(id) })
			return v
		}
		c := metric.NewHistogram(metric.HistogramOpts{Name: f.name, Help: f.help, ConstLabels: labels})
		c.Observe(f.ids[0])
		return c
	default:
		v := metric.NewSummaryVec(metric.SummaryOpts{Name: f.name, Help: f.help, ConstLabels: labels}, names)
		if vector {
			each(func(values []string, id float64) { v.WithLabelValues(values...).Observe(id) })
			return v
		}
		c := metric.NewSummary(metric.SummaryOpts{Name: f.name, Help: f.help, ConstLabels: labels})
		c.Observe(f.ids[0])
		return c
	}
}

func metricOf(d *metric.Desc, typ string, id float64, values []string) metric.Metric {
	created := time.Unix(1_700_000_000, 0)
	switch typ {
	case "counter":
		return prometheus.MustNewConstMetricWithCreatedTimestamp(d, metric.CounterValue, id, created, values...)
	case "gauge":
		return metric.MustNewConstMetric(d, metric.GaugeValue, id, values...)
	case "histogram":
		return metric.MustNewConstHistogram(d, 2, id, map[float64]uint64{1: 1}, values...)
	default:
		return metric.MustNewConstSummary(d, 2, id, map[float64]float64{0.5: 1}, values...)
	}
}

// sourceCollector is a user's collector with some families.
type sourceCollector struct {
	families  []familyOf
	announces bool
	one       metric.Metric // sent instead of the families
}

func (c *sourceCollector) Describe(ch chan<- *metric.Desc) {
	if !c.announces {
		return
	}
	c.each(func(d *metric.Desc, _ string, _ float64, _ []string) { ch <- d })
}

func (c *sourceCollector) each(f func(d *metric.Desc, typ string, id float64, values []string)) {
	for i := range c.families {
		fam := &c.families[i]
		for n, id := range fam.ids {
			names := slices.Sorted(maps.Keys(fam.labels[n]))
			f(metric.NewDesc(fam.name, fam.help, names, nil), fam.typ, id, values(names, fam.labels[n]))
		}
	}
}

func (c *sourceCollector) metrics() (all []metric.Metric) {
	if c.one != nil {
		return []metric.Metric{c.one}
	}
	c.each(func(d *metric.Desc, typ string, id float64, values []string) {
		all = append(all, metricOf(d, typ, id, values))
	})
	return all
}

func (c *sourceCollector) Collect(ch chan<- metric.Metric) {
	for _, m := range c.metrics() {
		ch <- m
	}
}

type plainSource struct{ *sourceCollector }

type contextSource struct{ *sourceCollector }

func (c contextSource) CollectWithContext(_ context.Context, ch chan<- metric.Metric) { c.Collect(ch) }

type streamSource struct{ *sourceCollector }

func (c streamSource) CollectTo(_ context.Context, sink *metric.Sink) error {
	for _, m := range c.metrics() {
		if err := sink.Metric(m); err != nil {
			return err
		}
	}
	return nil
}

// sourceGatherer returns families unvalidated.
type sourceGatherer []*metric.MetricFamily

func (g sourceGatherer) Gather() ([]*metric.MetricFamily, error) { return g, nil }
