package engine_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/luxfi/metric/internal/engine"
	"github.com/luxfi/metric/internal/model"
)

// whole is a family with the given number of series. The value of each series is its index.
type whole int

func (w whole) Family() *model.Family                            { return family }
func (w whole) Series() model.Series                             { return w }
func (w whole) Len() int                                         { return int(w) }
func (w whole) At(i int, p *model.Point, scratch *model.Scratch) { *p = model.Point{Value: float64(i)} }

// holding returns a collector that hands over a family of three series after the given time. It counts in
// freed how often the memory of the family is given back.
func holding(after time.Duration, freed *int, policies *engine.Policy) *engine.Collector {
	return &engine.Collector{Gate: engine.NewGate(policies), Run: func(_ context.Context, _ engine.Running, sink engine.Sink) error {
		time.Sleep(after)
		send(sink, 7)
		return engine.Hold(sink, engine.Held{Sources: []model.Source{whole(3)}, Free: func() { *freed++ }})
	}}
}

// TestHeld checks that a run can hand over whole families, and that Release gives their memory back once.
func TestHeld(t *testing.T) {
	var (
		e     engine.Engine
		freed int
	)
	o := e.Collect(t.Context(), jobs(holding(0, &freed, nil)))[0]
	if len(o.Sources) != 1 || o.Count() != 4 || o.Err != nil {
		t.Errorf("got %d families and %d series, error %v", len(o.Sources), o.Count(), o.Err)
	}
	wantValues(t, o, 7)
	if freed != 0 {
		t.Error("the memory was given back before the scrape was over")
	}
	o.Release()
	o.Release()
	if freed != 1 || o.Sources != nil {
		t.Errorf("the memory was given back %d times, and %d families are left", freed, len(o.Sources))
	}
}

// TestHeldByOthers checks that the memory of families is not reused while other scrapes may use them.
func TestHeldByOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var (
			e     engine.Engine
			freed int
		)
		c := holding(time.Second, &freed, &engine.Policy{Cache: time.Hour})
		outcomes := make(chan engine.Outcome, 3)
		for range 2 {
			go func() { outcomes <- e.Collect(t.Context(), jobs(c))[0] }()
		}
		for range 2 {
			o := <-outcomes
			o.Release()
		}
		cached := e.Collect(t.Context(), jobs(c))[0]
		if cached.Source != engine.FromCache || len(cached.Sources) != 1 || freed != 0 {
			t.Errorf("from source %d came %d families, and the memory was given back %d times", cached.Source, len(cached.Sources), freed)
		}
	})
}

// TestHeldTooLate checks that families that arrive after the end of their scrape reach no other scrape.
func TestHeldTooLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var (
			e     engine.Engine
			freed int
			late  = make(chan error, 1)
		)
		c := aware(func(_ context.Context, _ engine.Running, sink engine.Sink) error {
			time.Sleep(time.Minute)
			late <- engine.Hold(sink, engine.Held{Sources: []model.Source{whole(3)}, Free: func() { freed++ }})
			return nil
		})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		o := e.Collect(ctx, jobs(c))[0]
		if err := <-late; !errors.Is(err, engine.ErrAbandoned) || len(o.Sources) > 0 {
			t.Errorf("the error is %v, and there are %d families", err, len(o.Sources))
		}
	})
}

// TestHoldBySamples checks that a sink that cannot hold families gets their samples.
func TestHoldBySamples(t *testing.T) {
	refused := errors.New("refused")
	to := &collecting{refuse: map[float64]error{1: refused}}
	freed := 0
	if err := engine.Hold(to, engine.Held{Sources: []model.Source{whole(3)}, Free: func() { freed++ }}); err != nil {
		t.Fatal(err)
	}
	if len(to.values) != 2 || len(to.dropped) != 1 || !errors.Is(to.dropped[0], refused) || freed != 1 {
		t.Errorf("the sink got %v and %v; the memory was given back %d times", to.values, to.dropped, freed)
	}
	to = &collecting{refuse: map[float64]error{0: engine.ErrAbandoned}}
	if err := engine.Hold(to, engine.Held{Sources: []model.Source{whole(3)}}); !errors.Is(err, engine.ErrAbandoned) || len(to.dropped) > 0 {
		t.Errorf("the error is %v, dropped were %v", err, to.dropped)
	}
}

// collecting is a sink that is not a Holder.
type collecting struct {
	values  []float64
	dropped []error
	refuse  map[float64]error
}

func (c *collecting) Sample(_ *model.Family, p *model.Point) error {
	if err := c.refuse[p.Value]; err != nil {
		return err
	}
	c.values = append(c.values, p.Value)
	return nil
}

func (c *collecting) Drop(err error) { c.dropped = append(c.dropped, err) }
func (c *collecting) Note(error)     {}
func (c *collecting) Close()         {}
