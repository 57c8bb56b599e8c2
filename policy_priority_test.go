package metric_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/luxfi/metric"
)

// TestPriority checks that collectors that wait for a place start in the order of their
// priorities.
func TestPriority(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := metric.NewContextRegistry(metric.WithConcurrency(1))
		var mu sync.Mutex
		var order []string
		for _, c := range []struct {
			name     string
			priority metric.Priority
		}{
			{"low_1", metric.PriorityLow}, {"normal_1", metric.PriorityNormal}, {"critical_1", metric.PriorityCritical},
			{"low_2", metric.PriorityLow}, {"critical_2", metric.PriorityCritical}, {"normal_2", metric.PriorityNormal},
		} {
			err := r.RegisterWith(plain{c.name, func(ch chan<- metric.Metric) {
				mu.Lock()
				order = append(order, c.name)
				mu.Unlock()
				time.Sleep(time.Second)
				ch <- one(c.name)
			}}, metric.WithPriority(c.priority))
			if err != nil {
				t.Fatal(err)
			}
		}
		ctx, cancel := context.WithTimeout(t.Context(), 4500*time.Millisecond)
		defer cancel()
		families, err := r.GatherWithContext(ctx)
		wantFamilies(t, families, []string{"critical_1", "critical_2", "normal_1", "normal_2"})
		mu.Lock()
		defer mu.Unlock()
		if !slices.Equal(order, []string{"critical_1", "critical_2", "normal_1", "normal_2", "low_1"}) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("they ran in the order %q, with error %v", order, err)
		}
		time.Sleep(time.Second)
	})
}

// TestPriorityOverScrapes checks that a critical collector of a later scrape comes next when many
// others wait for the only place.
func TestPriorityOverScrapes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := metric.NewContextRegistry(metric.WithConcurrency(1))
		var mu sync.Mutex
		var order []string
		register := func(name string, p metric.Priority) {
			err := r.RegisterWith(plain{name, func(chan<- metric.Metric) {
				mu.Lock()
				order = append(order, name)
				mu.Unlock()
				time.Sleep(time.Second)
			}}, metric.WithName(name), metric.WithPriority(p))
			if err != nil {
				t.Fatal(err)
			}
		}
		var scrapes sync.WaitGroup
		scrape := func(name string) {
			scrapes.Go(func() {
				if _, err := r.GatherWithContext(metric.Select(t.Context(), metric.Selection{Collectors: []string{name}})); err != nil {
					t.Error(err)
				}
			})
			time.Sleep(time.Millisecond)
		}
		for i, p := range []metric.Priority{metric.PriorityNormal, metric.PriorityLow, metric.PriorityNormal, metric.PriorityLow, metric.PriorityCritical} {
			name := fmt.Sprintf("%d_%d", i, p)
			register(name, p)
			scrape(name)
		}
		scrapes.Wait()
		mu.Lock()
		defer mu.Unlock()
		if len(order) != 5 || order[1] != "4_1" || order[2] != "2_0" {
			t.Errorf("they ran in the order %q", order)
		}
	})
}
