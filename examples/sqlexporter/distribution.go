package main

import (
	"fmt"
	"math"

	"github.com/luxfi/metric"
)

// distribution returns the sample of a histogram or summary. It returns an error that wraps errNull if one
// of the columns is NULL.
func (r *reader) distribution(s series, labels []string) (metric.Metric, error) {
	count, err := r.count(s.count)
	if err != nil {
		return nil, err
	}
	sum, err := r.number(s.sum)
	if err != nil {
		return nil, err
	}
	if s.kind == typeSummary {
		quantiles := make(map[float64]float64, len(s.points))
		for _, p := range s.points {
			value, err := r.number(p.column)
			if err != nil {
				return nil, err
			}
			quantiles[p.at] = value * s.scale
		}
		return metric.NewConstSummary(s.desc, count, sum*s.scale, quantiles, labels...)
	}
	buckets := make(map[float64]uint64, len(s.points))
	last := uint64(0)
	for _, p := range s.points {
		n, err := r.count(p.column)
		if err != nil {
			return nil, err
		}
		if n < last || n > count {
			return nil, fmt.Errorf("column %s: the bucket %v has %d, but buckets are cumulative: allowed is %d to the count %d", p.column, p.at, n, last, count)
		}
		last = n
		buckets[p.at] = n
	}
	return metric.NewConstHistogram(s.desc, count, sum*s.scale, buckets, labels...)
}

// count returns the number in a column of the row, and an error unless it is a non-negative integer.
func (r *reader) count(column string) (uint64, error) {
	n, err := r.number(column)
	if err != nil {
		return 0, err
	}
	if !(n >= 0 && n < 1<<63) || n != math.Trunc(n) {
		return 0, fmt.Errorf("column %s: %v is not a count", column, n)
	}
	return uint64(n), nil
}
