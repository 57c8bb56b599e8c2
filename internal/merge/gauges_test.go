package merge_test

import (
	"testing"

	"github.com/luxfi/metric/internal/merge"
	"github.com/luxfi/metric/internal/model"
)

// TestGaugesInPlaceOfOthers checks infos and state sets beside gauges of the same name, which other
// processes have served in their place.
func TestGaugesInPlaceOfOthers(t *testing.T) {
	var (
		info      = family(model.Info, "a_info")
		gaugeInfo = family(model.Gauge, "a_info")
		states    = family(model.StateSet, "a")
		gauge     = family(model.Gauge, "a")
		counter   = family(model.Counter, "a")
	)
	set := func(label string, on uint64) model.Point {
		p := at(label, 0)
		p.States = &model.StateSetValue{Names: []string{"up", "down"}, On: on}
		return p
	}
	for _, test := range []struct {
		name    string
		in      merge.Input
		lines   []string
		reports []string
	}{
		{
			name: "an info and a gauge",
			in: merge.Input{
				Natives: []merge.Native{native(info, []model.Point{at("1", 1)})},
				Batches: []merge.Batch{batch(of(gaugeInfo, at("2", 1))...), batch(of(info, at("3", 1))...)},
			},
			lines: []string{"# a_info gauge", `a_info{l="1"} 1`, `a_info{l="2"} 1`, `a_info{l="3"} 1`},
		},
		{
			name: "an info after a gauge",
			in: merge.Input{Batches: []merge.Batch{
				batch(of(gaugeInfo, at("2", 1))...), batch(append(of(info, at("1", 1)), of(gaugeInfo, at("1", 1))...)...),
			}},
			lines:   []string{"# a_info gauge", `a_info{l="1"} 1`, `a_info{l="2"} 1`},
			reports: []string{`1: collected metric "a_info" {l="1"} was collected before with the same name and label values`},
		},
		{
			name: "infos only",
			in: merge.Input{
				Natives: []merge.Native{native(info, []model.Point{at("1", 1)})},
				Batches: []merge.Batch{batch(of(info, at("2", 1))...)},
			},
			lines: []string{"# a_info info", `a_info{l="1"} 1`, `a_info{l="2"} 1`},
		},
		{
			name: "state sets and gauges",
			in: merge.Input{
				Natives: []merge.Native{native(states, []model.Point{set("1", 1), set("2", 2)}, []model.Point{set("3", 0)})},
				Batches: []merge.Batch{batch(of(gauge,
					model.Point{Labels: labels("a", "up", "l", "0"), Value: 1},
					model.Point{Labels: labels("a", "up", "l", "2"), Value: 1},
				)...)},
			},
			lines: []string{
				"# a gauge",
				`a{a="down",l="1"} 0`, `a{a="down",l="2"} 1`, `a{a="down",l="3"} 0`,
				`a{a="up",l="0"} 1`, `a{a="up",l="1"} 1`, `a{a="up",l="2"} 0`, `a{a="up",l="3"} 0`,
			},
			reports: []string{`0: collected metric "a" {a="up",l="2"} was collected before with the same name and label values`},
		},
		{
			name: "a state set and a counter",
			in: merge.Input{
				Natives: []merge.Native{native(states, []model.Point{set("1", 1)})},
				Batches: []merge.Batch{batch(of(counter, at("2", 1))...)},
			},
			lines:   []string{"# a state set", `a{l="1"} 0`},
			reports: []string{`0: collected metric a{l="2"} has type COUNTER but should have STATE_SET`},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			check(t, test.in, test.lines, test.reports)
			check(t, test.in, test.lines, test.reports) // The input must not have changed.
		})
	}
}
