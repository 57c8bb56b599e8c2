package gometrics_test

import (
	"math"
	"strings"
	"testing"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/adapters/gometrics"
)

var (
	nan = float32(math.NaN())
	inf = float32(math.Inf(1))
)

// TestNames checks the names and labels that result from keys and labels.
func TestNames(t *testing.T) {
	for name, tc := range map[string]struct {
		calls func(*gometrics.Sink)
		want  string
	}{
		"forbidden characters": {func(s *gometrics.Sink) {
			s.SetGauge(key("a b.c=d-e/f", "ü@", "g:h"), 1)
		}, "a_b_c_d_e_f____g:h 1\n"},
		"digit first": {func(s *gometrics.Sink) { s.SetGauge(key("9lives"), 1) }, "_9lives 1\n"},
		"invalid UTF-8": {func(s *gometrics.Sink) {
			s.SetGauge(key("a\xff"), 1)
		}, "a_ 1\n"},
		"keys that become the same": {func(s *gometrics.Sink) {
			s.IncrCounter(key("a", "b_c"), 1)
			s.IncrCounter(key("a_b", "c"), 1)
			s.IncrCounter(key("a.b.c"), 1)
		}, "a_b_c 3\n"},
		"no key": {func(s *gometrics.Sink) {
			s.SetGauge(nil, 1)
			s.SetGauge(key(""), 1)
		}, "gometrics_dropped_updates_total{reason=\"name\"} 2\n"},
		"label names differ": {func(s *gometrics.Sink) {
			s.IncrCounter(key("a"), 1)
			s.IncrCounterWithLabels(key("a"), 2, labels("x", "1"))
			s.IncrCounterWithLabels(key("a"), 3, labels("y", "1"))
			s.IncrCounterWithLabels(key("a"), 4, labels("x", "1", "y", "1"))
			s.IncrCounterWithLabels(key("a"), 5, labels("x", "2"))
		}, "a 1\na{x=\"1\"} 2\na{y=\"1\"} 3\na{x=\"2\"} 5\na{x=\"1\",y=\"1\"} 4\n"},
		"label names of samples differ": {func(s *gometrics.Sink) {
			s.AddSample(key("a"), 1)
			s.AddSampleWithLabels(key("a"), 2, labels("x", "1"))
		}, "a{quantile=\"0.5\"} 1\na{quantile=\"0.9\"} 1\na{quantile=\"0.99\"} 1\na_sum 1\na_count 1\n" +
			"a{x=\"1\",quantile=\"0.5\"} 2\na{x=\"1\",quantile=\"0.9\"} 2\na{x=\"1\",quantile=\"0.99\"} 2\na_sum{x=\"1\"} 2\na_count{x=\"1\"} 1\n"},
		"empty label": {func(s *gometrics.Sink) {
			s.IncrCounterWithLabels(key("a"), 1, labels("x", ""))
			s.IncrCounter(key("a"), 1)
		}, "a 2\n"},
		"label twice": {func(s *gometrics.Sink) {
			s.IncrCounterWithLabels(key("a"), 1, labels("x-y", "1", "x_y", "2"))
			s.IncrCounterWithLabels(key("a"), 1, labels("x", "1", "x", ""))
		}, "a 1\na{x_y=\"2\"} 1\n"},
		"label names": {func(s *gometrics.Sink) {
			s.SetGaugeWithLabels(key("a"), 1, labels("a:b.c", "1", "__name__", "2", "7", "3"))
		}, "a{_7=\"3\",_name__=\"2\",a_b_c=\"1\"} 1\n"},
		"reserved labels": {func(s *gometrics.Sink) {
			s.AddSampleWithLabels(key("a"), 1, labels("quantile", "1", "le", "2"))
		}, "a{exported_le=\"2\",exported_quantile=\"1\",quantile=\"0.5\"} 1\na{exported_le=\"2\",exported_quantile=\"1\",quantile=\"0.9\"} 1\n" +
			"a{exported_le=\"2\",exported_quantile=\"1\",quantile=\"0.99\"} 1\na_sum{exported_le=\"2\",exported_quantile=\"1\"} 1\na_count{exported_le=\"2\",exported_quantile=\"1\"} 1\n"},
		"values": {func(s *gometrics.Sink) {
			s.SetGauge(key("nan"), nan)
			s.SetGauge(key("inf"), inf)
			s.SetPrecisionGauge(key("precise"), 1<<53-1)
			s.SetPrecisionGaugeWithLabels(key("precise"), 0.1, labels("x", "1"))
			s.IncrCounter(key("a"), -1)
			s.IncrCounter(key("a"), inf)
			s.AddSample(key("b"), nan)
			s.AddSample(key("b"), -inf)
			s.EmitKey(key("c"), 1)
		}, "gometrics_dropped_updates_total{reason=\"value\"} 4\ninf +Inf\nnan NaN\nprecise 9.007199254740991e+15\nprecise{x=\"1\"} 0.1\n"},
		"caller changes its slices": {func(s *gometrics.Sink) {
			k, l := key("a", "b"), labels("x", "1")
			for _, v := range []string{"b", "c", "b"} {
				k[1] = v
				s.IncrCounterWithLabels(k, 1, l)
				l[0].Value += "0"
			}
		}, "a_b{x=\"1\"} 1\na_b{x=\"100\"} 1\na_c{x=\"10\"} 1\n"},
	} {
		t.Run(name, func(t *testing.T) {
			s, r := newSink(t, gometrics.OnError(nil))
			tc.calls(s)
			wantText(t, samples(t, r), tc.want)
		})
	}
}

// TestCollisions checks metrics with colliding names.
func TestCollisions(t *testing.T) {
	classic := gometrics.WithHistogram(metric.HistogramOpts{Buckets: []float64{1}})
	for name, tc := range map[string]struct {
		opts  []gometrics.Option
		calls func(*gometrics.Sink)
		want  []string // lines of the exposition
		says  string   // text in the only error
	}{
		"kinds": {nil, func(s *gometrics.Sink) {
			s.SetGauge(key("a"), 1)
			s.IncrCounter(key("a"), 2)
			s.SetGauge(key("a"), 3)
			s.IncrCounterWithLabels(key("a"), 4, labels("x", "1"))
		}, []string{"a 3", "a_counter 2", "a_counter{x=\"1\"} 4"}, `counter "a" is exposed as "a_counter", because the name is taken by gauge "a"`},
		"suffix of a sample": {nil, func(s *gometrics.Sink) {
			s.AddSample(key("a"), 1)
			s.SetGauge(key("a", "count"), 7)
		}, []string{"a_count 1", "a_count_gauge 7"}, `"a_count_gauge"`},
		"sample after its suffix": {nil, func(s *gometrics.Sink) {
			s.SetGauge(key("a", "sum"), 7)
			s.AddSample(key("a"), 1)
		}, []string{"a_sum 7", "a_sample_sum 1"}, `"a_sample"`},
		"bucket of a summary": {nil, func(s *gometrics.Sink) {
			s.AddSample(key("a"), 1)
			s.SetGauge(key("a", "bucket"), 7)
		}, []string{"a_sum 1", "a_bucket 7"}, ""},
		"bucket of a histogram": {[]gometrics.Option{classic}, func(s *gometrics.Sink) {
			s.AddSample(key("a"), 1)
			s.SetGauge(key("a", "bucket"), 7)
		}, []string{"a_sum 1", "a_bucket_gauge 7"}, `"a_bucket_gauge"`},
		"taken twice": {nil, func(s *gometrics.Sink) {
			s.IncrCounter(key("a", "gauge"), 1)
			s.IncrCounter(key("a"), 2)
			s.SetGauge(key("a"), 3)
		}, []string{"a_gauge 1", "a 2", `gometrics_dropped_updates_total{reason="name"} 1`}, `gauge "a" was not updated: the name is taken by counter "a", and "a_gauge" by counter "a_gauge"`},
		"name of the sink's own": {nil, func(s *gometrics.Sink) {
			s.IncrCounter(key("gometrics", "dropped", "updates", "total"), 1)
		}, []string{"gometrics_dropped_updates_total_counter 1"}, "the sink itself"},
		"total": {[]gometrics.Option{gometrics.WithTotal()}, func(s *gometrics.Sink) {
			s.IncrCounter(key("a"), 1)
			s.SetGauge(key("a"), 2)
			s.IncrCounter(key("b", "total"), 3)
		}, []string{"a_total 1", "a 2", "b_total 3"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			var f failures
			s, r := newSink(t, append(tc.opts, gometrics.OnError(f.add))...)
			tc.calls(s)
			text := "\n" + samples(t, r)
			for _, line := range tc.want {
				if !strings.Contains(text, "\n"+line+"\n") {
					t.Errorf("%q is missing in%s", line, text)
				}
			}
			if (tc.says == "") != (len(f.list) == 0) || len(f.list) > 1 || tc.says != "" && !strings.Contains(f.list[0], tc.says) {
				t.Errorf("errors: %q, want %q", f.list, tc.says)
			}
		})
	}
}
