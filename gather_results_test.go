package metric_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric"
)

// retained is a collector that sends the same metrics whenever it is collected.
func retained(name string) plain {
	d := metric.NewDesc(name, "Help.", []string{"l"}, metric.Labels{"const": "1"})
	metrics := []metric.Metric{
		prometheus.MustNewConstMetric(d, prometheus.GaugeValue, 1, "a"),
		prometheus.MustNewConstMetric(d, prometheus.GaugeValue, 2, "b"),
	}
	return plain{name, func(ch chan<- metric.Metric) {
		for _, m := range metrics {
			ch <- m
		}
	}}
}

// partsOf returns the label pairs of all metrics, and the metrics.
func partsOf(families []*metric.MetricFamily) (pairs []*metric.LabelPair, metrics []*metric.MetricData) {
	for _, mf := range families {
		for _, m := range mf.Metric {
			metrics = append(metrics, m)
			pairs = append(pairs, m.Label...)
		}
	}
	return pairs, metrics
}

// TestGatheredMetricsAreOwn checks that a metric that Gather returns belongs to the caller, even if
// the collector sends the same metric again.
func TestGatheredMetricsAreOwn(t *testing.T) {
	r := metric.NewContextRegistry()
	r.MustRegister(retained("x"))
	want := gathered(t, r)
	for _, m := range r.MustGather()[0].Metric {
		m.Label = append(m.Label, &metric.LabelPair{Name: new("more"), Value: new("1")})
		m.Gauge, m.TimestampMs = nil, new(int64(1))
	}
	if got := gathered(t, r); !slices.Equal(got, want) {
		t.Errorf("after changes to a result, the next one is %v, want %v", got, want)
	}
}

func gathered(t *testing.T, g metric.Gatherer) (lines []string) {
	t.Helper()
	families, err := g.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, mf := range families {
		lines = append(lines, mf.String())
	}
	return lines
}

// TestResultsOfSeveralScrapesAreApart checks that scrapes that get the results of the same run share
// nothing that belongs to their callers, whether they overlap or the results are cached.
func TestResultsOfSeveralScrapesAreApart(t *testing.T) {
	for name, opts := range map[string][]metric.CollectorOption{
		"overlapping": nil,
		"cached":      {metric.WithCache(time.Hour)},
		"stale":       {metric.WithStale(time.Hour)},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := metric.NewContextRegistry()
				d := metric.NewDesc("x", "", []string{"l"}, nil)
				runs := 0
				err := r.RegisterWith(plain{"x", func(ch chan<- metric.Metric) {
					runs++
					if runs > 1 && name == "stale" {
						panic("no more")
					}
					ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, 1, "a")
					time.Sleep(time.Second)
				}}, opts...)
				if err != nil {
					t.Fatal(err)
				}
				var (
					results [3][]*metric.MetricFamily
					all     sync.WaitGroup
				)
				for i := range results {
					all.Go(func() {
						if name == "stale" {
							time.Sleep(time.Duration(i) * time.Minute)
						}
						results[i], _ = r.Gather()
					})
				}
				all.Wait()
				pairs := make(map[*metric.LabelPair]bool)
				metrics := make(map[*metric.MetricData]bool)
				for _, result := range results {
					p, m := partsOf(result)
					if len(p) != 1 || len(m) != 1 || pairs[p[0]] || metrics[m[0]] {
						t.Errorf("%d metrics and %d label pairs, or one that another result has", len(m), len(p))
						continue
					}
					pairs[p[0]], metrics[m[0]] = true, true
				}
			})
		})
	}
}

// TestWrappedMetricsAreChanged checks that gathered metrics have all labels of the wrappings,
// wherever the wrapping happens.
func TestWrappedMetricsAreChanged(t *testing.T) {
	around := metric.NewLabelGatherer("zone")
	r, err := metric.MakeAndRegister(around, "eu")
	if err != nil {
		t.Fatal(err)
	}
	metric.WrapRegistererWith(metric.Labels{"inner": "1"}, r).MustRegister(retained("x"))
	r.MustRegister(retained("y"))
	prefixed := metric.NewPrefixGatherer()
	if err := prefixed.Register("p", around); err != nil {
		t.Fatal(err)
	}
	for _, mf := range mustGather(t, prefixed) {
		want := []string{"const", "l", "zone"}
		if mf.GetName() == "p_x" {
			want = []string{"const", "inner", "l", "zone"}
		}
		for _, m := range mf.Metric {
			var names []string
			for _, pair := range m.Label {
				names = append(names, pair.GetName())
			}
			if !slices.Equal(names, want) {
				t.Errorf("%s has the labels %q, want %q", mf.GetName(), names, want)
			}
		}
	}
}

// TestPrefixIsNoCopy checks that a prefix does not cause a copy of each sample.
func TestPrefixIsNoCopy(t *testing.T) {
	const series = 1000
	d := metric.NewDesc("x", "", []string{"l"}, nil)
	inner := metric.NewContextRegistry()
	inner.MustRegister(plain{"x", func(ch chan<- metric.Metric) {
		for i := range series {
			ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, 1, strconv.Itoa(i))
		}
	}})
	outer := metric.NewContextRegistry()
	metric.WrapRegistererWithPrefix("p_", outer).MustRegister(inner)
	allocs := func(g metric.Gatherer) float64 {
		return testing.AllocsPerRun(20, func() { _, _ = g.Gather() })
	}
	if with, without := allocs(outer), allocs(inner); with > without+series/4 {
		t.Errorf("%v allocations with a prefix, %v without", with, without)
	}
}

// TestResultsOutliveScrapes checks that later scrapes change neither the gathered metrics nor the
// text of the error, although they reuse memory.
func TestResultsOutliveScrapes(t *testing.T) {
	d := metric.NewDesc("own", "", []string{"l"}, nil)
	bounds := map[float64]uint64{1: 1}
	for name, register := range map[string]func(metric.Registerer, metric.Collector){
		"plain": func(r metric.Registerer, c metric.Collector) { r.MustRegister(c) },
		"wrapped": func(r metric.Registerer, c metric.Collector) {
			metric.WrapRegistererWithPrefix("p_", r).MustRegister(c)
		},
		"labeled": func(r metric.Registerer, c metric.Collector) {
			metric.WrapRegistererWith(metric.Labels{"w": "1"}, r).MustRegister(c)
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := metric.NewContextRegistry()
			scrapes := 0
			register(r, plain{"x", func(ch chan<- metric.Metric) {
				scrapes++
				l := strings.Repeat(strconv.Itoa(scrapes), 10)
				m := prometheus.MustNewConstMetric(d, prometheus.GaugeValue, 1, l)
				ch <- m
				ch <- m
				h := metric.NewDesc("h", "", []string{"l"}, nil)
				ch <- prometheus.MustNewConstHistogram(h, 1, 1, bounds, l)
				s := metric.NewDesc("s", "", []string{"l"}, nil)
				ch <- prometheus.MustNewConstSummary(s, 1, 1, map[float64]float64{.5: 1}, l)
				u := metric.NewDesc("u", "", []string{"l"}, nil)
				ch <- prometheus.NewMetricWithTimestamp(time.Unix(1, 0), prometheus.MustNewConstMetric(u, prometheus.UntypedValue, 1, l))
			}})
			families, err := r.Gather()
			if err == nil || len(families) != 4 {
				t.Fatalf("gathered %d families, error %v", len(families), err)
			}
			text := func() string { return fmt.Sprint(families, err) }
			want := text()
			for range 10 {
				if _, err := r.Gather(); err == nil || strings.Contains(err.Error(), "1111111111") {
					t.Fatalf("a later scrape: %v", err)
				}
				metric.HandlerFor(r).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/metrics", nil))
			}
			if got := text(); got != want {
				t.Errorf("it has become\n%s\nwant\n%s", got, want)
			}
		})
	}
}
