package series_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/otlptranslator"
	"go.opentelemetry.io/otel/attribute"

	"github.com/luxfi/metric/internal/instrument"
	"github.com/luxfi/metric/internal/model"
	"github.com/luxfi/metric/otelmetric/internal/series"
	"github.com/luxfi/metric/otelmetric/internal/translate"
)

// counters is an index of counters and the vectors that it has made.
type counters struct {
	*series.Index[instrument.Counter, *instrument.Counter]

	mu   sync.Mutex
	vecs []*instrument.Counters
}

func newCounters(t *testing.T, filter attribute.Filter, limit int) *counters {
	t.Helper()
	names, err := translate.New(otlptranslator.UnderscoreEscapingWithSuffixes, "")
	if err != nil {
		t.Fatal(err)
	}
	c := new(counters)
	c.Index = series.New(series.Config[instrument.Counter, *instrument.Counter]{
		Names: names, Filter: filter, Limit: limit,
		Report: func(err error) { t.Errorf("reported: %v", err) },
		Vec: func(names []string) (*instrument.Counters, error) {
			v := instrument.NewCounters(prometheus.CounterVecOpts{
				CounterOpts: prometheus.CounterOpts{Name: "c"}, VariableLabels: prometheus.UnconstrainedLabels(names),
			})
			c.mu.Lock()
			defer c.mu.Unlock()
			c.vecs = append(c.vecs, v)
			return v, nil
		},
	})
	return c
}

// values returns the values of all series by their labels.
func (c *counters) values() map[string]float64 {
	values := make(map[string]float64)
	var (
		p       model.Point
		scratch model.Scratch
	)
	for _, v := range c.vecs {
		list := v.Series()
		for i := range list.Len() {
			list.At(i, &p, &scratch)
			values[p.Labels.Keep().Text()] += p.Value
		}
	}
	return values
}

func set(kvs ...attribute.KeyValue) *attribute.Set {
	s := attribute.NewSet(kvs...)
	return &s
}

func TestSeries(t *testing.T) {
	keepRoute := attribute.NewAllowKeysFilter("route")
	a, b := attribute.String("a", "1"), attribute.String("b", "2")
	tests := []struct {
		name   string
		filter attribute.Filter
		sets   []*attribute.Set
		raw    [][]attribute.KeyValue
		want   map[string]float64
	}{
		{name: "none", sets: []*attribute.Set{attribute.EmptySet(), set(), {}}, want: map[string]float64{``: 3}},
		{name: "equal sets", sets: []*attribute.Set{set(a, b), set(b, a)}, want: map[string]float64{`a="1",b="2"`: 2}},
		{name: "different values", sets: []*attribute.Set{set(a), set(attribute.String("a", "2"))}, want: map[string]float64{`a="1"`: 1, `a="2"`: 1}},
		{name: "different keys", sets: []*attribute.Set{set(a), set(b), set(a, b)}, want: map[string]float64{`a="1"`: 1, `b="2"`: 1, `a="1",b="2"`: 1}},
		{
			name: "types",
			sets: []*attribute.Set{set(attribute.Int("a", 1)), set(attribute.Bool("a", true)), set(attribute.Float64("a", 1.5)), set(attribute.IntSlice("a", []int{1, 2}))},
			want: map[string]float64{`a="1"`: 1, `a="true"`: 1, `a="1.5"`: 1, `a="[1,2]"`: 1},
		},
		{name: "the same text", sets: []*attribute.Set{set(attribute.Int("a", 1)), set(a)}, want: map[string]float64{`a="1"`: 2}},
		{name: "empty values", sets: []*attribute.Set{set(a, attribute.String("b", "")), set(a)}, want: map[string]float64{`a="1"`: 2}},
		{name: "empty bytes", sets: []*attribute.Set{set(a, attribute.ByteSlice("b", nil)), set(a)}, want: map[string]float64{`a="1"`: 2}},
		{name: "invalid UTF-8", sets: []*attribute.Set{set(attribute.String("a", "x\xff")), set(attribute.String("a", "x\xfe"))}, want: map[string]float64{"a=\"x\uFFFD\"": 2}},
		{
			name: "filter", filter: keepRoute,
			sets: []*attribute.Set{set(a, attribute.String("route", "/")), set(attribute.String("route", "/"), b), set(a)},
			want: map[string]float64{`route="/"`: 2, ``: 1},
		},
		{
			name: "raw", sets: []*attribute.Set{set(a, b)},
			raw:  [][]attribute.KeyValue{{a, b}, {b, a}, {attribute.String("a", "x"), b, a}, {}},
			want: map[string]float64{`a="1",b="2"`: 4, ``: 1},
		},
		{
			name: "many attributes", sets: []*attribute.Set{numbered(20), numbered(20), numbered(11)},
			want: map[string]float64{labelsOf(20): 2, labelsOf(11): 1},
		},
		{
			name: "many raw attributes", sets: []*attribute.Set{numbered(99)},
			raw:  [][]attribute.KeyValue{numbered(99).ToSlice(), append(numbered(99).ToSlice(), numbered(1).ToSlice()...)},
			want: map[string]float64{labelsOf(99): 3},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			check := func() {
				c := newCounters(t, test.filter, 0)
				for _, s := range test.sets {
					c.Of(s).Inc()
				}
				for _, kvs := range test.raw {
					c.OfRaw(kvs).Inc()
				}
				if got := c.values(); !maps.Equal(got, test.want) {
					t.Errorf("got %v, want %v", got, test.want)
				}
			}
			check()
			defer series.ForgetData()()
			check()
		})
	}
}

// numbered returns a set of n attributes.
func numbered(n int) *attribute.Set {
	var kvs []attribute.KeyValue
	for i := range n {
		kvs = append(kvs, attribute.Int(fmt.Sprintf("k%02d", i), 1000+i))
	}
	return set(kvs...)
}

// labelsOf returns the labels of numbered(n).
func labelsOf(n int) string {
	var labels []string
	for i := range n {
		labels = append(labels, fmt.Sprintf(`k%02d="%d"`, i, 1000+i))
	}
	return strings.Join(labels, ",")
}

// TestReady uses the same set until it is ready, and then other sets with the same content.
func TestReady(t *testing.T) {
	c := newCounters(t, nil, 0)
	s, same, other := numbered(3), numbered(3), set(attribute.Int("k00", 1000))
	calls := 0
	for !c.Ready(s) {
		c.Of(s).Inc()
		if calls++; calls > 10_000 {
			t.Fatal("a set that is used again and again does not become ready")
		}
	}
	c.Of(s).Inc()
	c.Of(same).Inc()
	c.Of(other).Inc()
	want := map[string]float64{labelsOf(3): float64(calls + 2), `k00="1000"`: 1}
	if got := c.values(); !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if c.Ready(same) || c.Ready(other) {
		t.Error("a set is ready that came once")
	}
}

// TestManyReady makes so many sets ready that the table grows, and checks that all of them are found.
func TestManyReady(t *testing.T) {
	c := newCounters(t, nil, 0)
	var sets []*attribute.Set
	for i := range 300 {
		sets = append(sets, set(attribute.Int("i", i)))
	}
	for i, s := range sets {
		for !c.Ready(s) {
			c.Of(s)
		}
		for range i {
			c.Of(s).Inc()
		}
	}
	got := c.values()
	for i, s := range sets {
		if !c.Ready(s) {
			t.Errorf("set %d is not ready any more", i)
		}
		if label := fmt.Sprintf(`i="%d"`, i); got[label] != float64(i) {
			t.Errorf("%s is %v", label, got[label])
		}
	}
}

// TestView compares the attributes in a set's memory with those that its methods return.
func TestView(t *testing.T) {
	if !series.DataKnown() {
		t.Error("this version of OpenTelemetry keeps attributes in another way: look-ups are slower than they could be")
	}
	for n := range 15 {
		s := numbered(n)
		got, ok := series.View(s)
		if want := n <= 10; ok != want || ok && !slices.Equal(got, s.ToSlice()) {
			t.Errorf("of %d attributes, got %v and %t", n, got, ok)
		}
	}
	if got, ok := series.View(&attribute.Set{}); ok {
		t.Errorf("of the zero value, got %v", got)
	}
}

// TestLimitUnderConcurrency uses more sets than the limit allows in several goroutines. Every measurement
// must be counted exactly once.
func TestLimitUnderConcurrency(t *testing.T) {
	const limit, workers, each, sets = 20, 4, 5000, 60
	c := newCounters(t, nil, limit)
	var group sync.WaitGroup
	for w := range workers {
		group.Go(func() {
			random := rand.New(rand.NewPCG(uint64(w), 1))
			for range each {
				kvs := []attribute.KeyValue{attribute.Int("i", random.IntN(sets)), attribute.String("j", "x")}
				if random.IntN(2) == 0 {
					slices.Reverse(kvs)
				}
				if random.IntN(2) == 0 {
					c.OfRaw(kvs).Inc()
				} else {
					c.Of(set(kvs...)).Inc()
				}
			}
		})
	}
	group.Wait()
	got, sum := c.values(), 0.0
	for _, v := range got {
		sum += v
	}
	if len(got) != limit || sum != workers*each || got[`otel_metric_overflow="true"`] == 0 {
		t.Errorf("%d series, of which the overflow has %v, have %v in all; want %d and %d",
			len(got), got[`otel_metric_overflow="true"`], sum, limit, workers*each)
	}
}

func TestAllocations(t *testing.T) {
	c := newCounters(t, nil, 0)
	ready, made := numbered(3), numbered(3)
	raw := numbered(4).ToSlice()
	slices.Reverse(raw)
	mixed := []attribute.KeyValue{attribute.String("s", "text"), attribute.Bool("b", true), attribute.Float64("f", 0.1), attribute.Int("i", 1<<30)}
	for !c.Ready(ready) {
		c.Of(ready)
	}
	for name, f := range map[string]func(){
		"ready":   func() { c.Of(ready).Inc() },
		"not yet": func() { c.Of(made).Inc() },
		"none":    func() { c.Of(attribute.EmptySet()).Inc() },
		"raw":     func() { c.OfRaw(raw).Inc() },
		"mixed":   func() { c.OfRaw(mixed).Inc() },
	} {
		f()
		if n := testing.AllocsPerRun(100, f); n > 0 {
			t.Errorf("%s: finding a series allocates %v times", name, n)
		}
	}
}

// TestKeepsNothing modifies the attributes that it has passed to the index.
func TestKeepsNothing(t *testing.T) {
	c := newCounters(t, nil, 0)
	kvs := []attribute.KeyValue{attribute.Int("a", 1), attribute.Int("b", 2)}
	c.OfRaw(kvs).Inc()
	kvs[0], kvs[1] = attribute.Int("c", 3), attribute.Int("d", 4)
	c.OfRaw([]attribute.KeyValue{attribute.Int("a", 1), attribute.Int("b", 2)}).Inc()
	if got := c.values(); !maps.Equal(got, map[string]float64{`a="1",b="2"`: 2}) {
		t.Errorf("got %v", got)
	}
}

// TestManyOrders passes attributes in more orders than the index remembers.
func TestManyOrders(t *testing.T) {
	c := newCounters(t, nil, 0)
	kvs := numbered(7).ToSlice()
	const n = 3000
	for i := range n {
		random := rand.New(rand.NewPCG(uint64(i), 3))
		random.Shuffle(len(kvs), func(i, j int) { kvs[i], kvs[j] = kvs[j], kvs[i] })
		c.OfRaw(kvs).Inc()
	}
	if got, want := c.values(), map[string]float64{labelsOf(7): n}; !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// TestFullOfOtherKeys measures with new keys after the limit has been reached.
func TestFullOfOtherKeys(t *testing.T) {
	c := newCounters(t, nil, 3)
	for i := range 5 {
		for range 2 {
			c.Of(set(attribute.Int("k"+strconv.Itoa(i), 0))).Inc()
		}
	}
	want := map[string]float64{`k0="0"`: 2, `k1="0"`: 2, `otel_metric_overflow="true"`: 6}
	if got := c.values(); !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// TestConcurrentShapes creates series with many lists of keys in several goroutines.
func TestConcurrentShapes(t *testing.T) {
	c := newCounters(t, nil, 0)
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for i := range 100 {
				c.Of(set(attribute.Int("k"+strconv.Itoa(i), 0))).Inc()
			}
		})
	}
	group.Wait()
	got := c.values()
	for i := range 100 {
		if label := fmt.Sprintf(`k%d="0"`, i); got[label] != 4 {
			t.Errorf("%s is %v", label, got[label])
		}
	}
}

// TestConcurrentSeries creates and finds series with the same keys in several goroutines.
func TestConcurrentSeries(t *testing.T) {
	const workers, each = 4, 500
	c := newCounters(t, nil, 0)
	var group sync.WaitGroup
	for range workers {
		group.Go(func() {
			for i := range each {
				c.Of(set(attribute.Int("a", i))).Inc()
			}
		})
	}
	group.Wait()
	got := c.values()
	for i := range each {
		if label := fmt.Sprintf(`a="%d"`, i); got[label] != workers {
			t.Errorf("%s is %v, want %d", label, got[label], workers)
		}
	}
}
