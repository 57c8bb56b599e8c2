package promhttp

import (
	"net/http"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/luxfi/metric"
)

// options are the options of an instrumentation.
type options struct {
	extraMethods []string
	exemplar     func(*http.Request) metric.Labels
	labels       []requestLabel

	// foreign, if not nil, applies all options and replaces the fields above. It is set if one of the
	// options is client_golang's.
	foreign *foreignOptions
}

// requestLabel is a label that an option sets.
type requestLabel struct {
	name  string
	value LabelValueFromRequest
}

func newOptions(list []Option) *options {
	o := &options{}
	for _, each := range list {
		ours, ok := each.(option)
		if !ok {
			foreign := newForeignOptions(list)
			return &options{labels: foreign.labels, foreign: foreign}
		}
		ours.set(o)
	}
	return o
}

// setLabel adds a label, or replaces the existing label of that name.
func (o *options) setLabel(name string, value LabelValueFromRequest) {
	for i := range o.labels {
		if o.labels[i].name == name {
			o.labels[i].value = value
			return
		}
	}
	o.labels = append(o.labels, requestLabel{name, value})
}

// curried returns the labels that options set, with empty values.
func (o *options) curried() metric.Labels {
	labels := make(metric.Labels, len(o.labels))
	for _, l := range o.labels {
		labels[l.name] = ""
	}
	return labels
}

// exemplarOf returns the exemplar of a request, or nil.
func (o *options) exemplarOf(r *http.Request) metric.Labels {
	if o.exemplar == nil {
		return nil
	}
	return orNoExemplar(o.exemplar(r))
}

// orNoExemplar returns labels if they are valid for an exemplar, and nil otherwise. They may come from the
// headers of a request, so a client must not be able to make the handler panic.
func orNoExemplar(labels metric.Labels) metric.Labels {
	runes := 0
	for name, value := range labels {
		if name == "" || strings.HasPrefix(name, "__") || !utf8.ValidString(name) || !utf8.ValidString(value) {
			return nil
		}
		runes += utf8.RuneCountInString(name) + utf8.RuneCountInString(value)
	}
	if runes > prometheus.ExemplarMaxRunes {
		return nil
	}
	return labels
}

// foreignOptions applies options that may be client_golang's. Only client_golang's own code can apply them,
// because their effect is not exported. Each request therefore runs through a client_golang RoundTripper
// that observes into a recorder.
type foreignOptions struct {
	list   []Option
	labels []requestLabel // label names; a recorder records the values
	idle   sync.Pool      // contains *recorder
}

func newForeignOptions(list []Option) *foreignOptions {
	f := &foreignOptions{list: list}
	first := newRecorder(list)
	for name := range first.extra {
		f.labels = append(f.labels, requestLabel{name: name})
	}
	f.idle.Put(first)
	return f
}

// resolve returns all labels of a request (the labels of the options, code and method) and its exemplar. The
// functions of options are called with labeled.
func (f *foreignOptions) resolve(r, labeled *http.Request, status int) (labels, exemplar metric.Labels) {
	rec, ok := f.idle.Get().(*recorder)
	if !ok {
		rec = newRecorder(f.list)
	}
	rec.answer = http.Response{StatusCode: status, Request: labeled}
	if _, err := rec.trip(r); err != nil { //nolint:bodyclose // There is no body.
		panic("BUG: " + err.Error())
	}
	labels, exemplar = rec.labels, orNoExemplar(rec.exemplar)
	rec.answer, rec.labels, rec.exemplar = http.Response{}, nil, nil
	f.idle.Put(rec) // Not reached if an option panics.
	return labels, exemplar
}

// recorder is an ObserverVec, and the Observer in it, that records the labels and the exemplar of an
// observation.
type recorder struct {
	extra map[string]bool // labels that options set
	trip  promhttp.RoundTripperFunc

	answer           http.Response
	labels, exemplar metric.Labels
}

func newRecorder(list []Option) *recorder {
	rec := &recorder{}
	answer := func(*http.Request) (*http.Response, error) { return &rec.answer, nil }
	rec.trip = promhttp.InstrumentRoundTripperDuration(rec, promhttp.RoundTripperFunc(answer), list...)
	return rec
}

// Describe implements [prometheus.Collector]. The labels are code, method and the labels of the options.
func (rec *recorder) Describe(ch chan<- *prometheus.Desc) {
	names := []string{}
	for _, name := range []string{codeLabel, methodLabel} {
		if !rec.extra[name] {
			names = append(names, name)
		}
	}
	for name := range rec.extra {
		names = append(names, name)
	}
	ch <- prometheus.NewDesc("recorded", "Never collected.", names, nil)
}

// Collect implements prometheus.Collector.
func (*recorder) Collect(chan<- prometheus.Metric) {}

// MustCurryWith is called once, with the labels that options set.
func (rec *recorder) MustCurryWith(labels prometheus.Labels) prometheus.ObserverVec {
	rec.extra = make(map[string]bool, len(labels))
	for name := range labels {
		rec.extra[name] = true
	}
	return rec
}

// CurryWith returns an error if labels contains one that options set.
func (rec *recorder) CurryWith(labels prometheus.Labels) (prometheus.ObserverVec, error) {
	for name := range labels {
		if rec.extra[name] {
			return nil, errCurried
		}
	}
	return rec, nil
}

// With implements prometheus.ObserverVec.
func (rec *recorder) With(labels prometheus.Labels) prometheus.Observer {
	rec.labels = labels
	return rec
}

// GetMetricWith implements prometheus.ObserverVec.
func (rec *recorder) GetMetricWith(labels prometheus.Labels) (prometheus.Observer, error) {
	return rec.With(labels), nil
}

// GetMetricWithLabelValues implements [prometheus.ObserverVec]. It is never called.
func (rec *recorder) GetMetricWithLabelValues(...string) (prometheus.Observer, error) {
	return rec, nil
}

// WithLabelValues implements [prometheus.ObserverVec]. It is never called.
func (rec *recorder) WithLabelValues(...string) prometheus.Observer { return rec }

// Observe implements prometheus.Observer.
func (*recorder) Observe(float64) {}

// ObserveWithExemplar implements prometheus.ExemplarObserver.
func (rec *recorder) ObserveWithExemplar(_ float64, labels prometheus.Labels) { rec.exemplar = labels }
