package metric_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric"
)

// moody is a collector whose Describe changes.
type moody struct{ describe func(chan<- *metric.Desc) }

func (c *moody) Describe(ch chan<- *metric.Desc) { c.describe(ch) }

func (c *moody) Collect(chan<- metric.Metric) {}

func (c *moody) CollectWithContext(context.Context, chan<- metric.Metric) {
}

// TestUnregisterTheVeryCollector checks that Unregister finds a collector by its identity, even if
// it describes something else by now, through each kind of Registerer.
func TestUnregisterTheVeryCollector(t *testing.T) {
	registerers := map[string]func(*metric.ContextRegistry) metric.Registerer{
		"registry": func(r *metric.ContextRegistry) metric.Registerer { return r },
		"labels": func(r *metric.ContextRegistry) metric.Registerer {
			return metric.WrapRegistererWith(metric.Labels{"a": "1"}, r)
		},
		"prefix": func(r *metric.ContextRegistry) metric.Registerer { return metric.WrapRegistererWithPrefix("x_", r) },
		"options": func(r *metric.ContextRegistry) metric.Registerer {
			return metric.RegistererWith(r, metric.WithTimeout(1))
		},
		"forwarders": func(r *metric.ContextRegistry) metric.Registerer {
			return forwarder{prometheus.WrapRegistererWith(metric.Labels{"a": "1"}, forwarder{r})}
		},
	}
	moods := map[string]func(chan<- *metric.Desc){
		"changed":   describing("b"),
		"more":      describing("a", "b"),
		"nothing":   describing(),
		"panic":     func(chan<- *metric.Desc) { panic("boom") },
		"invalid":   func(ch chan<- *metric.Desc) { ch <- metric.NewInvalidDesc(errors.New("boom")) },
		"unchanged": describing("a"),
		"other's":   describing("other"),
	}
	holders := map[string]func(*moody) metric.Collector{
		"itself":  func(c *moody) metric.Collector { return c },
		"adapter": func(c *moody) metric.Collector { return metric.NewCollectorAdapter(c) },
		"bound":   func(c *moody) metric.Collector { return metric.BindCollector(context.Background(), c) },
		"wrapped": func(c *moody) metric.Collector { return metric.WrapCollectorWithPrefix("y_", c) },
	}
	for registerer, behind := range registerers {
		for holder, hold := range holders {
			for mood, describe := range moods {
				for _, first := range []string{"a", ""} {
					if mood == "panic" && registerer == "forwarders" {
						continue // client_golang's wrapping calls Describe in a goroutine.
					}
					t.Run(fmt.Sprintf("%s/%s/%s/%q", registerer, holder, mood, first), func(t *testing.T) {
						r := metric.NewContextRegistry()
						r.MustRegister(plain{"other", nil})
						c := &moody{describing("a")}
						if first == "" {
							c.describe = describing()
						}
						reg := behind(r)
						reg.MustRegister(hold(c))
						c.describe = describe
						if !reg.Unregister(hold(c)) {
							t.Error("it was not found")
						}
						if got := len(r.Status()); got != 1 || r.Status()[0].Name == "" || !r.Unregister(plain{"other", nil}) {
							t.Errorf("%d collectors are left, or not the right one", got)
						}
					})
				}
			}
		}
	}
}

// TestUnregisterTheRightOne checks that Unregister removes a collector only from the Registerer that
// it was registered with.
func TestUnregisterTheRightOne(t *testing.T) {
	r := metric.NewContextRegistry()
	c := metric.CollectorFunc(func(chan<- metric.Metric) {})
	one := metric.WrapRegistererWith(metric.Labels{"n": "1"}, r)
	two := metric.WrapRegistererWith(metric.Labels{"n": "2"}, r)
	for name, reg := range map[string]metric.Registerer{"one": one, "two": two, "none": r} {
		metric.RegistererWith(reg, metric.WithName(name)).MustRegister(c)
	}
	left := func() []string {
		names := collectorNames(r)
		slices.Sort(names)
		return names
	}
	for _, step := range []struct {
		reg  metric.Registerer
		left []string
	}{{two, []string{"none", "one"}}, {r, []string{"one"}}, {one, nil}} {
		if step.reg.Unregister(metric.CollectorFunc(func(chan<- metric.Metric) {})) {
			t.Error("another function was taken for the registered one")
		}
		if !step.reg.Unregister(c) || step.reg.Unregister(c) {
			t.Error("it was not found just once")
		}
		if got := left(); !slices.Equal(got, step.left) {
			t.Errorf("left are %q, want %q", got, step.left)
		}
	}
	// the collector and its adapters
	unchecked := &moody{describing()}
	adapted := metric.NewCollectorAdapter(unchecked)
	for name, c := range map[string]metric.Collector{"itself": unchecked, "adapted": adapted} {
		if err := r.RegisterWith(c, metric.WithName(name)); err != nil {
			t.Fatal(err)
		}
	}
	if !r.Unregister(unchecked) || !slices.Equal(left(), []string{"adapted"}) {
		t.Errorf("left are %q, want the adapter", left())
	}
	if !r.Unregister(adapted) || len(left()) > 0 {
		t.Errorf("left are %q, want none", left())
	}
}

// TestUnregisterUncomparable checks that collectors that cannot be compared can be registered, and
// that Unregister does not panic for them.
func TestUnregisterUncomparable(t *testing.T) {
	r := metric.NewContextRegistry()
	for _, c := range []metric.Collector{uncomparable{[]int{1}}, uncomparable{map[int]int{}}, struct {
		metric.Collector
		_ []int
	}{Collector: uncomparable{}}} {
		for _, reg := range []metric.Registerer{r, metric.WrapRegistererWith(metric.Labels{"a": "1"}, r)} {
			reg.MustRegister(c)
			if reg.Unregister(c) {
				t.Errorf("%T cannot be told from others, but was found", c)
			}
		}
	}
	if n := len(r.Status()); n != 6 {
		t.Errorf("%d collectors are registered, want 6", n)
	}
	nan := uncomparable{nan()}
	r.MustRegister(nan)
	if r.Unregister(nan) {
		t.Error("NaN was found")
	}
}

func nan() float64 { var zero float64; return zero / zero }
