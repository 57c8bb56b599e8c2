package instrument

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric/internal/model"
)

// Own is implemented by the instruments and vectors of this library that run nobody else's
// code. What differs between them is asked for by its methods rather than by a switch over their
// types, so that a program contains only those that it uses.
type Own interface {
	prometheus.Collector
	owned
}

// owned are the methods of Own that make the difference.
type owned interface {
	// is reports whether other is the instrument or vector itself. A struct that embeds one
	// has this method, too, but is not what it asks for.
	is(other prometheus.Collector) bool
	// ownSource returns the series, and nil for a vector that does nothing.
	ownSource() model.Source
	// ownShape returns what has to agree when the name is asked for again.
	ownShape() Shape
}

// OwnOf returns c if it is one of our own, and nil otherwise.
func OwnOf(c prometheus.Collector) Own {
	if o, ok := c.(Own); ok && isItself(o) {
		return o
	}
	return nil
}

// isItself reports whether o is an instrument or vector, and not a struct that embeds one. The
// methods of one that is embedded and nil cannot be called.
func isItself(o Own) (yes bool) {
	defer func() { _ = recover() }()
	return o.is(o)
}

// SourceOf returns the series of c if it is one of our own, and nil otherwise.
func SourceOf(c prometheus.Collector) model.Source {
	if o := OwnOf(c); o != nil {
		return o.ownSource()
	}
	return nil
}

// IsSingle reports whether source is a single instrument, which always has its series.
func IsSingle(source model.Source) bool {
	_, ok := source.(interface{ isSingle() })
	return ok
}

// ShapeOf returns the shape of c if it is one of our own, and nil otherwise.
func ShapeOf(c prometheus.Collector) Shape {
	if o := OwnOf(c); o != nil && o.ownSource() != nil {
		return o.ownShape()
	}
	return nil
}

// DescOf returns the descriptor of c if it is one of our own or a function, and nil otherwise or
// if c describes nothing.
func DescOf(c prometheus.Collector) *prometheus.Desc {
	if f, ok := c.(*Func); ok {
		return f.Desc()
	}
	if SourceOf(c) == nil {
		return nil
	}
	ch := make(chan *prometheus.Desc, 1)
	c.Describe(ch)
	close(ch)
	return <-ch
}

func (c *loneCounter) is(other prometheus.Collector) bool { return other == prometheus.Collector(c) }
func (c *Counter) is(other prometheus.Collector) bool     { return other == prometheus.Collector(c) }
func (g *Gauge) is(other prometheus.Collector) bool       { return other == prometheus.Collector(g) }
func (h *Histogram) is(other prometheus.Collector) bool   { return other == prometheus.Collector(h) }
func (s *Summary) is(other prometheus.Collector) bool     { return other == prometheus.Collector(s) }
func (i *Info) is(other prometheus.Collector) bool        { return other == prometheus.Collector(i) }
func (s *StateSet) is(other prometheus.Collector) bool    { return other == prometheus.Collector(s) }

func (c *loneCounter) ownSource() model.Source { return c.Counter.ownSource() }
func (c *Counter) ownSource() model.Source     { return single{c} }
func (g *Gauge) ownSource() model.Source       { return single{g} }
func (h *Histogram) ownSource() model.Source   { return single{h} }
func (s *Summary) ownSource() model.Source     { return single{s} }
func (i *Info) ownSource() model.Source        { return single{i} }

// Mark makes a vector our own: the vector T, a struct, embeds a Mark[T]. A struct that embeds
// a *T has the methods of the Mark, too, but is no *T.
type Mark[T any] struct{ children markable }

var _ owned = (*Mark[struct{}])(nil)

// markable is implemented by Vec.
type markable interface {
	model.Source
	ownShape() Shape
}

// MarkOf returns the mark of a vector T of these children.
func MarkOf[T any](children markable) Mark[T] { return Mark[T]{children} }

func (*Mark[T]) is(other prometheus.Collector) bool {
	_, ok := any(other).(*T)
	return ok
}

func (m *Mark[T]) ownSource() model.Source {
	if m.children == nil {
		return nil // A no-op vector.
	}
	return m.children
}

func (m *Mark[T]) ownShape() Shape { return m.children.ownShape() }
