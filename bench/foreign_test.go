package bench_test

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/luxfi/metric"
)

// exporter is a collector as exporters write them: it does not know our library, and makes
// a const metric for each series whenever it is collected.
type exporter struct {
	desc   *prometheus.Desc
	values [][]string
}

func newExporter(number, series int) *exporter {
	desc := prometheus.NewDesc(fmt.Sprintf("exporter_%d_value", number), "A value.", labelNames[:2], nil)
	return &exporter{desc, labelValues(series, 2)}
}

func (e *exporter) Describe(ch chan<- *prometheus.Desc) { ch <- e.desc }

func (e *exporter) Collect(ch chan<- prometheus.Metric) {
	for i, v := range e.values {
		ch <- prometheus.MustNewConstMetric(e.desc, prometheus.GaugeValue, float64(i), v...)
	}
}

// BenchmarkForeign scrapes collectors that are written for client_golang: into MetricFamily
// structs, and as text through the handler.
func BenchmarkForeign(b *testing.B) {
	for _, size := range []struct{ collectors, each int }{{1, 1000}, {100, 10}} {
		for _, into := range []string{"gather", "text"} {
			b.Run(fmt.Sprintf("collectors=%d/each=%d/into=%s", size.collectors, size.each, into), func(b *testing.B) {
				register := func(r prometheus.Registerer) {
					for i := range size.collectors {
						r.MustRegister(newExporter(i, size.each))
					}
				}
				b.Run("peer="+ours, func(b *testing.B) {
					r := metric.NewRegistry()
					register(r)
					foreign(b, into, exposition{handler: metric.HandlerFor(r), gatherer: r})
				})
				b.Run("peer="+golang, func(b *testing.B) {
					r := prometheus.NewRegistry()
					register(r)
					handler := promhttp.HandlerFor(r, promhttp.HandlerOpts{EnableOpenMetrics: true})
					foreign(b, into, exposition{handler: handler, gatherer: r})
				})
			})
		}
	}
}

func foreign(b *testing.B, into string, e exposition) {
	b.Helper()
	b.ReportAllocs()
	e.scrape(text)
	runtime.GC()
	if into == "gather" {
		for b.Loop() {
			must(e.gatherer.Gather())
		}
	} else {
		for b.Loop() {
			e.scrape(text)
		}
	}
}
