package metric_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/luxfi/metric"
)

// gaugeOf returns a collector of one gauge.
func gaugeOf(name string, value float64) metric.Collector {
	g := metric.NewGauge(metric.GaugeOpts{Name: name, Help: "A gauge."})
	g.Set(value)
	return g
}

// named returns a registration of c under a name.
func named(name string, c metric.Collector) metric.Registration {
	return metric.Registration{Collector: c, Options: []metric.CollectorOption{metric.WithName(name)}}
}

// TestExchange scrapes while sets of collectors with common family names replace each other. Each scrape
// must have exactly one of the sets.
func TestExchange(t *testing.T) {
	r := metric.NewContextRegistry()
	sets := [][]metric.Registration{
		{named("a", gaugeOf("x", 1)), named("b", gaugeOf("y", 1)), named("only1", gaugeOf("z1", 1))},
		{named("b", gaugeOf("x", 2)), named("a", gaugeOf("y", 2)), named("only2", gaugeOf("z2", 2))},
	}
	names := [][]string{{"a", "b", "only1"}, {"b", "a", "only2"}}
	if err := r.Exchange(nil, sets[0]...); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	var scrapes sync.WaitGroup
	for range 3 {
		scrapes.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				families, err := r.Gather()
				var got []string
				for _, f := range families {
					got = append(got, fmt.Sprintf("%s=%v", f.GetName(), f.GetMetric()[0].GetGauge().GetValue()))
				}
				if text := strings.Join(got, " "); err != nil || text != "x=1 y=1 z1=1" && text != "x=2 y=2 z2=2" {
					t.Errorf("got %s, error %v", text, err)
					return
				}
			}
		})
	}
	for i := range 200 {
		if err := r.Exchange(names[i%2], sets[(i+1)%2]...); err != nil {
			t.Fatal(err)
		}
	}
	close(done)
	scrapes.Wait()
}

// TestRefusedExchange checks that an exchange with an invalid name or collector changes nothing: not the
// order and statistics of the other collectors, and not a stuck run.
func TestRefusedExchange(t *testing.T) {
	for _, test := range []struct {
		name   string
		remove []string
		add    []metric.Registration
		want   string // part of the error
	}{
		{"unknown name", []string{"first", "nothing"}, nil, `no collector named "nothing"`},
		{"twice", []string{"first", "first"}, nil, `named "first" is to be removed twice`},
		{"conflict with one that stays", []string{"old"}, []metric.Registration{named("new", gaugeOf("new", 0)), named("bad", plain{"other", nil})}, "duplicate"},
		{"conflict within", []string{"first"}, []metric.Registration{named("1", gaugeOf("new", 0)), named("2", plain{"new", nil})}, "new"},
		{"name of one that stays", []string{"first"}, []metric.Registration{named("old", gaugeOf("new", 0))}, `named "old" is registered already`},
		{"name twice", []string{"old"}, []metric.Registration{named("n", gaugeOf("n1", 0)), named("n", gaugeOf("n2", 0))}, `named "n" is registered already`},
		{"invalid", []string{"old"}, []metric.Registration{named("n", gaugeOf("n1", 0)), named("bad", invalid{errors.New("boom")})}, "boom"},
		{"nil", nil, []metric.Registration{{}}, "nil"},
		{"bad option", nil, []metric.Registration{{Collector: gaugeOf("n1", 0), Options: []metric.CollectorOption{metric.WithTimeout(-1)}}}, "-1ns"},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				defer time.Sleep(2 * time.Hour)
				r := metric.NewContextRegistry()
				stuck := plain{"old", func(chan<- metric.Metric) { time.Sleep(time.Hour) }}
				if err := r.Exchange(nil, named("first", plain{"other", func(chan<- metric.Metric) {}}), named("old", stuck), named("last", gathererOf("last", nil))); err != nil {
					t.Fatal(err)
				}
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				_, _ = r.GatherWithContext(ctx)
				before := fmt.Sprintf("%+v", r.Status())
				err := r.Exchange(test.remove, test.add...)
				if err == nil || !strings.Contains(err.Error(), test.want) {
					t.Fatalf("got error %v, want one with %s", err, test.want)
				}
				if after := fmt.Sprintf("%+v", r.Status()); after != before {
					t.Errorf("the status was\n%s\nand is\n%s", before, after)
				}
				if _, err := r.Gather(); !errors.Is(err, metric.ErrStillRunning) {
					t.Errorf("got error %v", err)
				}
				if err := r.Exchange([]string{"old", "first", "last"}, named("old", gaugeOf("other", 1))); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// TestExchangeKeepsStuckRuns checks that a stuck collector is not started a second time when it is
// exchanged for itself with another policy.
func TestExchangeKeepsStuckRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		defer time.Sleep(2 * time.Hour)
		r := metric.NewContextRegistry()
		var runs atomic.Int32
		stuck := &countedPlain{plain{"old", func(chan<- metric.Metric) { runs.Add(1); time.Sleep(time.Hour) }}}
		if err := r.Exchange(nil, named("old", stuck)); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			_, _ = r.GatherWithContext(ctx)
			cancel()
			time.Sleep(time.Minute)
			with := named("old", stuck)
			with.Options = slices.Concat(with.Options, []metric.CollectorOption{metric.WithTimeout(5 * time.Second)})
			if err := r.Exchange([]string{"old"}, with); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := r.Gather(); !errors.Is(err, metric.ErrStillRunning) || runs.Load() != 1 {
			t.Errorf("got error %v after %d runs", err, runs.Load())
		}
	})
}

// countedPlain is a plain collector that is comparable.
type countedPlain struct{ plain }
