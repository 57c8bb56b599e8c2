package metric

import "github.com/prometheus/client_golang/prometheus"

// must returns v, and panics if there is an error.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// V2 holds the constructors whose labels may be constrained.
var V2 = v2{}

type v2 struct{}

// NewDesc returns a descriptor. An error in its arguments is reported when it is
// registered, and by its Err method.
func (v2) NewDesc(fqName, help string, variableLabels ConstrainableLabels, constLabels Labels, opts ...DescOpt) *Desc {
	return prometheus.V2.NewDesc(fqName, help, variableLabels, constLabels, opts...)
}
