package exporter

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"time"
)

// retireTime is how long scrapes and runs in flight may go on using resources that are no longer in the
// configuration. After that the resources are closed anyway. This often helps: a stuck collector usually
// returns when its connection is closed.
const retireTime = time.Minute

// hangTime is how long Close methods may take after that. Calls that take longer are abandoned.
const hangTime = 5 * time.Second

// scraped wraps h so that each request counts as a scrape of the configuration that is current when the
// request begins.
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

// begin counts a scrape for the current configuration and returns that configuration, or nil if none is
// loaded.
func (e *Exporter) begin() *configuration {
	for {
		c := e.current.Load()
		if c == nil || c.scrapes.begin() {
			return c
		}
		// The configuration has just been retired. Another one, or nil, is now current.
	}
}

// retire closes everything that c has and next does not, once it is no longer used. It does so in the
// background, after the configurations that were retired before.
func (c *configuration) retire(next *configuration) {
	if c == nil {
		return
	}
	before := c.before
	next.before = c.retired
	go func() {
		defer close(c.retired)
		// Both timeouts start now, so that a configuration does not wait for the limits of another one.
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

// abandon immediately closes everything that c has and previous does not. c never became current.
func (c *configuration) abandon(previous *configuration) {
	now := make(chan struct{})
	close(now)
	hung, cancel := context.WithTimeout(context.Background(), hangTime)
	defer cancel()
	c.release(previous, now, hung.Done())
}

// release closes the units and resources that c has and other does not, each as soon as its last run has
// ended or limit is closed. It waits for the Close methods until hung is closed.
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

// waitUntil waits for a group, or until hung is closed.
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

// resources returns the resources that c or one of its units can use. A unit may be older than c. Even
// then it uses only resources whose names c requested, because a collector of c has equal settings.
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

// keeps reports whether c also has the unit.
func (c *configuration) keeps(u *unit) bool {
	return c != nil && slices.ContainsFunc(c.members, func(m member) bool { return m.unit == u })
}
