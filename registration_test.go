package metric_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric"
)

// descPool returns descriptors that are equal, alike or in conflict, valid and invalid.
func descPool() (pool []*metric.Desc) {
	for _, name := range []string{"a", "b", "a b", "\xff", ""} {
		for _, help := range []string{"", "help", "\xff"} {
			for _, variable := range [][]string{nil, {"x"}, {"x", "y"}, {"y", "x"}, {"x", "x"}, {"\xff"}} {
				for _, constant := range []metric.Labels{nil, {"c": "1"}, {"c": "2"}, {"d": "1"}, {"c": "1", "d": "1"}, {"x": "1"}, {"c": "", "d": ""}, {"c": "\xff"}} {
					if len(variable) > 2 && name != "a" {
						continue
					}
					pool = append(pool, metric.NewDesc(name, help, variable, constant))
				}
			}
		}
	}
	pool = append(pool,
		metric.NewInvalidDesc(errors.New("boom")),
		metric.V2.NewDesc("a", "", metric.UnconstrainedLabels(nil), nil, metric.WithUnit("seconds")))
	return pool
}

// textOf returns the text of an error and of the existing collector in it.
func textOf(err error) string {
	if err == nil {
		return "no error"
	}
	if already, ok := errors.AsType[metric.AlreadyRegisteredError](err); ok {
		return fmt.Sprintf("%v %p", err, already.ExistingCollector)
	}
	return err.Error()
}

// TestRegistrationIsClientGolangs compares registrations with registrations in client_golang. A
// registry of client_golang never forgets the shape of a registered name, so the test makes a new
// one for each step, with the collectors that are registered at that point.
func TestRegistrationIsClientGolangs(t *testing.T) {
	for seed := range uint64(24) {
		random := rand.New(rand.NewPCG(seed, 1))
		pool := descPool()
		random.Shuffle(len(pool), func(i, j int) { pool[i], pool[j] = pool[j], pool[i] })
		if seed%4 != 0 { // more of the same
			pool = pool[:20+random.IntN(30)]
		}
		ours := metric.NewContextRegistry()
		var live []*onlyDescs
		for step := range 100 {
			theirs := prometheus.NewRegistry()
			for _, c := range live {
				if err := theirs.Register(c); err != nil {
					t.Fatalf("seed %d, step %d: what both have registered is refused together: %v", seed, step, err)
				}
			}
			c := &onlyDescs{}
			for range 1 + random.IntN(3) {
				c.descs = append(c.descs, pool[random.IntN(len(pool))])
			}
			if random.IntN(3) > 0 || len(live) == 0 {
				want, got := theirs.Register(c), ours.Register(c)
				if textOf(got) != textOf(want) {
					t.Fatalf("seed %d, step %d: Register: got %s\nwant %s", seed, step, textOf(got), textOf(want))
				}
				if got == nil {
					live = append(live, c)
				}
				continue
			}
			if random.IntN(2) == 0 { // an equal collector whose descriptors have another order
				c.descs = slices.Clone(live[random.IntN(len(live))].descs)
				slices.Reverse(c.descs)
			}
			want, got := theirs.Unregister(c), ours.Unregister(c)
			if got != want {
				t.Fatalf("seed %d, step %d: Unregister: got %t, want %t, of %v", seed, step, got, want, c.descs)
			}
			if got {
				live = slices.DeleteFunc(live, func(other *onlyDescs) bool { return sameDescs(other.descs, c.descs) })
			}
		}
	}
}

func sameDescs(a, b []*metric.Desc) bool {
	contains := func(list, of []*metric.Desc) bool {
		for _, d := range of {
			if d.Err() != nil {
				continue // Unregister does not find it.
			}
			if !slices.ContainsFunc(list, func(other *metric.Desc) bool { return sameSeries(d, other) }) {
				return false
			}
		}
		return true
	}
	return contains(a, b) && contains(b, a)
}

// sameSeries reports whether client_golang considers two descriptors to be of the same series.
func sameSeries(a, b *metric.Desc) bool {
	r := prometheus.NewRegistry()
	_ = r.Register(&onlyDescs{[]*metric.Desc{a}})
	return r.Unregister(&onlyDescs{[]*metric.Desc{b}})
}

// TestRegistrationErrors checks one case of each error of client_golang's registry.
func TestRegistrationErrors(t *testing.T) {
	newDesc := metric.NewDesc
	a := newDesc("a", "help", []string{"x"}, metric.Labels{"c": "1"})
	for name, tc := range map[string][]*metric.Desc{
		"equal":                      {a},
		"invalid":                    {newDesc("", "", nil, nil)},
		"invalid by error":           {metric.NewInvalidDesc(errors.New("boom"))},
		"invalid, after a conflict":  {newDesc("a", "other", []string{"x"}, nil), newDesc("", "", nil, nil)},
		"other help":                 {newDesc("a", "other", []string{"x"}, metric.Labels{"c": "2"})},
		"other labels":               {newDesc("a", "help", []string{"y"}, metric.Labels{"c": "2"})},
		"other constant labels":      {newDesc("a", "help", []string{"x"}, metric.Labels{"d": "1"})},
		"constant and variable swap": {newDesc("a", "help", []string{"c"}, metric.Labels{"x": "1"})},
		"one of two is known":        {a, newDesc("b", "help", nil, nil)},
		"conflict in itself":         {newDesc("b", "help", nil, nil), newDesc("b", "other", nil, nil)},
		"twice the same":             {newDesc("b", "help", nil, nil), newDesc("b", "help", nil, nil)},
		"beside":                     {newDesc("a", "help", []string{"x"}, metric.Labels{"c": "2"})},
		"duplicate label":            {newDesc("b", "help", []string{"x", "x"}, nil)},
		"name with a blank":          {newDesc("b c", "help", []string{"x y"}, nil)},
	} {
		t.Run(name, func(t *testing.T) {
			ours, theirs := metric.NewContextRegistry(), prometheus.NewRegistry()
			first, c := &onlyDescs{[]*metric.Desc{a}}, &onlyDescs{tc}
			ours.MustRegister(first)
			theirs.MustRegister(first)
			got, want := ours.Register(c), theirs.Register(c)
			if textOf(got) != textOf(want) {
				t.Errorf("got  %s\nwant %s", textOf(got), textOf(want))
			}
		})
	}
}

// shapes are collectors of the same name that cannot be registered together.
func shapes() map[string]metric.Collector {
	return map[string]metric.Collector{
		"labels":          metric.NewCounterVec(metric.CounterOpts{Name: "ns_x", Help: "h"}, []string{"b"}),
		"help":            metric.NewCounterVec(metric.CounterOpts{Name: "ns_x", Help: "other"}, []string{"a"}),
		"constant labels": metric.NewCounterVec(metric.CounterOpts{Name: "ns_x", Help: "h", ConstLabels: metric.Labels{"c": "1"}}, []string{"a"}),
		"kind":            metric.NewGauge(metric.GaugeOpts{Name: "ns_x", Help: "a gauge"}),
		"stream":          streamOf("ns_x", nil),
	}
}

// TestNameIsFreeAgain checks that a name can be registered in any other shape after it was
// unregistered or replaced.
func TestNameIsFreeAgain(t *testing.T) {
	old := func() metric.Collector {
		return metric.NewCounterVec(metric.CounterOpts{Name: "ns_x", Help: "h"}, []string{"a"})
	}
	for shape, c := range shapes() {
		t.Run(shape, func(t *testing.T) {
			t.Run("Unregister", func(t *testing.T) {
				r := metric.NewContextRegistry()
				r.MustRegister(old())
				if err := r.Register(c); err == nil {
					t.Fatal("both were registered")
				}
				r.Unregister(old())
				if err := r.Register(c); err != nil {
					t.Error(err)
				}
			})
			t.Run("UnregisterNamed", func(t *testing.T) {
				r := metric.NewContextRegistry()
				r.MustRegister(old())
				r.UnregisterNamed("ns_x")
				if err := r.Register(c); err != nil {
					t.Error(err)
				}
			})
			t.Run("ReplaceNamed", func(t *testing.T) {
				r := metric.NewContextRegistry()
				r.MustRegister(old())
				if err := r.ReplaceNamed("ns_x", c); err != nil {
					t.Error(err)
				}
				if err := r.Register(old()); err == nil {
					t.Error("what was replaced can be registered beside the new one")
				}
			})
			t.Run("another holder", func(t *testing.T) {
				r := metric.NewContextRegistry()
				r.MustRegister(old())
				beside := metric.NewCounterVec(metric.CounterOpts{Name: "ns_x", Help: "h"}, []string{"a"})
				beside2 := metric.WrapRegistererWith(metric.Labels{"c": "2"}, r)
				r.Unregister(old())
				beside2.MustRegister(beside)
				metric.WrapRegistererWith(metric.Labels{"c": "3"}, r).MustRegister(old())
				beside2.Unregister(beside)
				if err := metric.WrapRegistererWith(metric.Labels{"d": "3"}, r).Register(c); err == nil {
					t.Error("the name was free although it had a holder left")
				}
			})
			t.Run("in a registry", func(t *testing.T) {
				outer, inner := metric.NewContextRegistry(), metric.NewContextRegistry()
				inner.MustRegister(old(), metric.NewGauge(metric.GaugeOpts{Name: "other"}))
				outer.MustRegister(inner)
				if err := outer.Register(c); err == nil {
					t.Fatal("both were registered")
				}
				inner.Unregister(old())
				if err := outer.Register(c); err != nil {
					t.Error(err)
				}
				if err := outer.Register(metric.NewGauge(metric.GaugeOpts{Name: "other", Help: "differs"})); err == nil {
					t.Error("what the registry still has was forgotten")
				}
				if !outer.Unregister(inner) {
					t.Error("the registry cannot be unregistered")
				}
				if err := outer.Register(metric.NewGauge(metric.GaugeOpts{Name: "other", Help: "differs"})); err != nil {
					t.Error(err)
				}
			})
		})
	}
	t.Run("facade", func(t *testing.T) {
		r := metric.NewContextRegistry()
		m := metric.NewWithRegistry("ns", r)
		v := m.NewCounterVec("x", "h", []string{"a"})
		r.Unregister(v)
		m.NewCounterVec("x", "h", []string{"b"}).WithLabelValues("1").Inc()
		if families := mustGather(t, r); len(families) != 1 {
			t.Errorf("gathered %v", namesOf(families))
		}
	})
}

// TestRegistriesInEachOther checks that a refused registration does not wait for itself.
func TestRegistriesInEachOther(t *testing.T) {
	a, b := metric.NewContextRegistry(), metric.NewContextRegistry()
	a.MustRegister(b)
	a.MustRegister(metric.NewGauge(metric.GaugeOpts{Name: "g"}))
	b.MustRegister(a)
	a.MustRegister(metric.NewGauge(metric.GaugeOpts{Name: "h"}))
	b.MustRegister(metric.NewGauge(metric.GaugeOpts{Name: "h"}))
	for _, r := range []*metric.ContextRegistry{a, b} {
		for _, name := range []string{"g", "h"} {
			if err := r.Register(metric.NewGauge(metric.GaugeOpts{Name: name, Help: "differs"})); err == nil {
				t.Errorf("%s was registered twice", name)
			}
		}
	}
}

// TestRegistryForgets checks that a registry keeps no memory of unregistered collectors.
func TestRegistryForgets(t *testing.T) {
	r := metric.NewContextRegistry()
	cycle := func(i int) {
		c := metric.NewGauge(metric.GaugeOpts{Name: fmt.Sprintf("g%d", i), Help: "A gauge that comes and goes."})
		r.MustRegister(c)
		wrapped := metric.WrapRegistererWith(metric.Labels{"n": fmt.Sprint(i)}, r)
		other := metric.CollectorFunc(func(chan<- metric.Metric) {})
		wrapped.MustRegister(other)
		if err := r.RegisterWith(plain{name: fmt.Sprintf("p%d", i)}, metric.WithName(fmt.Sprintf("n%d", i))); err != nil {
			t.Fatal(err)
		}
		if !r.Unregister(c) || !wrapped.Unregister(other) || !r.UnregisterNamed(fmt.Sprintf("n%d", i)) {
			t.Fatal("it was not registered")
		}
	}
	const few, many = 1000, 8_000
	for i := range few {
		cycle(i)
	}
	before := heapInUse()
	for i := range many {
		cycle(few + i)
	}
	const most = 1_000_000 // keeping one name for each would take more
	grown := int64(heapInUse()) - int64(before)
	for range 20 { // The garbage of other tests may be freed late, but memory that the registry keeps stays in use.
		if grown <= most {
			break
		}
		time.Sleep(50 * time.Millisecond)
		grown = int64(heapInUse()) - int64(before)
	}
	if grown > most {
		t.Errorf("the registry has grown by %d bytes in %d rounds", grown, many)
	}
	runtime.KeepAlive(r)
}
