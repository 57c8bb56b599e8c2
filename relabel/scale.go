package relabel

import (
	"errors"
	"fmt"
	"math"
)

// Scale changes the unit in which the values of families are given, by multiplying them with
// a factor or dividing them by a divisor:
//
//	action: scale
//	families: [app_(.*)_milliseconds]
//	divisor: 1000
//
// Dividing by 1000 is more exact than multiplying with 0.001. Values, sums, bucket bounds and
// quantiles are scaled; counts are not. The buckets of a native histogram have fixed bounds,
// which only a power of 2 (and for histograms with few buckets, of 4, 16 and so on) maps to
// each other: with any other factor, a native histogram is left as it is, and that is reported.
//
// Scale changes neither the name nor the unit; see [Rename] and [SetUnit].
type Scale struct {
	// Families are regexes that are compared with the whole name of each family.
	Families []string `yaml:"families,flow"`
	// Factor is what values are multiplied with. It is positive, or zero if there is a Divisor.
	Factor float64 `yaml:"factor,omitempty"`
	// Divisor is what values are divided by. It is positive, or zero if there is a Factor.
	Divisor float64 `yaml:"divisor,omitempty"`
}

// scaling is Scale. One of factor and divisor is 1.
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

// value returns a scaled value.
func (s *scaling) value(v float64) float64 {
	if s.divisor != 1 {
		return v / s.divisor
	}
	return v * s.factor
}

// shift returns by how much the indices of the buckets of a native histogram grow. It
// returns false if the scaled bounds are not bounds of the schema. In schema s, neighboring
// bounds differ by the factor 2^(2^-s); schemas go from -4 to 8.
func (s *scaling) shift(schema int32) (buckets int32, ok bool) {
	fraction, exponent := math.Frexp(s.factor)
	sign := 1
	if s.divisor != 1 {
		fraction, exponent = math.Frexp(s.divisor)
		sign = -1
	}
	if fraction != 0.5 { // Frexp returns fractions from 0.5 to 1.
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
