package otelmetric_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	api "go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/x"
	sdk "go.opentelemetry.io/otel/sdk/metric"

	"github.com/luxfi/metric/otelmetric"
)

// user returns an option with the attribute user.
func user(n int) api.MeasurementOption { return api.WithAttributes(attribute.Int("user", n)) }

const overflowed = `{otel_metric_overflow="true"}`

// split returns the number of series other than the overflow series, the sum of their values, and the value
// of the overflow series.
func split(t *testing.T, r *scraped, name string) (series int, counted, overflow float64) {
	t.Helper()
	for _, sample := range r.samples(t) {
		rest, ok := strings.CutPrefix(sample, name+"{")
		if !ok {
			continue
		}
		labels, text, _ := strings.Cut(rest, "} ")
		value := must(strconv.ParseFloat(text, 64))
		if "{"+labels+"}" == overflowed {
			overflow += value
			continue
		}
		series++
		counted += value
	}
	return series, counted, overflow
}

// TestCardinalityLimit checks the maximum number of series of an instrument.
func TestCardinalityLimit(t *testing.T) {
	const users = 2500
	limit := otelmetric.WithCardinalityLimit
	rule := func(name string, n int) otelmetric.Option {
		return otelmetric.WithInstrumentLimit(sdk.Instrument{Name: name}, n)
	}
	for _, test := range []struct {
		name     string
		variable string
		options  []otelmetric.Option
		want     int // number of series without the overflow series
		report   string
	}{
		{"default", "", nil, 1999, ""},
		{"option", "", []otelmetric.Option{limit(10)}, 9, ""},
		{"one", "", []otelmetric.Option{limit(1)}, 0, ""},
		{"none", "", []otelmetric.Option{limit(0)}, users, ""},
		{"negative", "", []otelmetric.Option{limit(-1)}, users, ""},
		{"exactly as many", "", []otelmetric.Option{limit(users + 1)}, users, ""},
		{"environment", " 20 ", nil, 19, ""},
		{"environment without a limit", "0", nil, users, ""},
		{"environment negative", "-3", nil, users, ""},
		{"environment under an option", "20", []otelmetric.Option{limit(10)}, 9, ""},
		{"environment invalid", "many", nil, 1999, "OTEL_GO_X_CARDINALITY_LIMIT is ignored"},
		{"rule", "", []otelmetric.Option{limit(10), rule("c", 5)}, 4, ""},
		{"rule of another", "", []otelmetric.Option{limit(10), rule("d*", 5)}, 9, ""},
		{"last rule", "", []otelmetric.Option{rule("*", 5), rule("c", 7)}, 6, ""},
		{"rule without a limit", "", []otelmetric.Option{limit(10), rule("c", 0)}, users, ""},
		{"view", "", []otelmetric.Option{limit(10), otelmetric.WithView(viewOf("c", sdk.Stream{Unit: "1"}))}, 9, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Setenv("OTEL_GO_X_CARDINALITY_LIMIT", test.variable)
			r := newScraped(test.options...)
			c := counter(r.Meter(""), "c")
			for i := range users {
				c.Add(t.Context(), 1, user(i))
				c.Add(t.Context(), 1, user(i))
			}
			series, counted, overflow := split(t, r, "c_total")
			if series != test.want || counted != float64(2*test.want) || overflow != float64(2*(users-test.want)) {
				t.Errorf("got %d series that count %v, and an overflow of %v, want %d series, and a total of %d", series, counted, overflow, test.want, 2*users)
			}
			if test.report != "" {
				r.wantReports(t, test.report)
			} else {
				r.wantReports(t)
			}
		})
	}
}

// TestCardinalityOfKinds checks that instruments of all kinds have an overflow series.
func TestCardinalityOfKinds(t *testing.T) {
	r := newScraped(otelmetric.WithCardinalityLimit(2))
	m, ctx := r.Meter(""), t.Context()
	for i := range 4 {
		counter(m, "c").Add(ctx, 1, user(i))
		must(m.Int64UpDownCounter("u")).Add(ctx, 1, user(i))
		must(m.Int64Gauge("g")).Record(ctx, int64(i), user(i))
		histogram(m, "h", api.WithExplicitBucketBoundaries()).Record(ctx, float64(i), user(i))
	}
	got := r.samples(t)
	for _, want := range []string{
		`c_total{user="0"} 1`, `c_total` + overflowed + ` 3`,
		`u{user="0"} 1`, `u` + overflowed + ` 3`,
		`g{user="0"} 0`, `g` + overflowed + ` 3`,
		`h_count{user="0"} 1`, `h_count` + overflowed + ` 3`, `h_sum` + overflowed + ` 6`,
	} {
		if !slices.Contains(got, want) {
			t.Errorf("want %s in\n%s", want, strings.Join(got, "\n"))
		}
	}
}

// TestCardinalityAfterViews checks that attributes left out by a view do not count toward the limit.
func TestCardinalityAfterViews(t *testing.T) {
	r := newScraped(otelmetric.WithCardinalityLimit(3), otelmetric.WithView(
		viewOf("c", sdk.Stream{AttributeFilter: attribute.NewDenyKeysFilter("user")}),
		viewOf("c", sdk.Stream{Name: "all"}),
	))
	c := counter(r.Meter(""), "c")
	for i := range 10 {
		c.Add(t.Context(), 1, api.WithAttributes(attribute.Int("user", i), attribute.Int("shard", i%2)))
	}
	r.wantSamples(t,
		`all_total{otel_metric_overflow="true"} 8`, `all_total{shard="0",user="0"} 1`, `all_total{shard="1",user="1"} 1`,
		`c_total{shard="0"} 5`, `c_total{shard="1"} 5`)
}

// TestCardinalityConcurrently makes goroutines add to more series than the limit allows, with options of all
// kinds, and compares the totals with the totals of a model. Every addition must be counted exactly once, and
// each series must contain everything that was added to it since it began.
func TestCardinalityConcurrently(t *testing.T) {
	const goroutines, rounds, users, limit = 8, 3000, 60, 20
	r := newScraped(otelmetric.WithCardinalityLimit(limit))
	c := counter(r.Meter(""), "c")
	h := histogram(r.Meter(""), "h", api.WithExplicitBucketBoundaries())
	sets := make([]api.MeasurementOption, users)
	for i := range sets {
		sets[i] = api.WithAttributeSet(attribute.NewSet(attribute.Int("user", i)))
	}
	var group sync.WaitGroup
	added := make([][users]int64, goroutines)
	for g := range goroutines {
		group.Go(func() {
			random := rand.New(rand.NewPCG(uint64(g), 7))
			for range rounds {
				n, value := random.IntN(users), 1+random.Int64N(5)
				option := sets[n]
				switch random.IntN(3) {
				case 0:
					option = user(n)
				case 1:
					option = x.WithUnsafeAttributes(attribute.Int("user", n))
				}
				c.Add(t.Context(), value, option)
				h.Record(t.Context(), float64(value), option)
				added[g][n] += value
			}
		})
	}
	group.Wait()
	var total int64
	var byUser [users]int64
	for g := range added {
		for n, value := range added[g] {
			byUser[n] += value
			total += value
		}
	}
	for _, name := range []string{"c_total", "h_sum"} {
		series, counted, overflow := split(t, r, name)
		if series != limit-1 || counted+overflow != float64(total) || overflow == 0 {
			t.Errorf("%s: got %d series that count %v, and an overflow of %v, want %d series and a total of %d", name, series, counted, overflow, limit-1, total)
		}
		samples := r.samples(t)
		matched := 0
		for n, value := range byUser {
			if slices.Contains(samples, fmt.Sprintf(`%s{user="%d"} %d`, name, n, value)) {
				matched++
			}
		}
		if matched != limit-1 {
			t.Errorf("%s: %d series have all that was added to them, want %d", name, matched, limit-1)
		}
	}
	if _, counted, overflow := split(t, r, "h_count"); counted+overflow != goroutines*rounds {
		t.Errorf("got %v observations, want %d", counted+overflow, goroutines*rounds)
	}
}
