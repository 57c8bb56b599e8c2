package exporter

import (
	"encoding"
	"errors"
	"fmt"
	"strings"

	"github.com/luxfi/metric/exporter/internal/strictyaml"
)

// policyFlagForm is the syntax of --collector.policy, for --help and errors.
const policyFlagForm = "collector:part=value,…"

// policyParts are the names of a policy's parts in flags.
var policyParts = []string{"timeout", "cache", "stale", "background", "breaker", "rate_limit", "group", "priority"}

// parsePolicyFlag parses the value of a flag --collector.policy, such as
// "backups:timeout=5s,cache=30s,breaker=5/1m,rate_limit=1/10s,group=databases,priority=low". The
// collector "*" stands for all collectors. The error lists everything that is wrong.
func parsePolicyFlag(text string) (collector string, c policyChange, err error) {
	collector, list, ok := strings.Cut(text, ":")
	if !ok || collector == "" || list == "" {
		return "", policyChange{}, fmt.Errorf("policy %q: must have the form %s, as in backups:timeout=5s,cache=30s; "+
			"the collector * stands for all, and parts are %s", text, policyFlagForm, strings.Join(policyParts, ", "))
	}
	var errs []error
	given := make(map[string]bool)
	for part := range strings.SplitSeq(list, ",") {
		name, value, ok := strings.Cut(part, "=")
		switch {
		case !ok:
			err = fmt.Errorf("%q has no value; the form is %s", part, policyFlagForm)
		case given[name]:
			err = fmt.Errorf("%s: it is given twice", name)
		default:
			given[name] = true
			err = c.set(name, value)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("policy %q: %w", text, err))
		}
	}
	if len(errs) > 0 {
		return "", policyChange{}, errors.Join(errs...)
	}
	return collector, c, nil
}

// set sets the named part of the change to the value from a flag.
func (c *policyChange) set(part, value string) error {
	var err error
	switch part {
	case "timeout":
		c.Timeout, err = parsePart[policyTime](value)
	case "cache":
		c.Cache, err = parsePart[policyTime](value)
	case "stale":
		c.Stale, err = parsePart[policyTime](value)
	case "background":
		c.Background, err = parsePart[policyTime](value)
	case "breaker":
		c.Breaker, err = parsePart[policyBreaker](value)
	case "rate_limit":
		c.RateLimit, err = parsePart[policyRate](value)
	case "group":
		c.Group = &value
	case "priority":
		c.Priority, err = parsePart[policyPriority](value)
	default:
		return fmt.Errorf("%q: %s", part, strictyaml.Unknown("part", part, policyParts))
	}
	if err != nil {
		return fmt.Errorf("%s: %w", part, err)
	}
	return nil
}

// parsePart parses the text of a part.
func parsePart[T any, P interface {
	*T
	encoding.TextUnmarshaler
}](text string) (*T, error) {
	part := new(T)
	err := P(part).UnmarshalText([]byte(text))
	return part, err
}
