package merge_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/luxfi/metric/internal/merge"
	"github.com/luxfi/metric/internal/model"
)

// TestLikeNaive merges random input in the simplest possible way, too, and compares the results.
func TestLikeNaive(t *testing.T) {
	for seed := range uint64(400) {
		r := &random{rand.New(rand.NewPCG(seed, 0))}
		in := r.input()
		gotLines, gotReports := run(t, in)
		gotLines = withoutEmpty(gotLines)
		wantLines, wantReports := naive(in)
		slices.Sort(gotReports)
		slices.Sort(wantReports)
		compare(t, "written", gotLines, wantLines)
		compare(t, "reported", gotReports, wantReports)
		if t.Failed() {
			t.Fatalf("with seed %d", seed)
		}
	}
}

// withoutEmpty leaves out families without series, since sinks write nothing for them.
func withoutEmpty(lines []string) (left []string) {
	for i, l := range lines {
		if l[0] != '#' || i+1 < len(lines) && lines[i+1][0] != '#' {
			left = append(left, l)
		}
	}
	return left
}

type random struct{ *rand.Rand }

func (r *random) input() (in merge.Input) {
	for _, name := range []string{"h", "h_bucket", "h_count", "h_count_sum", "h_sum", "x"} {
		if r.IntN(4) > 0 {
			continue
		}
		var sources [][]model.Point
		for range 1 + r.IntN(2) {
			var points []model.Point
			names := r.names() // All series of a source have the same names.
			for range r.IntN(5) {
				p := r.pointOf(names)
				p.TimestampMs, p.HasTimestamp = 0, false
				points = append(points, p)
			}
			slices.SortFunc(points, func(a, b model.Point) int { return model.ComparePoints(&a, &b) })
			sources = append(sources, slices.CompactFunc(points, func(a, b model.Point) bool {
				return a.Labels.Text() == b.Labels.Text()
			}))
		}
		f := r.family()
		f.Name = name
		in.Natives = append(in.Natives, native(f, sources...))
	}
	for range r.IntN(4) {
		var samples []model.Sample
		for range r.IntN(8) {
			f := r.family()
			for range 1 + r.IntN(5) {
				samples = append(samples, model.Sample{Family: f, Point: r.point()})
			}
		}
		in.Batches = append(in.Batches, batch(samples...))
	}
	if r.IntN(3) == 0 {
		unwanted := r.family().Name
		in.Select = func(name string) bool { return name != unwanted }
	}
	return in
}

func (r *random) family() *model.Family {
	types := []model.Type{model.Gauge, model.Gauge, model.Histogram, model.Summary}
	f := family(types[r.IntN(len(types))], []string{"h", "h_bucket", "h_count", "h_count_sum", "h_sum", "x"}[r.IntN(6)])
	if r.IntN(5) == 0 {
		f.Help = "other"
	}
	return f
}

func (r *random) names() (names []string) {
	for _, name := range []string{"a", "b", "c d"} {
		if r.IntN(3) == 0 {
			names = append(names, name)
		}
	}
	return names
}

func (r *random) point() model.Point { return r.pointOf(r.names()) }

func (r *random) pointOf(names []string) model.Point {
	var pairs []string
	for _, name := range names {
		pairs = append(pairs, name, []string{"", "1", "10", "2", "\"", "\\", "\n", "é"}[r.IntN(8)])
	}
	p := model.Point{Labels: labels(pairs...), Value: float64(r.IntN(1000)), TimestampMs: r.Int64N(3)}
	p.HasTimestamp = r.IntN(4) == 0
	return p
}

// naiveFamily is everything known about one name.
type naiveFamily struct {
	*model.Family

	native  bool
	sources int // native sources with series
	series  []model.Point
	batches []int // origins of the samples
	gone    bool
}

// naive computes what [merge.Families] should do.
func naive(in merge.Input) (lines, reports []string) {
	families := make(map[string]*naiveFamily)
	noted := make(map[string]bool)
	add := func(f *model.Family, p model.Point, batch int) {
		if in.Select != nil && !in.Select(f.Name) {
			return
		}
		have, ok := families[f.Name]
		if !ok {
			have = &naiveFamily{Family: f, native: batch < 0}
			families[f.Name] = have
		}
		switch series := strings.TrimSuffix(f.Name+"{"+p.Labels.Text()+"}", "{}"); {
		case have.Type != f.Type:
			reports = append(reports, fmt.Sprintf("%d: collected metric %s has type %s but should have %s", batch, series, f.Type.Constant(), have.Type.Constant()))
		default:
			if have.Help != f.Help && !noted[fmt.Sprintf("%d %p", batch, f)] {
				noted[fmt.Sprintf("%d %p", batch, f)] = true
				reports = append(reports, fmt.Sprintf("%d: collected metric %s has help %q but should have %q", batch, series, f.Help, have.Help))
			}
			have.series, have.batches = append(have.series, p), append(have.batches, batch)
		}
	}
	// A native family keeps its name even without series.
	for _, n := range in.Natives {
		if in.Select == nil || in.Select(n.Family.Name) {
			families[n.Family.Name] = &naiveFamily{Family: n.Family, native: true}
		}
		for _, s := range n.Sources {
			if have := families[n.Family.Name]; have != nil && s.Series().Len() > 0 {
				have.sources++
			}
			for _, p := range s.(*source).points {
				add(n.Family, p, -1)
			}
		}
	}
	for i, b := range in.Batches {
		for _, s := range b.Samples {
			add(s.Family, s.Point, i)
		}
	}
	reports = append(reports, naiveSuffixes(families)...)
	names := make([]string, 0, len(families))
	for name := range families {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		written, duplicates := families[name].write()
		lines, reports = append(lines, written...), append(reports, duplicates...)
	}
	return lines, reports
}

// naiveSuffixes returns reports about collisions, natives first.
func naiveSuffixes(families map[string]*naiveFamily) (reports []string) {
	pairs := [][2]string{{"h", "h_bucket"}, {"h", "h_count"}, {"h", "h_sum"}, {"h_count", "h_count_sum"}}
	for _, natives := range []bool{true, false} {
		for _, pair := range pairs {
			base, other := families[pair[0]], families[pair[1]]
			if base == nil || other == nil || base.gone || other.gone || (base.native || other.native) != natives ||
				len(base.series) == 0 || len(other.series) == 0 ||
				base.Type == model.Gauge || base.Type == model.Summary && pair[1] == "h_bucket" {
				continue
			}
			loser, winner := other, base
			if other.native && !base.native {
				loser, winner = base, other
			}
			loser.gone = true
			text := fmt.Sprintf("collected metric named %q collides with previously collected %s named %q", loser.Name, winner.Type, winner.Name)
			switch {
			case loser == base && pair[1] == "h_bucket":
				text = fmt.Sprintf("collected histogram named %q collides with previously collected metric named %q", loser.Name, winner.Name)
			case loser == base:
				text = fmt.Sprintf("collected histogram or summary named %q collides with previously collected metric named %q", loser.Name, winner.Name)
			}
			origins := slices.DeleteFunc(slices.Clone(loser.batches), func(batch int) bool { return batch < 0 })
			for _, batch := range append(slices.Repeat([]int{-1}, loser.sources), slices.Compact(origins)...) {
				reports = append(reports, fmt.Sprintf("%d: %s", batch, text))
			}
		}
	}
	return reports
}

// write returns the lines of a family, sorted, with the first of equal series.
func (f *naiveFamily) write() (lines, reports []string) {
	if f.gone || len(f.series) == 0 {
		return nil, nil
	}
	var kept []model.Point
	batches := make(map[string]int) // batches of those in kept
	duplicate := func(p model.Point, batch int) {
		reports = append(reports, fmt.Sprintf("%d: collected metric %q {%s} was collected before with the same name and label values",
			batch, f.Name, p.Labels.Text()))
	}
	for i, p := range f.series {
		if slices.ContainsFunc(kept, func(k model.Point) bool { return id(k) == id(p) }) {
			duplicate(p, f.batches[i])
			continue
		}
		kept = append(kept, p)
		batches[id(p)] = f.batches[i]
	}
	slices.SortFunc(kept, func(a, b model.Point) int {
		return cmp.Or(len(a.Labels.List())-len(b.Labels.List()), slices.CompareFunc(a.Labels.List(), b.Labels.List(),
			func(a, b model.Label) int { return cmp.Compare(a.Value, b.Value) }), cmp.Compare(id(a), id(b)))
	})
	// A label with an empty value equals a missing label; series without such a label come first.
	seen := make(map[string]bool)
	for _, p := range kept {
		if withoutEmptyLabels(p) == id(p) {
			seen[id(p)] = true
		}
	}
	kept = slices.DeleteFunc(kept, func(p model.Point) bool {
		stripped := withoutEmptyLabels(p)
		if stripped == id(p) {
			return false
		}
		if seen[stripped] {
			duplicate(p, batches[id(p)])
			return true
		}
		seen[stripped] = true
		return false
	})
	lines = append(lines, strings.TrimSpace(fmt.Sprintf("# %s %s %s", f.Name, f.Type, f.Help)))
	for _, p := range kept {
		lines = append(lines, line(f.Name, &p))
	}
	return lines, reports
}

// id identifies a series at a time. Those without a time come last.
func id(p model.Point) string {
	if p.HasTimestamp {
		return fmt.Sprintf("%s %d", p.Labels.Text(), p.TimestampMs)
	}
	return p.Labels.Text() + " none"
}

// withoutEmptyLabels returns the id of a series without its labels that have no value.
func withoutEmptyLabels(p model.Point) string {
	list := slices.DeleteFunc(p.Labels.List(), func(l model.Label) bool { return l.Value == "" })
	l, err := model.NewLabels(list)
	if err != nil {
		panic(err)
	}
	p.Labels = l
	return id(p)
}
