package metric_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric"
)

// TestRegisterLikeClientGolang checks that both registries refuse the same collectors.
func TestRegisterLikeClientGolang(t *testing.T) {
	multi := func(names ...string) metric.Collector { return metric.NewCollectorFunc(describing(names...), nil) }
	inconsistent := func(help string, labels ...string) metric.Collector {
		return metric.NewGaugeVec(metric.GaugeOpts{Name: "a", Help: help}, labels)
	}
	for name, cs := range map[string][]metric.Collector{
		"equal":              {counterNamed("a"), counterNamed("a")},
		"same":               {inconsistent("h", "l"), inconsistent("h", "l")},
		"other label":        {inconsistent("h", "l"), inconsistent("h", "m")},
		"other help":         {inconsistent("h", "l"), inconsistent("i", "l")},
		"other const label":  {counterNamed("a"), metric.NewCounter(metric.CounterOpts{Name: "a", Help: "h", ConstLabels: metric.Labels{"l": "v"}})},
		"const values":       {metric.NewCounter(metric.CounterOpts{Name: "a", Help: "h", ConstLabels: metric.Labels{"l": "v"}}), metric.NewCounter(metric.CounterOpts{Name: "a", Help: "h", ConstLabels: metric.Labels{"l": "w"}})},
		"invalid name":       {counterNamed("")},
		"invalid UTF-8 name": {counterNamed("\xff")},
		"invalid label":      {inconsistent("h", "__l")},
		"twice in one":       {multi("a", "a")},
		"part is there":      {counterNamed("a"), multi("a", "b")},
	} {
		t.Run(name, func(t *testing.T) {
			ours, theirs := metric.NewRegistry(), prometheus.NewRegistry()
			for _, c := range cs {
				got, want := ours.Register(c), theirs.Register(c)
				if fmt.Sprint(got) != fmt.Sprint(want) {
					t.Errorf("got error %q, want %q", got, want)
				}
				gotAlready, ok1 := errors.AsType[metric.AlreadyRegisteredError](got)
				wantAlready, ok2 := errors.AsType[metric.AlreadyRegisteredError](want)
				if ok1 != ok2 || gotAlready != wantAlready {
					t.Errorf("got error %#v, want %#v", got, want)
				}
			}
			for _, c := range cs {
				if got, want := ours.Unregister(c), theirs.Unregister(c); got != want {
					t.Errorf("Unregister returned %v, want %v", got, want)
				}
			}
			if names := cs[0]; names != nil {
				if got, want := ours.Register(cs[0]), theirs.Register(cs[0]); fmt.Sprint(got) != fmt.Sprint(want) {
					t.Errorf("registered again: got error %q, want %q", got, want)
				}
			}
		})
	}
}

// TestRegisterNil checks that a nil collector is refused.
func TestRegisterNil(t *testing.T) {
	r := metric.NewRegistry()
	if r.Register(nil) == nil || r.Unregister(nil) {
		t.Error("a nil collector was accepted")
	}
}

// TestMustRegisterPanics checks that MustRegister panics with the error of Register.
func TestMustRegisterPanics(t *testing.T) {
	r := metric.NewRegistry()
	defer func() {
		err, _ := recover().(error)
		if _, ok := errors.AsType[metric.AlreadyRegisteredError](err); !ok {
			t.Errorf("it panicked with %v", err)
		}
	}()
	r.MustRegister(counterNamed("a"), counterNamed("a"))
}

// TestCollectorNamesAreUnique checks that a name belongs to one collector, and that the collector
// can be removed by it.
func TestCollectorNamesAreUnique(t *testing.T) {
	r := metric.NewContextRegistry()
	if err := r.RegisterWith(counterNamed("a"), metric.WithName("x")); err != nil {
		t.Fatal(err)
	}
	if err := r.RegisterWith(counterNamed("b"), metric.WithName("x")); err == nil || !strings.Contains(err.Error(), `"x"`) {
		t.Errorf("got error %v", err)
	}
	if err := r.Register(counterNamed("b")); err != nil {
		t.Errorf("what was refused is still there: %v", err)
	}
	if r.UnregisterNamed("y") || !r.UnregisterNamed("x") || r.UnregisterNamed("x") {
		t.Error("UnregisterNamed removed something else than what was there")
	}
	families, err := r.Gather()
	wantFamilies(t, families, []string{"b"})
	if err != nil {
		t.Error(err)
	}
	// Unchecked collectors, too, can only be removed by name.
	if err := r.RegisterWith(metric.CollectorWithContextFunc(func(context.Context, chan<- metric.Metric) {}), metric.WithName("x")); err != nil {
		t.Error(err)
	}
	if !r.UnregisterNamed("x") {
		t.Error("the unchecked collector was not there")
	}
}

// TestStreamFamiliesAreNotShared checks that no other collector of a registry can have a family of
// a stream collector, because the stream collector writes its family in one go.
func TestStreamFamiliesAreNotShared(t *testing.T) {
	stream := func(name string) metric.Collector {
		return streamOf(name, func(context.Context, *metric.Sink) error { return nil })
	}
	labeled := metric.NewCounter(metric.CounterOpts{Name: "a", Help: "Of a test.", ConstLabels: metric.Labels{"l": "v"}})
	sibling := metric.NewGauge(metric.GaugeOpts{Name: "a", Help: "Of a test.", ConstLabels: metric.Labels{"l": "w"}})
	t.Run("stream first", func(t *testing.T) {
		r := metric.NewContextRegistry()
		r.MustRegister(streamWith(nil, metric.NewDesc("a", "Of a test.", nil, metric.Labels{"l": "x"})))
		if err := r.Register(labeled); err == nil || !strings.Contains(err.Error(), `"a"`) {
			t.Errorf("got error %v", err)
		}
		if err := r.Register(counterNamed("b")); err != nil {
			t.Error(err)
		}
	})
	t.Run("stream last", func(t *testing.T) {
		r := metric.NewContextRegistry()
		r.MustRegister(labeled)
		if err := r.Register(streamWith(nil, metric.NewDesc("a", "Of a test.", nil, metric.Labels{"l": "x"}))); err == nil {
			t.Error("a family was shared")
		}
		if err := r.Register(sibling); err != nil {
			t.Errorf("what was refused is still there: %v", err)
		}
	})
	t.Run("describes nothing", func(t *testing.T) {
		r := metric.NewContextRegistry()
		if err := r.Register(streamWith(nil)); err == nil {
			t.Error("an unchecked stream collector was accepted")
		}
	})
	t.Run("unregistered", func(t *testing.T) {
		r := metric.NewContextRegistry()
		c := stream("a")
		r.MustRegister(c)
		if !r.Unregister(c) {
			t.Fatal("it was not there")
		}
		if err := r.Register(plain{"a", func(chan<- metric.Metric) {}}); err != nil {
			t.Error(err)
		}
	})
}

// TestPedantic checks that only a pedantic registry reports samples that do not match the announced
// descriptors.
func TestPedantic(t *testing.T) {
	announced := metric.NewDesc("a", "h", []string{"l"}, nil)
	for name, tc := range map[string]struct {
		metric  metric.Metric
		problem string
	}{
		"as announced": {metric.MustNewConstMetric(announced, metric.GaugeValue, 1, "v"), ""},
		"equal":        {metric.MustNewConstMetric(metric.NewDesc("a", "h", []string{"l"}, nil), metric.GaugeValue, 1, "v"), ""},
		"not announced": {
			metric.MustNewConstMetric(metric.NewDesc("b", "h", nil, nil), metric.GaugeValue, 1), "with unregistered descriptor",
		},
		"other labels": {rawMetric(metric.NewDesc("a", "h", []string{"m"}, nil), "v"), "are inconsistent with descriptor"},
	} {
		t.Run(name, func(t *testing.T) {
			for kind, r := range map[string]*metric.ContextRegistry{
				"pedantic": metric.NewPedanticRegistry(), "not pedantic": metric.NewRegistry(),
			} {
				r.MustRegister(metric.NewCollectorFunc(func(ch chan<- *metric.Desc) { ch <- announced }, func(_ context.Context, ch chan<- metric.Metric) {
					ch <- tc.metric
				}))
				_, err := r.Gather()
				wantProblem := tc.problem != "" && kind == "pedantic"
				if (err != nil) != wantProblem || err != nil && !strings.Contains(err.Error(), tc.problem) {
					t.Errorf("%s: got error %v", kind, err)
				}
			}
		})
	}
	t.Run("stream", func(t *testing.T) {
		r := metric.NewPedanticContextRegistry()
		r.MustRegister(streamOf("a", func(_ context.Context, s *metric.Sink) error {
			return errors.Join(s.Gauge(desc("a"), 1), s.Gauge(desc("b"), 1))
		}))
		families, err := r.Gather()
		wantFamilies(t, families, []string{"a"})
		if err == nil || !strings.Contains(err.Error(), "with unregistered descriptor") {
			t.Errorf("got error %v", err)
		}
	})
	t.Run("unchecked", func(t *testing.T) {
		r := metric.NewPedanticContextRegistry()
		r.MustRegister(metric.CollectorWithContextFunc(func(_ context.Context, ch chan<- metric.Metric) { ch <- one("a") }))
		if families, err := r.Gather(); err != nil || len(families) != 1 {
			t.Errorf("got %v and error %v", families, err)
		}
	})
}

// TestNestedRegistries checks that the samples of a registry in another one have the prefix and
// the labels of its registration.
func TestNestedRegistries(t *testing.T) {
	inner := oneCounter()
	inner.MustRegister(plain{"plain", func(ch chan<- metric.Metric) { ch <- one("plain") }})
	r := metric.NewContextRegistry()
	metric.WrapRegistererWithPrefix("inner_", r).MustRegister(metric.WrapCollectorWith(metric.Labels{"l": "v"}, inner))
	families, err := r.Gather()
	if err != nil {
		t.Error(err)
	}
	wantFamilies(t, families, []string{"inner_plain", "inner_requests_total"})
	for _, f := range families {
		if l := f.GetMetric()[0].GetLabel(); len(l) != 1 || l[0].GetName() != "l" || l[0].GetValue() != "v" {
			t.Errorf("family %s has labels %v", f.GetName(), l)
		}
	}
	theirs := prometheus.NewRegistry()
	theirs.MustRegister(r)
	if families, err := theirs.Gather(); err != nil || len(families) != 2 {
		t.Errorf("their registry gathered %v with error %v", namesOf(families), err)
	}
}

// TestConcurrentRegistration registers and unregisters collectors during scrapes. No scrape may fail
// or lack a collector that is always registered.
func TestConcurrentRegistration(t *testing.T) {
	r, want := healthy(t)
	var changes sync.WaitGroup
	for i := range 4 {
		changes.Go(func() {
			c := plain{fmt.Sprintf("z_%d", i), func(ch chan<- metric.Metric) { ch <- one(fmt.Sprintf("z_%d", i)) }}
			native := counterNamed(fmt.Sprintf("y_%d", i))
			for range 200 {
				r.MustRegister(c, native)
				if !r.Unregister(c) || !r.Unregister(native) {
					t.Error("what was registered is not there")
				}
			}
		})
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		changes.Wait()
	}()
	for running := true; running; {
		select {
		case <-done:
			running = false
		default:
		}
		families, err := r.Gather()
		if err != nil {
			t.Error(err)
		}
		if names := namesOf(families); len(names) < len(want) || strings.Join(names[:len(want)], " ") != strings.Join(want, " ") {
			t.Errorf("gathered %q", names)
		}
	}
}

// TestConcurrencyBound checks that no more collectors run at once than WithConcurrency allows.
func TestConcurrencyBound(t *testing.T) {
	r := metric.NewContextRegistry(metric.WithConcurrency(2))
	var mu sync.Mutex
	running, most := 0, 0
	for i := range 20 {
		name := fmt.Sprintf("c_%d", i)
		r.MustRegister(plain{name, func(ch chan<- metric.Metric) {
			mu.Lock()
			running++
			most = max(most, running)
			mu.Unlock()
			ch <- one(name)
			mu.Lock()
			running--
			mu.Unlock()
		}})
	}
	if families, err := r.Gather(); err != nil || len(families) != 20 {
		t.Errorf("gathered %d families with error %v", len(families), err)
	}
	if most > 2 {
		t.Errorf("%d collectors ran at once", most)
	}
}

// TestInPedanticRegistry checks with a pedantic registry of client_golang that our metrics have the
// announced descriptors.
func TestInPedanticRegistry(t *testing.T) {
	vec := metric.NewGaugeVec(metric.GaugeOpts{Name: "g", Help: "H.", ConstLabels: metric.Labels{"k": "v"}}, []string{"a"})
	vec.WithLabelValues("x")
	nested := metric.NewRegistry()
	nested.MustRegister(vec, metric.NewCounter(metric.CounterOpts{Name: "c_total", Help: "H."}))
	for _, zone := range []string{"1", "2"} {
		metric.WrapRegistererWith(metric.Labels{"zone": zone}, nested).MustRegister(metric.NewGauge(metric.GaugeOpts{Name: "z", Help: "H."}))
	}
	streamed := metric.NewDesc("s", "H.", []string{"a"}, metric.Labels{"k": "v"})
	for name, tc := range map[string]struct {
		collector metric.Collector
		series    []string
	}{
		"registry": {nested, []string{`c_total{}`, `g{a="x",k="v"}`, `z{zone="1"}`, `z{zone="2"}`}},
		"wrapped":  {metric.WrapCollectorWithPrefix("p_", nested), []string{`p_c_total{}`, `p_g{a="x",k="v"}`, `p_z{zone="1"}`, `p_z{zone="2"}`}},
		"stream": {streamOf("s", func(_ context.Context, sink *metric.Sink) error {
			return sink.Gauge(metric.NewDesc("s", "Of a test.", nil, nil), 1)
		}), []string{`s{}`}},
		"stream of metrics": {streamOf("s", func(_ context.Context, sink *metric.Sink) error {
			return sink.Metric(metric.MustNewConstMetric(metric.NewDesc("s", "Of a test.", nil, nil), metric.GaugeValue, 1))
		}), []string{`s{}`}},
		"stream of instruments": {streamOf("s", func(_ context.Context, sink *metric.Sink) error {
			return sink.Metric(metric.NewGauge(metric.GaugeOpts{Name: "s", Help: "Of a test."}))
		}), []string{`s{}`}},
		"stream with labels": {streamWith(func(_ context.Context, sink *metric.Sink) error {
			return sink.Gauge(streamed, 1, "x")
		}, streamed), []string{`s{a="x",k="v"}`}},
	} {
		t.Run(name, func(t *testing.T) {
			r := prometheus.NewPedanticRegistry()
			r.MustRegister(tc.collector)
			families, err := r.Gather()
			if err != nil {
				t.Error(err)
			}
			if got := seriesOf(families); !slices.Equal(got, tc.series) {
				t.Errorf("got %q, want %q", got, tc.series)
			}
		})
	}
}
