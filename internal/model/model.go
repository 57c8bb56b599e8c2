// Package model holds metric families and points as plain values.
//
// Everything inside the library speaks in these values; protobuf structs occur
// only where other people's code hands them over (see internal/clientmodel).
package model

import "strings"

// Type is the type of a metric family. The zero value is Untyped.
type Type uint8

// The types that the exposition formats know.
const (
	Untyped Type = iota
	Counter
	Gauge
	Summary
	Histogram
	GaugeHistogram
	Info     // A gauge whose value is 1, where a format does not know it.
	StateSet // A gauge for each state, where a format does not know it.
)

// InfoSuffix is what the names of info families end in. OpenMetrics leaves it out of them, but not
// out of the names of their samples.
const InfoSuffix = "_info"

// String returns the type's name as error messages and the text format spell it.
func (t Type) String() string {
	switch t {
	case Counter:
		return "counter"
	case Gauge:
		return "gauge"
	case Summary:
		return "summary"
	case Histogram:
		return "histogram"
	case GaugeHistogram:
		return "gauge histogram"
	case Info:
		return "info"
	case StateSet:
		return "state set"
	default:
		return "untyped"
	}
}

// Constant returns the name of the type's constant in protobuf, such as COUNTER. Info and
// StateSet, which protobuf lacks, are spelled in the same way.
func (t Type) Constant() string {
	return strings.ReplaceAll(strings.ToUpper(t.String()), " ", "_")
}

// Reserved returns the label that the samples of a family of that type are written with,
// and that its series therefore must not have. It is empty if they have no such label, or if it
// depends on the family's name; see Family.Reserved.
func (t Type) Reserved() string {
	switch t {
	case Summary:
		return "quantile"
	case Histogram, GaugeHistogram:
		return "le"
	default:
		return ""
	}
}

// Family is what all points of a metric family share. It is immutable once it
// has been handed to anybody, and may be shared between scrapes.
type Family struct {
	Name string
	Help string
	Unit string
	Type Type

	// NoHelp tells that the family has no help at all, which is not the same as
	// an empty one: formats then leave the HELP line out.
	NoHelp bool
}

// Reserved returns the label that the samples of f are written with, and that its series
// therefore must not have. It is empty if they have no such label. The samples of a state set have
// their state in a label with the family's name, as OpenMetrics demands.
func (f *Family) Reserved() string {
	if f.Type == StateSet {
		return f.Name
	}
	return f.Type.Reserved()
}

// Instant is a point in time. The zero value is "not known".
type Instant struct {
	Nanos int64 // Since the Unix epoch.
	Valid bool
}

// Point is one series of a family at one moment. Which of the value fields
// counts is decided by the family's type.
//
// A Point that is passed to a Sink, and everything that it points to, belongs to
// the caller and is valid only until the call returns; see Clone.
type Point struct {
	Labels Labels

	Value     float64         // Counter, Gauge, Untyped, and Info, where it is 1.
	Histogram *HistogramValue // Histogram, GaugeHistogram.
	Summary   *SummaryValue   // Summary.
	States    *StateSetValue  // StateSet.

	Exemplar *Exemplar // Of a counter. Exemplars are immutable and may be kept.
	Created  Instant   // Of a counter, histogram or summary.

	// TimestampMs is the explicit timestamp in milliseconds since the Unix
	// epoch, if HasTimestamp is set.
	TimestampMs  int64
	HasTimestamp bool
}

// SetNumber makes p the point of a series whose value is a number, and nothing else. To
// assign a literal to *p takes 8 ns longer: the compiler builds that aside, and to copy
// it has to wait until it is in memory.
func (p *Point) SetNumber(labels Labels, value float64) {
	p.Labels, p.Value = labels, value
	p.Histogram, p.Summary, p.States, p.Exemplar = nil, nil, nil, nil
	p.Created = Instant{}
	p.TimestampMs, p.HasTimestamp = 0, false
}

// HistogramValue is the value of a histogram: classic buckets, native ones or
// both. Float counts, which only foreign histograms have, override the integer
// ones if they are positive.
type HistogramValue struct {
	Count      uint64
	CountFloat float64
	Sum        float64
	Native     *NativeHistogram // Nil if the histogram has no native buckets.

	// The classic buckets, by ascending upper bound. +Inf may be left out.
	Buckets []Bucket
	// Bounds and Counts are another way to give them, instead of Buckets, for those that
	// have neither exemplars nor float counts: the upper bounds without +Inf, which are
	// immutable and may be kept, and the cumulative counts with that of +Inf, so one more
	// than there are bounds. This is a third of the memory, and that the bounds are those
	// of the histogram before can be seen from where they lie.
	Bounds []float64
	Counts []uint64
}

// NumBuckets returns the number of classic buckets, whichever way they are given.
func (h *HistogramValue) NumBuckets() int { return len(h.Buckets) + len(h.Bounds) }

// Bucket returns a classic bucket, whichever way they are given.
func (h *HistogramValue) Bucket(i int) Bucket {
	if h.Bounds != nil {
		return Bucket{UpperBound: h.Bounds[i], Count: h.Counts[i]}
	}
	return h.Buckets[i]
}

// Bucket is one classic bucket with its cumulative count.
type Bucket struct {
	UpperBound float64
	Count      uint64
	CountFloat float64
	Exemplar   *Exemplar
}

// NativeHistogram is the sparse part of a histogram, laid out like the
// protobuf exposition format defines it: spans of buckets and either deltas of
// integer counts or absolute float counts.
type NativeHistogram struct {
	Schema         int32
	ZeroThreshold  float64
	ZeroCount      uint64
	ZeroCountFloat float64
	Positive       NativeBuckets
	Negative       NativeBuckets
	Exemplars      []*Exemplar
}

// NativeBuckets are the populated buckets on one side of zero.
type NativeBuckets struct {
	Spans  []Span
	Deltas []int64   // Of integer histograms.
	Counts []float64 // Of float histograms.
}

// Span is a run of consecutive buckets.
type Span struct {
	Offset int32 // Gap to the previous span, or the index of the first bucket.
	Length uint32
}

// SummaryValue is the value of a summary.
type SummaryValue struct {
	Count     uint64
	Sum       float64
	Quantiles []Quantile
}

// Quantile is one estimated quantile of a summary.
type Quantile struct {
	Quantile float64
	Value    float64
}

// MaxStates is how many states a StateSetValue can have.
const MaxStates = 64

// StateSetValue is the value of a state set: which of its states are on at one moment. It
// is written as one sample for each state, whose value is 1 if the state is on and 0 if it
// is off; see StateSamples.
type StateSetValue struct {
	Names []string // The states, at most MaxStates. They are UTF-8, immutable, and may be kept.
	On    uint64   // Bit i is set if the state Names[i] is on.
}

// Value returns the value of the sample for the state Names[i].
func (s *StateSetValue) Value(i int) float64 { return float64(s.On >> i & 1) }

// Exemplar is an example observation. It is immutable.
type Exemplar struct {
	Labels    Labels
	Value     float64
	Timestamp Instant
}

// Sink receives families one after the other, each followed by its points.
// Implementations need not be safe for concurrent use. After an error the
// caller must stop and return it.
type Sink interface {
	// Family begins a family: the points that follow belong to it. The Family
	// may be kept.
	Family(f *Family) error
	// Point adds a point to the family begun last. p must not be kept.
	Point(p *Point) error
}

// Source is something that can tell the points of one family at any time,
// without running anybody else's code: our own instruments and vectors.
// Sources are safe for concurrent use.
type Source interface {
	// Family returns the family that the points belong to.
	Family() *Family
	// Series returns the series that exist now. The result is a snapshot: later
	// changes do not show in it, but values are read when At is called.
	Series() Series
}

// Series is a list of series in the order of ComparePoints. It is safe for
// concurrent use, unless it IsSequential.
type Series interface {
	Len() int
	// At overwrites *p with the current point of series i. What p then points to
	// may lie in scratch, and is valid until scratch is used again.
	At(i int, p *Point, scratch *Scratch)
}

// SequentialSeries is implemented by a Series that has to be read in ascending order: going back
// takes as long as reading all series from the first one on. Only one goroutine at a time may
// use it.
type SequentialSeries interface {
	// Sequential reports whether it has to.
	Sequential() bool
}

// IsSequential reports whether a list of series has to be read in ascending order.
func IsSequential(s Series) bool {
	q, ok := s.(SequentialSeries)
	return ok && q.Sequential()
}

// CountedSource is implemented by a Source that can count its series without listing them.
type CountedSource interface{ Len() int }

// LenOf returns how many series a source has.
func LenOf(s Source) int {
	if c, ok := s.(CountedSource); ok {
		return c.Len()
	}
	return s.Series().Len()
}

// MixedSource is implemented by a Source whose series may have different label names, empty
// label values or names that need quotes. Those of all others are told apart by their values
// alone.
type MixedSource interface {
	// Mixed reports whether they may.
	Mixed() bool
}

// IsMixed reports whether the series of a source may differ in their label names.
func IsMixed(s Source) bool {
	m, ok := s.(MixedSource)
	return ok && m.Mixed()
}

// Batched is implemented by a Series of which many points can be read at once. Each
// series is a few small pieces of memory: read together, the processor waits for those
// of many series at the same time.
type Batched interface {
	// ReadBatch overwrites points with the current points of the series from index
	// from on. Each has its own of the scratches, see Series.At.
	ReadBatch(from int, points []Point, scratches []Scratch)
}

// BatchSink is implemented by a Sink that takes many points faster than one by one.
type BatchSink interface {
	// Batch adds points to the family begun last, like Point does each of them.
	Batch(points []Point) error
}

// StableSource is implemented by a Source that is there from scrape to scrape, perhaps behind a
// wrapping that is made anew for each of them.
type StableSource interface {
	// Key returns a comparable value that is the same for the same source behind the same
	// wrappings, and for no other one, or nil.
	Key() any
}

// KeyOf returns the key of a source, or nil if it has none.
func KeyOf(s Source) any {
	if stable, ok := s.(StableSource); ok {
		return stable.Key()
	}
	return nil
}

// SnapshotSeries is implemented by a Series that knows whether it is the same as an earlier one.
type SnapshotSeries interface {
	// Snapshot returns a comparable value, or nil. Two lists of series of one source are equal if
	// their values are, as long as there is a reference to the earlier one.
	Snapshot() any
}

// SnapshotOf returns the Snapshot of s, or nil if s has no such method.
func SnapshotOf(s Series) any {
	if known, ok := s.(SnapshotSeries); ok {
		return known.Snapshot()
	}
	return nil
}

// CommonSink is implemented by a Sink that can add the same labels to all points of a family. It
// writes these labels itself: putting them together first would take as long as all the rest.
type CommonSink interface {
	// Common has labels added to the points that follow, until the next family begins, and
	// reports whether the sink does that.
	Common(labels *Splicer) bool
}

// Extended is implemented by a Series that adds the same labels to all points of another one.
type Extended interface {
	// Extends returns that other one and the labels. They are nil if the names of its labels
	// differ.
	Extends() (Series, *Splicer)
}

// CreatedSink is implemented by a Sink that may write the creation times of points as
// series of their own.
type CreatedSink interface {
	// OmitCreated leaves these out of the family begun last.
	OmitCreated()
}

// Scratch is memory for the values that Series.At makes, so that reading a
// series does not allocate. The zero value is ready.
type Scratch struct {
	Histogram HistogramValue
	Native    NativeHistogram
	Summary   SummaryValue
	States    StateSetValue
	Counts    []uint64 // Of a histogram's buckets.
	Text      []byte   // For label sets that are put together on the way.
	Wrapped   []byte   // For what labels of wrappings make of these.
	Around    []byte   // For what other wrappings make of what lies in Wrapped, and the other way round.
	Edited    any      // For values that are changed on the way, by a pipeline of package relabel.
}

// Sample is a point together with its family.
type Sample struct {
	Family *Family
	Point  Point

	// Origin is what the point was made of, if a sink may take it instead; see
	// OriginSink. Nobody else has it. Whoever changes the point sets it to nil.
	Origin any
}

// OriginSink is implemented by a Sink that makes of points what some of them have been
// made of.
type OriginSink interface {
	// Origin adds the point that was made of origin to the family begun last. The
	// origin belongs to the sink then.
	Origin(origin any) error
}

// Clone returns a copy of p that shares nothing with it but what is immutable.
func (p *Point) Clone() Point { return p.CloneWith(p.Labels.Keep()) }

// CloneWith is Clone with labels that are kept already.
func (p *Point) CloneWith(labels Labels) Point {
	c := *p
	c.Labels = labels
	if p.Histogram != nil {
		c.Histogram = p.Histogram.clone()
	}
	if p.Summary != nil {
		s := *p.Summary
		s.Quantiles = cloned(s.Quantiles)
		c.Summary = &s
	}
	if p.States != nil {
		states := *p.States
		c.States = &states
	}
	return c
}

func (h *HistogramValue) clone() *HistogramValue {
	c := *h
	c.Buckets = cloned(h.Buckets)
	c.Bounds = cloned(h.Bounds)
	c.Counts = cloned(h.Counts)
	if h.Native != nil {
		n := *h.Native
		n.Positive = h.Native.Positive.clone()
		n.Negative = h.Native.Negative.clone()
		n.Exemplars = cloned(h.Native.Exemplars)
		c.Native = &n
	}
	return &c
}

func (b NativeBuckets) clone() NativeBuckets {
	return NativeBuckets{
		Spans:  cloned(b.Spans),
		Deltas: cloned(b.Deltas),
		Counts: cloned(b.Counts),
	}
}

// cloned returns a copy of s, or nil if that is empty.
//
//go:noinline
func cloned[T any](s []T) []T { return append([]T(nil), s...) }
