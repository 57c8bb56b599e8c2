//go:build !race

package otelmetric

import (
	"context"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	api "go.opentelemetry.io/otel/metric"
	sdk "go.opentelemetry.io/otel/sdk/metric"

	"github.com/luxfi/metric/internal/engine"
	"github.com/luxfi/metric/internal/model"
)

// countingSink counts samples.
type countingSink struct{ samples int }

func (s *countingSink) Sample(*model.Family, *model.Point) error {
	s.samples++
	return nil
}

func (*countingSink) Drop(error) {}
func (*countingSink) Note(error) {}
func (*countingSink) Close()     {}

// TestObservableAllocations checks that the allocations of a run do not depend on the number of series that
// were observed before.
func TestObservableAllocations(t *testing.T) {
	const perRun = 6 // the observer, its generations, and the function that waits for the end of the context
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	for _, kind := range []sdk.InstrumentKind{sdk.InstrumentKindObservableCounter, sdk.InstrumentKindObservableGauge} {
		for _, series := range []int{10, 1000} {
			var options [][]api.ObserveOption
			for i := range series {
				set := attribute.NewSet(attribute.Int("i", i), attribute.String("k", "v"))
				options = append(options, []api.ObserveOption{api.WithAttributeSet(set)})
			}
			c := newTestCallback(t, kind, func(_ context.Context, o *observer) error {
				for i := range options {
					(*int64Observer)(o).Observe(int64(i), options[i]...)
				}
				return nil
			})
			var sink countingSink
			run := func() {
				sink.samples = 0
				if err := c.observe(ctx, engine.Running{}, &sink); err != nil {
					t.Error(err)
				}
			}
			for range 200 { // The index gradually remembers sets that are used repeatedly.
				run()
			}
			if allocations := testing.AllocsPerRun(100, run); allocations > perRun {
				t.Errorf("%v, %d series: %v allocations, want at most %d", kind, series, allocations, perRun)
			}
			if sink.samples != series {
				t.Errorf("%v: got %d samples", kind, sink.samples)
			}
		}
	}
}
