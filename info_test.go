package metric_test

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric"
)

// inEachFormat returns the exposition of g in the text format and in OpenMetrics, without comments
// except TYPE lines.
func inEachFormat(t *testing.T, g metric.Gatherer) (text, openMetrics []string) {
	t.Helper()
	lines := func(accept string) (kept []string) {
		body, log := served(t, g, accept)
		if log != "" {
			t.Errorf("logged: %s", log)
		}
		for line := range strings.Lines(body) {
			if !strings.HasPrefix(line, "# ") || strings.HasPrefix(line, "# TYPE") {
				kept = append(kept, strings.TrimSuffix(line, "\n"))
			}
		}
		return kept
	}
	return lines("text/plain;version=0.0.4"), lines(openMetricsText)
}

func wantLines(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s:\n\t%s\nwant\n\t%s", what, strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

func TestInfo(t *testing.T) {
	for _, name := range []string{"build", "build_info"} {
		t.Run(name, func(t *testing.T) {
			info := metric.NewInfo(metric.InfoOpts{
				Namespace: "app", Name: name, ConstLabels: metric.Labels{"b": "c"},
			}, metric.Labels{"version": "1", "commit": ""})
			r := registered(t, info)
			text, openMetrics := inEachFormat(t, r)
			wantLines(t, "text", text, "# TYPE app_build_info gauge", `app_build_info{b="c",commit="",version="1"} 1`)
			wantLines(t, "OpenMetrics", openMetrics, "# TYPE app_build info", `app_build_info{b="c",commit="",version="1"} 1.0`)

			labels := metric.Labels{"version": "2", "commit": "abc"}
			info.Set(labels)
			labels["version"] = "changed" // The map belongs to the caller.
			if got, want := info.Labels(), (metric.Labels{"version": "2", "commit": "abc"}); !maps.Equal(got, want) {
				t.Errorf("the labels are %v, want %v", got, want)
			}
			f := mustGather(t, r)
			wantLines(t, "gathered", seriesOf(f), `app_build_info{b="c",commit="abc",version="2"}`)
			if f[0].GetType().String() != "GAUGE" || f[0].GetMetric()[0].GetGauge().GetValue() != 1 {
				t.Errorf("gathered %v", f)
			}
			if metric.Value(info) != 1 {
				t.Errorf("the value is %v", metric.Value(info))
			}
		})
	}
}

func TestInfoVec(t *testing.T) {
	infos := metric.NewInfoVec(metric.InfoOpts{Name: "disk"}, []string{"disk"}, []string{"firmware", "Model"})
	r := registered(t, infos)
	infos.WithLabelValues("unset")
	if families, err := r.Gather(); len(families) > 0 || err != nil {
		t.Errorf("before they are set: %v, %v", families, err)
	}
	infos.WithLabelValues("a").Set(metric.Labels{"firmware": "1", "Model": "Z"})
	infos.With(metric.Labels{"disk": "b"}).Set(metric.Labels{"firmware": "2", "Model": "A"})
	infos.MustCurryWith(metric.Labels{"disk": "c"}).WithLabelValues().Set(metric.Labels{"firmware": "3", "Model": "A"})
	sorted := []string{
		`disk_info{Model="A",disk="b",firmware="2"}`, `disk_info{Model="A",disk="c",firmware="3"}`, `disk_info{Model="Z",disk="a",firmware="1"}`,
	}
	wantLines(t, "gathered", seriesOf(mustGather(t, r)), sorted...)
	theirs := prometheus.NewPedanticRegistry()
	theirs.MustRegister(infos)
	wantLines(t, "gathered by client_golang", seriesOf(mustGather(t, theirs)), sorted...)

	if infos.WithLabelValues("unset").Labels() != nil {
		t.Error("an info has labels that has not been set")
	}
	if !infos.DeleteLabelValues("b") || infos.DeletePartialMatch(metric.Labels{"disk": "c"}) != 1 {
		t.Error("nothing was deleted")
	}
	wantLines(t, "after deleting", seriesOf(mustGather(t, r)), sorted[2:]...)
	infos.Reset()
	if families, err := r.Gather(); len(families) > 0 || err != nil {
		t.Errorf("after Reset: %v, %v", families, err)
	}

	plain := metric.NewInfoVec(metric.InfoOpts{Name: "plain"}, []string{"a"}, nil)
	plain.WithLabelValues("1")
	wantLines(t, "without info labels", seriesOf(mustGather(t, registered(t, plain))), `plain_info{a="1"}`)
}

func TestConstrainedInfos(t *testing.T) {
	infos := metric.V2.NewInfoVec(metric.InfoVecOpts{
		InfoOpts:       metric.InfoOpts{Name: "disk"},
		VariableLabels: metric.ConstrainedLabels{{Name: "disk", Constraint: strings.ToLower}},
		InfoLabels:     []string{"model"},
	})
	infos.WithLabelValues("SDA").Set(metric.Labels{"model": "X"})
	wantLines(t, "gathered", seriesOf(mustGather(t, registered(t, infos))), `disk_info{disk="sda",model="X"}`)
}

func TestInfoMisuse(t *testing.T) {
	info := metric.NewInfo(metric.InfoOpts{Name: "build"}, metric.Labels{"version": "1", "commit": "a"})
	for _, test := range []struct {
		labels metric.Labels
		want   string
	}{
		{nil, `label name "commit" is missing`},
		{metric.Labels{"version": "1", "comit": "x"}, `label name "commit" is missing`},
		{metric.Labels{"version": "1", "commit": "x", "more": ""}, `unknown label names ["more"]`},
		{metric.Labels{"version": "\xff", "commit": "x"}, `label version: value "\xff" is not valid UTF-8`},
	} {
		want := `info "build_info", which takes the info labels ["commit" "version"]: ` + test.want
		if err := info.TrySet(test.labels); err == nil || err.Error() != want {
			t.Errorf("TrySet(%v) = %v, want %s", test.labels, err, want)
		}
		if got := panicMessage(t, func() { info.Set(test.labels) }); got != want {
			t.Errorf("Set(%v) panics with %s, want %s", test.labels, got, want)
		}
	}
	if got := info.Labels(); got["version"] != "1" || got["commit"] != "a" {
		t.Errorf("the labels have become %v", got)
	}
	for name, c := range map[string]metric.Collector{
		"no name":         metric.NewInfo(metric.InfoOpts{}, nil),
		"only the suffix": metric.NewInfo(metric.InfoOpts{Name: "_info"}, nil),
		"not UTF-8":       metric.NewInfo(metric.InfoOpts{Name: "a"}, metric.Labels{"a": "\xff"}),
		"label twice":     metric.NewInfo(metric.InfoOpts{Name: "a", ConstLabels: metric.Labels{"a": ""}}, metric.Labels{"a": "1"}),
		"reserved label":  metric.NewInfo(metric.InfoOpts{Name: "a"}, metric.Labels{"__a": "1"}),
		"both kinds":      metric.NewInfoVec(metric.InfoOpts{Name: "a"}, []string{"a"}, []string{"a"}),
	} {
		if err := metric.NewRegistry().Register(c); err == nil {
			t.Errorf("%s: it was registered", name)
		} else {
			t.Log(err)
		}
	}
}

// TestInfoIsWhole checks that a scrape has exactly one series of an info, with labels of a single Set
// call.
func TestInfoIsWhole(t *testing.T) {
	values := []string{"1", "2", "3"}
	info := metric.NewInfo(metric.InfoOpts{Name: "a"}, metric.Labels{"x": "1", "y": "1"})
	infos := metric.NewInfoVec(metric.InfoOpts{Name: "b"}, []string{"l"}, []string{"x", "y"})
	r := registered(t, info)
	r.MustRegister(infos)
	theirs := prometheus.NewRegistry()
	theirs.MustRegister(info, infos)
	whileChanging(t, func(i int) {
		buf := []byte(values[i%3])
		labels := metric.Labels{"x": string(buf), "y": string(buf)}
		info.Set(labels)
		infos.WithLabelValues("1").Set(labels)
	}, func() {
		for _, g := range []metric.Gatherer{r, theirs} {
			families := mustGather(t, g)
			for _, f := range families {
				if len(f.GetMetric()) != 1 {
					t.Errorf("there are %d series of %s", len(f.GetMetric()), f.GetName())
				}
				l := f.GetMetric()[0].GetLabel()
				if x, y := l[len(l)-2], l[len(l)-1]; x.GetValue() != y.GetValue() || x.GetName() != "x" {
					t.Errorf("torn: %v", l)
				}
			}
		}
	})
}

// whileChanging calls change from several goroutines until check has been called many times.
func whileChanging(t *testing.T, change func(i int), check func()) {
	t.Helper()
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for g := range 3 {
		wg.Go(func() {
			for i := g; ; i++ {
				select {
				case <-stop:
					return
				default:
					change(i)
				}
			}
		})
	}
	for range 200 {
		check()
	}
	close(stop)
	wg.Wait()
}
