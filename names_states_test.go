package metric_test

import (
	"strings"
	"testing"

	"github.com/luxfi/metric"
)

// TestNamesOfStates checks law 13 for infos and state sets: of two families, or two labels, that a
// reader would take for one, only the first is served, and the other is reported.
func TestNamesOfStates(t *testing.T) {
	gauge := func(name string) metric.Collector {
		g := metric.NewGauge(metric.GaugeOpts{Name: name})
		g.Set(1)
		return g
	}
	state := func(name string, labels metric.Labels) metric.Collector {
		return metric.NewStateSet(metric.StateSetOpts{Name: name, States: []string{"on"}, ConstLabels: labels, Initial: "on"})
	}
	info := func(name string) metric.Collector { return metric.NewInfo(metric.InfoOpts{Name: name}, nil) }
	histogram := metric.NewHistogram(metric.HistogramOpts{Name: "h", Buckets: []float64{1}})
	for name, test := range map[string]struct {
		collectors []metric.Collector
		served     string // the one of the two families that is served
		reported   string
	}{
		"info and gauge":      {[]metric.Collector{info("a.b"), gauge("a_b_info")}, "a_b_info 1.0", "a.b_info"},
		"state set and gauge": {[]metric.Collector{state("a.b", nil), gauge("a_b")}, "a_b 1.0", "a.b"},
		"state sets":          {[]metric.Collector{state("a.b", nil), state("a_b", nil)}, `a_b{a_b="on"} 1.0`, "a.b"},
		"labels of a state set": {
			[]metric.Collector{state("a.b", metric.Labels{"a_b": "x"}), gauge("other")}, "other 1.0", "two or more labels are named a_b",
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := metric.NewRegistry()
			r.MustRegister(test.collectors...)
			body, log := served(t, r, openMetricsText)
			var lines []string
			for line := range strings.Lines(body) {
				if !strings.HasPrefix(line, "#") {
					lines = append(lines, strings.TrimSpace(line))
				}
			}
			wantLines(t, "served", lines, test.served)
			if !strings.Contains(log, test.reported) {
				t.Errorf("reported: %s, want something about %s", log, test.reported)
			}
		})
	}
	t.Run("suffix", func(t *testing.T) {
		r := metric.NewRegistry()
		r.MustRegister(histogram)
		if err := r.Register(state("h_count", nil)); err == nil || !strings.Contains(err.Error(), `state set "h_count"`) {
			t.Errorf("registered beside a histogram: %v", err)
		}
	})
}

// TestGaugesOfOtherProcesses checks that families that another process has served as gauges are
// served together with the infos and state sets of this one.
func TestGaugesOfOtherProcesses(t *testing.T) {
	build := func(pod string) *metric.ContextRegistry {
		r := metric.NewContextRegistry()
		m := metric.NewWithRegistry("app", r, metric.WithConstLabels(metric.Labels{"pod": pod}))
		metric.NewInfoIn(m, "build", "", metric.Labels{"version": "1"})
		metric.NewStateSetIn(m, "state", "", []string{"off", "on"}).Set("on")
		return r
	}
	here, there := build("here"), build("there")
	both := metric.Gatherers{here, metric.GathererFunc(there.Gather)}
	text, openMetrics := inEachFormat(t, both)
	want := []string{
		"# TYPE app_build_info gauge", `app_build_info{pod="here",version="1"} 1`, `app_build_info{pod="there",version="1"} 1`,
		"# TYPE app_state gauge",
		`app_state{app_state="off",pod="here"} 0`, `app_state{app_state="off",pod="there"} 0`,
		`app_state{app_state="on",pod="here"} 1`, `app_state{app_state="on",pod="there"} 1`,
	}
	wantLines(t, "text", text, want...)
	for i, line := range want {
		if !strings.HasPrefix(line, "#") {
			want[i] += ".0"
		}
	}
	wantLines(t, "OpenMetrics", openMetrics, want...)
}
