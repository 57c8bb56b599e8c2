package relabel_test

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	dto "github.com/prometheus/client_model/go"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/relabel"
)

// naiveSeries is a series in a naive pipeline, with the samples that a server would see.
type naiveSeries struct {
	family  string
	meta    naiveMeta
	samples []naiveSample
	metric  *dto.Metric
	factor  float64
	without []float64
	wrong   bool // whether some step could not be applied
}

type naiveMeta struct{ typ, help, unit string }

type naiveSample struct {
	suffix, special string // special is the additional label of the sample, or empty
	value           string // value of special
	bound           float64
	labels          metric.Labels // including __name__
	needed          bool
}

// explode returns a series with its samples.
func explode(mf *dto.MetricFamily, m *dto.Metric) *naiveSeries {
	s := &naiveSeries{
		family: mf.GetName(), meta: naiveMeta{mf.GetType().String(), mf.GetHelp(), mf.GetUnit()}, metric: m, factor: 1,
	}
	add := func(suffix, special, value string, bound float64, needed bool) {
		labels := metric.Labels{"__name__": mf.GetName() + suffix}
		for _, l := range m.GetLabel() {
			labels[l.GetName()] = l.GetValue()
		}
		if special != "" {
			labels[special] = value
		}
		s.samples = append(s.samples, naiveSample{suffix, special, value, bound, labels, needed})
	}
	switch h := m.GetHistogram(); {
	case h != nil && h.Schema != nil && len(h.GetBucket()) == 0:
		add("", "", "", 0, true)
	case h != nil:
		add("_count", "", "", 0, true)
		add("_sum", "", "", 0, true)
		for _, b := range h.GetBucket() {
			if !math.IsInf(b.GetUpperBound(), +1) {
				add("_bucket", "le", boundText(b.GetUpperBound()), b.GetUpperBound(), false)
			}
		}
		add("_bucket", "le", "+Inf", math.Inf(+1), true)
	case m.GetSummary() != nil:
		add("_count", "", "", 0, true)
		add("_sum", "", "", 0, true)
		for _, q := range m.GetSummary().GetQuantile() {
			add("", "quantile", boundText(q.GetQuantile()), q.GetQuantile(), false)
		}
	default:
		add("", "", "", 0, true)
	}
	return s
}

func boundText(v float64) string {
	text := strconv.FormatFloat(v, 'g', -1, 64)
	if !strings.ContainsAny(text, ".e") {
		text += ".0"
	}
	return text
}

// apply applies one step to a series and reports whether the series is kept.
func (s *naiveSeries) apply(step relabel.Step) (keep bool) {
	switch step := step.(type) {
	case relabel.KeepFamilies, relabel.DropFamilies:
		_, keep = process(step, metric.Labels{"__name__": s.family})
		return keep
	case relabel.Rename:
		labels, _ := process(step, metric.Labels{"__name__": s.family})
		s.setFamily(labels["__name__"])
	case relabel.SetHelp:
		if s.isOneOf(step.Families) {
			s.meta.help = step.Help
		}
	case relabel.SetUnit:
		if s.isOneOf(step.Families) {
			s.meta.unit = step.Unit
		}
	case relabel.SetType:
		switch {
		case !s.isOneOf(step.Families):
		case s.metric.GetHistogram() == nil && s.metric.GetSummary() == nil:
			s.meta.typ = strings.ToUpper(string(step.Type))
		default:
			s.wrong = true
		}
	case relabel.Scale:
		if s.isOneOf(step.Families) {
			s.factor *= step.Factor
		}
	default:
		return s.applyRule(step)
	}
	return true
}

func (s *naiveSeries) setFamily(name string) {
	s.family = name
	for i := range s.samples {
		s.samples[i].labels["__name__"] = name + s.samples[i].suffix
	}
}

// isOneOf reports whether one of the regexes matches the family, by means of a KeepFamilies step.
func (s *naiveSeries) isOneOf(families []string) bool {
	_, keep := process(relabel.KeepFamilies{Families: families}, metric.Labels{"__name__": s.family})
	return keep
}

func process(step relabel.Step, labels metric.Labels) (metric.Labels, bool) {
	p, err := relabel.New(step)
	if err != nil {
		panic(err)
	}
	return p.Process(labels)
}

func (s *naiveSeries) applyRule(rule relabel.Step) (keep bool) {
	var (
		samples []naiveSample
		without = slices.Clone(s.without)
		dropped = 0
		torn    = false
	)
	for _, old := range s.samples {
		labels, kept := process(rule, old.labels)
		if !kept {
			dropped++
			torn = torn || old.needed
			without = append(without, old.bound)
			continue
		}
		old.labels = labels
		samples = append(samples, old)
	}
	if dropped == len(s.samples) {
		return false
	}
	family, ok := strings.CutSuffix(samples[0].labels["__name__"], samples[0].suffix)
	if torn || !ok {
		s.wrong = true
		return true
	}
	base := samples[0].base()
	for i, sample := range samples {
		switch {
		case sample.labels["__name__"] != family+sample.suffix,
			sample.special != "" && sample.labels[sample.special] != sample.value,
			!maps.Equal(sample.base(), base):
			s.wrong = true
			return true
		case i == 0 && family == "":
			s.wrong = true
			return false
		}
	}
	s.family, s.samples, s.without = family, samples, without
	return true
}

// base returns the labels without the name and without the additional label of this sample.
func (s *naiveSample) base() metric.Labels {
	labels := maps.Clone(s.labels)
	delete(labels, "__name__")
	if s.special != "" {
		delete(labels, s.special)
	}
	return labels
}

// key returns the series in text form.
func (s *naiveSeries) key() string { return seriesKey(s.family, s.samples[0].base()) }

func seriesKey(family string, labels metric.Labels) string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		all = append(all, fmt.Sprintf("%s=%q", name, labels[name]))
	}
	return family + "{" + strings.Join(all, ",") + "}"
}

// reserved reports whether the series has a label that its type must not have.
func (s *naiveSeries) reserved() bool {
	base := s.samples[0].base()
	switch {
	case s.metric.GetHistogram() != nil:
		return base["le"] != ""
	case s.metric.GetSummary() != nil:
		return base["quantile"] != ""
	default:
		return false
	}
}

// cannotScale reports whether the series has native buckets that cannot be scaled by its factor.
func (s *naiveSeries) cannotScale() bool {
	h := s.metric.GetHistogram()
	return h != nil && h.Schema != nil && !canScale(h.GetSchema(), s.factor)
}

// text returns the values of a series as text, scaled and without the dropped buckets.
func (s *naiveSeries) text() string { return valueText(s.metric, s.factor, s.without) }

func valueText(m *dto.Metric, factor float64, without []float64) string {
	var b strings.Builder
	f := func(v float64) string { return strconv.FormatFloat(v*factor, 'g', 10, 64) }
	switch {
	case m.Histogram != nil:
		h := m.Histogram
		if h.Schema != nil && !canScale(h.GetSchema(), factor) {
			factor = 1
		}
		fmt.Fprintf(&b, "count %d sum %s", h.GetSampleCount(), f(h.GetSampleSum()))
		for _, bucket := range h.GetBucket() {
			if bound := bucket.GetUpperBound(); !slices.Contains(without, bound) && !math.IsInf(bound, 0) {
				fmt.Fprintf(&b, " %s:%d", f(bound), bucket.GetCumulativeCount())
			}
		}
		if h.Schema != nil {
			fmt.Fprintf(&b, " schema %d zero %s:%d", h.GetSchema(), f(h.GetZeroThreshold()), h.GetZeroCount())
			eachNative(h.GetSchema(), h.GetPositiveSpan(), h.GetPositiveDelta(), func(bound float64, n int64) { fmt.Fprintf(&b, " %s:%d", f(bound), n) })
			eachNative(h.GetSchema(), h.GetNegativeSpan(), h.GetNegativeDelta(), func(bound float64, n int64) { fmt.Fprintf(&b, " -%s:%d", f(bound), n) })
		}
	case m.Summary != nil:
		fmt.Fprintf(&b, "count %d sum %s", m.Summary.GetSampleCount(), f(m.Summary.GetSampleSum()))
		for _, q := range m.Summary.GetQuantile() {
			if !slices.Contains(without, q.GetQuantile()) {
				fmt.Fprintf(&b, " %v:%s", q.GetQuantile(), f(q.GetValue()))
			}
		}
	case m.Counter != nil:
		b.WriteString(f(m.Counter.GetValue()))
	case m.Gauge != nil:
		b.WriteString(f(m.Gauge.GetValue()))
	default:
		b.WriteString(f(m.GetUntyped().GetValue()))
	}
	return b.String()
}

func canScale(schema int32, factor float64) bool {
	exponent := math.Log2(factor)
	if exponent != math.Trunc(exponent) {
		return false
	}
	return schema >= 0 || math.Mod(exponent, math.Exp2(float64(-schema))) == 0
}

// eachNative calls each for every native bucket on one side, with its upper bound.
func eachNative(schema int32, spans []*dto.BucketSpan, deltas []int64, each func(bound float64, n int64)) {
	index, count := int32(0), int64(0)
	for _, span := range spans {
		index += span.GetOffset()
		for range span.GetLength() {
			count += deltas[0]
			deltas = deltas[1:]
			if count != 0 {
				each(math.Exp2(float64(index)*math.Exp2(float64(-schema))), count)
			}
			index++
		}
	}
}
