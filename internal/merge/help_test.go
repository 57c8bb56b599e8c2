package merge_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/luxfi/metric/internal/merge"
	"github.com/luxfi/metric/internal/model"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func family(t model.Type, name string) *model.Family { return &model.Family{Name: name, Type: t} }

// labels parses pairs of a name and a value.
func labels(pairs ...string) model.Labels {
	var list []model.Label
	for i := 0; i < len(pairs); i += 2 {
		list = append(list, model.Label{Name: pairs[i], Value: pairs[i+1]})
	}
	l, err := model.NewLabels(list)
	if err != nil {
		panic(err)
	}
	return l
}

// at returns a point whose only label has the given value, or a point without labels.
func at(label string, value float64) model.Point {
	p := model.Point{Value: value}
	if label != "" {
		p.Labels = labels("l", label)
	}
	return p
}

func batch(samples ...model.Sample) merge.Batch { return merge.Batch{Samples: samples} }

// of returns samples of one family.
func of(f *model.Family, points ...model.Point) []model.Sample {
	var samples []model.Sample
	for _, p := range points {
		samples = append(samples, model.Sample{Family: f, Point: p})
	}
	return samples
}

// source is a native family. Its labels are in the scratch memory, as in a wrapped vector.
type source struct {
	family *model.Family
	points []model.Point
}

func (s *source) Family() *model.Family { return s.family }
func (s *source) Series() model.Series  { return s }
func (s *source) Len() int              { return len(s.points) }

func (s *source) Gauges(f *model.Family) model.Source { return model.GaugesOf(s, f) }

func (s *source) At(i int, p *model.Point, scratch *model.Scratch) {
	*p = s.points[i]
	if !p.Labels.IsEmpty() {
		scratch.Text = append(scratch.Text[:0], p.Labels.Text()...)
		p.Labels = model.VolatileLabels(scratch.Text, p.Labels.Quoted())
	}
}

// native returns a native family with a source for each list of points.
func native(f *model.Family, sources ...[]model.Point) merge.Native {
	n := merge.Native{Family: f}
	for _, points := range sources {
		n.Sources = append(n.Sources, &source{f, points})
	}
	return n
}

// recorder is a sink that records its calls and fails after some of them.
type recorder struct {
	lines   []string
	family  *model.Family
	healthy int // number of calls until it fails; negative if it never fails
}

var errSink = errors.New("the sink has failed")

func (r *recorder) call(line string) error {
	if r.healthy == 0 {
		return errSink
	}
	r.healthy--
	r.lines = append(r.lines, strings.Clone(line))
	return nil
}

func (r *recorder) Family(f *model.Family) error {
	r.family = f
	return r.call(strings.TrimSpace(fmt.Sprintf("# %s %s %s", f.Name, f.Type, f.Help)))
}

func (r *recorder) Point(p *model.Point) error { return r.call(line(r.family.Name, p)) }

func line(name string, p *model.Point) string {
	s := fmt.Sprintf("%s{%s} %v", name, p.Labels.Text(), p.Value)
	if p.HasTimestamp {
		s += fmt.Sprintf(" %d", p.TimestampMs)
	}
	return s
}

// run merges and returns what was written and reported.
func run(t *testing.T, in merge.Input) (lines, reports []string) {
	t.Helper()
	in.Report = func(f merge.Finding) { reports = append(reports, fmt.Sprintf("%d: %v", f.Batch, f.Err)) }
	r := &recorder{healthy: -1}
	if err := merge.Families(in, r); err != nil {
		t.Errorf("merging failed: %v", err)
	}
	return r.lines, reports
}

// check merges and compares what was written and reported.
func check(t *testing.T, in merge.Input, wantLines, wantReports []string) {
	t.Helper()
	lines, reports := run(t, in)
	compare(t, "written", lines, wantLines)
	compare(t, "reported", reports, wantReports)
}

func compare(t *testing.T, what string, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s:\n\t%s\nwant:\n\t%s", what, strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}
