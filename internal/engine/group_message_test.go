package engine_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/luxfi/metric/internal/engine"
)

// TestFullGroupIsNamed checks that the error of a collector that gets no place before the deadline names
// the group only if the group was full.
func TestFullGroupIsNamed(t *testing.T) {
	for name, test := range map[string]struct {
		places, concurrency int
		want                string
	}{
		"group of one":   {1, 0, `not started, since the only place of group "db" was taken: context deadline exceeded`},
		"group":          {3, 0, `not started, since all 3 places of group "db" were taken: context deadline exceeded`},
		"registry":       {5, 3, "not started, since too many runs were under way: context deadline exceeded"},
		"group and more": {3, 3, "not started, since too many runs were under way: context deadline exceeded"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := engine.Engine{Concurrency: test.concurrency}
				group := engine.NewGroup(test.places)
				group.Name = "db"
				var list []*engine.Collector
				for range test.places {
					g := newBlocker(false)
					t.Cleanup(g.open)
					g.Gate = engine.NewGate(&engine.Policy{Group: group, Priority: 1})
					list = append(list, g.Collector)
				}
				last := quick()
				last.Gate = engine.NewGate(&engine.Policy{Group: group})
				outcomes := scrape(&e, time.Minute, append(list, last)...)
				err := outcomes[len(outcomes)-1].Err
				if err == nil || err.Error() != test.want || !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("got %v, want %s", err, test.want)
				}
			})
		})
	}
}
