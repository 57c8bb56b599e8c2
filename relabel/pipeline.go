package relabel

import (
	"errors"
	"slices"

	"github.com/prometheus/client_golang/prometheus"
)

// A Pipeline is a list of steps that have been checked. It is immutable and safe for concurrent use.
type Pipeline struct {
	steps  []Step
	lines  []int // lines of the steps; 0 where unknown
	stages []stage
	slots  int // number of rules that need a cache
}

// New returns a pipeline that applies steps in order. The error joins a [*StepError] for each mistake in a
// step. Without steps, the pipeline changes nothing.
func New(steps ...Step) (*Pipeline, error) {
	return newPipeline(steps, make([]int, len(steps)))
}

func newPipeline(steps []Step, lines []int) (*Pipeline, error) {
	var (
		p    = &Pipeline{steps: slices.Clone(steps), lines: lines}
		errs []error
	)
	for i, step := range p.steps {
		s, err := compileStep(step)
		if err != nil {
			errs = append(errs, stepErrors(i+1, lines[i], err)...)
			continue
		}
		if r, ok := s.(*rule); ok && r.regex.engine {
			r.slot = p.slots
			p.slots++
		}
		p.stages = append(p.stages, s)
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	return p, nil
}

// Steps returns the steps of the pipeline.
func (p *Pipeline) Steps() []Step { return slices.Clone(p.steps) }

// Process applies the pipeline to the labels of one series, with the name of the series in __name__, and
// reports whether the series is kept. It returns new labels, or nil if the series is dropped. Process is
// meant for tests and tools; scrapes use a faster implementation.
//
// Of the steps that Prometheus does not have, Process applies the effects on names and labels: it drops and
// renames series, and removes the labels that [Aggregate] removes.
func (p *Pipeline) Process(labels prometheus.Labels) (_ prometheus.Labels, keep bool) {
	ls := p.newLabelSet()
	ls.load(labels)
	if !p.relabel(ls) {
		return nil, false
	}
	result := make(prometheus.Labels, len(ls.entries)+1)
	if ls.metric != "" {
		result[metricName] = ls.metric
	}
	for i := range ls.entries {
		if e := &ls.entries[i]; !isHidden(e.name) {
			result[e.name] = e.value
		}
	}
	return result, true
}

// relabel applies all steps to one series and reports whether the series is kept. It does not remove hidden
// labels; see isHidden.
func (p *Pipeline) relabel(ls *labelSet) (keep bool) {
	for _, s := range p.stages {
		if !s.series(ls) {
			return false
		}
	}
	return true
}
