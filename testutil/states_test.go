package testutil_test

import (
	"strings"
	"testing"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/testutil"
)

// TestInfosAndStateSets checks that the functions can compare, count and lint info metrics and state sets.
func TestInfosAndStateSets(t *testing.T) {
	info := metric.NewInfo(metric.InfoOpts{Name: "build", Help: "The program."}, metric.Labels{"version": "1"})
	state := metric.NewStateSet(metric.StateSetOpts{Name: "state", Help: "What it does.", States: []string{"on", "off"}, Initial: "on"})
	for name, test := range map[string]struct {
		collector metric.Collector
		count     int
		want      string
	}{
		"info": {info, 1, `
			# HELP build_info The program.
			# TYPE build_info gauge
			build_info{version="1"} 1
		`},
		"state set": {state, 2, `
			# HELP state What it does.
			# TYPE state gauge
			state{state="on"} 1
			state{state="off"} 0
		`},
	} {
		t.Run(name, func(t *testing.T) {
			if err := testutil.CollectAndCompare(test.collector, strings.NewReader(test.want)); err != nil {
				t.Error(err)
			}
			if n := testutil.CollectAndCount(test.collector); n != test.count {
				t.Errorf("%d metrics, want %d", n, test.count)
			}
			if problems, err := testutil.CollectAndLint(test.collector); err != nil || len(problems) > 0 {
				t.Errorf("lint: %v, %v", problems, err)
			}
		})
	}
	if v := testutil.ToFloat64(info); v != 1 {
		t.Errorf("the value of an info is %v", v)
	}
}
