package relabel_test

import (
	"fmt"
	"net/http/httptest"
	"testing"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/relabel"
)

// BenchmarkMillion scrapes a million series, of instruments or of a stream collector, through a prefix, a
// label and three rules.
func BenchmarkMillion(b *testing.B) {
	const n = 1_000_000
	native, stream := metric.NewContextRegistry(), metric.NewContextRegistry()
	v := metric.NewCounterVec(metric.CounterOpts{Name: "requests_total"}, []string{"code", "path"})
	native.MustRegister(v)
	for i := range n {
		v.WithLabelValues("200", fmt.Sprint("/", i)).Inc()
	}
	stream.MustRegister(manySeries(n))
	for name, reg := range map[string]metric.GathererWithContext{"native": native, "stream": stream} {
		b.Run(name, func(b *testing.B) {
			g := throughRules(reg)
			h := metric.HandlerForContext(g, metric.HandlerOpts{ErrorLog: func(err error) { b.Error(err) }})
			req := httptest.NewRequestWithContext(b.Context(), "GET", "/metrics", nil)
			h.ServeHTTP(discard{}, req)
			b.ReportAllocs()
			for b.Loop() {
				h.ServeHTTP(discard{}, req)
			}
		})
	}
}

// throughRules returns a gatherer that applies a prefix, a label and three rules to reg.
func throughRules(reg metric.GathererWithContext) metric.GathererWithContext {
	prefix, label := metric.NewPrefixGatherer(), metric.NewLabelGatherer("zone")
	must(prefix.Register("app", reg))
	must(label.Register("eu", prefix))
	p, err := relabel.New(
		relabel.Rule{Action: relabel.Drop, SourceLabels: []string{"__name__", "code"}, Regex: new("app_requests_total;5..")},
		relabel.Rule{SourceLabels: []string{"path"}, Regex: new("/(.).*"), TargetLabel: "first"},
		relabel.Rule{Action: relabel.LabelDrop, Regex: new("code")})
	must(err)
	return p.Gatherer(label)
}
