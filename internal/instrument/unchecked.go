package instrument

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric/internal/model"
)

// Unchecked returns vec as a collector that describes nothing, so that a registry takes it even if
// other vectors of the same name have other labels or another help. The scrape still reads its
// series without running user code, and still leaves out those that are in conflict.
func Unchecked[C any, P Child[C]](vec *Vec[C, P]) prometheus.Collector { return &unchecked{vec} }

// unchecked is a vector that describes nothing.
type unchecked struct{ vec uncheckable }

// uncheckable is implemented by Vec.
type uncheckable interface {
	markable
	Collect(ch chan<- prometheus.Metric)
}

var _ Own = (*unchecked)(nil)

func (u *unchecked) Describe(chan<- *prometheus.Desc)    {}
func (u *unchecked) Collect(ch chan<- prometheus.Metric) { u.vec.Collect(ch) }
func (u *unchecked) is(other prometheus.Collector) bool  { return other == prometheus.Collector(u) }
func (u *unchecked) ownSource() model.Source             { return u.vec }
func (u *unchecked) ownShape() Shape                     { return u.vec.ownShape() }
