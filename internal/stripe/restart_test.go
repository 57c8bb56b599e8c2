package stripe_test

import (
	"math"
	"sync"
	"testing"

	"github.com/luxfi/metric/internal/stripe"
)

func TestPulseChangesWithTheSum(t *testing.T) {
	var c stripe.Counter
	if c.Pulse() != 0 {
		t.Error("a new counter has a pulse other than 0")
	}
	c.Spread()
	before := c.Pulse()
	for _, add := range []func(){c.Inc, func() { c.Add(3) }, func() { c.Add(0.25) }, func() { c.Add(1e300) }, func() { c.Add(math.Inf(1)) }} {
		add()
		if c.Pulse() == before {
			t.Error("an addition did not change the pulse")
		}
		before = c.Pulse()
	}
	c.Inc()
	if c.TakeAll(before) {
		t.Error("a counter restarts though it was incremented")
	}
	if !c.TakeAll(c.Pulse()) || c.Value() != 0 || c.Pulse() != 0 {
		t.Errorf("after a restart, the counter has the value %v and the pulse %d", c.Value(), c.Pulse())
	}
}

func TestMoveToLosesNothing(t *testing.T) {
	const workers, additions = 4, 20000
	var from, to stripe.Counter
	done := make(chan struct{})
	go func() {
		var wg sync.WaitGroup
		for range workers {
			wg.Go(func() {
				for range additions {
					from.Inc()
					from.Add(0.5)
				}
			})
		}
		wg.Wait()
		close(done)
	}()
	for moving := true; moving; {
		select {
		case <-done:
			moving = false
		default:
		}
		from.MoveTo(&to)
	}
	if want := workers * additions * 1.5; to.Value() != want || from.Value() != 0 {
		t.Errorf("%v was moved of %v, and %v is left", to.Value(), want, from.Value())
	}
}
