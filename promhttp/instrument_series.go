package promhttp

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/internal/counting"
	"github.com/luxfi/metric/internal/middleware"
)

// Labels that an instrumentation sets without an option.
const (
	codeLabel   = "code"
	methodLabel = "method"
)

// maxDirect is the largest number of labels of a vector whose series are found without a map.
const maxDirect = 4

// series finds the series, an M, for a request in a vector.
type series[M any] struct {
	names   []string // labels that are neither constant nor curried, in the vector's order
	options *options

	code, method bool // whether the instrumentation, and not an option, sets these labels

	with func(metric.Labels) M
	// direct, if not nil, returns the series with the first n values. The values belong to names. It needs no
	// map and does not allocate.
	direct func(values [maxDirect]string, n int) M
}

// counters returns a series that finds the counter for a request. It panics if the vector has labels that
// are not allowed.
func counters(vec *metric.CounterVec, list []Option) *series[prometheus.Counter] {
	s := newSeries[prometheus.Counter](counting.Observers(vec), list)
	s.with = func(labels metric.Labels) prometheus.Counter { return vec.With(labels) }
	s.setDirect(func(values [maxDirect]string, n int) prometheus.Counter {
		return vec.WithLabelValues(values[:n]...)
	})
	return s
}

// observers returns a series that finds the observer for a request. It panics if the vector has labels that
// are not allowed.
func observers(vec metric.ObserverVec, list []Option) *series[prometheus.Observer] {
	s := newSeries[prometheus.Observer](vec, list)
	s.with = vec.With
	// Only these vectors are known not to retain the values. Other vectors find series with a map, as
	// client_golang does.
	switch vec := vec.(type) {
	case *metric.HistogramVec:
		s.setDirect(func(values [maxDirect]string, n int) prometheus.Observer {
			return vec.WithLabelValues(values[:n]...)
		})
	case *metric.SummaryVec:
		s.setDirect(func(values [maxDirect]string, n int) prometheus.Observer {
			return vec.WithLabelValues(values[:n]...)
		})
	}
	return s
}

func newSeries[M any](vec prometheus.ObserverVec, list []Option) *series[M] {
	o := newOptions(list)
	s := &series[M]{options: o}
	s.names = variableLabels(vec.MustCurryWith(o.curried()))
	for _, name := range s.names {
		switch name {
		case codeLabel:
			s.code = true
		case methodLabel:
			s.method = true
		default:
			panic("metric partitioned with non-supported labels")
		}
	}
	if len(o.labels) > 0 {
		s.names = variableLabels(vec)
	}
	return s
}

func (s *series[M]) setDirect(direct func(values [maxDirect]string, n int) M) {
	if len(s.names) <= maxDirect && s.options.foreign == nil {
		s.direct = direct
	}
}

// of returns the series of a request that was answered with status, and its exemplar. Functions of options
// that set labels are called with labeled.
func (s *series[M]) of(r, labeled *http.Request, method string, status int) (M, metric.Labels) {
	if s.options.foreign != nil {
		return s.foreign(r, labeled, method, status)
	}
	if s.direct != nil {
		var values [maxDirect]string
		for i, name := range s.names {
			values[i] = s.value(name, labeled, method, status)
		}
		return s.direct(values, len(s.names)), s.options.exemplarOf(r)
	}
	labels := make(metric.Labels, len(s.names))
	for _, name := range s.names {
		labels[name] = s.value(name, labeled, method, status)
	}
	return s.with(labels), s.options.exemplarOf(r)
}

// value returns the value of a label.
func (s *series[M]) value(name string, r *http.Request, method string, status int) string {
	switch {
	case s.code && name == codeLabel:
		return middleware.Code(status)
	case s.method && name == methodLabel:
		return middleware.Method(method, s.options.extraMethods)
	}
	for i := range s.options.labels {
		if l := &s.options.labels[i]; l.name == name {
			return validUTF8(l.value(r))
		}
	}
	return ""
}

// foreign is like of, for options of client_golang.
func (s *series[M]) foreign(r, labeled *http.Request, method string, status int) (M, metric.Labels) {
	if r.Method != method {
		r = r.WithContext(r.Context()) // A copy.
		r.Method = method
	}
	labels, exemplar := s.options.foreign.resolve(r, labeled, status)
	for name, value := range labels {
		if slices.Contains(s.names, name) {
			labels[name] = validUTF8(value)
		} else {
			delete(labels, name)
		}
	}
	return s.with(labels), exemplar
}

// validUTF8 replaces invalid UTF-8 in the value of a label. The value may come from the path or a header of
// a request, so a client must not be able to make the handler panic.
func validUTF8(value string) string { return strings.ToValidUTF8(value, "\uFFFD") }

// count counts a request.
func count(c prometheus.Counter, exemplar metric.Labels) {
	if exemplar != nil {
		if c, ok := c.(prometheus.ExemplarAdder); ok {
			c.AddWithExemplar(1, exemplar)
			return
		}
	}
	c.Inc()
}

// observe observes v. It ignores the exemplar if o, such as a summary, does not accept one.
func observe(o prometheus.Observer, v float64, exemplar metric.Labels) {
	if exemplar != nil {
		if o, ok := o.(prometheus.ExemplarObserver); ok {
			o.ObserveWithExemplar(v, exemplar)
			return
		}
	}
	o.Observe(v)
}

var errCurried = errors.New("the label is curried")

// magic begins a label value that no vector has.
const magic = "zZgWfBxLqvG8kc8IMv3POi2Bb0tZI3vAnBx+gBaFi9FyPzB/CzKUer1yufDa/"

// variableLabels returns the labels of a vector that are neither constant nor curried, in their order. It
// panics unless the vector has exactly one descriptor and that is valid.
//
// A descriptor does not export its labels, and a vector does not export which labels are curried.
// variableLabels finds the labels from a metric with recognizable values, and the curried ones from an
// attempt to curry them.
func variableLabels(vec prometheus.ObserverVec) (names []string) {
	m := metricOf(theDesc(vec))
	var written metric.MetricData
	if err := m.Write(&written); err != nil {
		panic("error checking metric for labels")
	}
	type label struct {
		name  string
		index int
	}
	var labels []label
	for _, l := range written.GetLabel() {
		index, ok := strings.CutPrefix(l.GetValue(), magic)
		if !ok {
			continue // a constant label
		}
		if _, err := vec.CurryWith(prometheus.Labels{l.GetName(): "dummy"}); err != nil {
			continue // a curried label
		}
		i, err := strconv.Atoi(index)
		if err != nil {
			panic("BUG: " + err.Error())
		}
		labels = append(labels, label{l.GetName(), i})
	}
	slices.SortFunc(labels, func(a, b label) int { return a.index - b.index })
	for _, l := range labels {
		names = append(names, l.name)
	}
	return names
}

// theDesc returns the descriptor of a collector.
func theDesc(c prometheus.Collector) *prometheus.Desc {
	ch := make(chan *prometheus.Desc, 16)
	c.Describe(ch)
	var desc *prometheus.Desc
	select {
	case desc = <-ch:
	default:
		panic("no description provided by collector")
	}
	select {
	case <-ch:
		panic("more than one description provided by collector")
	default:
	}
	close(ch)
	prometheus.NewRegistry().MustRegister(c) // panics if the descriptor is not valid
	return desc
}

// metricOf returns a metric of a valid descriptor. The values of its variable labels are magic and their
// index.
func metricOf(desc *prometheus.Desc) prometheus.Metric {
	var values []string
	for {
		m, err := prometheus.NewConstMetric(desc, prometheus.UntypedValue, 0, values...)
		if err == nil {
			return m
		}
		values = append(values, magic+strconv.Itoa(len(values)))
	}
}
