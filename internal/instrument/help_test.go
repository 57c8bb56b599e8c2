package instrument

import (
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"
)

// written returns the output of a metric's Write method.
func written(t *testing.T, m prometheus.Metric) *dto.Metric {
	t.Helper()
	out := &dto.Metric{}
	if err := m.Write(out); err != nil {
		t.Fatalf("Write: %v", err)
	}
	return out
}

// sameMetric compares the output of our metric and client_golang's, including the timestamps. Both
// must have been made and used in one synctest bubble.
func sameMetric(t *testing.T, ours, theirs prometheus.Metric) {
	t.Helper()
	got, want := written(t, ours), written(t, theirs)
	if !proto.Equal(got, want) {
		t.Fatalf("got:\n%swant, as client_golang has it:\n%s", prototext.Format(got), prototext.Format(want))
	}
}

// spread gives a histogram, or a summary without objectives, the stripes that it normally gets when
// several cores contend for it.
func spread(o *observations) {
	o.first.mu.Lock()
	defer o.first.mu.Unlock()
	if o.more.Load() == nil {
		o.spread()
	}
}
