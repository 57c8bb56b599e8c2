package grpcmetric

import (
	"testing"

	"github.com/luxfi/metric"
)

// BenchmarkHandler is the part of a call's cost that is not gRPC's: one call with ten messages each way.
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
