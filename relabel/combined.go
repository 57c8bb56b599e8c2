package relabel

import (
	"math"

	"github.com/luxfi/metric/internal/model"
)

// combined is a series that is the combination of others.
type combined struct {
	point     model.Point
	n         int // number of series that were combined
	histogram *histogramSum
}

// add adds a series. If it returns an error for which isHarmless is false, the combination is unchanged.
func (c *combined) add(p *model.Point, by Combination) (err error) {
	if p.Histogram != nil {
		if c.histogram == nil {
			c.histogram = newHistogramSum(p.Histogram)
		} else if err = c.histogram.add(p.Histogram); err != nil && !isHarmless(err) {
			return err
		}
	}
	if c.n == 0 {
		c.point.Value = p.Value
	} else {
		c.point.Value = by.combine(c.point.Value, p.Value)
	}
	c.addTimes(p)
	if e := p.Exemplar; e != nil && (c.point.Exemplar == nil || c.point.Exemplar.Timestamp.Nanos < e.Timestamp.Nanos) {
		c.point.Exemplar = e
	}
	c.n++
	return err
}

// combine combines two values like the aggregations of PromQL. Max and min return NaN only if both values
// are NaN.
func (c Combination) combine(a, b float64) float64 {
	switch {
	case c == Min && (math.IsNaN(a) || b < a), c == Max && (math.IsNaN(a) || b > a):
		return b
	case c == Min || c == Max:
		return a
	default:
		return a + b
	}
}

// addTimes updates the timestamp, and the start timestamp if all series have one.
func (c *combined) addTimes(p *model.Point) {
	at := &c.point.Created
	switch {
	case c.n == 0 || at.Valid && p.Created.Valid && p.Created.Nanos < at.Nanos:
		*at = p.Created
	case !p.Created.Valid:
		*at = model.Instant{}
	}
	if p.HasTimestamp && (!c.point.HasTimestamp || p.TimestampMs > c.point.TimestampMs) {
		c.point.TimestampMs, c.point.HasTimestamp = p.TimestampMs, true
	}
}

// result returns the combined series.
func (c *combined) result(by Combination) *model.Point {
	if c.histogram != nil {
		c.point.Histogram = c.histogram.result()
	}
	if by == Avg && c.n > 0 {
		c.point.Value /= float64(c.n)
	}
	return &c.point
}
