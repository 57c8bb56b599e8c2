package merge_test

import (
	"fmt"
	"testing"

	"github.com/luxfi/metric/internal/merge"
	"github.com/luxfi/metric/internal/model"
	"github.com/luxfi/metric/internal/naming"
)

// TestSuffixes checks which pairs of families collide, where one family is written as several series and
// the other one has the name of one of them.
func TestSuffixes(t *testing.T) {
	all := []string{"_count", "_sum", "_bucket", "_total", "_created", "_info", "_gcount", "_gsum", "_", ""}
	type test struct {
		base     model.Type
		occupied []string
		scheme   naming.Scheme
	}
	tests := []test{{model.GaugeHistogram, []string{"_count", "_sum", "_bucket"}, naming.Scheme{}}}
	withGauges := naming.Scheme{GaugeSuffixes: true} // as Prometheus reads OpenMetrics 2.0
	tests = append(tests, test{model.GaugeHistogram, []string{"_bucket", "_gcount", "_gsum"}, withGauges})
	for _, scheme := range []naming.Scheme{{}, withGauges} {
		tests = append(tests,
			test{model.Histogram, []string{"_count", "_sum", "_bucket"}, scheme},
			test{model.Summary, []string{"_count", "_sum"}, scheme},
			test{model.Counter, nil, scheme},
			test{model.Gauge, nil, scheme},
			test{model.Untyped, nil, scheme},
		)
	}
	for _, test := range tests {
		collides := make(map[string]bool)
		for _, suffix := range test.occupied {
			collides[suffix] = true
		}
		for _, suffix := range all {
			t.Run(fmt.Sprint(test.base, suffix, test.scheme.GaugeSuffixes), func(t *testing.T) {
				if suffix == "" {
					suffix = "x" // A common prefix of the names is not a collision.
				}
				base, other := family(test.base, "h"), family(model.Gauge, "h"+suffix)
				baseLines := []string{"# h " + test.base.String(), "h{} 1"}
				otherLines := []string{"# h" + suffix + " gauge", "h" + suffix + "{} 2"}
				for _, natives := range [][2]bool{{false, false}, {true, false}, {false, true}, {true, true}} {
					in := pair(base, other, natives[0], natives[1])
					in.Scheme = test.scheme
					lines, reports := run(t, in)
					switch {
					case !collides[suffix]:
						compare(t, "written", lines, append(append([]string(nil), baseLines...), otherLines...))
						compare(t, "reported", reports, nil)
						continue
					case natives[1] && !natives[0]:
						compare(t, "written", lines, otherLines)
					default:
						compare(t, "written", lines, baseLines)
					}
					if len(reports) != 1 {
						t.Errorf("reported: %q", reports)
					}
				}
			})
		}
	}
}

// pair is an input with two families of one series each, native or not.
func pair(base, other *model.Family, nativeBase, nativeOther bool) (in merge.Input) {
	for i, f := range []*model.Family{base, other} {
		p := at("", float64(i+1))
		if []bool{nativeBase, nativeOther}[i] {
			in.Natives = append(in.Natives, native(f, []model.Point{p}))
		} else {
			// The order in which they are collected does not matter.
			in.Batches = append([]merge.Batch{batch(of(f, p)...)}, in.Batches...)
		}
	}
	return in
}

// TestSuffixesSpare checks that a collision costs no more than the colliding family.
func TestSuffixesSpare(t *testing.T) {
	var (
		h      = family(model.Histogram, "h")
		bucket = family(model.Gauge, "h_bucket")
		count  = family(model.Gauge, "h_count")
		sum    = family(model.Summary, "h_count_sum")
		plain  = family(model.Gauge, "plain")
		chain  = family(model.Summary, "h_count")
		one    = []model.Point{at("", 1)}
	)
	for _, test := range []struct {
		name    string
		in      merge.Input
		lines   []string
		reports []string
	}{
		{
			name: "the rest of the batches, once each",
			in: merge.Input{Batches: []merge.Batch{
				batch(append(of(count, at("1", 1), at("2", 2)), of(plain, at("", 3))...)...),
				batch(of(h, one...)...),
				batch(of(count, at("3", 1), at("4", 2))...),
			}},
			lines: []string{"# h histogram", "h{} 1", "# plain gauge", "plain{} 3"},
			reports: []string{
				`0: collected metric named "h_count" collides with previously collected histogram named "h"`,
				`2: collected metric named "h_count" collides with previously collected histogram named "h"`,
			},
		},
		{
			name: "what would collide with what has gone itself",
			in:   merge.Input{Batches: []merge.Batch{batch(append(append(of(h, one...), of(chain, one...)...), of(sum, one...)...)...)}},
			lines: []string{
				"# h histogram", "h{} 1", "# h_count_sum summary", "h_count_sum{} 1",
			},
			reports: []string{`0: collected metric named "h_count" collides with previously collected histogram named "h"`},
		},
		{
			name: "what would collide with what a native family throws out",
			in: merge.Input{
				Natives: []merge.Native{native(count, one)},
				Batches: []merge.Batch{batch(append(of(h, one...), of(bucket, one...)...)...)},
			},
			lines:   []string{"# h_bucket gauge", "h_bucket{} 1", "# h_count gauge", "h_count{} 1"},
			reports: []string{`0: collected histogram or summary named "h" collides with previously collected metric named "h_count"`},
		},
		{
			name: "foreign series of a native family",
			in: merge.Input{
				Natives: []merge.Native{native(h, []model.Point{at("1", 1)})},
				Batches: []merge.Batch{batch(append(of(h, at("2", 2)), of(count, one...)...)...)},
			},
			lines:   []string{"# h histogram", `h{l="1"} 1`, `h{l="2"} 2`},
			reports: []string{`0: collected metric named "h_count" collides with previously collected histogram named "h"`},
		},
		{
			name:  "what collides with a native vector without series",
			in:    merge.Input{Natives: []merge.Native{native(h, nil)}, Batches: []merge.Batch{batch(of(count, one...)...)}},
			lines: []string{"# h_count gauge", "h_count{} 1"},
		},
		{
			name:  "what a native vector without series would throw out",
			in:    merge.Input{Natives: []merge.Native{native(count, nil)}, Batches: []merge.Batch{batch(of(h, one...)...)}},
			lines: []string{"# h histogram", "h{} 1"},
		},
		{
			name: "what is wanted when the other one is not",
			in: merge.Input{
				Batches: []merge.Batch{batch(append(of(h, one...), of(count, one...)...)...)},
				Select:  func(name string) bool { return name == "h_count" },
			},
			lines: []string{"# h_count gauge", "h_count{} 1"},
		},
	} {
		t.Run(test.name, func(t *testing.T) { check(t, test.in, test.lines, test.reports) })
	}
}
