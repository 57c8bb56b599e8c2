// Package model holds metric families and points as plain values.
//
// All code inside the library uses these values. Protobuf structs occur only at the border to other
// packages' code; see internal/clientmodel.
package model

import "strings"

// Type is the type of a metric family. The zero value is Untyped.
type Type uint8

// The types that the exposition formats define.
const (
	Untyped Type = iota
	Counter
	Gauge
	Summary
	Histogram
	GaugeHistogram
	Info     // a gauge with the value 1 in formats without this type
	StateSet // one gauge for each state in formats without this type
)

// InfoSuffix is the suffix of the names of info families. OpenMetrics omits it from the family's name,
// but not from the names of its samples.
const InfoSuffix = "_info"

// String returns the type's name as the text format spells it.
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

// Constant returns the name of the type's constant in protobuf, such as COUNTER. It spells Info and
// StateSet, which protobuf lacks, in the same way.
func (t Type) Constant() string {
	return strings.ReplaceAll(strings.ToUpper(t.String()), " ", "_")
}

// Reserved returns the label that the format adds to the samples of a family of type t. The family's
// series must not have this label. Reserved returns "" if there is no such label or if it depends on
// the family's name; see [Family.Reserved].
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

// Family holds the properties that all points of a metric family share. It is immutable after it has
// been passed to other code, and scrapes may share it.
type Family struct {
	Name string
	Help string
	Unit string
	Type Type

	// NoHelp is set if the family has no help text at all, as opposed to an empty one. Formats then
	// omit the HELP line.
	NoHelp bool
}

// Reserved returns the label that the format adds to the samples of f, or "" if it adds none. The
// series of f must not have this label. As OpenMetrics demands, the samples of a state set have their
// state in a label with the family's name.
func (f *Family) Reserved() string {
	if f.Type == StateSet {
		return f.Name
	}
	return f.Type.Reserved()
}

// Instant is a point in time. The zero value is an unknown time.
type Instant struct {
	Nanos int64 // nanoseconds since the Unix epoch
	Valid bool
}

// Point is one series of a family at one moment. The family's type determines the value field in use.
//
// A Point that is passed to a [Sink], and all memory that it refers to, belongs to the caller and is
// valid only until the call returns; see [Point.Clone].
type Point struct {
	Labels Labels

	Value     float64         // value of a Counter, Gauge or Untyped; 1 for Info
	Histogram *HistogramValue // value of a Histogram or GaugeHistogram
	Summary   *SummaryValue   // value of a Summary
	States    *StateSetValue  // value of a StateSet

	Exemplar *Exemplar // exemplar of a counter, immutable; sinks may keep it
	Created  Instant   // start timestamp of a counter, histogram or summary

	// TimestampMs is the explicit timestamp in milliseconds since the Unix epoch. It is valid if
	// HasTimestamp is set.
	TimestampMs  int64
	HasTimestamp bool
}

// SetNumber makes p the point of a series whose value is a number, and clears all other fields.
// Assigning a literal to *p takes 8 ns longer: the compiler builds the literal elsewhere, and the copy
// must wait until it is in memory.
func (p *Point) SetNumber(labels Labels, value float64) {
	p.Labels, p.Value = labels, value
	p.Histogram, p.Summary, p.States, p.Exemplar = nil, nil, nil, nil
	p.Created = Instant{}
	p.TimestampMs, p.HasTimestamp = 0, false
}

// HistogramValue is the value of a histogram: classic buckets, native buckets or both. Positive float
// counts, which occur only in foreign histograms, override the integer counts.
type HistogramValue struct {
	Count      uint64
	CountFloat float64
	Sum        float64
	Native     *NativeHistogram // nil if the histogram has no native buckets

	// Buckets holds the classic buckets, by ascending upper bound. The +Inf bucket may be missing.
	Buckets []Bucket
	// Bounds and Counts are an alternative to Buckets for histograms without exemplars and float counts.
	// Bounds holds the upper bounds without +Inf; it is immutable and sinks may keep it. Counts holds the
	// cumulative counts including the count of +Inf, so it has one more element. This takes a third of the
	// memory, and a reader can recognize the bounds of the previous histogram by their address.
	Bounds []float64
	Counts []uint64
}

// NumBuckets returns the number of classic buckets in either representation.
func (h *HistogramValue) NumBuckets() int { return len(h.Buckets) + len(h.Bounds) }

// Bucket returns classic bucket i in either representation.
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

// NativeHistogram is the sparse part of a histogram, in the layout of the protobuf exposition format:
// spans of buckets, and either deltas of integer counts or absolute float counts.
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
	Deltas []int64   // counts of integer histograms
	Counts []float64 // counts of float histograms
}

// Span is a run of consecutive buckets.
type Span struct {
	Offset int32 // gap to the previous span, or index of the first bucket
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

// MaxStates is the maximum number of states in a [StateSetValue].
const MaxStates = 64

// StateSetValue is the value of a state set: for each state, whether it is on. A state set is written
// as one sample for each state, with the value 1 if the state is on and 0 if it is off; see
// [StateSamples].
type StateSetValue struct {
	Names []string // UTF-8 names of at most MaxStates states, immutable; sinks may keep them
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

// Sink receives families one after the other, each followed by its points. Implementations need not be
// safe for concurrent use. After an error, the caller must stop and return the error.
type Sink interface {
	// Family begins a family, to which the following points belong. The sink may keep f.
	Family(f *Family) error
	// Point adds a point to the current family. The sink must not keep p.
	Point(p *Point) error
}

// Source can list the points of one family at any time without running user code. Instruments and
// vectors of this module are sources. Sources are safe for concurrent use.
type Source interface {
	// Family returns the family of the points.
	Family() *Family
	// Series returns the current series. The list is a snapshot: it does not reflect later changes, but
	// At reads the values when it is called.
	Series() Series
}

// Series is a list of series in the order of [ComparePoints]. It is safe for concurrent use, unless it
// is sequential; see [IsSequential].
type Series interface {
	Len() int
	// At overwrites *p with the current point of series i. The memory that p then refers to may lie in
	// scratch, and is valid until the next use of scratch.
	At(i int, p *Point, scratch *Scratch)
}

// SequentialSeries is implemented by a [Series] that must be read in ascending order, because going
// back takes as long as reading all series from the first one. Only one goroutine at a time may use it.
type SequentialSeries interface {
	// Sequential reports whether the series must be read in ascending order.
	Sequential() bool
}

// IsSequential reports whether s must be read in ascending order.
func IsSequential(s Series) bool {
	q, ok := s.(SequentialSeries)
	return ok && q.Sequential()
}

// CountedSource is implemented by a [Source] that can count its series without listing them.
type CountedSource interface{ Len() int }

// LenOf returns the number of series of s.
func LenOf(s Source) int {
	if c, ok := s.(CountedSource); ok {
		return c.Len()
	}
	return s.Series().Len()
}

// MixedSource is implemented by a [Source] whose series may differ in their label names, or may have
// empty label values or names that need quotes. The series of all other sources differ only in their
// label values.
type MixedSource interface {
	// Mixed reports whether the series may differ in these ways.
	Mixed() bool
}

// IsMixed reports whether the series of s may differ in their label names; see [MixedSource].
func IsMixed(s Source) bool {
	m, ok := s.(MixedSource)
	return ok && m.Mixed()
}

// Batched is implemented by a [Series] that can read many points at once. Each series consists of a few small
// pieces of memory. When they are read together, the processor waits for the memory of many series at the
// same time.
type Batched interface {
	// ReadBatch overwrites points with the current points of the series that begin at index from. Each
	// point has its own scratch in scratches; see [Series.At].
	ReadBatch(from int, points []Point, scratches []Scratch)
}

// BatchSink is implemented by a [Sink] that processes many points faster than one by one.
type BatchSink interface {
	// Batch adds points to the current family, as Point does for one point.
	Batch(points []Point) error
}

// StableSource is implemented by a [Source] that persists from scrape to scrape, perhaps behind a
// wrapper that is new for each of them.
type StableSource interface {
	// Key returns a comparable value that identifies the source together with its wrappers, or nil if
	// there is no such value.
	Key() any
}

// KeyOf returns the key of s, or nil if it has no key.
func KeyOf(s Source) any {
	if stable, ok := s.(StableSource); ok {
		return stable.Key()
	}
	return nil
}

// SnapshotSeries is implemented by a [Series] that can identify its contents.
type SnapshotSeries interface {
	// Snapshot returns a comparable value or nil. Two lists of series of one source are equal if their
	// values are equal. The value stays unique only while there is a reference to the earlier list.
	Snapshot() any
}

// SnapshotOf returns the Snapshot of s, or nil if s has no such method.
func SnapshotOf(s Series) any {
	if known, ok := s.(SnapshotSeries); ok {
		return known.Snapshot()
	}
	return nil
}

// CommonSink is implemented by a [Sink] that can add the same labels to all points of a family while it
// writes them. Merging the labels first would take as long as everything else.
type CommonSink interface {
	// Common makes the sink add labels to the following points of the current family, and reports
	// whether the sink can do so.
	Common(labels *Splicer) bool
}

// Extended is implemented by a [Series] that adds the same labels to all points of another Series.
type Extended interface {
	// Extends returns the other Series and the added labels. Both are nil if the series differ in their
	// label names.
	Extends() (Series, *Splicer)
}

// CreatedSink is implemented by a [Sink] that may write the start timestamps of points as additional
// series.
type CreatedSink interface {
	// OmitCreated omits these series for the current family.
	OmitCreated()
}

// Scratch is memory for the values that [Series.At] makes, so that reading a series does not allocate.
// The zero value is ready to use.
type Scratch struct {
	Histogram HistogramValue
	Native    NativeHistogram
	Summary   SummaryValue
	States    StateSetValue
	Counts    []uint64 // counts of a histogram's buckets
	Text      []byte   // label sets that a series renders on the fly
	Wrapped   []byte   // label sets with the labels of a wrapper
	Around    []byte   // alternates with Wrapped when wrappers are nested
	Edited    any      // values changed by a pipeline of package relabel
}

// Sample is a point together with its family.
type Sample struct {
	Family *Family
	Point  Point

	// Origin is the object that the point was made from, if a sink may take it instead; see
	// [OriginSink]. There is no other reference to it. Code that changes the point must set Origin to
	// nil.
	Origin any
}

// OriginSink is implemented by a [Sink] that converts points back to the objects from which some of
// them were made.
type OriginSink interface {
	// Origin adds the point made from origin to the current family. The sink takes ownership of origin.
	Origin(origin any) error
}

// Clone returns a copy of p that shares only immutable memory with it.
func (p *Point) Clone() Point { return p.CloneWith(p.Labels.Keep()) }

// CloneWith is like [Point.Clone], but uses the given labels. They must not be volatile.
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

// cloned returns a copy of s, or nil if s is empty.
//
//go:noinline
func cloned[T any](s []T) []T { return append([]T(nil), s...) }
