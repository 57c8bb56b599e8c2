//go:build e2e

package e2e

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/prometheus/prometheus/model/exemplar"
	"github.com/prometheus/prometheus/model/histogram"
)

// of returns the part of an exposition that comes from a leaf.
func (e exposition) of(l leaf) exposition {
	own := func(key string) bool {
		return strings.Contains(key, fmt.Sprintf(`leaf=%q`, l.name)) && !strings.Contains(key, "remote_target_")
	}
	return exposition{
		floats: only(e.floats, own), histograms: only[*histogram.FloatHistogram](e.histograms, own),
		exemplars: only(e.exemplars, own), created: only(e.created, own), metadata: e.metadata,
	}
}

// only returns the entries of a map whose keys are wanted.
func only[V any](all map[string]V, wanted func(key string) bool) map[string]V {
	some := maps.Clone(all)
	maps.DeleteFunc(some, func(key string, _ V) bool { return !wanted(key) })
	return some
}

// isEmpty reports whether e has no samples.
func (e exposition) isEmpty() bool { return len(e.floats)+len(e.histograms) == 0 }

// nothingInPart returns an error if an exposition contains anything of a faulty leaf, or only a part of a healthy
// leaf's series.
func (tr *tree) nothingInPart(got exposition, f format) error {
	var errs []error
	for _, l := range leaves {
		own := got.of(l)
		switch {
		case own.isEmpty():
		case l.faulty:
			errs = append(errs, fmt.Errorf("there are series of %s: %v", l.name, own.floats))
		default:
			errs = append(errs, own.differs(l.name, tr.want[f.name][l.name]))
		}
	}
	return errors.Join(errs...)
}

// complete returns an error if an answer of the root lacks something, or contains a series of a middle process in
// without.
func (tr *tree) complete(got exposition, f format, without ...string) error {
	var errs []error
	expect := func(want float64, name string, labels ...string) {
		key := series(name, labels...)
		if v, ok := got.floats[key]; !ok || v != want {
			errs = append(errs, fmt.Errorf("%s = %v (%t), want %v", key, v, ok, want))
		}
	}
	for _, name := range middles {
		if !slices.Contains(without, name) {
			expect(1, "remote_target_success", "middle", name)
		}
	}
	for _, l := range leaves {
		own := got.of(l)
		switch {
		case slices.Contains(without, l.middle):
			if !own.isEmpty() {
				errs = append(errs, fmt.Errorf("there are series of %s", l.name))
			}
		case l.faulty:
			expect(0, "remote_target_success", "leaf", l.name, "middle", l.middle)
		default:
			expect(1, "remote_target_success", "leaf", l.name, "middle", l.middle)
			errs = append(errs, own.differs(l.name, tr.want[f.name][l.name]))
		}
	}
	return errors.Join(errs...)
}

// differs returns an error that describes how an exposition differs from another one.
func (e exposition) differs(name string, want exposition) error {
	if e.isEmpty() {
		return fmt.Errorf("%s is missing", name)
	}
	var errs []error
	wrong := func(what, key string, got, want any) {
		errs = append(errs, fmt.Errorf("%s: %s of %s: got %v, want %v", name, what, key, got, want))
	}
	for _, key := range keys(e.floats, want.floats) {
		got, ok := e.floats[key]
		if value, wanted := want.floats[key]; ok != wanted || !same(got, value) {
			wrong("value", key, got, value)
		}
	}
	for _, key := range keys(e.histograms, want.histograms) {
		if got, h := e.histograms[key], want.histograms[key]; got == nil || h == nil || !got.Equals(h) {
			wrong("histogram", key, got, h)
		}
	}
	for _, key := range keys(e.created, want.created) {
		if got, at := e.created[key], want.created[key]; got != at {
			wrong("start", key, got, at)
		}
	}
	for _, key := range keys(e.exemplars, want.exemplars) {
		if !slices.EqualFunc(e.exemplars[key], want.exemplars[key], exemplar.Exemplar.Equals) {
			wrong("exemplars", key, e.exemplars[key], want.exemplars[key])
		}
	}
	for name, m := range want.metadata {
		// In the text format, the name of a counter's family includes the suffix.
		if got := cmp.Or(e.metadata[name], e.metadata[strings.TrimSuffix(name, "_total")]); got != m {
			wrong("metadata", name, got, m)
		}
	}
	return errors.Join(errs...)
}

// keys returns the keys of both maps.
func keys[V any](a, b map[string]V) []string {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return slices.Sorted(maps.Keys(all))
}
