package metric_test

import (
	"testing"

	"github.com/luxfi/metric"
)

// TestNilBridge checks that the bridge of a nil vector is nil.
func TestNilBridge(t *testing.T) {
	if metric.BridgeCounterVec(nil) != nil || metric.BridgeGaugeVec(nil) != nil ||
		metric.BridgeHistogramVec(nil) != nil || metric.BridgeSummaryVec(nil) != nil {
		t.Error("the bridge of nil is not nil")
	}
}
