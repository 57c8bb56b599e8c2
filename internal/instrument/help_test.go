package instrument

import (
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"
)

// written returns what a metric writes.
func written(t *testing.T, m prometheus.Metric) *dto.Metric {
	t.Helper()
	out := &dto.Metric{}
	if err := m.Write(out); err != nil {
		t.Fatalf("Write: %v", err)
	}
	return out
}

// sameMetric compares what two metrics write, ours and client_golang's, down to the
// timestamps; so both must have been made and used in one bubble of synctest.
func sameMetric(t *testing.T, ours, theirs prometheus.Metric) {
	t.Helper()
	got, want := written(t, ours), written(t, theirs)
	if !proto.Equal(got, want) {
		t.Fatalf("got:\n%swant, as client_golang has it:\n%s", prototext.Format(got), prototext.Format(want))
	}
}

// spread gives a histogram, or a summary without objectives, the stripes that it otherwise gets
// when several cores want it at the same time.
func spread(o *observations) {
	o.first.mu.Lock()
	defer o.first.mu.Unlock()
	if o.more.Load() == nil {
		o.spread()
	}
}
