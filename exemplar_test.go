package metric_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/luxfi/metric"
)

type traceKey struct{}

// sampled returns a context with a sampled span, for the extractor of the tests.
func sampled(t *testing.T, trace string) context.Context {
	return context.WithValue(t.Context(), traceKey{}, trace)
}

// extract returns the trace ID in a context as the labels of an exemplar.
func extract(ctx context.Context) metric.Labels {
	trace, ok := ctx.Value(traceKey{}).(string)
	if !ok {
		return nil
	}
	return metric.Labels{"trace_id": trace}
}

func setExtractor(t *testing.T, f func(context.Context) metric.Labels) {
	t.Helper()
	metric.SetExemplarFromContext(f)
	t.Cleanup(func() { metric.SetExemplarFromContext(nil) })
}

// TestExemplarsFromContext checks that each instrument takes its exemplar from the context of an
// observation.
func TestExemplarsFromContext(t *testing.T) {
	counter := func() metric.Counter { return counterNamed("c_total") }
	vec := func() metric.Counter {
		return metric.NewCounterVec(metric.CounterOpts{Name: "v_total"}, []string{"l"}).WithLabelValues("a")
	}
	for name, test := range map[string]struct {
		make  func() any
		do    func(any, context.Context)
		value float64
	}{
		"AddWithContext": {func() any { return counter() }, func(c any, ctx context.Context) { c.(metric.ContextAdder).AddWithContext(ctx, 2.5) }, 2.5},
		"IncWithContext": {func() any { return counter() }, func(c any, ctx context.Context) { c.(metric.ContextAdder).IncWithContext(ctx) }, 1},
		"of a vector":    {func() any { return vec() }, func(c any, ctx context.Context) { c.(metric.ContextAdder).IncWithContext(ctx) }, 1},
		"histogram":      {func() any { return metric.NewHistogram(metric.HistogramOpts{Name: "h"}) }, observe(0.3), 0.3},
		"native histogram": {func() any {
			return metric.NewHistogram(metric.HistogramOpts{Name: "h", NativeHistogramBucketFactor: 1.1})
		}, observe(0.3), 0.3},
	} {
		t.Run(name, func(t *testing.T) {
			setExtractor(t, extract)
			i := test.make()
			test.do(i, t.Context()) // not sampled
			if exemplar, _ := exemplarIn(t, i); exemplar != "" {
				t.Errorf("without a span, the exemplar is %q", exemplar)
			}
			test.do(i, sampled(t, "abc"))
			if exemplar, value := exemplarIn(t, i); exemplar != "abc" || value != test.value {
				t.Errorf("the exemplar is %q with value %v", exemplar, value)
			}
			test.do(i, t.Context()) // The instrument keeps the last exemplar.
			if exemplar, _ := exemplarIn(t, i); exemplar != "abc" {
				t.Errorf("the exemplar is %q", exemplar)
			}
			if got := total(t, i); got != 3*test.value && got != 3 {
				t.Errorf("the value is %v after three times %v", got, test.value)
			}
		})
	}
}

func observe(v float64) func(any, context.Context) {
	return func(h any, ctx context.Context) { h.(metric.ContextObserver).ObserveWithContext(ctx, v) }
}

// exemplarIn returns the trace ID and the value of the only exemplar of an instrument.
func exemplarIn(t *testing.T, i any) (trace string, value float64) {
	t.Helper()
	m := written(t, i)
	if e := m.GetCounter().GetExemplar(); e != nil {
		return e.GetLabel()[0].GetValue(), e.GetValue()
	}
	for _, b := range m.GetHistogram().GetBucket() {
		if e := b.GetExemplar(); e != nil {
			return e.GetLabel()[0].GetValue(), e.GetValue()
		}
	}
	for _, e := range m.GetHistogram().GetExemplars() {
		return e.GetLabel()[0].GetValue(), e.GetValue()
	}
	return "", 0
}

func total(t *testing.T, i any) float64 {
	t.Helper()
	m := written(t, i)
	return m.GetCounter().GetValue() + float64(m.GetHistogram().GetSampleCount())
}

// TestBadExtractors checks that an observation counts even if the extractor misbehaves.
func TestBadExtractors(t *testing.T) {
	for name, f := range map[string]func(context.Context) metric.Labels{
		"panics": func(context.Context) metric.Labels { panic("boom") },
		"too long": func(context.Context) metric.Labels {
			return metric.Labels{"trace_id": strings.Repeat("x", metric.ExemplarMaxRunes)}
		},
		"not UTF-8":   func(context.Context) metric.Labels { return metric.Labels{"trace_id": "\xff"} },
		"bad name":    func(context.Context) metric.Labels { return metric.Labels{"__trace": "x"} },
		"says no":     func(context.Context) metric.Labels { return nil },
		"was removed": nil,
	} {
		t.Run(name, func(t *testing.T) {
			setExtractor(t, extract)
			setExtractor(t, f)
			c := counterNamed("c_total")
			c.(metric.ContextAdder).AddWithContext(sampled(t, "abc"), 2)
			h := metric.NewHistogram(metric.HistogramOpts{Name: "h"})
			h.(metric.ContextObserver).ObserveWithContext(sampled(t, "abc"), 2)
			for _, i := range []any{c, h} {
				if exemplar, _ := exemplarIn(t, i); exemplar != "" {
					t.Errorf("the exemplar is %q", exemplar)
				}
			}
			if c.Get() != 2 || total(t, h) != 1 {
				t.Errorf("counted were %v and %v", c.Get(), total(t, h))
			}
		})
	}
}

// TestAddWithContextCannotDecrease checks that adding a negative number panics as Add does.
func TestAddWithContextCannotDecrease(t *testing.T) {
	c := counterNamed("c_total").(metric.ContextAdder)
	samePanic(t, func() { c.AddWithContext(t.Context(), -1) }, func() { c.(metric.Counter).Add(-1) })
}

// TestExemplarsFromContextAreFree checks that observations with a context do not allocate if no extractor
// is set or the context has no span.
func TestExemplarsFromContextAreFree(t *testing.T) {
	c := counterNamed("c_total").(metric.ContextAdder)
	h := metric.NewHistogram(metric.HistogramOpts{Name: "h"}).(metric.ContextObserver)
	n := metric.NewHistogram(metric.HistogramOpts{Name: "n", NativeHistogramBucketFactor: 1.1}).(metric.ContextObserver)
	ctx := sampled(t, "abc")
	use := func(ctx context.Context) func() {
		return func() {
			c.AddWithContext(ctx, 1.5)
			c.IncWithContext(ctx)
			h.ObserveWithContext(ctx, 1)
			n.ObserveWithContext(ctx, 1)
		}
	}
	t.Run("unset", func(t *testing.T) { wantAllocs(t, 0, use(ctx)) })
	t.Run("not sampled", func(t *testing.T) {
		setExtractor(t, extract)
		wantAllocs(t, 0, use(t.Context()))
	})
}

// exemplary is a metric that writes a counter with an exemplar.
type exemplary struct{ labels []*metric.LabelPair }

func (exemplary) Desc() *metric.Desc { return desc("theirs_total") }

func (e exemplary) Write(out *metric.MetricData) error {
	out.Counter = &dto.Counter{Value: new(1.0), Exemplar: &dto.Exemplar{Label: e.labels, Value: new(1.0)}}
	return nil
}

// TestExemplarsAreNotWorthTheSample checks that a sample is served even if its exemplar cannot be written,
// for instruments of this package and for foreign metrics.
func TestExemplarsAreNotWorthTheSample(t *testing.T) {
	pair := func(name, value string) *metric.LabelPair { return &metric.LabelPair{Name: &name, Value: &value} }
	for name, labels := range map[string][]*metric.LabelPair{
		"NUL":        {pair("trace", "a\x00b")},
		"not UTF-8":  {pair("trace", "\xff")},
		"twice":      {pair("trace", "a"), pair("trace", "b")},
		"empty name": {pair("", "a")},
	} {
		t.Run(name, func(t *testing.T) {
			r := metric.NewContextRegistry()
			r.MustRegister(plain{"theirs_total", func(ch chan<- metric.Metric) { ch <- exemplary{labels} }})
			ours := metric.NewCounter(metric.CounterOpts{Name: "ours_total", Help: "h"})
			r.MustRegister(ours)
			if name == "NUL" {
				ours.(prometheus.ExemplarAdder).AddWithExemplar(1, metric.Labels{"trace": "a\x00b"})
			} else {
				ours.Inc()
			}
			for _, accept := range []string{"text/plain", "application/openmetrics-text;version=1.0.0"} {
				w := request(metric.HandlerForContext(r, metric.HandlerOpts{EnableOpenMetrics: true}), "Accept", accept)
				body := w.Body.String()
				if w.Code != http.StatusOK || !strings.Contains(body, "\ntheirs_total 1") || !strings.Contains(body, "\nours_total 1") {
					t.Errorf("%s: got status %d and\n%s", accept, w.Code, body)
				}
				if strings.ContainsRune(body, 0) || strings.Contains(body, "# {") {
					t.Errorf("%s: there is an exemplar in\n%q", accept, body)
				}
			}
		})
	}
}
