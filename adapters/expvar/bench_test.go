package expvar_test

import (
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/luxfi/metric"
	adapter "github.com/luxfi/metric/adapters/expvar"
)

// BenchmarkCollect collects a number, a map with 50 keys and a function.
func BenchmarkCollect(b *testing.B) {
	m := mapOf()
	for i := range 50 {
		m.Set(string(rune('A'+i)), intOf(int64(i)))
	}
	prefix, selects := publish(b, vars{"int": intOf(5), "map": m, "func": returns(map[string]int{"c": 6})})
	exports := make(map[string]*prometheus.Desc)
	for name, labels := range map[string][]string{"int": nil, "map": {"key"}, "func": {"field"}} {
		exports[prefix+name] = prometheus.NewDesc("bench_"+name, "h", labels, nil)
	}
	for name, c := range map[string]metric.Collector{
		"impl=ours": adapter.NewCollector(selects),
		"impl=peer": collectors.NewExpvarCollector(exports),
	} {
		b.Run(name, func(b *testing.B) {
			ch := make(chan metric.Metric, 100)
			b.ReportAllocs()
			for b.Loop() {
				c.Collect(ch)
				for len(ch) > 0 {
					<-ch
				}
			}
		})
	}
}
