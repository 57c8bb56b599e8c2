package relabel_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/relabel"
	"github.com/luxfi/metric/remote"
)

// exposition returns what a handler for g serves in the accepted format, and the error of the gather.
func exposition(t *testing.T, g metric.GathererWithContext, accept string) (string, error) {
	t.Helper()
	var failed error
	rec := httptest.NewRecorder()
	r := httptest.NewRequestWithContext(t.Context(), "GET", "/metrics", nil)
	r.Header.Set("Accept", accept)
	metric.HandlerForContext(g, metric.HandlerOpts{
		ErrorLog: func(err error) { failed = err }, ErrorHandling: metric.ContinueOnError, EnableOpenMetrics: true,
	}).ServeHTTP(rec, r)
	if rec.Code == http.StatusInternalServerError {
		return "", failed // Nothing was gathered but an error.
	}
	return rec.Body.String(), failed
}

// TestSteps applies each step to instruments, a foreign collector, a stream collector and a remote target,
// all of which have the same families.
func TestSteps(t *testing.T) {
	tests := []struct {
		name, document string
		want           []string // lines that must be there
		never          []string // texts that must not be there
		err            string   // text in the error; empty if no error is expected
	}{
		{
			name: "none", document: `[]`,
			want: []string{`requests_total{code="200",path="/a"} 3`, `seconds_bucket{path="/a",le="1"} 2`, "# HELP size Size."},
		},
		{
			name: "drop by name", document: `[{action: drop, source_labels: [__name__], regex: 'seconds.*'}]`,
			want: []string{`size{path="/a"} 7`}, never: []string{"seconds"},
		},
		{
			name: "keep by label", document: `[{action: keep, source_labels: [code], regex: '5..|'}]`,
			want: []string{`requests_total{code="500",path="/a"} 1`, `size{path="/a"} 7`}, never: []string{`"200"`},
		},
		{
			name: "replace", document: `[{source_labels: [code], regex: '(.)..', target_label: class, replacement: '${1}xx'}]`,
			want: []string{`requests_total{class="2xx",code="200",path="/a"} 3`, `size{path="/a"} 7`},
		},
		{
			name: "labeldrop", document: `[{action: labeldrop, regex: code}]`,
			want: []string{`requests_total{path="/a"} 3`}, never: []string{"code="}, err: `"requests_total"|requests_total{code="500",path="/a"}`,
		},
		{
			name: "labeldrop of the last label", document: `[{action: labeldrop, regex: path}]`,
			want: []string{`requests_total{code="200"} 3`, `size 7`, `seconds_bucket{le="1"} 2`}, never: []string{"path="},
		},
		{
			name: "torn histogram", document: `[{action: drop, source_labels: [__name__], regex: seconds_sum}]`,
			want: []string{`seconds_sum{path="/a"} 2.5`, `seconds_count{path="/a"} 3`},
			err:  `rule 1 (line 1): it would tear the histogram "seconds" apart`,
		},
		{
			name: "torn by le", document: `[{action: labeldrop, regex: le}]`,
			want: []string{`seconds_bucket{path="/a",le="1"} 2`}, err: `rule 1 (line 1): it would tear the histogram "seconds" apart`,
		},
		{
			name: "buckets", document: `[{action: drop, source_labels: [le], regex: '0\.5'}]`,
			want:  []string{`seconds_bucket{path="/a",le="1"} 2`, `seconds_bucket{path="/a",le="+Inf"} 3`, `seconds_sum{path="/a"} 2.5`},
			never: []string{`le="0.5"`},
		},
		{
			name: "all buckets but one", document: `[{action: drop, source_labels: [le], regex: '\d.*'}]`,
			want: []string{`seconds_bucket{path="/a",le="+Inf"} 3`, `seconds_count{path="/a"} 3`}, never: []string{`le="1"`},
		},
		{
			name: "no last bucket", document: `[{action: drop, source_labels: [le], regex: '.+'}]`,
			want: []string{`seconds_bucket{path="/a",le="1"} 2`}, err: `rule 1 (line 1): it would tear the histogram "seconds" apart`,
		},
		{
			name: "name by label", document: `[{source_labels: [code], regex: '500', target_label: __name__, replacement: errors_total}]`,
			want: []string{`errors_total{code="500",path="/a"} 1`, `requests_total{code="200",path="/a"} 3`, "# TYPE errors_total counter"},
		},
		{
			name: "hidden label", document: `[{source_labels: [code], target_label: __tmp}, {source_labels: [__tmp], target_label: status}, {action: labeldrop, regex: code}]`,
			want: []string{`requests_total{path="/a",status="200"} 3`}, never: []string{"__tmp"},
		},
		{
			name: "keepfamilies", document: `[{action: keepfamilies, families: [size]}]`,
			want: []string{`size{path="/a"} 7`}, never: []string{"requests", "seconds"},
		},
		{
			name: "dropfamilies", document: `[{action: dropfamilies, families: [seconds, requests.*]}]`,
			want: []string{`size{path="/a"} 7`}, never: []string{"requests", "seconds"},
		},
		{
			name: "rename", document: `[{action: rename, replacement: 'app_${1}'}]`,
			want: []string{`app_size{path="/a"} 7`, `app_seconds_bucket{path="/a",le="1"} 2`, "# TYPE app_seconds histogram"}, never: []string{"\nsize"},
		},
		{
			name: "help", document: `[{action: help, families: [size], help: New.}]`,
			want: []string{"# HELP size New."}, never: []string{"Size."},
		},
		{
			name: "type", document: `[{action: type, families: [size], type: counter}]`,
			want: []string{"# TYPE size counter", `size{path="/a"} 7`},
		},
		{
			name: "type of a histogram", document: `[{action: type, families: [seconds], type: counter}]`,
			want: []string{"# TYPE seconds histogram"}, err: "rule 1 (line 1): a histogram cannot become a counter",
		},
		{
			name: "scale", document: `[{action: scale, families: [seconds, size], factor: 1000}]`,
			want: []string{`size{path="/a"} 7000`, `seconds_bucket{path="/a",le="500"} 1`, `seconds_sum{path="/a"} 2500`, `seconds_count{path="/a"} 3`},
		},
		{
			name: "aggregate", document: `[{action: aggregate, families: [requests_total], without: [code]}]`,
			want: []string{`requests_total{path="/a"} 4`},
		},
		{
			name: "steps around an aggregation",
			document: `
- {action: drop, source_labels: [code], regex: '2..'}
- {action: aggregate, families: [requests_total], by: []}
- {action: rename, regex: requests_total, replacement: failures_total}`,
			want: []string{`failures_total 1`, `size{path="/a"} 7`}, never: []string{"requests"},
		},
		{
			name: "two families with one name", document: `[{action: rename, regex: size|requests_total, replacement: both}]`,
			want: []string{`seconds_count{path="/a"} 3`, "# TYPE both "}, err: "both",
		},
		{
			name: "suffix clash", document: `[{action: rename, regex: size, replacement: seconds_count}]`,
			want: []string{"requests_total"}, err: "seconds",
		},
		{
			name: "no name", document: `[{action: replace, source_labels: [code], regex: '500', target_label: __name__, replacement: ''}]`,
			want: []string{`requests_total{code="200",path="/a"} 3`}, never: []string{`"500"`}, err: "has no name any more",
		},
	}
	for kind, g := range sources(t) {
		for _, tt := range tests {
			t.Run(kind+"/"+tt.name, func(t *testing.T) {
				p, err := relabel.Parse([]byte(tt.document))
				if err != nil {
					t.Fatal(err)
				}
				relabeled := p.Gatherer(g)
				for range 3 {
					text, err := exposition(t, relabeled, "")
					for _, want := range tt.want {
						if !strings.Contains("\n"+text, "\n"+want) {
							t.Errorf("%s is missing", want)
						}
					}
					for _, never := range tt.never {
						if strings.Contains("\n"+text, never) {
							t.Errorf("%q is there", never)
						}
					}
					wantError(t, err, tt.err)
					if t.Failed() {
						t.Fatalf("got\n%s\nerror: %v", text, err)
					}
					if strings.Contains(text, "# EOF") {
						t.Error("the format is OpenMetrics")
					}
					if om, _ := exposition(t, relabeled, "application/openmetrics-text"); !strings.HasSuffix(om, "# EOF\n") {
						t.Errorf("no OpenMetrics:\n%s", om)
					}
				}
			})
		}
	}
}

// wantError checks that err contains one of several texts, or that it is nil if texts is empty.
func wantError(t *testing.T, err error, texts string) {
	t.Helper()
	switch {
	case texts == "":
		if err != nil {
			t.Errorf("unexpected error: %v", err)
		}
	case err == nil || !slices.ContainsFunc(strings.Split(texts, "|"), func(s string) bool { return strings.Contains(err.Error(), s) }):
		t.Errorf("got error %v, want one with %s", err, texts)
	}
}

// sources returns gatherers that produce the same families in different ways.
func sources(t *testing.T) map[string]metric.GathererWithContext {
	t.Helper()
	native := metric.NewContextRegistry()
	requests := metric.NewCounterVec(metric.CounterOpts{Name: "requests_total", Help: "Requests."}, []string{"code", "path"})
	seconds := metric.NewHistogramVec(metric.HistogramOpts{Name: "seconds", Help: "Duration.", Buckets: []float64{0.5, 1}}, []string{"path"})
	size := metric.NewGaugeVec(metric.GaugeOpts{Name: "size", Help: "Size."}, []string{"path"})
	native.MustRegister(requests, seconds, size)
	requests.WithLabelValues("200", "/a").Add(3)
	requests.WithLabelValues("500", "/a").Add(1)
	size.WithLabelValues("/a").Set(7)
	for _, v := range []float64{0.5, 0.75, 1.25} {
		seconds.WithLabelValues("/a").Observe(v)
	}
	foreign := metric.NewContextRegistry()
	foreign.MustRegister(collectorFunc(func(ch chan<- prometheus.Metric) {
		for _, c := range []prometheus.Collector{requests, seconds, size} {
			c.Collect(ch)
		}
	}))
	stream := metric.NewContextRegistry()
	descs := make(chan *metric.Desc, 3)
	for _, c := range []prometheus.Collector{requests, seconds, size} {
		c.Describe(descs)
	}
	close(descs)
	stream.MustRegister(&streamFake{slices.Collect(received(descs)), func(_ context.Context, sink *metric.Sink) error {
		ch := make(chan prometheus.Metric, 10)
		for _, c := range []prometheus.Collector{requests, seconds, size} {
			c.Collect(ch)
		}
		close(ch)
		for m := range ch {
			if err := sink.Metric(m); err != nil {
				return err
			}
		}
		return nil
	}})
	server := httptest.NewServer(metric.HandlerForContext(native, metric.HandlerOpts{}))
	t.Cleanup(server.Close)
	target, err := remote.New(server.URL, remote.Opts{})
	must(err)
	unchanged := pipeline(t)
	return map[string]metric.GathererWithContext{
		"native": native, "foreign": foreign, "stream": stream, "remote": target, "sharded": metric.NewShardedGatherer(native),
		"pipeline": unchanged.Gatherer(native),
	}
}

func received[T any](ch <-chan T) iter.Seq[T] {
	return func(yield func(T) bool) {
		for v := range ch {
			if !yield(v) {
				return
			}
		}
	}
}

// TestDuplicatesNameBoth checks that the error about two series that have become the same names both, for
// series from all kinds of sources.
func TestDuplicatesNameBoth(t *testing.T) {
	rename := relabel.Rule{SourceLabels: []string{"__name__"}, Regex: new("[xy]_total"), TargetLabel: "__name__", Replacement: new("z_total")}
	dropID := relabel.Rule{Action: relabel.LabelDrop, Regex: new("id")}
	counter := func(name, id string) prometheus.Collector {
		c := metric.NewCounterVec(metric.CounterOpts{Name: name}, []string{"id"})
		c.WithLabelValues(id).Inc()
		return c
	}
	foreign := func(c prometheus.Collector) prometheus.Collector { return collectorFunc(c.Collect) }
	tests := []struct {
		name string
		step relabel.Step
		cs   []prometheus.Collector
		want []string
	}{
		{"between vectors", rename, []prometheus.Collector{counter("x_total", "1"), counter("y_total", "1")}, []string{`x_total{id="1"}`, `y_total{id="1"}`}},
		{"with an untouched family", rename, []prometheus.Collector{counter("x_total", "1"), counter("z_total", "1")}, []string{`x_total{id="1"}`, `z_total{id="1"}`}},
		{"between foreign collectors", rename, []prometheus.Collector{foreign(counter("x_total", "1")), foreign(counter("y_total", "1"))}, []string{`x_total{id="1"}`, `y_total{id="1"}`}},
		{"between both", rename, []prometheus.Collector{counter("x_total", "1"), foreign(counter("y_total", "1"))}, []string{`x_total{id="1"}`, `y_total{id="1"}`}},
		{"in one family", dropID, []prometheus.Collector{foreign(counter("x_total", "1")), foreign(counter("x_total", "2"))}, []string{`x_total{id="1"}`, `x_total{id="2"}`}},
		{"renamed as a whole", relabel.Rename{Regex: "._total", Replacement: "z_total"}, []prometheus.Collector{counter("x_total", "1"), foreign(counter("y_total", "1"))}, []string{`x_total{id="1"}`, `y_total{id="1"}`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			reg := metric.NewContextRegistry()
			for i, c := range tt.cs {
				must(reg.RegisterWith(c, metric.WithName(fmt.Sprint("c", i))))
			}
			g := pipeline(t, tt.step).Gatherer(reg)
			wrapped := metric.NewLabelGatherer("zone")
			must(wrapped.Register("eu", g))
			prefixed := metric.NewPrefixGatherer()
			must(prefixed.Register("pre", wrapped))
			for name, g := range map[string]metric.GathererWithContext{"itself": g, "wrapped": prefixed} {
				for range 2 {
					families, err := g.Gather()
					if err == nil {
						t.Fatalf("%s: no error, and %v", name, families)
					}
					for _, want := range tt.want {
						if !strings.Contains(err.Error(), want) {
							t.Errorf("%s: the error does not name %s: %v", name, want, err)
						}
					}
					if len(families) != 1 || len(families[0].GetMetric()) != 1 {
						t.Errorf("%s: got %v, want one series", name, families)
					}
				}
			}
		})
	}
}

func TestSelection(t *testing.T) {
	for kind, g := range sources(t) {
		t.Run(kind, func(t *testing.T) {
			p := pipeline(t, relabel.Rename{Replacement: "app_$1"}, relabel.Rule{
				SourceLabels: []string{"code"}, Regex: new("500"), TargetLabel: "__name__", Replacement: new("errors_total"),
			})
			rec := httptest.NewRecorder()
			metric.HandlerForContext(p.Gatherer(g), metric.HandlerOpts{}).
				ServeHTTP(rec, httptest.NewRequestWithContext(t.Context(), "GET", "/metrics?name[]=app_size&name[]=errors_total", nil))
			text := rec.Body.String()
			if !strings.Contains(text, "app_size{") || !strings.Contains(text, "errors_total{") || strings.Contains(text, "app_requests") {
				t.Errorf("got\n%s", text)
			}
		})
	}
}

type key struct{}

// TestContext checks that the context of a gather reaches the collectors through pipelines with and without
// aggregations.
func TestContext(t *testing.T) {
	errBroken := errors.New("broken")
	reg := metric.NewContextRegistry()
	var got context.Context //nolint:containedctx // The test only compares it.
	must(reg.RegisterWith(metric.NewCollectorFunc(nil, func(ctx context.Context, ch chan<- metric.Metric) {
		got = ctx
		ch <- prometheus.MustNewConstMetric(prometheus.NewDesc("x_total", "x", nil, nil), prometheus.CounterValue, 1)
		ch <- prometheus.NewInvalidMetric(prometheus.NewInvalidDesc(errBroken), errBroken)
	}), metric.WithName("bad")))
	g := pipeline(t, relabel.Rename{Replacement: "a_$1"}, relabel.Aggregate{Families: []string{".*"}, By: []string{}}, relabel.SetHelp{
		Families: []string{".*"}, Help: "new",
	}).Gatherer(reg)
	ctx, cancel := context.WithDeadline(context.WithValue(t.Context(), key{}, "v"), time.Now().Add(time.Hour))
	defer cancel()
	families, err := g.GatherWithContext(ctx)
	if !errors.Is(err, errBroken) || len(families) != 1 || families[0].GetName() != "a_x_total" || families[0].GetHelp() != "new" {
		t.Errorf("got %v and error %v, want what was collected and the collector's error", families, err)
	}
	if got == nil || got.Value(key{}) != "v" {
		t.Errorf("the collector got %v", got)
	} else if _, ok := got.Deadline(); !ok {
		t.Error("the collector got no deadline")
	}
}

// TestNilGatherer checks that Gatherer panics if its argument is nil.
func TestNilGatherer(t *testing.T) {
	for name, p := range map[string]*relabel.Pipeline{
		"steps": pipeline(t), "aggregation": pipeline(t, relabel.Aggregate{Families: []string{".*"}, By: []string{}}),
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if err, ok := recover().(error); !ok || !strings.Contains(err.Error(), "nil Gatherer") {
					t.Errorf("got %v, want a panic", err)
				}
			}()
			p.Gatherer(nil)
		})
	}
}

// TestConcurrentScrapes checks that several handlers and gatherers can share a pipeline while series come
// and go.
func TestConcurrentScrapes(t *testing.T) {
	reg := metric.NewContextRegistry()
	i := addInstruments(reg, "n_")
	reg.MustRegister(collectorFunc(func(ch chan<- prometheus.Metric) { i.counter.Collect(ch) }))
	outer := pipeline(t, relabel.Rule{SourceLabels: []string{"a"}, Regex: new("(.).*"), TargetLabel: "first"},
		relabel.Scale{Families: []string{".*hist"}, Factor: 2}, relabel.Rule{Action: relabel.Drop, SourceLabels: []string{"le"}, Regex: new("1.0|2.0")})
	inner := pipeline(t, relabel.Scale{Families: []string{".*classic_hist"}, Factor: 2}, relabel.Rule{Action: relabel.LabelDrop, Regex: new("b")})
	first := inner.Gatherer(reg)
	gatherers := []metric.GathererWithContext{outer.Gatherer(first), outer.Gatherer(first), outer.Gatherer(reg), outer.Gatherer(metric.NewShardedGatherer(first))}
	var all sync.WaitGroup
	for n, g := range slices.Repeat(gatherers, 2) {
		h := metric.HandlerForContext(g, metric.HandlerOpts{ErrorLog: func(error) {}, ErrorHandling: metric.ContinueOnError})
		all.Go(func() {
			for k := range 30 {
				v := fmt.Sprint(n*100+k, "x")
				i.counter.WithLabelValues(v, "1").Inc()
				i.classic.WithLabelValues(v, "1").Observe(1)
				i.both.WithLabelValues(v, "1").Observe(1)
				h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), "GET", "/metrics", nil))
				i.counter.DeleteLabelValues(v, "1")
			}
		})
	}
	all.Wait()
	families, _ := gatherers[0].Gather()
	for _, mf := range families {
		for _, m := range mf.GetMetric() {
			if a := labelsOf(m); a["a"] != "" && a["first"] != a["a"][:1] {
				t.Errorf("%s%v has got the labels of another series", mf.GetName(), a)
			}
			if mf.GetName() == "n_classic_hist" && m.GetHistogram().GetSampleSum() != 4 {
				t.Errorf("got %v, want a sum of 4", m)
			}
		}
	}
}

// TestScrapeAllocations checks that the number of allocations of a scrape through a prefix, a label and
// three rules does not depend on the number of series.
func TestScrapeAllocations(t *testing.T) {
	allocations := func(series int) float64 {
		reg := metric.NewContextRegistry()
		v := metric.NewCounterVec(metric.CounterOpts{Name: "requests_total"}, []string{"code", "path"})
		reg.MustRegister(v)
		for i := range series {
			v.WithLabelValues("200", fmt.Sprint("/", i)).Inc()
		}
		g := throughRules(reg)
		h := metric.HandlerForContext(g, metric.HandlerOpts{ErrorLog: func(err error) { t.Error(err) }})
		req := httptest.NewRequestWithContext(t.Context(), "GET", "/metrics", nil)
		return testing.AllocsPerRun(5, func() { h.ServeHTTP(discard{}, req) })
	}
	few, many := allocations(1000), allocations(10_000)
	t.Logf("%v and %v allocations", few, many)
	if many > few+100 {
		t.Errorf("%v allocations for 10,000 series, and %v for 1,000", many, few)
	}
}

// discard is an http.ResponseWriter that discards the body.
type discard struct{}

func (discard) Header() http.Header         { return make(http.Header) }
func (discard) Write(p []byte) (int, error) { return len(p), nil }
func (discard) WriteHeader(int)             {}

// TestDroppedSamplesAreCounted checks that the statistics of a collector count the samples that a pipeline
// drops because of an error, and no others.
func TestDroppedSamplesAreCounted(t *testing.T) {
	tests := []struct {
		name    string
		step    relabel.Step
		dropped uint64 // samples dropped in each scrape
		errors  int    // errors of each scrape
	}{
		{"torn histograms", relabel.Rule{Action: relabel.Drop, SourceLabels: []string{"__name__"}, Regex: new(".*_sum")}, 0, 1},
		{"wrong type", relabel.SetType{Families: []string{"x_hist"}, Type: relabel.Counter}, 0, 1},
		{"wrong factor", relabel.Scale{Families: []string{"x_native"}, Factor: 10}, 0, 1},
		{"dropped on purpose", relabel.Rule{Action: relabel.Drop, SourceLabels: []string{"__name__"}, Regex: new("x_hist.*")}, 0, 0},
		{"without a name", relabel.Rule{SourceLabels: []string{"__name__"}, Regex: new("x_native"), TargetLabel: "__name__", Replacement: new("")}, 20, 2},
		{"the same", relabel.Rule{Action: relabel.LabelDrop, Regex: new("id")}, 38, 11},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			classic := metric.NewHistogramVec(metric.HistogramOpts{Name: "x_hist", Buckets: []float64{1}}, []string{"id"})
			native := metric.NewHistogramVec(metric.HistogramOpts{Name: "x_native", NativeHistogramBucketFactor: 2}, []string{"id"})
			for i := range 20 {
				classic.WithLabelValues(fmt.Sprint(i)).Observe(1)
				native.WithLabelValues(fmt.Sprint(i)).Observe(1)
			}
			reg := metric.NewContextRegistry()
			must(reg.RegisterWith(collectorFunc(func(ch chan<- prometheus.Metric) {
				classic.Collect(ch)
				native.Collect(ch)
			}), metric.WithName("foreign")))
			g := pipeline(t, tt.step).Gatherer(reg)
			for scrape := range uint64(3) {
				_, err := g.Gather()
				if all := errorsIn(err); len(all) != tt.errors {
					t.Errorf("got %d errors, want %d: %v", len(all), tt.errors, err)
				}
				if got := reg.Status()[0].Dropped; got != tt.dropped*(scrape+1) {
					t.Errorf("after %d scrapes, %d samples are counted as dropped, want %d", scrape+1, got, tt.dropped*(scrape+1))
				}
			}
		})
	}
}

// errorsIn returns the errors that err joins.
func errorsIn(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()
	}
	if err == nil {
		return nil
	}
	return []error{err}
}
