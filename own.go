package metric

import (
	"github.com/luxfi/metric/internal/engine"
	"github.com/luxfi/metric/internal/model"
)

// own is implemented by the instruments and vectors of this package that run nobody else's
// code. What differs between them is asked for by its methods rather than by a switch over their
// types, so that a program contains only those that it uses.
type own interface {
	Collector
	// itself returns the instrument. A struct that embeds one has this method, too, but is
	// not what it returns.
	itself() Collector
	// ownSource returns the series, and nil for a vector that does nothing.
	ownSource() model.Source
	// ownShape returns what has to agree when the name is asked for again.
	ownShape() shape
}

// ownOf returns c if it is one of our own, and nil otherwise.
func ownOf(c Collector) own {
	o, ok := c.(own)
	if !ok {
		return nil
	}
	var itself Collector
	err := engine.Try(func() error { // There may be a nil pointer between a struct and what it embeds.
		itself = o.itself()
		return nil
	})
	if err != nil || itself != c {
		return nil
	}
	return o
}

// nativeSource returns the series of c if it is one of our own, and nil otherwise.
func nativeSource(c Collector) model.Source {
	if o := ownOf(c); o != nil {
		return o.ownSource()
	}
	return nil
}

// shapeOf returns the shape of c if it is one of our own, and nil otherwise.
func shapeOf(c Collector) shape {
	if o := ownOf(c); o != nil && o.ownSource() != nil {
		return o.ownShape()
	}
	return nil
}

// ownDesc returns the descriptor of c if it is one of our own or a function, and nil otherwise.
func ownDesc(c Collector) *Desc {
	if f, ok := c.(*valueFunc); ok {
		return f.Desc()
	}
	if nativeSource(c) == nil {
		return nil
	}
	ch := make(chan *Desc, 1)
	c.Describe(ch)
	return <-ch
}

func (c *loneCounter) itself() Collector  { return c }
func (c *counter) itself() Collector      { return c }
func (g *gauge) itself() Collector        { return g }
func (h *histogram) itself() Collector    { return h }
func (s *summary) itself() Collector      { return s }
func (v *CounterVec) itself() Collector   { return v }
func (v *GaugeVec) itself() Collector     { return v }
func (v *HistogramVec) itself() Collector { return v }
func (v *SummaryVec) itself() Collector   { return v }

func (c *loneCounter) ownSource() model.Source  { return c.counter.ownSource() }
func (c *counter) ownSource() model.Source      { return single{c} }
func (g *gauge) ownSource() model.Source        { return single{g} }
func (h *histogram) ownSource() model.Source    { return single{h} }
func (s *summary) ownSource() model.Source      { return single{s} }
func (v *CounterVec) ownSource() model.Source   { return vecSource(v.vec) }
func (v *GaugeVec) ownSource() model.Source     { return vecSource(v.vec) }
func (v *HistogramVec) ownSource() model.Source { return vecSource(v.vec) }
func (v *SummaryVec) ownSource() model.Source   { return vecSource(v.vec) }

// vecSource returns v as a source. A no-op vector has none.
func vecSource[C any, P child[C]](v *vec[C, P]) model.Source {
	if v == nil {
		return nil
	}
	return v
}
