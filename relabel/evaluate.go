package relabel

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	common "github.com/prometheus/common/model"

	"github.com/luxfi/metric/internal/model"
)

// A verdict is the result of a pipeline for one series. It is immutable, except for the time of its last
// use.
type verdict struct {
	family *model.Family // resulting family of the series
	labels model.Labels  // resulting labels, if relabeled
	edit   *edit         // change of the values, or nil
	errs   []error       // what steps could not do
	layout *layout       // layout of the points that the verdict applies to; nil if they are numbers
	used   lastUse

	destination *destination // nil if the verdict is not remembered

	dropped   bool
	relabeled bool // whether the labels have changed
}

// apply sets the labels of a point to the labels in the verdict.
func (v *verdict) apply(p *model.Point) {
	if v.relabeled {
		p.Labels = v.labels
	}
}

// An evaluator applies steps to series, one at a time. It must be used by only one goroutine at a time.
type evaluator struct {
	steps []numbered
	store *store

	samples []sample
	sets    []*labelSet // labels of the samples
	texts   []byte      // rendered labels of samples with an additional label
	out     []byte
	torn    []bool // by index, steps that would tear the series apart
	slots   int
}

// A numbered stage has its position in the pipeline.
type numbered struct {
	stage

	position int // counted from 1
	line     int // 0 if it is not known
}

func (n *numbered) err(err error) error { return &StepError{n.position, n.line, err} }

// A sample is one of the samples of a series as a server sees them.
type sample struct {
	suffix      string
	name, value string  // additional label of this sample, if name is not empty
	bound       float64 // number that value represents
	needed      bool    // whether the series is whole only with the sample
	kept        bool    // result of the current rule
	gone        bool    // whether a rule has dropped the sample, but not the series
}

// A state is the state of a series between two steps.
type state struct {
	family  model.Family
	without []float64 // bounds of samples that are gone
	scales  []scaleStep
	errs    []error
}

var errNoName = errors.New("the series has no name any more: it is left out; set __name__ to a name, or drop the series")

// evaluate applies the steps to a series. The verdict shares no memory with the series.
func (e *evaluator) evaluate(f *model.Family, p *model.Point) *verdict {
	e.samples = appendSamples(e.samples[:0], p)
	e.torn = append(e.torn[:0], make([]bool, len(e.steps))...)
	defer e.forget()
	for {
		if v, ok := e.try(f, p.Labels); ok {
			return v
		}
	}
}

// forget releases the series, because its labels may be in memory that is large or reused.
func (e *evaluator) forget() {
	for _, ls := range e.sets {
		ls.clear()
		clear(ls.entries[:cap(ls.entries)])
		clear(ls.pending[:cap(ls.pending)])
	}
}

// try applies the steps, except those that are torn. It returns false if it has found another torn step.
func (e *evaluator) try(f *model.Family, labels model.Labels) (*verdict, bool) {
	if err := e.load(f, labels); err != nil {
		return &verdict{family: e.store.intern(*f), errs: []error{err}}, true
	}
	s := state{family: *f}
	for i := range e.steps {
		step := &e.steps[i]
		if e.torn[i] {
			s.errs = append(s.errs, step.err(fmt.Errorf("it would tear the %v %q apart, because it does not treat its samples alike: the family is left as it is",
				f.Type, s.family.Name)))
			continue
		}
		keep, whole := e.step(step, &s)
		if !whole {
			e.torn[i] = true
			return nil, false
		}
		if !keep {
			return &verdict{dropped: true, errs: s.errs}, true
		}
		if s.family.Name == "" {
			return &verdict{dropped: true, errs: append(s.errs, step.err(errNoName))}, true
		}
	}
	return e.verdict(&s), true
}

// load sets up the samples of a series.
func (e *evaluator) load(f *model.Family, labels model.Labels) error {
	for len(e.sets) < len(e.samples) {
		e.sets = append(e.sets, &labelSet{caches: make([]cache, e.slots)})
	}
	e.texts = e.texts[:0]
	for i := range e.samples {
		p := &e.samples[i]
		p.gone = false
		all := labels
		if p.name != "" {
			var err error
			if e.texts, all, err = model.AppendMerged(e.texts, labels, []model.Label{{Name: p.name, Value: p.value}}); err != nil {
				return err
			}
		}
		e.sets[i].reset(f.Name+p.suffix, all)
	}
	return nil
}

// step applies one step. It reports whether the series is kept, and whether the series is still whole.
func (e *evaluator) step(n *numbered, s *state) (keep, whole bool) {
	switch step := n.stage.(type) {
	case *rule:
		return e.apply(step, s)
	case *selection:
		return step.keep(s.family.Name), true
	case *renaming:
		s.family.Name = step.newName(s.family.Name)
		for i := range e.samples {
			e.sets[i].set(metricName, s.family.Name+e.samples[i].suffix)
		}
	case *helpChange:
		if step.families.match(s.family.Name) {
			s.family.Help, s.family.NoHelp = step.help, false
		}
	case *unitChange:
		if step.families.match(s.family.Name) {
			s.family.Unit = step.unit
		}
	case *typeChange:
		if !step.families.match(s.family.Name) {
			break
		}
		if err := step.check(s.family.Type); err != nil {
			s.errs = append(s.errs, n.err(err))
			break
		}
		s.family.Type = step.to
	case *scaling:
		if step.families.match(s.family.Name) {
			s.scales = append(s.scales, scaleStep{step, n})
		}
	default:
		panic(fmt.Sprintf("BUG: relabel: a step of type %T", step))
	}
	return true, true
}

// apply applies a rule to all samples of the series.
func (e *evaluator) apply(r *rule, s *state) (keep, whole bool) {
	keep = false
	for i := range e.samples {
		p := &e.samples[i]
		if p.kept = !p.gone && r.run(r, e.sets[i]); p.kept {
			keep = true
		}
	}
	if !keep {
		return false, true
	}
	for i := range e.samples {
		p := &e.samples[i]
		switch {
		case p.kept || p.gone:
		case p.needed:
			return true, false
		default: // The series is still whole without this bucket or quantile.
			p.gone = true
			s.without = append(s.without, p.bound)
		}
	}
	name, ok := strings.CutSuffix(e.sets[0].name(), e.samples[0].suffix)
	if !ok || len(e.samples) > 1 && !e.isLike(0, name) {
		return true, false
	}
	for i := 1; i < len(e.samples); i++ {
		if !e.samples[i].gone && (!e.isLike(i, name) || !e.sameLabels(i)) {
			return true, false
		}
	}
	s.family.Name = name
	return true, true
}

// isLike reports whether sample i is still a sample of the family with that name.
func (e *evaluator) isLike(i int, family string) bool {
	rest, ok := strings.CutPrefix(e.sets[i].name(), family)
	return ok && rest == e.samples[i].suffix && e.has(i)
}

// has reports whether sample i still has its additional label.
func (e *evaluator) has(i int) bool {
	p := &e.samples[i]
	return p.name == "" || e.sets[i].get(p.name) == p.value
}

// sameLabels reports whether sample i has the labels of the first sample, ignoring the additional label of
// each and hidden labels.
func (e *evaluator) sameLabels(i int) bool {
	e.sets[0].open()
	e.sets[i].open()
	next := func(i int, rest []entry) []entry {
		for len(rest) > 0 && (isHidden(rest[0].name) || rest[0].name == e.samples[i].name) {
			rest = rest[1:]
		}
		return rest
	}
	for a, b := e.sets[0].entries, e.sets[i].entries; ; a, b = a[1:], b[1:] {
		a, b = next(0, a), next(i, b)
		if len(a) == 0 || len(b) == 0 {
			return len(a) == len(b)
		}
		if a[0].name != b[0].name || a[0].value != b[0].value {
			return false
		}
	}
}

// verdict returns the verdict for the current samples of the series.
func (e *evaluator) verdict(s *state) *verdict {
	if err := model.CheckName(s.family.Name); err != nil {
		return &verdict{dropped: true, errs: append(s.errs, err)}
	}
	v := &verdict{family: e.store.intern(s.family), edit: e.store.edit(s.without, s.scales), errs: s.errs}
	ls := e.sets[0]
	if special := e.samples[0].name; special != "" {
		ls.set(special, "")
	} else if !ls.changed {
		return v
	}
	var (
		labels model.Labels
		err    error
	)
	if e.out, labels, err = ls.appendLabels(e.out[:0]); err != nil {
		return &verdict{dropped: true, errs: append(v.errs, err)}
	}
	if reserved := s.family.Reserved(); reserved != "" && labels.Has(reserved) {
		return &verdict{dropped: true, errs: append(v.errs, fmt.Errorf("a %v cannot have a label named %q", s.family.Type, reserved))}
	}
	v.labels, v.relabeled = labels.Keep(), true
	return v
}

// appendSamples appends the samples of a series that a server sees in the text format. The first one has no
// additional label.
func appendSamples(samples []sample, p *model.Point) []sample {
	number := sample{needed: true}
	count, sum := sample{suffix: "_count", needed: true}, sample{suffix: "_sum", needed: true}
	switch {
	case p.Histogram != nil:
		h := p.Histogram
		if h.Native != nil && h.NumBuckets() == 0 {
			return append(samples, number)
		}
		samples = append(samples, count, sum)
		for i := range h.NumBuckets() {
			if bound := h.Bucket(i).UpperBound; !math.IsInf(bound, +1) {
				samples = append(samples, sample{suffix: "_bucket", name: common.BucketLabel, value: formatFloat(bound), bound: bound})
			}
		}
		return append(samples, sample{suffix: "_bucket", name: common.BucketLabel, value: "+Inf", needed: true})
	case p.Summary != nil:
		samples = append(samples, count, sum)
		for _, q := range p.Summary.Quantiles {
			samples = append(samples, sample{
				name: common.QuantileLabel, value: formatFloat(q.Quantile), bound: q.Quantile, needed: math.IsNaN(q.Quantile),
			})
		}
		return samples
	default:
		return append(samples, number)
	}
}

// isByFamily reports whether a step treats all series of a family alike, so that it need not read their
// labels.
func isByFamily(s stage) bool {
	r, ok := s.(*rule)
	if !ok {
		return true
	}
	return (r.action == Keep || r.action == Drop) && !slices.ContainsFunc(r.sources, func(name string) bool { return name != metricName })
}

// formatFloat returns the value of a label le or quantile as Prometheus 3 stores it, independent of the
// format of the scrape.
func formatFloat(v float64) string {
	text := strconv.FormatFloat(v, 'g', -1, 64)
	if math.IsInf(v, 0) || strings.ContainsAny(text, "e.") {
		return text
	}
	return text + ".0"
}
