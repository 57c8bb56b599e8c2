package e2e

import (
	"math"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/luxfi/metric"
)

// FuzzExposition checks that Prometheus reads the true values from every format, whatever a program
// observes under whatever names.
func FuzzExposition(f *testing.F) {
	f.Add("requests", "Requests served.", "route", "/", 1.0, 0.25)
	f.Add("requests", hostileHelp, "route", hostileValue, -1.5, 1e300)
	f.Add(utf8Name, "", utf8Label, "", math.Inf(1), math.Inf(-1))
	f.Add("a b", "\\n", "\"", "\\", math.NaN(), 0.0)
	f.Add("1.0", "# HELP x y", "\n", "\r\n\t ", 5e-324, math.MaxFloat64)
	f.Add("{}", "\"", "a,b=", "\"} 1 # {", 1e21, 1e-7)
	f.Add("\\", "\\\\n\\\"", "#", "# EOF\n", 1e20, 123456789.0)
	f.Add("a:b", "A colon.", "c:d", "e:f", 1.0, 1.0)
	f.Add("U__", "\u2028\ufeff", "_", "\ufffd\U0010ffff", math.Copysign(0, -1), 128.0)
	f.Add("zero", "", "label", "\x00\x00", 1.0, 1.0)
	f.Add("bad \xff", "bad \xff", "bad \xff", "bad \xff", 1.0, 1.0)
	f.Fuzz(func(t *testing.T, name, help, label, value string, number, observation float64) {
		o := sample{name, help, label, value, number, observation}
		if !o.valid() {
			t.Skip()
		}
		reg := metric.NewPedanticContextRegistry()
		o.observe(reg)
		h := metric.HandlerForContext(reg, metric.HandlerOpts{
			AcceptedFormats: offered(),
			ErrorHandling:   metric.ContinueOnError,
			ErrorLog: func(err error) {
				if !math.IsNaN(observation) { // In OpenMetrics 2.0, the sum of a summary must not be NaN.
					t.Errorf("unexpected error: %v", err)
				}
			},
		})
		for _, f := range formats {
			o.check(t, h, f)
		}
	})
}

// sample holds an observation for an instrument of each kind, and their names.
type sample struct {
	name, help, label, value string
	number, observation      float64
}

// valid reports whether the data model of Prometheus allows the names.
func (o sample) valid() bool {
	for _, s := range []string{o.name, o.help, o.label, o.value} {
		if !utf8.ValidString(s) {
			return false
		}
	}
	// The parsers take a zero byte in a name for the end of their input, and some of them
	// lose a help text that begins with one.
	if strings.Contains(o.name+o.label+o.help, "\x00") {
		return false
	}
	// Labels that begin with two underscores are reserved; le and quantile have a meaning.
	return o.name != "" && o.label != "" && !strings.HasPrefix(escapeLabel(o.label, false), "__") &&
		!slices.Contains([]string{"le", "quantile"}, o.label)
}

func (o sample) observe(reg metric.Registerer) {
	names := []string{o.label}
	counter := metric.NewCounterVec(metric.CounterOpts{Name: o.name + "_total", Help: o.help}, names)
	gauge := metric.NewGaugeVec(metric.GaugeOpts{Name: o.name, Help: o.help}, names)
	histogram := metric.NewHistogramVec(metric.HistogramOpts{Name: o.name + "_histogram", Help: o.help, Buckets: []float64{1}}, names)
	native := metric.NewHistogramVec(metric.HistogramOpts{
		Name: o.name + "_native", Help: o.help, NativeHistogramBucketFactor: 1.1,
	}, names)
	summary := metric.NewSummaryVec(metric.SummaryOpts{Name: o.name + "_summary", Help: o.help}, names)
	reg.MustRegister(counter, gauge, histogram, native, summary)

	counter.WithLabelValues(o.value).Add(o.increment())
	gauge.WithLabelValues(o.value).Set(o.number)
	histogram.WithLabelValues(o.value).Observe(o.observation)
	native.WithLabelValues(o.value).Observe(o.observation)
	summary.WithLabelValues(o.value).Observe(o.observation)
}

// increment returns the increment of the counter.
func (o sample) increment() float64 {
	if math.IsNaN(o.number) {
		return 0
	}
	return math.Abs(o.number)
}

func (o sample) check(t *testing.T, h http.Handler, f format) {
	t.Helper()
	req := httptest.NewRequest(http.MethodGet, "/metrics", http.NoBody)
	req.Header.Set("Accept", f.accept)
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, req)
	got, err := parse(rec.Body.Bytes(), rec.Header().Get("Content-Type"))
	if err != nil {
		t.Fatalf("%s: %v\n%q", f.name, err, rec.Body)
	}

	name, label := escape(o.name, f.utf8), escapeLabel(o.label, f.utf8)
	key := func(suffix string, more ...string) string {
		pairs := append([]string{model.MetricNameLabel, name + suffix, label, o.value}, more...)
		return labels.FromStrings(pairs...).WithoutEmpty().String()
	}
	inFirst := 0.0
	if o.observation <= 1 {
		inFirst = 1
	}
	want := map[string]float64{
		key("_total"):                          o.increment(),
		key(""):                                o.number,
		key("_histogram_count"):                1,
		key("_histogram_sum"):                  o.observation,
		key("_histogram_bucket", "le", "1.0"):  inFirst,
		key("_histogram_bucket", "le", "+Inf"): 1,
		key("_summary_count"):                  1,
		key("_summary_sum"):                    o.observation,
	}
	if f.openMetrics2 && math.IsNaN(o.observation) {
		delete(want, key("_summary_count"))
		delete(want, key("_summary_sum"))
	}
	if !f.native() {
		want[key("_native_count")] = 1
		want[key("_native_sum")] = o.observation
		want[key("_native_bucket", "le", "+Inf")] = 1
	} else if native := got.histograms[key("_native")]; native == nil || native.Count != 1 || !same(native.Sum, o.observation) {
		t.Errorf("%s: %s = %v, want one observation of %v", f.name, key("_native"), native, o.observation)
	}
	compareFloats(t, got.floats, want)
	for family, m := range got.metadata {
		if got, want := f.helpAsRead(m.Help), f.helpAsRead(o.help); got != want {
			t.Errorf("%s: the help of %q is %q, want %q", f.name, family, got, want)
		}
	}
	if t.Failed() {
		t.Logf("%s: %q", f.name, rec.Body)
	}
}

// helpAsRead returns the part of a help text that all parsers agree on. In the text format, any number of
// blanks separates a name from its help text, so leading blanks may be lost. A line of OpenMetrics 2.0
// must not end in a carriage return.
func (f format) helpAsRead(help string) string {
	switch {
	case f.openMetrics2:
		return strings.TrimRight(help, "\r")
	case f.rich():
		return help
	default:
		return strings.TrimLeft(help, " \t")
	}
}
