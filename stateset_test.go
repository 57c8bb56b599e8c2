package metric_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric"
)

func TestStateSet(t *testing.T) {
	state := metric.NewStateSet(metric.StateSetOpts{
		Namespace: "app", Name: "state", ConstLabels: metric.Labels{"z": "1"}, States: []string{"starting", "running", "a \"b\""},
	})
	r := registered(t, state)
	check := func(only string, on ...string) {
		t.Helper()
		var want []string
		for _, s := range []string{"starting", "running", "a \"b\""} {
			value := "0"
			if slices.Contains(on, s) {
				value = "1"
			}
			want = append(want, fmt.Sprintf(`app_state{app_state=%q,z="1"} %s`, s, value))
			if got := state.Has(s); got != slices.Contains(on, s) {
				t.Errorf("Has(%s) = %v", s, got)
			}
		}
		text, openMetrics := inEachFormat(t, r)
		wantLines(t, "text", text, append([]string{"# TYPE app_state gauge"}, want...)...)
		for i := range want {
			want[i] += ".0"
		}
		wantLines(t, "OpenMetrics", openMetrics, append([]string{"# TYPE app_state stateset"}, want...)...)
		if got := state.State(); got != only {
			t.Errorf("State() = %q, want %q", got, only)
		}
	}
	check("")
	state.Set("starting")
	check("starting", "starting")
	state.Set("running")
	check("running", "running")
	state.Enable("a \"b\"")
	check("", "running", "a \"b\"")
	state.Disable("running")
	state.Disable("running")
	check("a \"b\"", "a \"b\"")
	if err := state.TrySet("starting"); err != nil {
		t.Error(err)
	}
	check("starting", "starting")
	if state.Has("unknown") {
		t.Error("it has an unknown state")
	}
}

func TestStateSetVec(t *testing.T) {
	names := []string{"up", "down"}
	states := metric.NewStateSetVec(metric.StateSetOpts{Name: "link", States: names, Initial: "down"}, []string{"a", "z"})
	names[0] = "changed" // The slice belongs to the caller.
	r := registered(t, states)
	states.WithLabelValues("1", "2").Set("up")
	states.With(metric.Labels{"a": "0", "z": "3"})
	states.MustCurryWith(metric.Labels{"z": "4"}).WithLabelValues("0").Enable("up")
	want := []string{
		`link{a="0",link="up",z="3"}`, `link{a="0",link="down",z="3"}`,
		`link{a="0",link="up",z="4"}`, `link{a="0",link="down",z="4"}`,
		`link{a="1",link="up",z="2"}`, `link{a="1",link="down",z="2"}`,
	}
	families := mustGather(t, r)
	wantLines(t, "gathered", seriesOf(families), want...)
	var values []float64
	for _, m := range families[0].GetMetric() {
		values = append(values, m.GetGauge().GetValue())
	}
	if !slices.Equal(values, []float64{0, 1, 1, 1, 1, 0}) {
		t.Errorf("the values are %v", values)
	}
	theirs := prometheus.NewPedanticRegistry()
	theirs.MustRegister(states)
	sorted := seriesOf(mustGather(t, theirs))
	slices.Sort(sorted)
	slices.Sort(want)
	wantLines(t, "gathered by client_golang", sorted, want...)

	if !states.DeleteLabelValues("1", "2") || states.DeletePartialMatch(metric.Labels{"a": "0"}) != 2 {
		t.Error("nothing was deleted")
	}
	if families, err := r.Gather(); len(families) > 0 || err != nil {
		t.Errorf("after deleting: %v, %v", families, err)
	}
	if m, err := states.MetricVec.GetMetricWithLabelValues("1", "2"); err != nil || m.Write(nil) == nil {
		t.Errorf("a state set writes itself as one metric (error %v)", err)
	}
}

func TestStateSetMisuse(t *testing.T) {
	state := metric.NewStateSet(metric.StateSetOpts{Name: "s", States: []string{"on", "off"}, Initial: "on"})
	const want = `state set "s": unknown state "x": the states are ["on" "off"]`
	if err := state.TrySet("x"); err == nil || err.Error() != want {
		t.Errorf("TrySet returns %v, want %s", err, want)
	}
	for name, f := range map[string]func(string){"Set": state.Set, "Enable": state.Enable, "Disable": state.Disable} {
		if got := panicMessage(t, func() { f("x") }); got != want {
			t.Errorf("%s panics with %s, want %s", name, got, want)
		}
	}
	if state.State() != "on" {
		t.Errorf("the state has become %q", state.State())
	}
	many := make([]string, 65)
	for i := range many {
		many[i] = fmt.Sprint(i)
	}
	for _, test := range []struct {
		opts   metric.StateSetOpts
		labels []string
		want   string
	}{
		{metric.StateSetOpts{Name: "s"}, nil, "it has no states"},
		{metric.StateSetOpts{Name: "s", States: many}, nil, "it has 65 states, but at most 64 are allowed"},
		{metric.StateSetOpts{Name: "s", States: []string{"a", "b", "a"}}, nil, `it has the state "a" twice`},
		{metric.StateSetOpts{Name: "s", States: []string{"a", ""}}, nil, "one of its states is empty"},
		{metric.StateSetOpts{Name: "s", States: []string{"\xff"}}, nil, "not valid UTF-8"},
		{metric.StateSetOpts{Name: "s", States: []string{"a"}, Initial: "b"}, nil, `unknown state "b"`},
		{metric.StateSetOpts{Name: "a:s", States: []string{"a"}}, nil, "has a colon"},
		{metric.StateSetOpts{Name: "__s", States: []string{"a"}}, nil, "not a valid label name"},
		{metric.StateSetOpts{Name: "s", States: []string{"a"}}, []string{"s"}, "a label with its own name"},
		{metric.StateSetOpts{Name: "s", States: []string{"a"}, ConstLabels: metric.Labels{"s": "x"}}, nil, "a label with its own name"},
		{metric.StateSetOpts{States: []string{"a"}}, nil, "not a valid metric name"},
	} {
		vec := metric.NewStateSetVec(test.opts, test.labels)
		if err := metric.NewRegistry().Register(vec); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("registering a vector with %+v: %v, want %s", test.opts, err, test.want)
		}
		if len(test.labels) > 0 {
			continue
		}
		if err := metric.NewRegistry().Register(metric.NewStateSet(test.opts)); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("registering %+v: %v, want %s", test.opts, err, test.want)
		}
	}
	all := metric.NewStateSet(metric.StateSetOpts{Name: "s", States: many[:64]})
	all.Set("63")
	if families := mustGather(t, registered(t, all)); len(families[0].GetMetric()) != 64 || all.State() != "63" {
		t.Errorf("of 64 states, %d were gathered", len(families[0].GetMetric()))
	}
}

// TestStateSetIsWhole checks that a scrape has all states of a state set as they were at one
// moment.
func TestStateSetIsWhole(t *testing.T) {
	names := []string{"a", "b", "c"}
	opts := metric.StateSetOpts{Name: "s", States: names, Initial: "a"}
	state := metric.NewStateSet(opts)
	opts.Name = "v"
	states := metric.NewStateSetVec(opts, []string{"l"})
	r := registered(t, state)
	r.MustRegister(states)
	theirs := prometheus.NewRegistry()
	theirs.MustRegister(state, states)
	wrapped := prometheus.NewRegistry()
	metric.WrapRegistererWithPrefix("p_", wrapped).MustRegister(state, states)
	whileChanging(t, func(i int) {
		state.Set(names[i%3])
		states.WithLabelValues("1").Set(names[i%3])
	}, func() {
		for _, g := range []metric.Gatherer{r, theirs, wrapped} {
			for _, f := range mustGather(t, g) {
				sum := 0.0
				for _, m := range f.GetMetric() {
					sum += m.GetGauge().GetValue()
				}
				if len(f.GetMetric()) != 3 || sum != 1 {
					t.Errorf("torn: %v", f)
				}
			}
		}
	})
}

// TestStateSetConcurrently checks that a change of one state does not undo a concurrent change of another.
func TestStateSetConcurrently(t *testing.T) {
	names := []string{"a", "b", "c"}
	state := metric.NewStateSet(metric.StateSetOpts{Name: "s", States: names})
	var wg sync.WaitGroup
	for _, name := range names {
		wg.Go(func() {
			for range 1000 {
				state.Disable(name)
				state.Enable(name)
				if !state.Has(name) {
					t.Errorf("%s is off", name)
				}
			}
		})
	}
	wg.Wait()
}

// TestWrappedStateSet checks that the label for the state has the name of the family with all
// prefixes.
func TestWrappedStateSet(t *testing.T) {
	newVec := func() *metric.StateSetVec {
		v := metric.NewStateSetVec(metric.StateSetOpts{Name: "state", States: []string{"on"}, Initial: "on"}, []string{"l"})
		v.WithLabelValues("v")
		return v
	}
	labels := metric.Labels{"a": "b"}
	const prefixed = `p_state{a="b",l="v",p_state="on"}`
	for name, build := range map[string]func(t *testing.T) metric.Gatherer{
		"in our registry": func(*testing.T) metric.Gatherer {
			r := metric.NewPedanticRegistry()
			metric.WrapRegistererWith(labels, metric.WrapRegistererWithPrefix("p_", r)).MustRegister(newVec())
			return r
		},
		"their wrapping, our registry": func(*testing.T) metric.Gatherer {
			r := metric.NewPedanticRegistry()
			prometheus.WrapRegistererWithPrefix("p_", prometheus.WrapRegistererWith(labels, r)).MustRegister(newVec())
			return r
		},
		"our wrapping, their registry": func(*testing.T) metric.Gatherer {
			r := prometheus.NewPedanticRegistry()
			metric.WrapRegistererWith(labels, metric.WrapRegistererWithPrefix("p_", r)).MustRegister(newVec())
			return r
		},
		"a registry behind wrappings": func(*testing.T) metric.Gatherer {
			inner, r := metric.NewContextRegistry(), metric.NewPedanticRegistry()
			inner.MustRegister(newVec())
			metric.WrapRegistererWith(labels, metric.WrapRegistererWithPrefix("p_", r)).MustRegister(inner)
			return r
		},
		"a wrapped collector": func(*testing.T) metric.Gatherer {
			r := metric.NewPedanticRegistry()
			r.MustRegister(metric.WrapCollectorWithPrefix("p_", metric.WrapCollectorWith(labels, newVec())))
			return r
		},
	} {
		t.Run(name, func(t *testing.T) {
			wantLines(t, "gathered", seriesOf(mustGather(t, build(t))), prefixed)
		})
	}

	inner := metric.NewRegistry()
	inner.MustRegister(newVec())
	theirs := prometheus.NewPedanticRegistry()
	theirs.MustRegister(inner)
	wantLines(t, "our registry in theirs", seriesOf(mustGather(t, theirs)), `state{l="v",state="on"}`)
}

// TestStateSetBehindBadWrappings checks that a state set cannot get a second label with its name,
// nor a name that is not valid for a label.
func TestStateSetBehindBadWrappings(t *testing.T) {
	newSet := func(labels metric.Labels) metric.StateSet {
		return metric.NewStateSet(metric.StateSetOpts{Name: "state", ConstLabels: labels, States: []string{"on"}})
	}
	taken := metric.Labels{"p_state": "x"}
	for name, test := range map[string]struct {
		set  metric.StateSet
		wrap func(metric.Registerer) metric.Registerer
		want string
	}{
		"a label of its own": {newSet(taken), func(r metric.Registerer) metric.Registerer { return metric.WrapRegistererWithPrefix("p_", r) }, "p_state"},
		"a label that is added": {newSet(nil), func(r metric.Registerer) metric.Registerer {
			return metric.WrapRegistererWithPrefix("p_", metric.WrapRegistererWith(taken, r))
		}, "p_state"},
		"a prefix with a colon": {newSet(nil), func(r metric.Registerer) metric.Registerer { return metric.WrapRegistererWithPrefix("p:", r) }, "colon"},
	} {
		t.Run(name, func(t *testing.T) {
			for kind, r := range map[string]metric.Registerer{"ours": metric.NewRegistry(), "theirs": prometheus.NewRegistry()} {
				if err := test.wrap(r).Register(test.set); err == nil || !strings.Contains(err.Error(), test.want) {
					t.Errorf("%s: it was registered, with error %v", kind, err)
				}
			}
			outer, inner := metric.NewRegistry(), metric.NewContextRegistry()
			inner.MustRegister(test.set, counterNamed("good"))
			if err := test.wrap(outer).Register(inner); err != nil {
				return // Registering reports it already.
			}
			families, err := outer.Gather()
			if len(families) != 1 || !strings.HasSuffix(families[0].GetName(), "good") || err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("inside of a registry: %v, error %v", seriesOf(families), err)
			}
		})
	}
}
