package bench_test

import (
	"runtime"
	"testing"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	prometheusrelabel "github.com/prometheus/prometheus/model/relabel"
	"go.yaml.in/yaml/v2"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/relabel"
)

// prometheusPeer applies rules with Prometheus's package model/relabel.
const prometheusPeer = "Prometheus"

// rules are three rules: a drop by two labels, a replacement with a group, and the removal of labels.
const rules = `
- {action: drop, source_labels: [__name__, code], regex: 'go_.*;.*|http_requests_total;9..'}
- {source_labels: [path], regex: '/([a-z]+)/.*', target_label: section, replacement: '$1'}
- {action: labeldrop, regex: 'zone|pod'}
`

// BenchmarkRelabel serves 100,000 counters through three rules, from the second scrape on. For comparison,
// Prometheus's package applies the same rules to the same label sets and writes nothing.
func BenchmarkRelabel(b *testing.B) {
	const n = 100_000
	b.Run("series=100000/peer="+ours, func(b *testing.B) {
		e := exposeOurs(counters, n)
		e.handler = metric.HandlerFor(must(relabel.Parse([]byte(rules))).Gatherer(e.gatherer))
		e.scrape(text)
		runtime.GC()
		b.ReportAllocs()
		for b.Loop() {
			e.scrape(text)
		}
		perSeries(b, n)
	})
	b.Run("series=100000/peer="+prometheusPeer, func(b *testing.B) {
		var configs []*prometheusrelabel.Config
		if err := yaml.Unmarshal([]byte(rules), &configs); err != nil {
			b.Fatal(err)
		}
		for _, c := range configs {
			c.NameValidationScheme = model.UTF8Validation
		}
		sets := make([]labels.Labels, 0, n)
		for _, values := range labelValues(n, 3) {
			set := labels.NewScratchBuilder(4)
			set.Add("__name__", counterOpts.Name)
			for i, value := range values {
				set.Add(labelNames[i], value)
			}
			set.Sort()
			sets = append(sets, set.Labels())
		}
		builder := labels.NewBuilder(labels.EmptyLabels())
		runtime.GC()
		b.ReportAllocs()
		for b.Loop() {
			for _, set := range sets {
				builder.Reset(set)
				if prometheusrelabel.ProcessBuilder(builder, configs...) {
					builder.Labels()
				}
			}
		}
		perSeries(b, n)
	})
}
