package exporter

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"sync"
	"time"
)

// retireTime is how long what a configuration no longer has may still be in use, by scrapes and runs
// under way, before it is closed nevertheless. A collector that is stuck often returns because its
// connection is closed.
const retireTime = time.Minute

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
		if before != nil {
			<-before
		}
		limit, cancel := context.WithTimeout(context.Background(), retireTime)
		defer cancel()
		c.scrapes.retire(limit.Done())
		c.release(next, limit.Done())
	}()
}

// await waits until all that c has had is closed.
func (c *configuration) await(ctx context.Context) error {
	select {
	case <-c.retired:
		return nil
	case <-ctx.Done():
		return errors.New("exporter: collectors are still running")
	}
}

// abandon closes at once what previous does not have: c never became the current one.
func (c *configuration) abandon(previous *configuration) {
	now := make(chan struct{})
	close(now)
	c.release(previous, now)
}

// release closes the units and resources that only c has, each as soon as its last run has ended or
// limit is closed.
func (c *configuration) release(other *configuration, limit <-chan struct{}) {
	var units sync.WaitGroup
	for _, m := range c.members {
		if !other.keeps(m.unit) {
			units.Go(func() { m.unit.close(limit) })
		}
	}
	units.Wait()
	kept := other.resources()
	for r := range c.resources() {
		if !kept[r] {
			r.close()
		}
	}
}

// resources returns what c or one of its units, which may be older, may use.
func (c *configuration) resources() map[*resource]bool {
	all := make(map[*resource]bool)
	if c == nil {
		return all
	}
	for _, r := range c.shared {
		all[r] = true
	}
	for _, m := range c.members {
		for _, r := range m.unit.shared {
			all[r] = true
		}
	}
	return all
}

// keeps reports whether c has a unit, too.
func (c *configuration) keeps(u *unit) bool {
	return c != nil && slices.ContainsFunc(c.members, func(m member) bool { return m.unit == u })
}
