// Package hops records which remote targets a scrape has come through, from process to process. A scrape
// that reaches one of them again would go around forever.
package hops

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Header is the name of the HTTP header with the IDs of the targets, separated by commas, the first target
// first.
const Header = "X-Metric-Hops"

// Max is the maximum number of targets that a scrape may come through, one after the other.
const Max = 32

// NewID returns an ID for a target. It is unique across processes.
func NewID() string { return rand.Text() }

type key struct{}

// Under returns ctx with the IDs in the values of a request's Header, or ctx itself without such values.
func Under(ctx context.Context, values []string) context.Context {
	if len(values) == 0 {
		return ctx
	}
	return context.WithValue(ctx, key{}, values)
}

// of returns the IDs in ctx. It ignores values that cannot be a list of IDs.
func of(ctx context.Context) (ids []string) {
	values, _ := ctx.Value(key{}).([]string)
	for _, value := range values {
		if len(value) > maxBytes {
			continue
		}
		for id := range strings.SplitSeq(value, ",") {
			if id = strings.TrimSpace(id); id != "" && len(ids) <= Max {
				ids = append(ids, id)
			}
		}
	}
	return ids
}

// maxBytes is the maximum length of the header's value.
const maxBytes = 4096

// Any reports whether a scrape under ctx has come through a target, or claims to have.
func Any(ctx context.Context) bool { return ctx.Value(key{}) != nil }

// ErrLoop reports that a scrape reaches a target for the second time.
var ErrLoop = errors.New("the scrape has come through this target before: the targets form a loop")

// ErrTooFar reports that a scrape reaches a target through [Max] others.
var ErrTooFar = fmt.Errorf("the scrape has come through %d targets: no more are allowed", Max)

// Check returns [ErrLoop] or [ErrTooFar] if a scrape under ctx must not go on to the target.
func Check(ctx context.Context, id string) error {
	switch ids := of(ctx); {
	case slices.Contains(ids, id):
		return ErrLoop
	case len(ids) >= Max:
		return ErrTooFar
	}
	return nil
}

// Value returns the value of [Header] for a request to the target under ctx.
func Value(ctx context.Context, id string) string {
	return strings.Join(append(slices.Clip(of(ctx)), id), ",")
}
