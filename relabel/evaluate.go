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

// A verdict is what a pipeline makes of one series.
type verdict struct {
	dropped bool
	family  *model.Family // The family that the series belongs to then.
	labels  model.Labels  // Its labels, if relabeled.
	scales  []*scaling    // What its values are multiplied with, in this order.
	errs    []error       // What steps could not do.

	relabeled bool // The labels have changed.
	used      lastUse
}

// An evaluator applies steps to series, one at a time. It is for one goroutine at a time.
type evaluator struct {
	steps  []numbered
	intern func(model.Family) *model.Family

	samples []sample
	sets    []*labelSet
	texts   []byte // Of the labels of samples that have one in addition.
	out     []byte
	torn    []bool // Steps that would tear the series apart, by index.
	slots   int
}

// A numbered stage knows its place in the pipeline.
type numbered struct {
	stage

	position int // From 1 on.
	line     int // 0 if it is not known.
}

func (n *numbered) err(err error) error { return &StepError{n.position, n.line, err} }

// A sample is one of those that a server sees of a series.
type sample struct {
	suffix      string
	name, value string // The label that this sample has in addition, if name is not empty.
}

// A state is a series on its way through the steps.
type state struct {
	family model.Family
	scales []*scaling
	errs   []error
}

var errNoName = errors.New("the series has no name any more: it is left out; set __name__ to a name, or drop the series")

// evaluate applies the steps to a series. The labels of the verdict are kept.
func (e *evaluator) evaluate(f *model.Family, p *model.Point) *verdict {
	e.samples = appendSamples(e.samples[:0], f, p)
	e.torn = append(e.torn[:0], make([]bool, len(e.steps))...)
	for {
		if v, ok := e.try(f, p.Labels); ok {
			return v
		}
	}
}

// try applies the steps but for those that are torn. It returns false if it has found another one.
func (e *evaluator) try(f *model.Family, labels model.Labels) (*verdict, bool) {
	if err := e.load(f, labels); err != nil {
		return &verdict{family: e.intern(*f), errs: []error{err}}, true
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

// load starts the samples of a series.
func (e *evaluator) load(f *model.Family, labels model.Labels) error {
	for len(e.sets) < len(e.samples) {
		e.sets = append(e.sets, &labelSet{caches: make([]cache, e.slots)})
	}
	e.texts = e.texts[:0]
	for i, p := range e.samples {
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

// step applies one step. It reports whether the series stays, and whether it is still a whole.
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
	case *helping:
		if step.families.match(s.family.Name) {
			s.family.Help, s.family.NoHelp = step.help, false
		}
	case *united:
		if step.families.match(s.family.Name) {
			s.family.Unit = step.unit
		}
	case *typed:
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
			s.scales = append(s.scales, step)
		}
	default:
		panic(fmt.Sprintf("BUG: relabel: a step of type %T", step))
	}
	return true, true
}

// apply applies a rule to all samples of the series.
func (e *evaluator) apply(r *rule, s *state) (keep, whole bool) {
	for i := range e.samples {
		kept := r.run(r, e.sets[i])
		if i > 0 && kept != keep {
			return false, false
		}
		keep = kept
	}
	if !keep {
		return false, true
	}
	name, ok := strings.CutSuffix(e.sets[0].name(), e.samples[0].suffix)
	if !ok {
		return true, false
	}
	for i := 1; i < len(e.samples); i++ {
		if rest, ok := strings.CutPrefix(e.sets[i].name(), name); !ok || rest != e.samples[i].suffix || !e.sameLabels(i) {
			return true, false
		}
	}
	if len(e.samples) > 1 && !e.has(0) {
		return true, false
	}
	s.family.Name = name
	return true, true
}

// has reports whether sample i has the label that it came with in addition.
func (e *evaluator) has(i int) bool {
	p := &e.samples[i]
	return p.name == "" || e.sets[i].get(p.name) == p.value
}

// sameLabels reports whether sample i has the labels of the first one, but for the label that
// each of them has in addition, and for hidden ones.
func (e *evaluator) sameLabels(i int) bool {
	if !e.has(i) {
		return false
	}
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

// verdict returns what has become of the series.
func (e *evaluator) verdict(s *state) *verdict {
	v := &verdict{family: e.intern(s.family), scales: s.scales, errs: s.errs}
	if err := model.CheckName(s.family.Name); err != nil {
		return &verdict{dropped: true, errs: append(s.errs, err)}
	}
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

// appendSamples appends the samples that a server sees of a series in the text format. Those without
// an additional label come first.
func appendSamples(samples []sample, f *model.Family, p *model.Point) []sample {
	switch f.Type {
	case model.Histogram, model.GaugeHistogram:
		h := p.Histogram
		if h == nil || h.Native != nil && h.NumBuckets() == 0 {
			return append(samples, sample{})
		}
		samples = append(samples, sample{suffix: "_count"}, sample{suffix: "_sum"})
		infinite := false
		for i := range h.NumBuckets() {
			bound := h.Bucket(i).UpperBound
			infinite = infinite || math.IsInf(bound, +1)
			samples = append(samples, sample{"_bucket", common.BucketLabel, formatFloat(bound)})
		}
		if !infinite {
			samples = append(samples, sample{"_bucket", common.BucketLabel, "+Inf"})
		}
	case model.Summary:
		samples = append(samples, sample{suffix: "_count"}, sample{suffix: "_sum"})
		if p.Summary == nil {
			break
		}
		for _, q := range p.Summary.Quantiles {
			samples = append(samples, sample{"", common.QuantileLabel, formatFloat(q.Quantile)})
		}
	case model.StateSet:
		for _, state := range p.States.Names {
			samples = append(samples, sample{"", f.Reserved(), state})
		}
	default:
		samples = append(samples, sample{})
	}
	return samples
}

// isByFamily reports whether a step treats all series of a family alike, so that it need not see
// their labels.
func isByFamily(s stage) bool {
	r, ok := s.(*rule)
	if !ok {
		return true
	}
	return (r.action == Keep || r.action == Drop) && !slices.ContainsFunc(r.sources, func(name string) bool { return name != metricName })
}

// formatFloat returns the value of a label le or quantile as Prometheus 3 stores it, in whichever
// format it has scraped it.
func formatFloat(v float64) string {
	text := strconv.FormatFloat(v, 'g', -1, 64)
	if math.IsInf(v, 0) || strings.ContainsAny(text, "e.") {
		return text
	}
	return text + ".0"
}
