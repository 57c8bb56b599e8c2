package metric

import "github.com/prometheus/client_golang/prometheus"

// must returns v, and panics if there is an error.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// V2 has the constructors of descriptors and vectors whose labels may have constraints, as
// client_golang's V2 has; see [ConstrainedLabels]:
//
//	requests := metric.V2.NewCounterVec(metric.CounterVecOpts{
//		CounterOpts: metric.CounterOpts{Name: "requests_total", Help: "Requests served."},
//		VariableLabels: metric.ConstrainedLabels{
//			{Name: "method", Constraint: strings.ToUpper},
//		},
//	})
//
// [V2Constructors] has the methods.
var V2 v2

// V2Constructors is the type of [V2], which is its only value.
type V2Constructors struct{}

// v2 is the name of the type in client_golang. The program apicheck compares the types of that
// name.
type v2 = V2Constructors

// NewDesc returns a descriptor whose variable labels may have constraints. Registering it reports
// an error in the arguments, as does its Err method.
func (V2Constructors) NewDesc(fqName, help string, variableLabels ConstrainableLabels, constLabels Labels, opts ...DescOpt) *Desc {
	return prometheus.V2.NewDesc(fqName, help, variableLabels, constLabels, opts...)
}
