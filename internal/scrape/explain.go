package scrape

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric/internal/collect"
	"github.com/luxfi/metric/internal/merge"
	"github.com/luxfi/metric/internal/model"
)

// explain returns an error that names the series that a reshaper has made equal, if err is about equal
// series. It is nil unless EnableExplanations was called.
var explain func(s *Scrape, err error) error

// EnableExplanations makes errors about equal series name the series that a reshaper has made equal.
// Packages with reshapers call it, so that other programs do not contain the code for it.
func EnableExplanations() { explain = (*Scrape).explainTwice }

func (s *Scrape) explain(err error) error {
	if explain == nil {
		return err
	}
	return explain(s, err)
}

func (s *Scrape) explainTwice(err error) error {
	twice, ok := errors.AsType[*merge.DuplicateError](err)
	if !ok || s.explained >= maxExplained {
		return err
	}
	var before []string
	asked := make(map[string]bool)
	for _, p := range s.parts {
		if r, family, labels := p.unwrap(twice.Family, twice.Labels); r != nil {
			question := fmt.Sprintf("%p%q%q", r, family, labels)
			if !asked[question] {
				asked[question] = true
				before = append(before, r.Before(family, labels)...)
			}
		}
	}
	if len(asked) > 0 {
		s.explained++
	}
	if len(before) < 2 {
		return err
	}
	return fmt.Errorf("%w; it was made of %s", err, strings.Join(before[:min(len(before), maxBefore)], " and "))
}

const (
	// maxBefore is the maximum number of original series that an error names.
	maxBefore = 4
	// maxExplained is the maximum number of errors of a scrape that are explained, because each explanation
	// takes long.
	maxExplained = 10
)

// unwrap removes the wrappings of a part from a series, up to the outermost reshaper, and returns that
// reshaper. It returns nil if the part has no reshaper or the series cannot come from it.
func (p *part) unwrap(family, labels string) (_ collect.Reshaper, innerFamily, innerLabels string) {
	for _, w := range slices.Backward(p.wrappings) {
		if w.Reshape != nil {
			return w.Reshape, family, labels
		}
		var ok bool
		if family, ok = strings.CutPrefix(family, w.Prefix); !ok {
			return nil, "", ""
		}
		if labels, ok = without(labels, w.Labels); !ok {
			return nil, "", ""
		}
	}
	return nil, "", ""
}

// without returns rendered labels without the labels some. It returns false if one of these is missing.
func without(labels string, some prometheus.Labels) (string, bool) {
	if len(some) == 0 {
		return labels, true
	}
	all := model.RawLabels(labels, false).List()
	rest := slices.DeleteFunc(slices.Clone(all), func(l model.Label) bool { v, ok := some[l.Name]; return ok && v == l.Value })
	if len(all)-len(rest) != len(some) {
		return "", false
	}
	l, err := model.NewLabels(rest)
	return l.Text(), err == nil
}
