package dropin_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	clienthttp "github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/promhttp"
)

// library is one of the two libraries. It makes instruments of each kind, with values, and a registry.
type library struct {
	instruments func() []prometheus.Collector
	registry    func() registry
}

type registry interface {
	prometheus.Registerer
	prometheus.Gatherer
}

var libraries = map[string]library{
	"ours": {
		instruments: func() []prometheus.Collector {
			c := metric.NewCounterVec(metric.CounterOpts{Name: "c_total", Help: "H."}, []string{"a"})
			c.WithLabelValues("x").Add(2)
			g := metric.NewGauge(metric.GaugeOpts{Name: "g", Help: "H.", ConstLabels: metric.Labels{"k": "v"}})
			g.Set(-1)
			h := metric.NewHistogramVec(metric.HistogramOpts{Name: "h", Help: "H.", Buckets: []float64{1, 2}}, []string{"a"})
			h.WithLabelValues("x").Observe(1.5)
			s := metric.NewSummary(metric.SummaryOpts{Name: "s", Help: "H.", Objectives: map[float64]float64{0.5: 0.01}})
			s.Observe(3)
			return []prometheus.Collector{c, g, h, s, metric.NewGaugeFunc(metric.GaugeOpts{Name: "f", Help: "H."}, func() float64 { return 5 })}
		},
		registry: func() registry { return metric.NewRegistry() },
	},
	"client_golang's": {
		instruments: func() []prometheus.Collector {
			c := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "c_total", Help: "H."}, []string{"a"})
			c.WithLabelValues("x").Add(2)
			g := prometheus.NewGauge(prometheus.GaugeOpts{Name: "g", Help: "H.", ConstLabels: prometheus.Labels{"k": "v"}})
			g.Set(-1)
			h := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "h", Help: "H.", Buckets: []float64{1, 2}}, []string{"a"})
			h.WithLabelValues("x").Observe(1.5)
			s := prometheus.NewSummary(prometheus.SummaryOpts{Name: "s", Help: "H.", Objectives: map[float64]float64{0.5: 0.01}})
			s.Observe(3)
			return []prometheus.Collector{c, g, h, s, prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "f", Help: "H."}, func() float64 { return 5 })}
		},
		registry: func() registry { return prometheus.NewRegistry() },
	},
}

const instrumentsText = `# HELP c_total H.
# TYPE c_total counter
c_total{a="x"} 2
# HELP f H.
# TYPE f gauge
f 5
# HELP g H.
# TYPE g gauge
g{k="v"} -1
# HELP h H.
# TYPE h histogram
h_bucket{a="x",le="1"} 0
h_bucket{a="x",le="2"} 1
h_bucket{a="x",le="+Inf"} 1
h_sum{a="x"} 1.5
h_count{a="x"} 1
# HELP s H.
# TYPE s summary
s{quantile="0.5"} 3
s_sum 3
s_count 1
`

// TestAcross registers the instruments of each library with the registry of each library, and serves them
// with the handlers of both.
func TestAcross(t *testing.T) {
	for maker, instruments := range libraries {
		for keeper, kept := range libraries {
			t.Run(fmt.Sprintf("%s instruments in %s registry", maker, keeper), func(t *testing.T) {
				r := kept.registry()
				for _, c := range instruments.instruments() {
					r.MustRegister(c)
				}
				for name, text := range map[string]string{"ours": ourText(t, r), "theirs": theirText(t, r)} {
					if text != instrumentsText {
						t.Errorf("%s serves\n%s", name, text)
					}
				}
				// The registry finds an equal instrument, regardless of the library that made it.
				for other, twins := range libraries {
					for _, c := range twins.instruments() {
						if err := r.Register(c); err == nil {
							t.Errorf("%s %T was registered as well", other, c)
						}
						if !r.Unregister(c) {
							t.Errorf("%s %T does not stand for its equal", other, c)
						}
						r.MustRegister(c)
					}
				}
			})
		}
	}
}

// TestRegistryInRegistry registers a registry of one library with a registry of the other, directly and
// through wrapped registerers of both.
func TestRegistryInRegistry(t *testing.T) {
	for inner, in := range libraries {
		for outer, out := range libraries {
			for name, wrap := range map[string]func(prometheus.Registerer) prometheus.Registerer{
				"plain": func(r prometheus.Registerer) prometheus.Registerer { return r },
				"wrapped by ours": func(r prometheus.Registerer) prometheus.Registerer {
					return metric.WrapRegistererWith(metric.Labels{"zone": "z"}, r)
				},
				"wrapped by theirs": func(r prometheus.Registerer) prometheus.Registerer {
					return prometheus.WrapRegistererWith(prometheus.Labels{"zone": "z"}, r)
				},
			} {
				t.Run(fmt.Sprintf("%s in %s, %s", inner, outer, name), func(t *testing.T) {
					nested, r := in.registry(), out.registry()
					for _, c := range libraries["ours"].instruments() {
						nested.MustRegister(c)
					}
					collector, ok := nested.(prometheus.Collector)
					if !ok {
						t.Fatal("the registry is no collector")
					}
					wrap(r).MustRegister(collector)
					line := `c_total{a="x"} 2`
					if name != "plain" {
						line = `c_total{a="x",zone="z"} 2`
					}
					wantLines(t, ourText(t, r), line)
					wantLines(t, theirText(t, r), line)
				})
			}
		}
	}
}

// TestBothDefaults uses the default registries of both libraries in one program.
func TestBothDefaults(t *testing.T) {
	ours := metric.New("both").NewCounterVec("ours_total", "Made by this library.", []string{"a"})
	defer metric.Unregister(ours)
	ours.WithLabelValues("x").Inc()
	theirs := prometheus.NewCounter(prometheus.CounterOpts{Name: "both_theirs_total", Help: "Made by client_golang."})
	prometheus.MustRegister(theirs)
	defer prometheus.Unregister(theirs)
	// Each default registry has a part of this family.
	for r, zone := range map[prometheus.Registerer]string{metric.DefaultRegisterer: "a", prometheus.DefaultRegisterer: "b"} {
		shared := metric.NewGauge(metric.GaugeOpts{Name: "both_shared", Help: "Shared.", ConstLabels: metric.Labels{"zone": zone}})
		r.MustRegister(shared)
		t.Cleanup(func() { r.Unregister(shared) })
	}
	// The handlers of both libraries have registered their own metrics.
	for range 5 {
		scraped(t, clienthttp.Handler())
	}
	scraped(t, promhttp.Handler())
	if _, err := metric.DefaultGatherers().Gather(); err != nil {
		t.Errorf("got error %v", err)
	}
	// The counter of requests must be the one of our handlers.
	requests := regexp.MustCompile(`promhttp_metric_handler_requests_total\{code="200"\} \d+`)
	before := requests.FindString(ourText(t, metric.DefaultGatherer))
	if before == "" || before == requests.FindString(theirText(t, prometheus.DefaultGatherer)) {
		t.Errorf("got %q from both default gatherers", before)
	}
	wantLines(t, scraped(t, metric.Handler()), before)
	for name, text := range map[string]string{
		"metric.Handler":   scraped(t, metric.Handler()),
		"promhttp.Handler": scraped(t, promhttp.Handler()),
	} {
		t.Run(name, func(t *testing.T) {
			wantLines(t, text, `both_ours_total{a="x"} 1`, "both_theirs_total 0", `both_shared{zone="a"} 0`, `both_shared{zone="b"} 0`)
			seen := make(map[string]bool)
			for line := range strings.Lines(text) {
				series := line
				if !strings.HasPrefix(line, "#") {
					series = line[:strings.LastIndexByte(line, ' ')]
				}
				if seen[series] {
					t.Errorf("%s is there twice", series)
				}
				seen[series] = true
			}
			// The exposition contains everything that client_golang's handler serves.
			for line := range strings.Lines(scraped(t, clienthttp.HandlerFor(prometheus.DefaultGatherer, clienthttp.HandlerOpts{}))) {
				if strings.HasPrefix(line, "# TYPE") && !seen[line] {
					t.Errorf("%s is missing", line)
				}
			}
		})
	}
}

// TestBothDefaultsWithRuntimeMetrics checks that both default registries may have all metrics of the Go
// runtime.
func TestBothDefaultsWithRuntimeMetrics(t *testing.T) {
	all := collectors.NewGoCollector(collectors.WithGoCollectorRuntimeMetrics(collectors.MetricsAll))
	for _, r := range []prometheus.Registerer{metric.DefaultRegisterer, prometheus.DefaultRegisterer} {
		plain := collectors.NewGoCollector()
		r.Unregister(plain)
		r.MustRegister(all)
		t.Cleanup(func() {
			r.Unregister(all)
			r.MustRegister(plain)
		})
	}
	_, err := metric.DefaultGatherers().Gather()
	if err != nil {
		t.Errorf("got error %v", err)
	}
	text := scraped(t, metric.Handler())
	for _, name := range []string{"go_sched_latencies_seconds", "go_goroutines", "go_gc_heap_allocs_by_size_bytes", "process_start_time_seconds"} {
		if n := strings.Count(text, "# TYPE "+name+" "); n != 1 {
			t.Errorf("%s is there %d times", name, n)
		}
	}
}

// TestOneDefault makes one registry the default of both.
func TestOneDefault(t *testing.T) {
	r := metric.NewRegistry()
	gatherers := []*prometheus.Gatherer{&prometheus.DefaultGatherer, &metric.DefaultGatherer}
	registerers := []*prometheus.Registerer{&prometheus.DefaultRegisterer, &metric.DefaultRegisterer}
	for i := range gatherers {
		g, before := *gatherers[i], *registerers[i]
		*gatherers[i], *registerers[i] = r, r
		t.Cleanup(func() { *gatherers[i], *registerers[i] = g, before })
	}
	prometheus.MustRegister(prometheus.NewCounter(prometheus.CounterOpts{Name: "theirs_total", Help: "H."}))
	metric.MustRegister(metric.NewCounter(metric.CounterOpts{Name: "ours_total", Help: "H."}))
	wantLines(t, scraped(t, metric.Handler()), "theirs_total 0", "ours_total 0")
	wantLines(t, scraped(t, clienthttp.Handler()), "theirs_total 0", "ours_total 0")
	if _, err := metric.DefaultGatherers().Gather(); err != nil {
		t.Errorf("got error %v", err)
	}
}
