package relabel

import (
	"errors"
	"fmt"
	"math"
)

// Scale changes the unit of the values of families by multiplying them by a factor or dividing them by a
// divisor:
//
//	action: scale
//	families: [app_(.*)_milliseconds]
//	divisor: 1000
//
// Dividing by 1000 is more accurate than multiplying by 0.001. Scale changes values, sums, bucket bounds
// and quantiles, but not counts. The buckets of a native histogram have fixed bounds. Only a power of 2
// (for histograms with few buckets, a power of 4, 16 and so on) maps them to each other. With any other
// factor, Scale leaves a native histogram unchanged and the pipeline reports it.
//
// Scale changes neither the name nor the unit; see [Rename] and [SetUnit].
type Scale struct {
	// Families are regexes that are compared with the whole name of each family.
	Families []string `yaml:"families,flow"`
	// Factor multiplies the values. It must be positive, or zero if Divisor is set.
	Factor float64 `yaml:"factor,omitempty"`
	// Divisor divides the values. It must be positive, or zero if Factor is set.
	Divisor float64 `yaml:"divisor,omitempty"`
}

// scaling is a compiled [Scale]. Either factor or divisor is 1.
type scaling struct {
	families        families
	factor, divisor float64
}

func (s Scale) compile() (stage, error) {
	switch {
	case s.Factor == 0 && s.Divisor == 0:
		return nil, errors.New("factor is missing: give a factor to multiply with or a divisor to divide by")
	case s.Factor != 0 && s.Divisor != 0:
		return nil, errors.New("factor and divisor exclude each other")
	}
	for name, value := range map[string]float64{"factor": s.Factor, "divisor": s.Divisor} {
		if value < 0 || math.IsInf(value, 0) || math.IsNaN(value) {
			return nil, fmt.Errorf("%s %g is not allowed: it is a finite number above zero", name, value)
		}
	}
	f, err := newFamilies(s.Families)
	if err != nil {
		return nil, err
	}
	scaled := &scaling{f, s.Factor, s.Divisor}
	if s.Factor == 0 {
		scaled.factor = 1
	} else {
		scaled.divisor = 1
	}
	return scaled, nil
}

func (*scaling) series(*labelSet) bool { return true }

// value returns the scaled v.
func (s *scaling) value(v float64) float64 {
	if s.divisor != 1 {
		return v / s.divisor
	}
	return v * s.factor
}

// shift returns the increase of the bucket indices of a native histogram. It returns false if the scaled
// bounds are not bounds of the schema. In schema s, adjacent bounds differ by a factor of 2^(2^-s). Schemas
// range from -4 to 8.
func (s *scaling) shift(schema int32) (buckets int32, ok bool) {
	fraction, exponent := math.Frexp(s.factor)
	sign := 1
	if s.divisor != 1 {
		fraction, exponent = math.Frexp(s.divisor)
		sign = -1
	}
	if fraction != 0.5 { // Frexp returns fractions in [0.5, 1).
		return 0, false
	}
	shift := sign * (exponent - 1)
	if schema >= 0 {
		return int32(shift << schema), true
	}
	if shift%(1<<-schema) != 0 {
		return 0, false
	}
	return int32(shift >> -schema), true
}
