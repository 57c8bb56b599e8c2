package instrument

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric/internal/model"
)

// Own is implemented by the instruments and vectors of this library that run no user code. Its methods
// replace a switch over their types, so that a program contains only the types that it uses.
type Own interface {
	prometheus.Collector
	owned
}

// owned contains the methods of Own that differ between types.
type owned interface {
	// is reports whether other is the instrument or vector itself. A struct that embeds an instrument
	// also has this method, but is returns false for it.
	is(other prometheus.Collector) bool
	// ownSource returns the series, or nil for a no-op vector.
	ownSource() model.Source
	// ownShape returns the properties that must be equal when the name is requested again.
	ownShape() Shape
}

// OwnOf returns c if it is an instrument or vector of this library, and nil otherwise.
func OwnOf(c prometheus.Collector) Own {
	if o, ok := c.(Own); ok && isItself(o) {
		return o
	}
	return nil
}

// isItself reports whether o is an instrument or vector, and not a struct that embeds one. It returns
// false if the embedded value is nil, because its methods cannot be called.
func isItself(o Own) (yes bool) {
	defer func() { _ = recover() }()
	return o.is(o)
}

// SourceOf returns the series of c if [OwnOf] accepts it, and nil otherwise.
func SourceOf(c prometheus.Collector) model.Source {
	if o := OwnOf(c); o != nil {
		return o.ownSource()
	}
	return nil
}

// IsSingle reports whether source is a single instrument, which always has one series.
func IsSingle(source model.Source) bool {
	_, ok := source.(interface{ isSingle() })
	return ok
}

// ShapeOf returns the shape of c if [OwnOf] accepts it, and nil otherwise.
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

func (c *stripedCounter) is(other prometheus.Collector) bool { return other == prometheus.Collector(c) }
func (c *Counter) is(other prometheus.Collector) bool        { return other == prometheus.Collector(c) }
func (g *Gauge) is(other prometheus.Collector) bool          { return other == prometheus.Collector(g) }
func (h *Histogram) is(other prometheus.Collector) bool      { return other == prometheus.Collector(h) }
func (s *Summary) is(other prometheus.Collector) bool        { return other == prometheus.Collector(s) }
func (i *Info) is(other prometheus.Collector) bool           { return other == prometheus.Collector(i) }
func (s *StateSet) is(other prometheus.Collector) bool       { return other == prometheus.Collector(s) }

func (c *stripedCounter) ownSource() model.Source { return c.Counter.ownSource() }
func (c *Counter) ownSource() model.Source        { return singleSource{c} }
func (g *Gauge) ownSource() model.Source          { return singleSource{g} }
func (h *Histogram) ownSource() model.Source      { return singleSource{h} }
func (s *Summary) ownSource() model.Source        { return singleSource{s} }
func (i *Info) ownSource() model.Source           { return singleSource{i} }

// Mark makes a vector type implement [Own]: the vector T, a struct, embeds a Mark[T]. A struct that
// embeds a *T also has the methods of the Mark, but is not a *T.
type Mark[T any] struct{ children markable }

var _ owned = (*Mark[struct{}])(nil)

// markable is implemented by [Vec].
type markable interface {
	model.Source
	ownShape() Shape
}

// MarkOf returns the mark of a vector T with the given children.
func MarkOf[T any](children markable) Mark[T] { return Mark[T]{children} }

func (*Mark[T]) is(other prometheus.Collector) bool {
	_, ok := any(other).(*T)
	return ok
}

func (m *Mark[T]) ownSource() model.Source {
	if m.children == nil {
		return nil // a no-op vector
	}
	return m.children
}

func (m *Mark[T]) ownShape() Shape { return m.children.ownShape() }
