package metric_test

import (
	"errors"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric"
)

// ownVec is a vector of a user, who may have left what is embedded nil.
type ownVec struct {
	*metric.CounterVec

	desc *metric.Desc
}

func (v *ownVec) Describe(ch chan<- *metric.Desc) { ch <- v.desc }
func (v *ownVec) Collect(chan<- metric.Metric)    {}

// TestEmbeddedVectorIsNotBridged checks that a collector which embeds a vector of ours is not
// taken for that where one of client_golang's is equal to it.
func TestEmbeddedVectorIsNotBridged(t *testing.T) {
	opts, labels := metric.CounterOpts{Name: "x", Help: "h"}, []string{"l"}
	for name, embedded := range map[string]*metric.CounterVec{"nil": nil, "a vector": metric.NewCounterVec(opts, labels)} {
		existing := &ownVec{embedded, metric.NewDesc("x", "h", labels, nil)}
		r := metric.NewContextRegistry()
		r.MustRegister(existing)
		err := r.Register(prometheus.NewCounterVec(opts, labels))
		if already, ok := errors.AsType[metric.AlreadyRegisteredError](err); !ok || already.ExistingCollector != metric.Collector(existing) {
			t.Errorf("%s: got %v with %T", name, err, already.ExistingCollector)
		}
	}
}
