package e2e

import (
	"os"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/model/labels"
	promrelabel "github.com/prometheus/prometheus/model/relabel"
)

// BenchmarkRelabel measures Prometheus with the rules of relabel/testdata/benchmark.yaml and the
// series of BenchmarkRelabel in package relabel.
func BenchmarkRelabel(b *testing.B) {
	document, err := os.ReadFile("../relabel/testdata/benchmark.yaml")
	if err != nil {
		b.Fatal(err)
	}
	series := labels.FromStrings("__name__", "http_requests_total",
		"code", "200", "exported_job", "shop", "instance", "10.0.0.7:8080", "method", "GET", "namespace", "shop",
		"path", "/users/17/orders", "pod", "shop-5d4f8c7b9-x2x7z", "pod_template_hash", "5d4f8c7b9", "zone", "eu-1a")
	for part := range strings.SplitSeq(string(document), "\n# ") {
		name, list, _ := strings.Cut(strings.TrimPrefix(part, "# "), "\n")
		b.Run(name, func(b *testing.B) {
			rules, err := prometheusRules([]byte(list))
			if err != nil {
				b.Fatal(err)
			}
			builder := labels.NewBuilder(labels.EmptyLabels())
			b.ReportAllocs()
			for b.Loop() {
				builder.Reset(series)
				if promrelabel.ProcessBuilder(builder, rules...) {
					builder.Labels()
				}
			}
		})
	}
}
