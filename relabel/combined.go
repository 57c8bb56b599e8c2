package relabel

import (
	"errors"

	"github.com/luxfi/metric/internal/model"
)

// combined is the series that others have become.
type combined struct {
	point     model.Point
	n         int // How many there were.
	histogram *histogramSum
	fault     error // Why some could not be added.
}

// add adds a series. If it cannot be added, nothing changes.
func (c *combined) add(p *model.Point, gauges Combination) error {
	if p.Histogram != nil {
		if c.histogram == nil {
			c.histogram = newHistogramSum(p.Histogram)
		} else if err := c.histogram.add(p.Histogram); err != nil {
			return err
		}
	}
	if p.Summary != nil {
		return errors.New("a summary cannot be added to another one")
	}
	switch {
	case c.n == 0:
		c.point.Value = p.Value
	case gauges == Min:
		c.point.Value = min(c.point.Value, p.Value)
	case gauges == Max:
		c.point.Value = max(c.point.Value, p.Value)
	default:
		c.point.Value += p.Value
	}
	c.addTimes(p)
	if e := p.Exemplar; e != nil && (c.point.Exemplar == nil || c.point.Exemplar.Timestamp.Nanos < e.Timestamp.Nanos) {
		c.point.Exemplar = e
	}
	c.n++
	return nil
}

// addTimes notes when the series began, as far as that is known of all of them, and its timestamp.
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

// result returns the series.
func (c *combined) result(gauges Combination) *model.Point {
	if c.histogram != nil {
		c.point.Histogram = c.histogram.result()
	}
	if gauges == Avg && c.n > 0 {
		c.point.Value /= float64(c.n)
	}
	return &c.point
}
