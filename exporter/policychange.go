package exporter

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/exporter/internal/strictyaml"
)

// policyChange is the change that the configuration file or a flag makes to a policy. A nil part leaves
// that part of the policy alone. A part of 0 turns off the program's default.
type policyChange struct {
	Timeout    *policyTime     `yaml:"timeout,omitempty"`
	Cache      *policyTime     `yaml:"cache,omitempty"`
	Stale      *policyTime     `yaml:"stale,omitempty"`
	Background *policyTime     `yaml:"background,omitempty"`
	Breaker    *policyBreaker  `yaml:"breaker,omitempty"`
	RateLimit  *policyRate     `yaml:"rate_limit,omitempty"`
	Group      *string         `yaml:"group,omitempty"`
	Priority   *policyPriority `yaml:"priority,omitempty"`
}

// apply returns p with the change applied.
func (c policyChange) apply(p Policy) Policy {
	change(&p.Timeout, (*time.Duration)(c.Timeout))
	change(&p.Cache, (*time.Duration)(c.Cache))
	change(&p.Stale, (*time.Duration)(c.Stale))
	change(&p.Background, (*time.Duration)(c.Background))
	change(&p.Breaker, (*Breaker)(c.Breaker))
	change(&p.RateLimit, (*RateLimit)(c.RateLimit))
	change(&p.Group, c.Group)
	change(&p.Priority, (*metric.Priority)(c.Priority))
	return p
}

// change sets a part of a policy to *to unless to is nil.
func change[T any](part, to *T) {
	if to != nil {
		*part = *to
	}
}

// policyTime is a duration of a policy.
type policyTime time.Duration

// UnmarshalText parses a duration in Prometheus's syntax.
func (t *policyTime) UnmarshalText(text []byte) error {
	d, err := strictyaml.ParseDuration(string(text))
	*t = policyTime(d)
	return err
}

// MarshalYAML returns the duration in Prometheus's syntax.
func (t policyTime) MarshalYAML() (any, error) {
	return strictyaml.FormatDuration(time.Duration(t)), nil
}

// policyBreaker is a breaker: {failures: 5, cooldown: 1m}, or 0 for none.
type policyBreaker Breaker

// UnmarshalYAML decodes the syntax of the configuration file.
func (b *policyBreaker) UnmarshalYAML(n *yaml.Node) error {
	var part struct {
		Failures int
		Cooldown time.Duration
	}
	if err := decodePart(n, "{failures: 5, cooldown: 1m}", &part); err != nil {
		return err
	}
	*b = policyBreaker{part.Failures, part.Cooldown}
	return checkPart(n, Policy{Breaker: Breaker(*b)})
}

// UnmarshalText parses the syntax of the flag, such as 5/1m.
func (b *policyBreaker) UnmarshalText(text []byte) error {
	n, d, err := parsePair(string(text), "failures/cooldown, such as 5/1m")
	*b = policyBreaker{n, d}
	return err
}

// MarshalYAML returns a value in the syntax that UnmarshalYAML decodes.
func (b policyBreaker) MarshalYAML() (any, error) {
	if b == (policyBreaker{}) {
		return 0, nil
	}
	return struct {
		Failures int
		Cooldown policyTime
	}{b.Failures, policyTime(b.Cooldown)}, nil
}

// policyRate is a rate limit: {every: 10s, burst: 1}, where burst may be left out, or 0 for none.
type policyRate RateLimit

// UnmarshalYAML decodes the syntax of the configuration file.
func (r *policyRate) UnmarshalYAML(n *yaml.Node) error {
	var part struct {
		Every time.Duration
		Burst *int
	}
	if err := decodePart(n, "{every: 10s, burst: 1}", &part); err != nil {
		return err
	}
	*r = policyRate{Every: part.Every}
	if part.Burst != nil {
		r.Burst = *part.Burst
	} else if part.Every > 0 {
		r.Burst = 1
	}
	return checkPart(n, Policy{RateLimit: RateLimit(*r)})
}

// UnmarshalText parses the syntax of the flag, such as 1/10s.
func (r *policyRate) UnmarshalText(text []byte) error {
	n, d, err := parsePair(string(text), "burst/every, such as 1/10s")
	*r = policyRate{d, n}
	return err
}

// MarshalYAML returns a value in the syntax that UnmarshalYAML decodes.
func (r policyRate) MarshalYAML() (any, error) {
	if r == (policyRate{}) {
		return 0, nil
	}
	return struct {
		Every policyTime
		Burst int
	}{policyTime(r.Every), r.Burst}, nil
}

// decodePart decodes a part of a policy that is a mapping. For the scalar 0, it leaves into unchanged.
func decodePart(n *yaml.Node, example string, into any) error {
	if n.Kind == yaml.MappingNode {
		return strictyaml.Decode("", n, into)
	}
	if n.Kind != yaml.ScalarNode || n.Value != "0" {
		return strictyaml.Errorf(n, "must be a mapping such as %s, or 0 to turn it off", example)
	}
	return nil
}

// checkPart checks a policy that consists of the part at n.
func checkPart(n *yaml.Node, p Policy) error {
	if err := p.check(); err != nil {
		return strictyaml.Errorf(n, "%w", err)
	}
	return nil
}

// parsePair parses a number and a duration separated by a slash, or 0.
func parsePair(text, allowed string) (n int, d time.Duration, err error) {
	if text == "0" {
		return 0, 0, nil
	}
	first, second, ok := strings.Cut(text, "/")
	n, err = strconv.Atoi(first)
	if !ok || err != nil {
		return 0, 0, fmt.Errorf("%q is not %s, or 0 to turn it off", text, allowed)
	}
	if d, err = strictyaml.ParseDuration(second); err != nil {
		return 0, 0, err
	}
	if n <= 0 || d <= 0 {
		return 0, 0, fmt.Errorf("%q: both numbers must be positive; 0 alone turns it off", text)
	}
	return n, d, nil
}

// policyPriority is a priority: low, normal, critical or an integer.
type policyPriority metric.Priority

// priorities maps the names of priorities to their values.
var priorities = map[string]metric.Priority{
	"low": metric.PriorityLow, "normal": metric.PriorityNormal, "critical": metric.PriorityCritical,
}

// UnmarshalText parses a name or an integer.
func (p *policyPriority) UnmarshalText(text []byte) error {
	if named, ok := priorities[string(text)]; ok {
		*p = policyPriority(named)
		return nil
	}
	n, err := strconv.Atoi(string(text))
	if err != nil {
		return fmt.Errorf("%q is not a priority; allowed are low, normal, critical, or an integer where more is more important", text)
	}
	*p = policyPriority(n)
	return nil
}

// MarshalYAML returns the priority's name, or its number if it has no name.
func (p policyPriority) MarshalYAML() (any, error) {
	for name, named := range priorities {
		if metric.Priority(p) == named {
			return name, nil
		}
	}
	return int(p), nil
}
