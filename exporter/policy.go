package exporter

import (
	"errors"
	"fmt"
	"time"

	"golang.org/x/time/rate"

	"github.com/luxfi/metric"
)

// Policy says how a collector is run. A field's zero value turns that part off. See
// https://github.com/luxfi/metric/blob/main/docs/policies.md.
type Policy struct {
	Timeout    time.Duration   // see [metric.WithTimeout]
	Cache      time.Duration   // see [metric.WithCache]
	Stale      time.Duration   // see [metric.WithStale]
	Background time.Duration   // see [metric.WithBackground]
	Breaker    Breaker         // see [metric.WithBreaker]
	RateLimit  RateLimit       // see [metric.WithRateLimit]
	Group      string          // name of a group in the configuration; see [metric.WithGroup]
	Priority   metric.Priority // see [metric.WithPriority]
}

// Breaker holds the arguments of [metric.WithBreaker].
type Breaker struct {
	Failures int
	Cooldown time.Duration
}

// RateLimit holds the arguments of [metric.WithRateLimit].
type RateLimit struct {
	Every time.Duration // interval in which one run is allowed
	Burst int
}

// check returns an error if the policy is invalid. The error names each invalid part and says what is
// allowed. check does not look up the group; see [checkGroup].
func (p Policy) check() error {
	var errs []error
	wrong := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	for _, part := range []struct {
		name  string
		value time.Duration
	}{{"timeout", p.Timeout}, {"cache", p.Cache}, {"stale", p.Stale}, {"background", p.Background}} {
		if part.value < 0 {
			wrong("%s %v: must be positive, or 0 to turn it off", part.name, part.value)
		}
	}
	if b := p.Breaker; b != (Breaker{}) && (b.Failures <= 0 || b.Cooldown <= 0) {
		wrong("breaker with failures %d and cooldown %v: both must be positive, or both 0 to turn it off", b.Failures, b.Cooldown)
	}
	if r := p.RateLimit; r != (RateLimit{}) && (r.Every <= 0 || r.Burst <= 0) {
		wrong("rate_limit with every %v and burst %d: both must be positive, or both 0 to turn it off", r.Every, r.Burst)
	}
	if p.Cache > 0 && p.Background > 0 {
		wrong("cache %v and background %v: only one of them is allowed, since scrapes never run a collector that runs in the background; "+
			"0 turns one off", p.Cache, p.Background)
	}
	if p.Stale > 0 && p.Stale <= p.Cache {
		wrong("stale %v and cache %v: stale must be longer, or 0 to turn it off", p.Stale, p.Cache)
	}
	if p.Stale > 0 && p.Stale <= p.Background {
		wrong("stale %v and background %v: stale must be longer, or 0 to turn it off", p.Stale, p.Background)
	}
	return errors.Join(errs...)
}

// options returns the registry options for the policy. It calls group to look up the policy's group, if
// the policy has one.
func (p Policy) options(group func(name string) *metric.Group) []metric.CollectorOption {
	var opts []metric.CollectorOption
	add := func(isOn bool, opt func() metric.CollectorOption) {
		if isOn {
			opts = append(opts, opt())
		}
	}
	add(p.Timeout != 0, func() metric.CollectorOption { return metric.WithTimeout(p.Timeout) })
	add(p.Cache != 0, func() metric.CollectorOption { return metric.WithCache(p.Cache) })
	add(p.Stale != 0, func() metric.CollectorOption { return metric.WithStale(p.Stale) })
	add(p.Background != 0, func() metric.CollectorOption { return metric.WithBackground(p.Background) })
	add(p.Breaker != Breaker{}, func() metric.CollectorOption {
		return metric.WithBreaker(p.Breaker.Failures, p.Breaker.Cooldown)
	})
	add(p.RateLimit != RateLimit{}, func() metric.CollectorOption {
		return metric.WithRateLimit(rate.Every(p.RateLimit.Every), p.RateLimit.Burst)
	})
	add(p.Group != "", func() metric.CollectorOption { return metric.WithGroup(group(p.Group)) })
	add(p.Priority != 0, func() metric.CollectorOption { return metric.WithPriority(p.Priority) })
	return opts
}
