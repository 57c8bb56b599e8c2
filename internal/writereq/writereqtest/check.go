package writereqtest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Check returns an error if the request violates the specification of its version, for example if
// symbols occur twice, labels are not sorted, or series have no samples.
func (r *Request) Check() error {
	var errs []error
	fail := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if r.Symbols != nil {
		if r.Symbols[0] != "" {
			fail("the first symbol is %q instead of empty", r.Symbols[0])
		}
		if sorted := slices.Sorted(slices.Values(r.Symbols)); len(slices.Compact(sorted)) < len(r.Symbols) {
			fail("symbols are there twice: %q", r.Symbols)
		}
	}
	for i := range r.Series {
		s := &r.Series[i]
		if s.Get("__name__") == "" {
			fail("a series has no name: %v", s.Labels)
		}
		if err := checkLabels(s.Labels); err != nil {
			fail("%s: %w", s.Key(), err)
		}
		if len(s.Samples) > 0 == (len(s.Histograms) > 0) {
			fail("%s has %d samples and %d histograms", s.Key(), len(s.Samples), len(s.Histograms))
		}
		for _, x := range s.Exemplars {
			if x.Timestamp == 0 {
				fail("%s has an exemplar without a timestamp", s.Key())
			}
		}
		if !slices.IsSortedFunc(s.Samples, func(a, b Sample) int { return int(a.Timestamp - b.Timestamp) }) {
			fail("%s has samples that are not sorted by time", s.Key())
		}
	}
	return errors.Join(errs...)
}

func checkLabels(labels []Label) error {
	last := ""
	for _, l := range labels {
		switch {
		case l.Name == "" || l.Value == "":
			return fmt.Errorf("the label %q=%q is empty", l.Name, l.Value)
		case strings.Compare(l.Name, last) <= 0:
			return fmt.Errorf("the label %q comes after %q", l.Name, last)
		case !utf8.ValidString(l.Name) || !utf8.ValidString(l.Value):
			return fmt.Errorf("the label %q=%q is not UTF-8", l.Name, l.Value)
		}
		last = l.Name
	}
	return nil
}
