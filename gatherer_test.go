package metric_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/protobuf/proto"

	"github.com/luxfi/metric"
)

// opaque hides the type of a gatherer.
type opaque struct {
	gather func() ([]*metric.MetricFamily, error)
}

func (g opaque) Gather() ([]*metric.MetricFamily, error) { return g.gather() }

// TestMultiGatherers checks the labels and prefixes that each kind of MultiGatherer adds, and that
// it reports conflicts between its gatherers.
func TestMultiGatherers(t *testing.T) {
	theirs := prometheus.NewRegistry()
	theirs.MustRegister(prometheus.NewGauge(prometheus.GaugeOpts{Name: "g", Help: "h", ConstLabels: prometheus.Labels{"z": "1"}}))
	for name, tc := range map[string]struct {
		multi   metric.MultiGatherer
		want    []string
		problem string
	}{
		"multi":        {metric.NewMultiGatherer(), []string{`f{}`, `g{z="1"}`}, "collected before"},
		"prefix":       {metric.NewPrefixGatherer(), []string{`a_f{}`, `b_g{z="1"}`, `c_g{z="1"}`}, ""},
		"with context": {metric.NewMultiGathererWithContext(), []string{`a_f{}`, `b_g{z="1"}`, `c_g{z="1"}`}, ""},
		"label":        {metric.NewLabelGatherer("job"), []string{`f{job="a"}`, `g{job="b",z="1"}`, `g{job="c",z="1"}`}, ""},
		"taken label":  {metric.NewLabelGatherer("z"), []string{`f{z="a"}`}, `label`},
	} {
		t.Run(name, func(t *testing.T) {
			for part, g := range map[string]metric.Gatherer{
				"a": gathererOf("f", nil), "b": gathererOf("g", metric.Labels{"z": "1"}), "c": opaque{theirs.Gather},
			} {
				if err := tc.multi.Register(part, g); err != nil {
					t.Fatal(err)
				}
			}
			families, err := tc.multi.Gather()
			if got := seriesOf(families); !slices.Equal(got, tc.want) {
				t.Errorf("gathered %q, want %q", got, tc.want)
			}
			if (err != nil) != (tc.problem != "") || err != nil && !strings.Contains(err.Error(), tc.problem) {
				t.Errorf("got error %v", err)
			}
			if tc.problem == "label" {
				for _, part := range []string{"b/g", "c"} {
					if failure := failuresOf(err, part); failure == nil || !strings.Contains(failure.Error(), `"g"`) {
						t.Errorf("the error does not tell of family g in %s: %v", part, err)
					}
				}
			}
			if tc.multi.Deregister("d") || !tc.multi.Deregister("a") || tc.multi.Deregister("a") {
				t.Error("something else was deregistered than what was there")
			}
			families, _ = tc.multi.Gather()
			if got := seriesOf(families); !slices.Equal(got, tc.want[1:]) {
				t.Errorf("afterwards, gathered %q, want %q", got, tc.want[1:])
			}
		})
	}
}

// TestMultiGathererRefuses checks that Register returns an error if the name is taken or cannot
// become a prefix or a label value.
func TestMultiGathererRefuses(t *testing.T) {
	fine := gathererOf("f", nil)
	for name, tc := range map[string]struct {
		multi   metric.MultiGatherer
		part    string
		g       metric.Gatherer
		problem string
	}{
		"no name":       {metric.NewMultiGatherer(), "", fine, "without a name"},
		"nil":           {metric.NewMultiGatherer(), "a", nil, "nil"},
		"taken":         {metric.NewMultiGatherer(), "taken", fine, `"taken"`},
		"not UTF-8":     {metric.NewPrefixGatherer(), "\xff", fine, "valid"},
		"bad label":     {metric.NewLabelGatherer("__x"), "a", fine, "__x"},
		"bad value":     {metric.NewLabelGatherer("l"), "\xff", fine, "UTF-8"},
		"with no label": {metric.NewLabelGatherer(""), "a", fine, "label name"},
	} {
		t.Run(name, func(t *testing.T) {
			if tc.part == "taken" {
				if err := tc.multi.Register("taken", fine); err != nil {
					t.Fatal(err)
				}
			}
			if err := tc.multi.Register(tc.part, tc.g); err == nil || !strings.Contains(err.Error(), tc.problem) {
				t.Errorf("got error %v", err)
			}
		})
	}
}

// TestGathererFamiliesAreShared checks that the families that a gatherer returned are not modified.
func TestGathererFamiliesAreShared(t *testing.T) {
	families, err := gathererOf("f", metric.Labels{"l": "v"}).Gather()
	if err != nil {
		t.Fatal(err)
	}
	before := proto.Clone(families[0])
	for name, multi := range map[string]metric.MultiGatherer{
		"prefix": metric.NewPrefixGatherer(), "label": metric.NewLabelGatherer("job"), "multi": metric.NewMultiGatherer(),
	} {
		if err := multi.Register("a", opaque{func() ([]*metric.MetricFamily, error) { return families, nil }}); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if _, err := multi.Gather(); err != nil {
				t.Error(err)
			}
		}
		if !proto.Equal(before, families[0]) {
			t.Errorf("the %s gatherer has changed the family to %v", name, families[0])
		}
	}
}

// TestGatherersArePartial checks that a gatherer that hangs costs only its own families: the
// others are returned at the deadline.
func TestGatherersArePartial(t *testing.T) {
	for name, slow := range map[string]metric.Gatherer{
		"plain": opaque{func() ([]*metric.MetricFamily, error) { time.Sleep(time.Hour); return nil, nil }},
		"ignores the context": metric.GathererWithContextFunc(func(context.Context) ([]*metric.MetricFamily, error) {
			time.Sleep(time.Hour)
			return nil, nil
		}),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				defer time.Sleep(2 * time.Hour)
				multi := metric.NewMultiGatherer()
				for part, g := range map[string]metric.Gatherer{"fast": gathererOf("f", nil), "slow": slow} {
					if err := multi.Register(part, g); err != nil {
						t.Fatal(err)
					}
				}
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				families, err := multi.GatherWithContext(ctx)
				wantFamilies(t, families, []string{"f"})
				if !errors.Is(failuresOf(err, "slow"), context.DeadlineExceeded) {
					t.Errorf("got error %v", err)
				}
			})
		})
	}
}

// TestPartialResultOfGatherer checks that families that a gatherer returns at its deadline are
// served.
func TestPartialResultOfGatherer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inner, want := healthy(t)
		inner.MustRegister(metric.NewCollectorFunc(describing("slow"), func(ctx context.Context, _ chan<- metric.Metric) { <-ctx.Done() }))
		g := metric.GathererWithContextFunc(inner.GatherWithContext)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		families, err := metric.NewShardedGatherer(g).GatherWithContext(ctx)
		wantFamilies(t, families, want)
		if !errors.Is(failuresOf(err, "shard 0"), context.DeadlineExceeded) {
			t.Errorf("got error %v", err)
		}
	})
}

// TestShardedGatherer checks that the samples of all shards are merged, and that the error of a
// shard is reported under its name.
func TestShardedGatherer(t *testing.T) {
	boom := errors.New("boom")
	partial := metric.GathererWithContextFunc(func(context.Context) ([]*metric.MetricFamily, error) {
		families, err := gathererOf("f", metric.Labels{"shard": "2"}).Gather()
		return families, errors.Join(boom, err)
	})
	families, err := metric.NewShardedGatherer(
		gathererOf("f", metric.Labels{"shard": "0"}), gathererOf("f", metric.Labels{"shard": "1"}), partial,
	).GatherWithContext(t.Context())
	if got := seriesOf(families); !slices.Equal(got, []string{`f{shard="0"}`, `f{shard="1"}`, `f{shard="2"}`}) {
		t.Errorf("gathered %q", got)
	}
	if !errors.Is(failuresOf(err, "shard 2"), boom) {
		t.Errorf("got error %v", err)
	}
}

// TestMakeAndRegister checks that the new registry is a part of the MultiGatherer, and that a
// name that is taken is refused.
func TestMakeAndRegister(t *testing.T) {
	multi := metric.NewPrefixGatherer()
	r, err := metric.MakeAndRegister(multi, "chain")
	if err != nil {
		t.Fatal(err)
	}
	r.MustRegister(counterNamed("blocks_total"))
	families, err := multi.Gather()
	if err != nil {
		t.Error(err)
	}
	wantFamilies(t, families, []string{"chain_blocks_total"})
	if _, err := metric.MakeAndRegister(multi, "chain"); err == nil {
		t.Error("two gatherers have one name")
	}
}

// TestGatherers checks that Gatherers merges what its gatherers return, keeps units, skips nil,
// and reports duplicates.
func TestGatherers(t *testing.T) {
	unit := metric.NewContextRegistry()
	unit.MustRegister(metric.NewGauge(metric.GaugeOpts{Name: "g_seconds", Help: "h", Unit: "seconds"}))
	families, err := metric.Gatherers{gathererOf("f", nil), nil, gathererOf("f", nil), unit}.Gather()
	wantFamilies(t, families, []string{"f", "g_seconds"})
	if err == nil || !strings.Contains(err.Error(), "[from Gatherer #3]") && !strings.Contains(err.Error(), "collected before") {
		t.Errorf("got error %v", err)
	}
	if got := families[1].GetUnit(); got != "seconds" {
		t.Errorf("got unit %q", got)
	}
}

// TestBindGatherer checks that a bound gatherer gets the context that it was bound to.
func TestBindGatherer(t *testing.T) {
	g := metric.GathererWithContextFunc(func(ctx context.Context) ([]*metric.MetricFamily, error) {
		return nil, fmt.Errorf("%v", ctx.Value(contextKey{}))
	})
	ctx := context.WithValue(t.Context(), contextKey{}, "bound")
	if _, err := metric.BindGatherer(ctx, g).Gather(); err == nil || err.Error() != "bound" {
		t.Errorf("got %v", err)
	}
}

// TestStreamsOfOneFamily checks that stream collectors in several registries may have a family in
// common with each other and with instruments.
func TestStreamsOfOneFamily(t *testing.T) {
	g := metric.NewLabelGatherer("shard")
	for _, shard := range []string{"a", "b", "c", "d"} {
		r := metric.NewRegistry()
		if shard == "c" {
			vec := metric.NewGaugeVec(metric.GaugeOpts{Name: "x"}, []string{"i", "padding"})
			vec.WithLabelValues("0", "").Set(1)
			r.MustRegister(vec)
		} else {
			r.MustRegister(longStream("x", 2, 0, nil))
		}
		if shard == "d" {
			r.MustRegister(longStream("y", 1, 0, nil))
		}
		if err := g.Register(shard, r); err != nil {
			t.Fatal(err)
		}
	}
	w := httptest.NewRecorder()
	metric.HandlerFor(g, metric.HandlerOpts{ErrorHandling: metric.ContinueOnError, ErrorLog: func(err error) { t.Error(err) }}).
		ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", http.NoBody))
	for line, want := range map[string]int{"# TYPE x ": 1, `shard="a"} 1`: 2, `shard="b"} 1`: 2, `shard="c"} 1`: 1, `shard="d"} 1`: 3} {
		if got := strings.Count(w.Body.String(), line); got != want {
			t.Errorf("got %s %d times, want %d", line, got, want)
		}
	}
}

// TestNumbersOfNestedGatherers compares the text of an error with client_golang's.
func TestNumbersOfNestedGatherers(t *testing.T) {
	broken := metric.GathererFunc(func() ([]*metric.MetricFamily, error) { return nil, errors.New("boom") })
	fine := metric.GathererFunc(func() ([]*metric.MetricFamily, error) { return nil, nil })
	_, want := prometheus.Gatherers{fine, prometheus.Gatherers{broken, fine}}.Gather()
	_, got := metric.Gatherers{fine, metric.Gatherers{broken, fine}}.Gather()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
