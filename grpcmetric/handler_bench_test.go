package grpcmetric

import (
	"testing"

	"github.com/luxfi/metric"
)

// BenchmarkHandler measures the cost of a call without gRPC's part: a call with ten messages in each
// direction.
func BenchmarkHandler(b *testing.B) {
	m, err := NewServerMetrics(metric.NewContextRegistry(), Opts{})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		serverCallOf(serverHandler{m}, end)
	}
}
