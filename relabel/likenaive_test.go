package relabel_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/relabel"
	"github.com/luxfi/metric/remote"
)

// TestLikeNaive compares random pipelines around gatherers of all kinds with a naive model over several
// scrapes, while series come and go.
func TestLikeNaive(t *testing.T) {
	rounds := uint64(150)
	if testing.Short() {
		rounds = 30
	}
	for seed := range rounds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			rnd := rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // Test data may be predictable.
			w := newWorld(t, rnd)
			steps := w.steps()
			p, err := relabel.New(steps...)
			if err != nil {
				t.Fatal(err)
			}
			g := p.Gatherer(w.gatherer)
			for scrape := range 3 {
				w.change()
				before, err := w.gatherer.Gather()
				if err != nil {
					t.Fatal(err)
				}
				want := naive(before, steps)
				gather := func() {
					after, err := g.Gather()
					if want.wrong != (err != nil) && (want.wrong || !want.mixed()) {
						t.Errorf("scrape %d: got error %v, want one: %t", scrape, err, want.wrong)
					}
					want.compare(t, fmt.Sprintf("scrape %d, Gather", scrape), after)
				}
				handle := func() { // A handler writes streams while they are collected.
					protobuf, err := exposition(t, g, protobufFormat)
					if want.wrong && err == nil {
						t.Errorf("scrape %d: got no error from the handler", scrape)
					}
					want.unitless = true
					want.compare(t, fmt.Sprintf("scrape %d, protobuf", scrape), decode(t, protobuf))
					want.unitless = false
				}
				if seed%2 == 0 {
					gather()
					handle()
				} else {
					handle()
					gather()
				}
				if t.Failed() {
					t.Fatalf("pipeline: %s", show(steps))
				}
			}
		})
	}
}

// expected has the result of a naive pipeline.
type expected struct {
	series map[string][]*naiveSeries // by their resulting keys
	types  map[string]map[string]bool
	wrong  bool // whether an error must be reported

	unitless bool // whether the format has only units that end the name
}

// mixed reports whether some families differ in their help or unit, or have names that may collide. Package
// merge reports such families, so this test does not compare them.
func (e *expected) mixed() bool {
	metas := make(map[string]naiveMeta)
	for _, all := range e.series {
		for _, s := range all {
			if before, ok := metas[s.family]; ok && before != s.meta {
				return true
			}
			metas[s.family] = s.meta
		}
	}
	for name := range metas {
		for _, suffix := range []string{"_bucket", "_count", "_sum"} {
			if base, ok := strings.CutSuffix(name, suffix); ok && metas[base] != (naiveMeta{}) {
				return true
			}
		}
	}
	return false
}

func naive(families []*dto.MetricFamily, steps []relabel.Step) expected {
	e := expected{series: make(map[string][]*naiveSeries), types: make(map[string]map[string]bool)}
	for _, mf := range families {
	next:
		for _, m := range mf.GetMetric() {
			s := explode(mf, m)
			for _, step := range steps {
				if !s.apply(step) {
					e.wrong = e.wrong || s.wrong
					continue next
				}
			}
			e.wrong = e.wrong || s.wrong || s.cannotScale() || s.reserved() || len(e.series[s.key()]) > 0
			if s.reserved() {
				continue
			}
			e.series[s.key()] = append(e.series[s.key()], s)
			if e.types[s.family] == nil {
				e.types[s.family] = make(map[string]bool)
			}
			e.types[s.family][s.meta.typ] = true
			e.wrong = e.wrong || len(e.types[s.family]) > 1
		}
	}
	return e
}

// compare compares families with the expected ones. Of several series that have become the same, any one
// may be present.
func (e expected) compare(t *testing.T, what string, got []*dto.MetricFamily) {
	t.Helper()
	seen := make(map[string]bool)
	for _, mf := range got {
		for _, m := range mf.GetMetric() {
			labels := make(metric.Labels)
			for _, l := range m.GetLabel() {
				if l.GetValue() != "" {
					labels[l.GetName()] = l.GetValue()
				}
			}
			key := seriesKey(mf.GetName(), labels)
			if seen[key] {
				t.Errorf("%s: %s is there twice", what, key)
			}
			seen[key] = true
			text := valueText(m, 1, nil)
			if !slices.ContainsFunc(e.series[key], func(s *naiveSeries) bool { return s.text() == text && s.meta.typ == mf.GetType().String() }) {
				t.Errorf("%s: %s is\n%s %s, want", what, key, mf.GetType(), text)
				for _, s := range e.series[key] {
					t.Errorf("%s %s", s.meta.typ, s.text())
				}
			}
			metas := make(map[naiveMeta]bool)
			for _, all := range e.series {
				for _, s := range all {
					if s.family == mf.GetName() {
						meta := s.meta
						if e.unitless {
							meta.unit = ""
						}
						metas[meta] = true
					}
				}
			}
			meta := naiveMeta{mf.GetType().String(), mf.GetHelp(), mf.GetUnit()}
			if e.unitless {
				meta.unit = ""
			}
			if !metas[meta] && len(e.series[key]) > 0 {
				t.Errorf("%s: family %s has %q, want one of %q", what, mf.GetName(), meta, slices.Collect(maps.Keys(metas)))
			}
		}
	}
	for key, all := range e.series {
		if !seen[key] && len(e.types[all[0].family]) == 1 {
			t.Errorf("%s: %s is missing", what, key)
		}
	}
}

// protobufFormat is the Accept header of a client that can read everything.
const protobufFormat = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;escaping=allow-utf-8"

// decode returns the families of a protobuf exposition.
func decode(t *testing.T, text string) []*dto.MetricFamily {
	t.Helper()
	var families []*dto.MetricFamily
	for decoder := expfmt.NewDecoder(strings.NewReader(text), expfmt.NewFormat(expfmt.TypeProtoDelim).WithEscapingScheme(model.NoEscaping)); ; {
		mf := new(dto.MetricFamily)
		switch err := decoder.Decode(mf); {
		case errors.Is(err, io.EOF):
			return families
		case err != nil:
			t.Fatal(err)
		}
		families = append(families, mf)
	}
}

// world has random sources of all kinds behind one gatherer.
type world struct {
	rnd      *rand.Rand
	gatherer metric.GathererWithContext
	vectors  []func()
}

func newWorld(t *testing.T, rnd *rand.Rand) *world {
	t.Helper()
	w := &world{rnd: rnd}
	native := metric.NewContextRegistry()
	w.addInstruments(native, "n_")
	others := metric.NewContextRegistry()
	w.addForeign(others)
	w.addStream(others)
	all := []metric.GathererWithContext{native, others}
	if rnd.IntN(3) == 0 {
		all = append(all, w.remote(t))
	}
	if rnd.IntN(2) == 0 {
		plain := prometheus.NewRegistry()
		c := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "p_total", Help: "h"}, []string{"a"})
		plain.MustRegister(c)
		w.vectors = append(w.vectors, func() { c.WithLabelValues(w.value()).Inc() })
		g := metric.NewMultiGatherer()
		must(g.Register("plain", plain))
		all = append(all, g)
	}
	w.gatherer = metric.NewShardedGatherer(all...)
	switch rnd.IntN(4) {
	case 0:
		g := metric.NewPrefixGatherer()
		must(g.Register("pre", w.gatherer))
		w.gatherer = g
	case 1:
		g := metric.NewLabelGatherer("c")
		must(g.Register("x", w.gatherer))
		w.gatherer = g
	case 2: // wrappings around a pipeline around wrappings
		inner := metric.NewLabelGatherer("aa")
		must(inner.Register("x", w.gatherer))
		p, err := relabel.New(relabel.Rule{SourceLabels: []string{"a"}, Regex: new("2"), TargetLabel: "a", Replacement: new("two")},
			relabel.Scale{Families: []string{".*ratio|.*hist"}, Factor: 2})
		must(err)
		outer := metric.NewLabelGatherer("c")
		must(outer.Register("y", p.Gatherer(inner)))
		w.gatherer = outer
	}
	return w
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func (w *world) value() string { return fmt.Sprint(w.rnd.IntN(4)) }

// addInstruments adds instruments, and vectors that change at random.
func (w *world) addInstruments(reg metric.Registerer, prefix string) {
	i := addInstruments(reg, prefix)
	w.vectors = append(w.vectors,
		func() { i.counter.WithLabelValues(w.value(), w.value()).Add(float64(w.rnd.IntN(5))) },
		func() { i.counter.DeleteLabelValues(w.value(), w.value()) },
		func() { i.gauge.WithLabelValues(w.value(), w.value()).Set(float64(w.rnd.IntN(5))) },
		func() { i.single.Set(w.rnd.Float64()) },
		func() { i.classic.WithLabelValues(w.value(), w.value()).Observe(3 * w.rnd.Float64()) },
		func() { i.classic.DeletePartialMatch(metric.Labels{"a": w.value()}) },
		func() { i.both.WithLabelValues(w.value(), w.value()).Observe(3*w.rnd.Float64() - 1) },
		func() { i.native.WithLabelValues(w.value(), w.value()).Observe(3*w.rnd.Float64() - 1) },
		func() { i.summary.WithLabelValues(w.value(), w.value()).Observe(w.rnd.Float64()) },
		func() { i.summary.DeletePartialMatch(metric.Labels{"b": w.value()}) },
	)
}

// addForeign adds a collector whose series have different label names and change their buckets.
func (w *world) addForeign(reg metric.Registerer) {
	type one struct {
		labels  string
		value   float64
		buckets map[float64]uint64
	}
	series := make(map[string]one)
	w.vectors = append(w.vectors, func() {
		labels := []string{"", "a", "a,b", "b,d"}[w.rnd.IntN(4)]
		buckets := map[float64]uint64{1: 1, 2: 2}
		if w.rnd.IntN(2) == 0 {
			buckets[0.5] = 0
		}
		series[labels] = one{labels, float64(w.rnd.IntN(10)), buckets}
		if w.rnd.IntN(3) == 0 {
			delete(series, "a")
		}
	})
	reg.MustRegister(collectorFunc(func(ch chan<- prometheus.Metric) {
		for _, s := range series {
			labels := make(prometheus.Labels)
			for name := range strings.SplitSeq(s.labels, ",") {
				if name != "" {
					labels[name] = fmt.Sprint(int(s.value) % 3)
				}
			}
			ch <- prometheus.MustNewConstMetric(prometheus.NewDesc("f_gauge", "h", nil, labels), prometheus.GaugeValue, s.value)
			ch <- prometheus.MustNewConstHistogram(prometheus.NewDesc("f_hist", "h", nil, labels), 3, s.value, s.buckets)
			ch <- prometheus.MustNewConstSummary(prometheus.NewDesc("f_summary", "h", nil, labels), 3, s.value, map[float64]float64{0.5: 1, 1: s.value})
		}
	}))
}

// addStream adds a stream collector.
func (w *world) addStream(reg metric.Registerer) {
	var (
		desc  = metric.NewDesc("s_stream", "h", []string{"a", "id"}, nil)
		count = 0
	)
	w.vectors = append(w.vectors, func() { count = w.rnd.IntN(6) })
	reg.MustRegister(&streamFake{[]*metric.Desc{desc}, func(_ context.Context, sink *metric.Sink) error {
		for i := range count {
			if err := sink.Gauge(desc, float64(i), fmt.Sprint(i%3), fmt.Sprint(i)); err != nil {
				return err
			}
		}
		return nil
	}})
}

// remote returns a target that serves instruments.
func (w *world) remote(t *testing.T) metric.GathererWithContext {
	t.Helper()
	reg := metric.NewContextRegistry()
	w.addInstruments(reg, "r_")
	server := httptest.NewServer(metric.HandlerForContext(reg, metric.HandlerOpts{}))
	t.Cleanup(server.Close)
	target, err := remote.New(server.URL, remote.Opts{})
	must(err)
	return target
}

// change creates, deletes and changes series at random.
func (w *world) change() {
	for range w.rnd.IntN(40) {
		w.vectors[w.rnd.IntN(len(w.vectors))]()
	}
}

// steps returns a random pipeline.
func (w *world) steps() []relabel.Step {
	pick := func(from ...string) string { return from[w.rnd.IntN(len(from))] }
	label := func() string { return pick("a", "b", "c", "d", "le", "quantile") }
	names := func() string {
		return pick(".*requests.*", ".*hist.*", ".*summary", "f_.*", ".*native.*|.*size", ".*ratio", ".*", ".*_bucket", ".*_count", "r_.*")
	}
	name := func() string { return pick("__name__", "__name__", label()) }
	value := func() string { return pick("0", "1", "[12]", "(.*)", "0.5", "1.0|2.0", "1.0", "two", "", "[+]Inf") }
	makers := []func() relabel.Step{
		func() relabel.Step {
			return relabel.Rule{Action: relabel.Action(pick("keep", "drop")), SourceLabels: []string{"__name__"}, Regex: new(names())}
		},
		func() relabel.Step {
			return relabel.Rule{Action: relabel.Drop, SourceLabels: []string{label()}, Regex: new(value())}
		},
		func() relabel.Step {
			return relabel.Rule{Action: relabel.Drop, SourceLabels: []string{"__name__", label()}, Regex: new(names() + ";" + value())}
		},
		func() relabel.Step {
			return relabel.Rule{Action: relabel.Keep, SourceLabels: []string{label()}, Regex: new(value() + "|")}
		},
		func() relabel.Step {
			return relabel.Rule{SourceLabels: []string{name()}, Regex: new(pick("(.).*", "(.*)", "n_(.*)")), TargetLabel: label(), Replacement: new(pick("x$1", "$1", "", "v"))}
		},
		func() relabel.Step {
			return relabel.Rule{
				SourceLabels: []string{"__name__"}, Regex: new("(n|f)_(.*?)(_total)?"), TargetLabel: "__name__",
				Replacement: new(pick("m_$2", "$1$2$3", "all$3")),
			}
		},
		func() relabel.Step {
			return relabel.Rule{SourceLabels: []string{"a"}, Regex: new("1"), TargetLabel: "__name__", Replacement: new("ones")}
		},
		func() relabel.Step {
			return relabel.Rule{Action: relabel.LabelDrop, Regex: new(pick("a", "b", "a|b", "le", "c", "quantile"))}
		},
		func() relabel.Step {
			return relabel.Rule{Action: relabel.LabelKeep, Regex: new(pick("__name__|id|a", "__name__|le|quantile|b", "__name__|le|quantile", "__name__|a|le|quantile"))}
		},
		func() relabel.Step {
			return relabel.Rule{Action: relabel.LabelMap, Regex: new("(a|b|le)"), Replacement: new(pick("new_$1", "$1"))}
		},
		func() relabel.Step {
			return relabel.Rule{Action: relabel.HashMod, SourceLabels: []string{"a", "b"}, Modulus: 3, TargetLabel: "shard"}
		},
		func() relabel.Step {
			return relabel.Rule{Action: relabel.Uppercase, SourceLabels: []string{pick("a", "__name__")}, TargetLabel: pick("up", "__name__")}
		},
		func() relabel.Step { return relabel.DropFamilies{Families: []string{names()}} },
		func() relabel.Step { return relabel.KeepFamilies{Families: []string{names(), "n_.*"}} },
		func() relabel.Step {
			return relabel.Rename{Regex: pick("n_(.*)", "(.*)", "._(.*)"), Replacement: pick("q_$1", "$1", "q_${1}_x")}
		},
		func() relabel.Step { return relabel.SetHelp{Families: []string{names()}, Help: "new"} },
		func() relabel.Step { return relabel.SetUnit{Families: []string{names()}, Unit: "size"} },
		func() relabel.Step { return relabel.SetType{Families: []string{names()}, Type: relabel.Untyped} },
		func() relabel.Step {
			return relabel.Scale{Families: []string{names()}, Factor: []float64{2, 0.25, 1000}[w.rnd.IntN(3)]}
		},
	}
	var steps []relabel.Step
	for range 1 + w.rnd.IntN(4) {
		steps = append(steps, makers[w.rnd.IntN(len(makers))]())
	}
	return steps
}

// show returns steps as text, with their pointers followed.
func show(steps []relabel.Step) string {
	text, err := json.Marshal(steps)
	must(err)
	return string(text)
}
