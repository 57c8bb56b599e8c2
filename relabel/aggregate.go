package relabel

import (
	"errors"
	"fmt"
	"slices"

	"github.com/luxfi/metric/internal/model"
)

// Aggregate removes labels and combines the series that then have the same labels:
//
//	action: aggregate
//	families: [http_requests_total, http_request_duration_seconds]
//	without: [path, client]
//
//	action: aggregate
//	families: [queue_length]
//	by: [queue]
//	gauges: max
//
// Counters are added, and histograms are added bucket by bucket. Gauges selects how gauges and untyped
// metrics are combined; without it, they are left unchanged and reported. Summaries are always left
// unchanged and reported, because quantiles cannot be added.
type Aggregate struct {
	// Families are regexes that are compared with the whole name of each family.
	Families []string
	// Without lists the labels that are removed. It excludes By.
	Without []string
	// By lists the labels that are kept. If it is nil, Without is used; an empty list removes all labels.
	By []string
	// Gauges selects how gauges and untyped metrics are combined.
	Gauges Combination
}

// A Combination combines the values of several gauges into one.
type Combination string

// The combinations that [Aggregate] accepts.
const (
	Sum Combination = "sum"
	Min Combination = "min"
	Max Combination = "max"
	Avg Combination = "avg"
)

// aggregation is a compiled [Aggregate].
type aggregation struct {
	families families
	labels   []string
	by       bool // whether labels are the ones to keep, rather than to remove
	gauges   Combination
}

func (a Aggregate) compile() (stage, error) {
	labels, by := a.Without, a.By != nil
	switch {
	case by && len(a.Without) > 0:
		return nil, errors.New("by and without exclude each other")
	case by:
		labels = a.By
	case len(labels) == 0:
		return nil, errors.New("without is missing: list the labels to remove in without, or the labels to keep in by")
	}
	for _, name := range labels {
		switch {
		case !isLabelName(name):
			return nil, fmt.Errorf("%q is no label name: names are UTF-8 and not empty", name)
		case name == metricName && !by:
			return nil, errors.New("without: [__name__] is not allowed: families are aggregated one by one")
		case (name == "le" || name == "quantile") && !by:
			return nil, fmt.Errorf("without: [%s] is not allowed: it is no label here, but a part of a histogram or summary", name)
		}
	}
	if !slices.Contains([]Combination{"", Sum, Min, Max, Avg}, a.Gauges) {
		return nil, fmt.Errorf("gauges: %s is unknown: gauges are combined by sum, min, max or avg", a.Gauges)
	}
	f, err := newFamilies(a.Families)
	if err != nil {
		return nil, err
	}
	return &aggregation{f, slices.Clone(labels), by, a.Gauges}, nil
}

// removes reports whether the step removes a label.
func (a *aggregation) removes(label string) bool {
	return label != metricName && slices.Contains(a.labels, label) != a.by
}

// check returns an error if families of type t cannot be aggregated.
func (a *aggregation) check(t model.Type) error {
	switch {
	case t == model.Summary:
		return errors.New("the quantiles of a summary cannot be aggregated: use a histogram, or drop the summary")
	case t == model.Info, t == model.StateSet:
		return fmt.Errorf("a family of type %v cannot be aggregated: its series are facts, not amounts", t)
	case (t == model.Gauge || t == model.Untyped) && a.gauges == "":
		return fmt.Errorf("a family of type %v is aggregated only if gauges says how: sum, min, max or avg", t)
	default:
		return nil
	}
}

func (a *aggregation) series(ls *labelSet) bool {
	if !a.families.match(ls.name()) {
		return true
	}
	ls.open()
	kept := slices.DeleteFunc(ls.entries, func(e entry) bool { return a.removes(e.name) })
	ls.changed = ls.changed || len(kept) < len(ls.entries)
	ls.entries = kept
	return true
}
