package otelmetric

import (
	"sync"
	"time"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/internal/instrument"
	"github.com/luxfi/metric/internal/model"
	"github.com/luxfi/metric/otelmetric/internal/series"
	"github.com/luxfi/metric/otelmetric/internal/translate"
)

// observedStream receives the observations of an instrument after a view, unless they go into a histogram.
// It holds no values: each run of a callback has its own [tally]. It is safe for concurrent use.
type observedStream struct {
	family  *model.Family
	kind    translate.Kind
	whole   bool // whether observations are int64 and are summed as such; only the result becomes a float64
	limit   int  // maximum number of series of a run, including the overflow series; 0 for any number
	created int64
	index   series.Config[instrument.Gauge, *instrument.Gauge]

	mu      sync.Mutex
	current *generation
	pinned  int // number of runs since the last sweep
	left    int // number of series after the last sweep
}

// newObservedStream returns a stream. It returns an error if the name cannot be translated or belongs to
// metrics of another type.
func newObservedStream(m *meter, c *streamConfig, whole bool) (*observedStream, error) {
	f, err := m.family(c)
	if err != nil {
		return nil, err
	}
	s := &observedStream{family: &f, kind: c.kind, whole: whole, limit: c.limit, created: time.Now().UnixNano()}
	s.index = series.Config[instrument.Gauge, *instrument.Gauge]{
		Names: m.provider.names, Others: m.others(f), Filter: c.filter, Report: m.provider.config.handle,
		Vec: func(names []string) (*instrument.Gauges, error) {
			return newGauges(metric.Opts{Name: f.Name, Help: f.Help, Unit: f.Unit, ConstLabels: without(m.labels, names)}, names), nil
		},
	}
	s.current = newGeneration(s.index, nil)
	return s, nil
}

// A stream looks for series that are no longer observed after sweepRuns runs, or earlier if it has more
// than twice as many series as after the last sweep, plus sweepMargin.
const (
	sweepMargin = 64
	sweepRuns   = 128
)

// pin returns the generation for a run that begins now.
func (s *observedStream) pin() *generation {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pinned++
	if n := s.current.len(); n > 2*s.left+sweepMargin || s.pinned >= sweepRuns {
		s.sweep(n)
	}
	return s.current
}

// sweep begins a new generation if most of the current generation's n series are no longer observed. The
// caller holds mu.
func (s *observedStream) sweep(n int) {
	s.pinned, s.left = 0, n
	fresh := s.current.fresh()
	if n > sweepMargin && fresh < n/2 {
		s.current.old.Store(nil)
		s.current, s.left = newGeneration(s.index, s.current), fresh
	}
}
