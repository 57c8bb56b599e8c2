package expvar

import (
	"context"
	"encoding/json"
	"expvar"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"time"

	"github.com/luxfi/metric"
)

// defaultPublishTimeout is how long a read of a variable may take by default.
const defaultPublishTimeout = 5 * time.Second

// Publish publishes the metrics of g as the variable called name, for programs that read /debug/vars. Each
// read of the variable gathers from g, for at most timeout, or 5 seconds if timeout is 0. After that, the
// variable contains the metrics gathered in time, and an error. It is a JSON object such as
//
//	{"metrics":{"up":{"type":"gauge","series":[{"labels":{"zone":"a"},"value":1}]}}}
//
// Histograms and summaries have the fields count and sum in place of value, and buckets or quantiles. NaN
// and infinities are strings. The field error contains the text of the error, if gathering failed.
//
// Publish returns an error if a variable called name is already published. Variables cannot be withdrawn.
func Publish(name string, g metric.Gatherer, timeout time.Duration) error {
	switch v := reflect.ValueOf(g); {
	case !v.IsValid() || v.Kind() == reflect.Pointer && v.IsNil():
		return fmt.Errorf("the gatherer for expvar variable %q is nil", name)
	case timeout < 0:
		return fmt.Errorf("a timeout of %v for expvar variable %q: it must be positive, or 0 for %v", timeout, name, defaultPublishTimeout)
	case timeout == 0:
		timeout = defaultPublishTimeout
	}
	if expvar.Get(name) != nil {
		return fmt.Errorf("expvar variable %q is published already", name)
	}
	expvar.Publish(name, &variableOfMetrics{metric.Gatherers{g}, timeout})
	return nil
}

// variableOfMetrics is an expvar.Var. Its field from is a Gatherers because Gatherers bounds the time of
// gatherers that take no context.
type variableOfMetrics struct {
	from    metric.Gatherers
	timeout time.Duration
}

// String gathers and returns the metrics as JSON.
func (v *variableOfMetrics) String() string {
	ctx, cancel := context.WithTimeout(context.Background(), v.timeout)
	defer cancel()
	families, err := v.from.GatherWithContext(ctx)
	out := jsonMetrics{Metrics: make(map[string]jsonFamily, len(families))}
	if err != nil {
		out.Error = err.Error()
	}
	for _, f := range families {
		out.Metrics[f.GetName()] = familyAsJSON(f)
	}
	text, err := json.Marshal(out)
	if err != nil { // This cannot happen: all values can be marshaled.
		return strconv.Quote(err.Error())
	}
	return string(text)
}

type jsonMetrics struct {
	Metrics map[string]jsonFamily `json:"metrics"`
	Error   string                `json:"error,omitempty"`
}

type jsonFamily struct {
	Type   string       `json:"type"`
	Series []jsonSeries `json:"series"`
}

type jsonSeries struct {
	Labels    map[string]string     `json:"labels,omitempty"`
	Value     *jsonNumber           `json:"value,omitempty"`
	Count     *jsonNumber           `json:"count,omitempty"`
	Sum       *jsonNumber           `json:"sum,omitempty"`
	Buckets   map[string]jsonNumber `json:"buckets,omitempty"`   // cumulative counts by upper bound
	Quantiles map[string]jsonNumber `json:"quantiles,omitempty"` // values by rank
}

// jsonNumber is a number that becomes a string where JSON cannot represent it.
type jsonNumber float64

// MarshalJSON returns the number, or a string such as "NaN".
func (n jsonNumber) MarshalJSON() ([]byte, error) {
	if f := float64(n); !math.IsNaN(f) && !math.IsInf(f, 0) {
		return json.Marshal(f)
	}
	return strconv.AppendQuote(nil, text(float64(n))), nil
}

func text(f float64) string { return strconv.FormatFloat(f, 'g', -1, 64) }

func number(f float64) *jsonNumber { return (*jsonNumber)(&f) }

func familyAsJSON(f *metric.MetricFamily) jsonFamily {
	out := jsonFamily{Type: typeName(f.GetType()), Series: make([]jsonSeries, 0, len(f.GetMetric()))}
	for _, m := range f.GetMetric() {
		s := seriesAsJSON(m)
		for _, l := range m.GetLabel() {
			if s.Labels == nil {
				s.Labels = make(map[string]string, len(m.GetLabel()))
			}
			s.Labels[l.GetName()] = l.GetValue()
		}
		out.Series = append(out.Series, s)
	}
	return out
}

func seriesAsJSON(m *metric.MetricData) (s jsonSeries) {
	switch {
	case m.GetCounter() != nil:
		s.Value = number(m.GetCounter().GetValue())
	case m.GetGauge() != nil:
		s.Value = number(m.GetGauge().GetValue())
	case m.GetUntyped() != nil:
		s.Value = number(m.GetUntyped().GetValue())
	case m.GetSummary() != nil:
		s.Count, s.Sum = number(float64(m.GetSummary().GetSampleCount())), number(m.GetSummary().GetSampleSum())
		s.Quantiles = make(map[string]jsonNumber)
		for _, q := range m.GetSummary().GetQuantile() {
			s.Quantiles[text(q.GetQuantile())] = jsonNumber(q.GetValue())
		}
	case m.GetHistogram() != nil:
		h := m.GetHistogram()
		s.Count, s.Sum = number(float64(h.GetSampleCount())+h.GetSampleCountFloat()), number(h.GetSampleSum())
		s.Buckets = make(map[string]jsonNumber)
		for _, b := range h.GetBucket() {
			s.Buckets[text(b.GetUpperBound())] = jsonNumber(float64(b.GetCumulativeCount()) + b.GetCumulativeCountFloat())
		}
	}
	return s
}

func typeName(t metric.MetricType) string {
	switch t {
	case metric.MetricTypeCounter:
		return "counter"
	case metric.MetricTypeGauge:
		return "gauge"
	case metric.MetricTypeSummary:
		return "summary"
	case metric.MetricTypeHistogram:
		return "histogram"
	default:
		return "untyped"
	}
}
