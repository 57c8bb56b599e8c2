package merge_test

import (
	"errors"
	"testing"

	"github.com/luxfi/metric/internal/merge"
	"github.com/luxfi/metric/internal/model"
)

var (
	gaugeA   = family(model.Gauge, "a")
	gaugeB   = family(model.Gauge, "b")
	counterA = family(model.Counter, "a")
	helpfulA = &model.Family{Name: "a", Type: model.Gauge, Help: "other"}
	metersA  = &model.Family{Name: "a", Type: model.Gauge, Unit: "meters"}
	nothingA = &model.Family{Name: "a", Type: model.Gauge, NoHelp: true}
	againA   = family(model.Gauge, "a") // equal to gaugeA
)

func stamped(p model.Point, timestamp int64) model.Point {
	p.TimestampMs, p.HasTimestamp = timestamp, true
	return p
}

func TestFamilies(t *testing.T) {
	points := func(p ...model.Point) []model.Point { return p }
	for _, test := range []struct {
		name    string
		in      merge.Input
		lines   []string
		reports []string
	}{
		{name: "nothing"},
		{
			name:  "an empty batch",
			in:    merge.Input{Batches: []merge.Batch{{}, batch(of(gaugeA, at("", 1))...), {}}},
			lines: []string{"# a gauge", "a{} 1"},
		},
		{
			name: "sorted by name and labels",
			in: merge.Input{Batches: []merge.Batch{
				batch(append(of(gaugeB, at("2", 4), at("1", 3)), of(gaugeA, at("2", 2), at("", 0))...)...),
				batch(append(of(againA, at("1", 1)), of(gaugeB, at("10", 5))...)...),
			}},
			lines: []string{
				"# a gauge", "a{} 0", `a{l="1"} 1`, `a{l="2"} 2`,
				"# b gauge", `b{l="1"} 3`, `b{l="10"} 5`, `b{l="2"} 4`,
			},
		},
		{
			name: "families that take turns",
			in: merge.Input{Batches: []merge.Batch{batch(
				model.Sample{Family: gaugeB, Point: at("1", 1)}, model.Sample{Family: gaugeA, Point: at("1", 2)},
				model.Sample{Family: gaugeB, Point: at("2", 3)}, model.Sample{Family: gaugeA, Point: at("2", 4)},
			)}},
			lines: []string{"# a gauge", `a{l="1"} 2`, `a{l="2"} 4`, "# b gauge", `b{l="1"} 1`, `b{l="2"} 3`},
		},
		{
			name:  "native only",
			in:    merge.Input{Natives: []merge.Native{native(gaugeA, points(at("1", 1), at("2", 2))), native(gaugeB, points(at("", 3)))}},
			lines: []string{"# a gauge", `a{l="1"} 1`, `a{l="2"} 2`, "# b gauge", "b{} 3"},
		},
		{
			name: "native and foreign in one family",
			in: merge.Input{
				Natives: []merge.Native{native(gaugeA, points(at("2", 2), at("4", 4)), points(at("1", 1), at("5", 5)))},
				Batches: []merge.Batch{batch(of(againA, at("6", 6), at("3", 3), at("", 0))...)},
			},
			lines: []string{
				"# a gauge", "a{} 0", `a{l="1"} 1`, `a{l="2"} 2`, `a{l="3"} 3`, `a{l="4"} 4`, `a{l="5"} 5`, `a{l="6"} 6`,
			},
		},
		{
			name: "another type, help and unit",
			in: merge.Input{Batches: []merge.Batch{
				batch(of(gaugeA, at("1", 1))...),
				batch(append(of(counterA, at("2", 2), at("3", 3)), of(helpfulA, at("4", 4))...)...),
				batch(append(of(metersA, at("", 5)), of(nothingA, at("6", 6))...)...),
			}},
			// A help or a unit belongs to the family, and costs no sample.
			lines: []string{"# a gauge", "a{} 5", `a{l="1"} 1`, `a{l="4"} 4`, `a{l="6"} 6`},
			reports: []string{
				`1: collected metric a{l="2"} has type COUNTER but should have GAUGE`,
				`1: collected metric a{l="3"} has type COUNTER but should have GAUGE`,
				`1: collected metric a{l="4"} has help "other" but should have ""`,
				`2: collected metric a has unit "meters" but should have ""`,
			},
		},
		{
			name: "another type than the native one",
			in: merge.Input{
				Natives: []merge.Native{native(counterA, points(at("1", 1)))},
				Batches: []merge.Batch{batch(of(gaugeA, at("2", 2))...), batch(of(counterA, at("3", 3))...)},
			},
			lines:   []string{"# a counter", `a{l="1"} 1`, `a{l="3"} 3`},
			reports: []string{`0: collected metric a{l="2"} has type GAUGE but should have COUNTER`},
		},
		{
			name: "duplicates within and between batches",
			in: merge.Input{Batches: []merge.Batch{
				batch(of(gaugeA, at("1", 1), at("2", 2), at("1", 3))...),
				batch(of(againA, at("2", 4), at("3", 5))...),
			}},
			lines: []string{"# a gauge", `a{l="1"} 1`, `a{l="2"} 2`, `a{l="3"} 5`},
			reports: []string{
				`0: collected metric "a" {l="1"} was collected before with the same name and label values`,
				`1: collected metric "a" {l="2"} was collected before with the same name and label values`,
			},
		},
		{
			name: "duplicates of native series",
			in: merge.Input{
				Natives: []merge.Native{native(gaugeA, points(at("1", 1), at("2", 2)), points(at("2", 3), at("3", 4)))},
				Batches: []merge.Batch{batch(of(gaugeA, at("3", 5), at("1", 6), at("4", 7), at("4", 8))...)},
			},
			lines: []string{"# a gauge", `a{l="1"} 1`, `a{l="2"} 2`, `a{l="3"} 4`, `a{l="4"} 7`},
			reports: []string{
				`0: collected metric "a" {l="1"} was collected before with the same name and label values`,
				`-1: collected metric "a" {l="2"} was collected before with the same name and label values`,
				`0: collected metric "a" {l="3"} was collected before with the same name and label values`,
				`0: collected metric "a" {l="4"} was collected before with the same name and label values`,
			},
		},
		{
			name: "labels that differ in their names only",
			in: merge.Input{Batches: []merge.Batch{batch(of(gaugeA,
				model.Point{Labels: labels("y", "v")}, model.Point{Labels: labels("x", "v")}, model.Point{Labels: labels("y", "v")})...)}},
			lines:   []string{"# a gauge", `a{x="v"} 0`, `a{y="v"} 0`},
			reports: []string{`0: collected metric "a" {y="v"} was collected before with the same name and label values`},
		},
		{
			name: "timestamps make series different",
			in: merge.Input{
				Natives: []merge.Native{native(gaugeA, points(at("", 1)))},
				Batches: []merge.Batch{batch(of(gaugeA, stamped(at("", 2), 20), stamped(at("", 3), 10), stamped(at("", 4), 20),
					model.Point{Value: 5, TimestampMs: 10})...)},
			},
			lines: []string{"# a gauge", "a{} 3 10", "a{} 2 20", "a{} 1"},
			reports: []string{
				`0: collected metric "a" {} was collected before with the same name and label values`,
				`0: collected metric "a" {} was collected before with the same name and label values`,
			},
		},
		{
			name: "only what is wanted",
			in: merge.Input{
				Natives: []merge.Native{native(counterA, points(at("1", 1))), native(gaugeB, points(at("1", 1)))},
				Batches: []merge.Batch{batch(append(of(gaugeA, at("2", 2)), of(gaugeB, at("2", 2))...)...)},
				Select:  func(name string) bool { return name == "b" },
			},
			lines: []string{"# b gauge", `b{l="1"} 1`, `b{l="2"} 2`},
		},
	} {
		t.Run(test.name, func(t *testing.T) { check(t, test.in, test.lines, test.reports) })
	}
}

// TestDuplicateError checks that a caller can find out which series was already there.
func TestDuplicateError(t *testing.T) {
	var got *merge.DuplicateError
	in := merge.Input{
		Batches: []merge.Batch{batch(of(gaugeA, at("1", 1), at("1", 2))...)},
		Report:  func(f merge.Finding) { got, _ = errors.AsType[*merge.DuplicateError](f.Err) },
	}
	if err := merge.Families(in, &recorder{healthy: -1}); err != nil {
		t.Fatal(err)
	}
	if got == nil || got.Family != "a" || got.Labels != `l="1"` {
		t.Errorf("got %+v", got)
	}
}

// TestInputIsKept checks that merging does not change the samples, which other scrapes may share.
func TestInputIsKept(t *testing.T) {
	samples := append(of(gaugeB, at("2", 1), at("1", 2), at("2", 3)), of(gaugeA, at("", 4))...)
	before := append([]model.Sample(nil), samples...)
	in := merge.Input{Batches: []merge.Batch{batch(samples...), batch(samples...)}}
	run(t, in)
	for i := range samples {
		if samples[i].Family != before[i].Family || line("", &samples[i].Point) != line("", &before[i].Point) {
			t.Errorf("sample %d has become %s", i, line("", &samples[i].Point))
		}
	}
}

// TestSinkErrors checks that merging ends with the first error of the sink.
func TestSinkErrors(t *testing.T) {
	in := merge.Input{
		Natives: []merge.Native{
			native(gaugeA, []model.Point{at("1", 1), at("2", 2)}),
			native(gaugeB, []model.Point{at("1", 1), at("3", 3)}),
		},
		Batches: []merge.Batch{batch(append(of(gaugeB, at("2", 2)), of(family(model.Gauge, "c"), at("1", 1), at("2", 2))...)...)},
	}
	all, _ := run(t, in)
	for n := range all {
		r := &recorder{healthy: n}
		err := merge.Families(in, r)
		if err != errSink { //nolint:errorlint // It must be the same error.
			t.Errorf("after %d calls: %v", n, err)
		}
		compare(t, "written", r.lines, all[:n])
	}
}
