package metric_test

import (
	"maps"
	"testing"

	"github.com/luxfi/metric"
)

func TestStateMetrics(t *testing.T) {
	reg := metric.NewContextRegistry()
	m := metric.NewWithRegistry("app", reg)
	labels, states := metric.Labels{"version": "1"}, []string{"on", "off"}
	info := metric.NewInfoIn(m, "build", "The program.", labels)
	infos := metric.NewInfoVecIn(m, "disk", "Disks.", []string{"disk"}, []string{"model"})
	state := metric.NewStateSetIn(m, "state", "What it does.", states)
	sets := metric.NewStateSetVecIn(m, "link", "Links.", []string{"link"}, states)
	infos.WithLabelValues("sda").Set(metric.Labels{"model": "X"})
	sets.WithLabelValues("eth0").Set("on")
	wantLines(t, "gathered", seriesOf(mustGather(t, reg)),
		`app_build_info{version="1"}`, `app_disk_info{disk="sda",model="X"}`,
		`app_link{app_link="on",link="eth0"}`, `app_link{app_link="off",link="eth0"}`,
		`app_state{app_state="on"}`, `app_state{app_state="off"}`)

	info.Set(metric.Labels{"version": "2"})
	again := metric.NewWithRegistry("app", reg)
	if metric.NewInfoIn(again, "build", "The program.", labels) != info ||
		metric.NewInfoVecIn(again, "disk", "Disks.", []string{"disk"}, []string{"model"}) != infos ||
		metric.NewStateSetIn(again, "state", "What it does.", states) != state ||
		metric.NewStateSetVecIn(again, "link", "Links.", []string{"link"}, states) != sets {
		t.Error("a name that is asked for again is another instrument")
	}
	for name, test := range map[string]struct {
		again func()
		want  string
	}{
		"other values": {
			func() { metric.NewInfoIn(m, "build", "The program.", metric.Labels{"version": "3"}) },
			`metric: "app_build_info" is an info with help "The program.", info labels [version], values version="1" already, ` +
				`and cannot be an info with help "The program.", info labels [version], values version="3" too: they differ in values`,
		},
		"other states": {
			func() { metric.NewStateSetIn(m, "state", "What it does.", []string{"on"}) },
			`metric: "app_state" is a state set with help "What it does.", states ["on" "off"] already, ` +
				`and cannot be a state set with help "What it does.", states ["on"] too: they differ in states`,
		},
		"other info labels": {
			func() { metric.NewInfoVecIn(m, "disk", "Disks.", []string{"disk"}, []string{"size"}) },
			`metric: "app_disk_info" is an info vector with help "Disks.", labels [disk], info labels [model] already, ` +
				`and cannot be an info vector with help "Disks.", labels [disk], info labels [size] too: they differ in info labels`,
		},
		"no states": {
			func() { metric.NewStateSetIn(m, "other", "", nil) },
			`metric: cannot make "app_other": state set "app_other": it has no states`,
		},
		"other Metrics": {
			func() { metric.NewInfoIn(otherMetrics{m}, "x", "", nil) },
			`metric: cannot make "x": the Metrics (metric_test.otherMetrics) do not implement StateMetrics`,
		},
	} {
		if got := panicMessage(t, test.again); got != test.want {
			t.Errorf("%s: panic with\n%s, want\n%s", name, got, test.want)
		}
	}
}

// TestNoOpStates checks that no-op infos and state sets accept all calls, remember valid values,
// and are not exposed.
func TestNoOpStates(t *testing.T) {
	m := metric.NewNoOp()
	info := metric.NewInfoIn(m, "build", "", metric.Labels{"version": "1"})
	info.Set(metric.Labels{"version": "2"})
	info.Set(metric.Labels{"other": "3"})
	if got := metric.NewInfoIn(m, "build", "", nil).Labels(); !maps.Equal(got, metric.Labels{"version": "2"}) || info.TrySet(nil) != nil {
		t.Errorf("the labels are %v", got)
	}
	infos := metric.NewInfoVecIn(m, "disk", "", []string{"disk"}, []string{"model"})
	infos.WithLabelValues("sda").Set(metric.Labels{"model": "X"})
	infos.WithLabelValues().Set(nil)
	if got := infos.With(metric.Labels{"disk": "sda"}).Labels(); got["model"] != "X" || infos.WithLabelValues("sdb").Labels() != nil {
		t.Errorf("the labels in the vector are %v", got)
	}
	state := metric.NewStateSetIn(m, "state", "", []string{"on", "off"})
	state.Set("on")
	state.Set("other")
	state.Enable("other")
	state.Disable("other")
	if state.TrySet("other") != nil || state.State() != "on" || state.Has("off") {
		t.Errorf("the state is %q", state.State())
	}
	sets := metric.NewStateSetVecIn(m, "link", "", []string{"link"}, []string{"on", "off"})
	sets.WithLabelValues("eth0").Enable("off")
	sets.WithLabelValues("too", "many").Set("on")
	if sets.MustCurryWith(metric.Labels{"link": "eth0"}).WithLabelValues().State() != "off" || sets.WithLabelValues("too", "many").State() != "" {
		t.Error("the vector has not kept the state")
	}
	var zero metric.StateSetVec
	zero.WithLabelValues("x").Set("y")
	new(metric.InfoVec).WithLabelValues("x").Set(nil)
	r := metric.NewRegistry()
	for range 2 {
		r.MustRegister(info, infos, state, sets)
	}
	if families, err := r.Gather(); len(families) > 0 || err != nil {
		t.Errorf("gathered %v, %v", families, err)
	}
	if n := testing.AllocsPerRun(100, func() { state.Set("on"); sets.WithLabelValues("eth0").Set("on") }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}
