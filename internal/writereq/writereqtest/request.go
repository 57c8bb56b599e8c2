// Package writereqtest reads and writes remote-write requests for tests. It is independent of the code
// under test, and optimized for readability instead of speed.
package writereqtest

import (
	"fmt"
	"strings"
)

// Request is a remote-write request of either version.
type Request struct {
	Symbols  []string // version 2.0 only
	Series   []Series
	Metadata []Metadata // version 1.0 only
}

// Series is a series of a [Request].
type Series struct {
	Labels     []Label
	Samples    []Sample
	Histograms []Histogram
	Exemplars  []Exemplar
	Metadata   *Metadata // version 2.0 only; may be nil
}

// Label is a label of a series or exemplar.
type Label struct{ Name, Value string }

// Sample is a float sample. Version 1.0 has no start timestamps.
type Sample struct {
	Value                 float64
	Timestamp, StartStamp int64
}

// Exemplar is an exemplar of a series.
type Exemplar struct {
	Labels    []Label
	Value     float64
	Timestamp int64
}

// Metadata describes a series, or a family in version 1.0.
type Metadata struct {
	Type       uint64
	Family     string // version 1.0 only
	Help, Unit string
}

// Histogram is a native histogram.
type Histogram struct {
	Count, ZeroCount               uint64
	CountFloat, ZeroCountFloat     *float64 // for histograms with floats instead of integers
	Sum, ZeroThreshold             float64
	Schema                         int32
	NegativeSpans, PositiveSpans   []Span
	NegativeDeltas, PositiveDeltas []int64
	NegativeCounts, PositiveCounts []float64
	ResetHint                      uint64
	Timestamp                      int64
	CustomValues                   []float64
	StartStamp                     int64 // version 2.0 only
}

// Span is a sequence of consecutive buckets.
type Span struct {
	Offset int32
	Length uint32
}

// Get returns the value of a label.
func (s *Series) Get(name string) string {
	for _, l := range s.Labels {
		if l.Name == name {
			return l.Value
		}
	}
	return ""
}

// Key returns the series' name and labels in the notation of PromQL.
func (s *Series) Key() string {
	var b strings.Builder
	b.WriteString(s.Get("__name__"))
	separator := "{"
	for _, l := range s.Labels {
		if l.Name != "__name__" {
			fmt.Fprintf(&b, "%s%s=%q", separator, l.Name, l.Value)
			separator = ","
		}
	}
	if separator == "," {
		b.WriteByte('}')
	}
	return b.String()
}

// Find returns the series with the given [Series.Key], or nil.
func (r *Request) Find(key string) *Series {
	for i := range r.Series {
		if r.Series[i].Key() == key {
			return &r.Series[i]
		}
	}
	return nil
}
