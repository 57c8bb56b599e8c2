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

// explain, if not nil, says which series have become the same, if err is about that and a reshaper has
// done it.
var explain func(s *Scrape, err error) error

// EnableExplanations has errors about equal series say which series a reshaper has made equal. It is
// called by packages with reshapers, so that other programs do not contain what it takes.
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
	// maxBefore is how many series that have become the same an error names.
	maxBefore = 4
	// maxExplained is how many errors of a scrape are explained: to find out takes long.
	maxExplained = 10
)

// unwrap takes the wrappings of a part off a series, up to the outermost reshaper, and returns that.
// It returns nil if the part has no reshaper, or the series cannot come from it.
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

// without returns labels without some of them, as they are rendered. It returns false if they are not
// all there.
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
