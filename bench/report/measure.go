package main

import (
	"math"
	"slices"
)

// measure identifies a figure that a benchmark reports for one peer.
type measure struct {
	benchmark string // without the peer, as in CounterInc/goroutines=1
	peer      string
	unit      string
}

// The peers' names in benchmarks.
const (
	ours     = "metric"
	typed    = "metric-typed"
	golang   = "client_golang"
	victoria = "VictoriaMetrics"
	otel     = "OpenTelemetry"
	expfmt   = "expfmt"

	prometheus = "Prometheus"
)

// The units.
const (
	nanoseconds          = "ns/op"
	nanosecondsPerSeries = "ns/series"
	bytesPerSeries       = "B/series"
	allocated            = "B/op"
	allocations          = "allocs/op"

	allocationsPerRequest = "allocs/request"
	peakBytes             = "peak-B"
)

// samples maps each measure to its figures by round.
type samples map[measure][]float64

// median returns the median of values, or NaN if values is empty.
func median(values []float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(values))
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}

// best returns the measure whose median is the lowest. It returns false if there are no figures.
func (s samples) best(measures []measure) (measure, bool) {
	var (
		best  measure
		found bool
	)
	for _, m := range measures {
		if len(s[m]) > 0 && (!found || median(s[m]) < median(s[best])) {
			best, found = m, true
		}
	}
	return best, found
}

// ratio returns the median of the ratios of a to b in each round.
func (s samples) ratio(a, b measure) float64 {
	ratios := make([]float64, 0, len(s[a]))
	for i := range min(len(s[a]), len(s[b])) {
		switch {
		case s[b][i] != 0:
			ratios = append(ratios, s[a][i]/s[b][i])
		case s[a][i] == 0:
			ratios = append(ratios, 1)
		default:
			ratios = append(ratios, math.Inf(1))
		}
	}
	return median(ratios)
}
