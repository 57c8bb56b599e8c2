package metric_test

import (
	"testing"

	"github.com/luxfi/metric"
)

// TestNilBridge checks that a vector that was left out is none for a library, either.
func TestNilBridge(t *testing.T) {
	if metric.BridgeCounterVec(nil) != nil || metric.BridgeGaugeVec(nil) != nil ||
		metric.BridgeHistogramVec(nil) != nil || metric.BridgeSummaryVec(nil) != nil {
		t.Error("the bridge of nil is not nil")
	}
}
