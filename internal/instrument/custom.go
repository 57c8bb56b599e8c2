package instrument

import (
	"fmt"
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric/internal/labelmap"
)

// custom is a vector of metrics that user code makes.
type custom struct {
	index[prometheus.Metric]

	newMetric func(labelValues ...string) prometheus.Metric
}

// NewCustom returns a vector whose metrics newMetric makes.
func NewCustom(desc *prometheus.Desc, newMetric func(labelValues ...string) prometheus.Metric) Core {
	f := familyOf(desc)
	return &custom{newIndex(f, labelmap.New[prometheus.Metric](f.layout), nil), newMetric}
}

func (v *custom) Metric(values []string) (prometheus.Metric, error) {
	if err := v.checkCount(values); err != nil {
		return nil, err
	}
	return v.find(nil, v.appendAll(nil, values))
}

func (v *custom) MetricNamed(labels prometheus.Labels) (prometheus.Metric, error) {
	all, err := v.appendNamed(nil, labels)
	if err != nil {
		return nil, err
	}
	return v.find(v.family.names(), all)
}

// find makes a new metric before it takes the lock of the map, which must not be held while user code runs.
// This code gets a copy of the values, and may keep it.
func (v *custom) find(names, all []string) (prometheus.Metric, error) {
	if e := v.children.Get(all); e != nil {
		setMark(&e.Mark, wasUpdated)
		return e.Child, nil
	}
	v.children.Fit(all)
	if err := v.family.checkUTF8(names, all); err != nil {
		return nil, err
	}
	if e := v.children.Get(all); e != nil {
		setMark(&e.Mark, wasUpdated)
		return e.Child, nil
	}
	if !v.children.IsFull() {
		if m, err := v.create(all); m != nil || err != nil {
			return m, err
		}
	}
	return v.create(v.children.Overflow())
}

// create makes the metric with the values of all labels, and returns the metric that the map contains
// in the end. It returns nil if there is no room.
func (v *custom) create(all []string) (prometheus.Metric, error) {
	own := make([]string, len(all))
	for i, value := range all {
		own[i] = strings.Clone(value)
	}
	m := v.newMetric(own...)
	if m == nil {
		return nil, v.family.misuse(fmt.Errorf("the function that makes the metrics of the vector has returned nil for the label values %q", own))
	}
	if e := v.children.Create(all, func(e *labelmap.Entry[prometheus.Metric]) { e.Child = m }); e != nil {
		return e.Child, nil
	}
	return nil, nil //nolint:nilnil // There is neither room nor an error.
}

func (v *custom) CurriedCore(labels prometheus.Labels) (Core, error) {
	curried, err := v.curry(labels)
	if err != nil {
		return nil, err
	}
	return &custom{curried, v.newMetric}, nil
}

func (v *custom) Collect(ch chan<- prometheus.Metric) {
	for _, e := range v.children.Sorted() {
		ch <- e.Child
	}
}
