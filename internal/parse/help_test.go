package parse_test

import (
	"cmp"
	"fmt"
	"slices"
	"testing"

	dto "github.com/prometheus/client_model/go"

	"github.com/luxfi/metric/internal/clientmodel"
	"github.com/luxfi/metric/internal/model"
	"github.com/luxfi/metric/internal/parse"
)

// result is the result of Read for a body.
type result struct {
	families []*dto.MetricFamily // sorted by name; includes the series of sources
	sources  []string            // names of the families that are sources
	mixed    []string            // names of the sources that are mixed
	dropped  []string
	err      error
}

// read reads a body, and fails the test if a source breaks its contract.
func read(t testing.TB, f parse.Format, body string, limits parse.Limits) (r result) {
	t.Helper()
	var passed, served clientmodel.Builder
	var last *model.Family
	series := 0
	x, err := parse.Read(f, []byte(body), limits, func(m *model.Family, p *model.Point) error {
		if m != last {
			if err := passed.Family(m); err != nil {
				return err
			}
			last = m
		}
		series++
		return passed.Point(p)
	}, func(err error) { r.dropped = append(r.dropped, err.Error()) })
	if err != nil {
		r.err = err
		return r
	}
	for _, source := range x.Sources {
		name := source.Family().Name
		r.sources = append(r.sources, name)
		if source.(interface{ Mixed() bool }).Mixed() {
			r.mixed = append(r.mixed, name)
		}
		if err := served.Family(source.Family()); err != nil {
			t.Fatal(err)
		}
		points := checkSource(t, source)
		series += len(points)
		for i := range points {
			if err := served.Point(&points[i]); err != nil {
				t.Fatal(err)
			}
		}
	}
	r.families = append(served.Families(), passed.Families()...)
	if series != x.Series || len(r.families) > x.Families {
		t.Errorf("%d series in %d families, but %d in %d are reported", series, len(r.families), x.Series, x.Families)
	}
	byName := func(a, b *dto.MetricFamily) int {
		return cmp.Or(cmp.Compare(a.GetName(), b.GetName()), cmp.Compare(a.GetType(), b.GetType()))
	}
	slices.SortStableFunc(r.families, byName)
	return r
}

// checkSource returns copies of a source's points. It fails the test if they are not in order, or if
// they differ when read in another way.
func checkSource(t testing.TB, source model.Source) []model.Point {
	t.Helper()
	series := source.Series()
	points := make([]model.Point, series.Len())
	var p model.Point
	var scratch model.Scratch
	for i := range points {
		series.At(i, &p, &scratch)
		points[i] = p.Clone()
	}
	name := source.Family().Name
	if len(points) == 0 {
		t.Errorf("%s is a source without series", name)
		return nil
	}
	names := points[0].Labels.AppendNames(nil)
	mixed := source.(interface{ Mixed() bool }).Mixed()
	for i := range points {
		if i > 0 && model.ComparePoints(&points[i-1], &points[i]) >= 0 {
			t.Errorf("%s: {%s} comes before {%s}", name, points[i-1].Labels.Text(), points[i].Labels.Text())
		}
		if !names.Has(points[i].Labels) && !mixed {
			t.Errorf("%s is not mixed, but has {%s} and {%s}", name, points[0].Labels.Text(), points[i].Labels.Text())
		}
		if list := points[i].Labels.List(); len(list) > 0 {
			if again, err := model.NewLabels(list); err != nil || again.Text() != points[i].Labels.Text() || again.Quoted() != points[i].Labels.Quoted() {
				t.Errorf("%s{%s} is not canonical: %v, %q", name, points[i].Labels.Text(), err, again.Text())
			}
		}
	}
	for i := len(points) - 1; i >= 0; i -= 1 + len(points)/5 {
		series.At(i, &p, &scratch)
		if got, want := fmt.Sprint(p.Labels.Text(), p.Value), fmt.Sprint(points[i].Labels.Text(), points[i].Value); got != want {
			t.Errorf("%s: series %d is %s, and %s when it is read again", name, i, want, got)
		}
	}
	var (
		batch     [8]model.Point
		scratches [8]model.Scratch
	)
	for from := 0; from < len(points); from += len(batch) {
		n := min(len(batch), len(points)-from)
		series.(model.Batched).ReadBatch(from, batch[:n], scratches[:n])
		for i := range n {
			if got, want := describe(&batch[i]), describe(&points[from+i]); got != want {
				t.Errorf("%s: series %d is %s, and %s in a batch", name, from+i, want, got)
			}
		}
	}
	return points
}

// describe returns a point as text.
func describe(p *model.Point) string {
	s := fmt.Sprint(p.Labels.Text(), p.Value, p.Created, p.TimestampMs, p.HasTimestamp, p.Exemplar != nil)
	if p.Histogram != nil {
		s += fmt.Sprint(p.Histogram.Count, p.Histogram.CountFloat, p.Histogram.Sum, p.Histogram.Counts)
		for i := range p.Histogram.NumBuckets() {
			b := p.Histogram.Bucket(i)
			s += fmt.Sprint(b.UpperBound, b.Count, b.CountFloat, b.Exemplar != nil)
		}
		if p.Histogram.Native != nil {
			n := *p.Histogram.Native
			s += fmt.Sprint(len(n.Exemplars))
			n.Exemplars = nil
			s += fmt.Sprintf("%+v", n)
		}
	}
	if p.Summary != nil {
		s += fmt.Sprint(*p.Summary)
	}
	return s
}
