package main

import (
	"math"
	"regexp"
	"strings"
	"testing"
)

// output is the output of go test in two rounds.
const output = `cpu: Some CPU
BenchmarkCounterInc/goroutines=1/peer=metric-2         	 1000	         2.000 ns/op	       0 B/op	       0 allocs/op
BenchmarkCounterInc/goroutines=1/peer=client_golang-2  	 1000	         4.000 ns/op	       0 B/op	       0 allocs/op
BenchmarkCounterInc/goroutines=1/peer=VictoriaMetrics-2	 1000	         8.000 ns/op	       0 B/op	       0 allocs/op
BenchmarkCounterInc/goroutines=1/peer=metric-2         	 1000	         30.00 ns/op	       0 B/op	       0 allocs/op
BenchmarkCounterInc/goroutines=1/peer=client_golang-2  	 1000	         40.00 ns/op	       0 B/op	       0 allocs/op
BenchmarkCounterInc/goroutines=1/peer=VictoriaMetrics-2	 1000	         8.000 ns/op	       0 B/op	       0 allocs/op
BenchmarkHeap/kind=counters/peer=metric-2              	    1	       5 ns/op	       190.5 B/series
`

// TestStandings checks the comparison of a measurement with targets: the ratio to the fastest peer, and
// whether the target is hit.
func TestStandings(t *testing.T) {
	r := runner{samples: make(samples)}
	if err := r.read(strings.NewReader(output)); err != nil {
		t.Fatal(err)
	}
	if r.cpu != "Some CPU" {
		t.Errorf("the CPU is %q", r.cpu)
	}
	inc := func(peer string) measure { return measure{"CounterInc/goroutines=1", peer, nanoseconds} }
	rows := standings([]target{
		{"one peer", inc(ours), []measure{inc(golang)}, 0.625},
		{"the best of two peers", inc(ours), []measure{inc(golang), inc(victoria)}, 0.5},
		{"absolute", measure{"Heap/kind=counters", ours, bytesPerSeries}, nil, 200},
		{"missing", inc(ours), []measure{inc(otel)}, 1},
	}, r.samples)
	for i, want := range []struct {
		other, ratio float64
		hit          bool
	}{
		{22, (0.5 + 0.75) / 2, true}, {8, (0.25 + 3.75) / 2, false}, {math.NaN(), math.NaN(), true}, {math.NaN(), math.NaN(), false},
	} {
		same := func(a, b float64) bool { return a == b || math.IsNaN(a) && math.IsNaN(b) }
		if got := rows[i]; !same(got.other, want.other) || !same(got.ratio, want.ratio) || got.hit != want.hit {
			t.Errorf("%s: got %v, %v, %t, want %v", got.work, got.other, got.ratio, got.hit, want)
		}
	}
	for _, table := range []string{plainTable(rows), markdownTable(rows) + summary(rows)} {
		for _, want := range []string{"190 B/series", "≤ 200 B/series", "VictoriaMetrics 8 ns/op", "not measured", "2 of 4 targets hit"} {
			if !strings.Contains(table, want) {
				t.Errorf("the table lacks %q:\n%s", want, table)
			}
		}
	}
}

// TestSplitPeer checks that splitPeer splits a benchmark's name into the name without the peer and the peer.
func TestSplitPeer(t *testing.T) {
	for _, full := range []string{"Remote/series=10/peer=%s", "Remote/series=10/peer=%s-2", "Remote/series=10/peer=%s-16"} {
		for _, want := range []string{ours, expfmt, "VictoriaMetrics-ready"} {
			name, peer := splitPeer(strings.ReplaceAll(full, "%s", want))
			if name != "Remote/series=10" || peer != want {
				t.Errorf("%s is split into %q and %q", full, name, peer)
			}
		}
	}
}

// TestTargetsAreMeasured checks that the runs measure every figure in the targets.
func TestTargetsAreMeasured(t *testing.T) {
	for _, target := range targets() {
		for _, m := range append(target.against, target.measure) {
			name := "Benchmark" + m.benchmark + "/peer=" + m.peer
			if !matched(targetRuns(), name) {
				t.Errorf("%s: nothing runs %s", target.work, name)
			}
		}
	}
}
func matched(runs []benchmarkRun, name string) bool {
	for _, run := range runs {
		if matches(run.pattern, name) {
			return true
		}
	}
	return false
}

func matches(pattern, name string) bool {
	patterns, names := strings.Split(pattern, "/"), strings.Split(name, "/")
	for i := range min(len(patterns), len(names)) {
		if !regexp.MustCompile(patterns[i]).MatchString(names[i]) {
			return false
		}
	}
	return len(patterns) <= len(names)
}
