package exporter

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"time"
)

// retireTime is how long what a configuration no longer has may still be in use, by scrapes and runs
// under way, before it is closed nevertheless. A collector that is stuck often returns because its
// connection is closed.
const retireTime = time.Minute

// hangTime is how long the methods Close may take after that. Those that hang are left behind.
const hangTime = 5 * time.Second

// scraped has each request of h count as a scrape of the configuration that is current when it
// begins.
func (e *Exporter) scraped(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := e.begin()
		if c == nil {
			http.Error(w, errNotLoaded.Error(), http.StatusServiceUnavailable)
			return
		}
		defer c.scrapes.end()
		h.ServeHTTP(w, r)
	})
}

// begin has a scrape count, and returns the configuration that it counts for, or nil if there is
// none.
func (e *Exporter) begin() *configuration {
	for {
		c := e.current.Load()
		if c == nil || c.scrapes.begin() {
			return c
		}
		// It has just been retired, and another one, or none, is the current one.
	}
}

// retire closes what next does not have, when it is not used any more. It does so in the background,
// after those that were retired before.
func (c *configuration) retire(next *configuration) {
	if c == nil {
		return
	}
	before := c.before
	next.before = c.retired
	go func() {
		defer close(c.retired)
		// Both count from now on, such that configurations do not wait for one another's limits.
		limit, cancelLimit := context.WithTimeout(context.Background(), retireTime)
		defer cancelLimit()
		hung, cancelHung := context.WithTimeout(context.Background(), retireTime+hangTime)
		defer cancelHung()
		if before != nil {
			<-before
		}
		c.scrapes.retire(limit.Done())
		c.release(next, limit.Done(), hung.Done())
	}()
}

// abandon closes at once what previous does not have: c never became the current one.
func (c *configuration) abandon(previous *configuration) {
	now := make(chan struct{})
	close(now)
	hung, cancel := context.WithTimeout(context.Background(), hangTime)
	defer cancel()
	c.release(previous, now, hung.Done())
}

// release closes the units and resources that only c has, each as soon as its last run has ended or
// limit is closed. It waits for them until hung is closed.
func (c *configuration) release(other *configuration, limit, hung <-chan struct{}) {
	var units, resources sync.WaitGroup
	for _, m := range c.members {
		if !other.keeps(m.unit) {
			units.Go(func() { m.unit.close(limit) })
		}
	}
	waitUntil(&units, hung)
	kept := other.resources()
	for r := range c.resources() {
		if !kept[r] {
			resources.Go(r.close)
		}
	}
	waitUntil(&resources, hung)
}

// waitUntil waits for a group until hung is closed.
func waitUntil(group *sync.WaitGroup, hung <-chan struct{}) {
	done := make(chan struct{})
	go func() {
		group.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-hung:
	}
}

// resources returns what c or one of its units, which may be older, may use. A unit does not use what
// c has not asked for, under its name: its settings are those of a collector that cannot, either.
func (c *configuration) resources() map[*resource]bool {
	all := make(map[*resource]bool)
	if c == nil {
		return all
	}
	for _, r := range c.shared {
		all[r] = true
	}
	for _, m := range c.members {
		for name, r := range m.unit.shared {
			if c.shared[name] != nil {
				all[r] = true
			}
		}
	}
	return all
}

// keeps reports whether c has a unit, too.
func (c *configuration) keeps(u *unit) bool {
	return c != nil && slices.ContainsFunc(c.members, func(m member) bool { return m.unit == u })
}
