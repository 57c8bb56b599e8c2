// Package encode writes families and points in the formats that Prometheus scrapes: its text format
// 0.0.4, OpenMetrics 1.0.0 (whose body also serves for 0.0.1), OpenMetrics 2.0 and length-delimited
// protobuf. It also writes remote-write requests.
//
// See openmetrics2.go for OpenMetrics 2.0, and remotewrite.go for remote write. The output of the other
// formats is the same as the output of prometheus/common's expfmt, byte for byte, except where that would
// make a Prometheus server refuse the whole scrape:
//
//   - Invalid UTF-8 in a help text is replaced by U+FFFD.
//   - A unit is omitted unless the family's name ends in it, as OpenMetrics
//     requires.
//   - A label name with a colon is quoted or escaped like other names that are not
//     legacy label names.
//   - The label names of exemplars are escaped like all others. An exemplar is omitted if two of its labels
//     then have the same name.
//   - A family without points is omitted.
//
// The encoder also omits a family if an earlier family has the same escaped name, and refuses points if two
// labels have the same escaped name.
//
// Encoding a point does not allocate. An [Encoder] appends to one buffer and passes it to its writer in
// chunks, so its memory does not grow with the exposition. Protobuf is different: a family is preceded
// by its length, so the memory grows with the largest family.
package encode

import (
	"errors"
	"io"
	"sync"
	"unicode/utf8"

	common "github.com/prometheus/common/model"

	"github.com/luxfi/metric/internal/model"
	"github.com/luxfi/metric/internal/naming"
)

// Format is an exposition format.
type Format uint8

// The formats that the package can write.
const (
	Text         Format = iota // Prometheus text format 0.0.4
	OpenMetrics                // OpenMetrics 1.0.0 and 0.0.1
	Protobuf                   // delimited io.prometheus.client.MetricFamily messages
	OpenMetrics2               // OpenMetrics 2.0; needs Options.Linked
	RemoteWrite                // remote-write 2.0 requests; needs Options.Linked

	other // a format behind an Escaper
)

// String returns the format's name as error messages spell it.
func (f Format) String() string {
	switch f {
	case Text:
		return "the text format"
	case OpenMetrics:
		return "OpenMetrics"
	case Protobuf:
		return "protobuf"
	case OpenMetrics2:
		return "OpenMetrics 2.0"
	case RemoteWrite:
		return "remote write"
	case other:
		return "this format"
	default:
		return "an unknown format"
	}
}

// Options select the output. The zero value is the text format with unescaped UTF-8 names.
type Options struct {
	Format   Format
	Escaping common.EscapingScheme // for metric and label names that are not legacy names

	// CreatedLines adds a _created line to every counter, histogram and summary with a known start
	// timestamp. Only OpenMetrics 1 has such lines.
	CreatedLines bool

	// Linked is [NewOpenMetrics2] if Format is OpenMetrics2, and [RemoteWriter.Maker] if Format is
	// RemoteWrite. It is a field so that the linker omits these formats from programs that never set
	// it.
	Linked Maker
}

// Scheme returns the naming scheme of the options.
func (o Options) Scheme() naming.Scheme {
	return naming.Scheme{
		Escaping:      o.Escaping,
		CreatedLines:  o.CreatedLines && o.Format == OpenMetrics,
		GaugeSuffixes: o.Format == OpenMetrics2,
	}
}

// Encoder is a [model.Sink] that writes an exposition.
//
// An error of the writer stops the encoder: the current call and every later call return it. A
// *[PointError] does not stop it.
//
// An Encoder is not safe for concurrent use.
type Encoder struct {
	out      output
	escape   escaper
	names    names
	format   format // one of the three below
	lines    lines
	messages messages
	linked   Linked // nil before the first exposition in its format

	batcher batcher // the format as a batcher, or nil
	strict  strict  // the format as strict, or nil
	resumes bool    // result of Linked.splits; see IsHeld

	exemplars escaper // for the labels of exemplars
	states    model.StateSamples

	common  *model.Splicer // adds the labels that all points of the family have, or nil
	spliced []byte         // labels of one point with the common ones

	opts   Options
	family *model.Family
	begun  bool // The family has a point, and so its header has been written.
	series uint64
}

// format implements the differences between lines of text and protobuf messages. It writes to the given
// output.
type format interface {
	// begin writes the text before a family's points. name is the escaped name of the family.
	begin(o *output, f *model.Family, name string)
	// point writes a point whose value is valid in the format.
	point(o *output, p *model.Point, labels model.Labels)
	// end writes the text after a family's points.
	end(o *output)
	// full makes room when there is a chunk in the output's buffer.
	full(o *output)
	// flush passes on all complete data.
	flush(o *output)
	// trailer returns the text after the last family.
	trailer() string
	// reset drops all state but keeps memory for reuse.
	reset()
}

// batcher is a format that writes many points faster than one by one.
type batcher interface {
	// batch writes points up to the first one that needs format.point, and returns the number of points
	// written. The encoder has not checked the points.
	batch(o *output, points []model.Point) int
}

// strict is a format that cannot represent some values that other formats can.
type strict interface {
	// checkValue returns an error that says why a point cannot be written, or nil if it can. t is the
	// type of the point's family.
	checkValue(t model.Type, p *model.Point) error
}

// Linked is a format that is not linked into every program.
type Linked interface {
	format
	batcher
	strict
	// open begins an exposition. exemplars escapes the labels of exemplars.
	open(exemplars *escaper)
	// splits reports whether the points of a family may be separated by points of other families.
	splits() bool
}

// Maker makes a format that is not linked into every program, or returns before, the format that the
// encoder used last, for reuse. before may be nil. [NewOpenMetrics2] is a Maker.
type Maker func(before Linked) Linked

var encoders = sync.Pool{New: func() any { return new(Encoder) }}

// NewEncoder returns an encoder that writes to w. Callers must finish with [Encoder.Close] or
// [Encoder.Abort], and then call [Encoder.Release].
func NewEncoder(w io.Writer, opts Options) *Encoder {
	e := encoders.Get().(*Encoder)
	e.opts = opts
	e.out.open(w)
	e.escape.scheme, e.exemplars.scheme = opts.Escaping, opts.Escaping
	switch opts.Format {
	case Text:
		e.lines.open(text{}, &e.exemplars, false)
		e.format, e.batcher = &e.lines, &e.lines
	case OpenMetrics:
		e.lines.open(openMetrics{}, &e.exemplars, opts.CreatedLines)
		e.format, e.batcher = &e.lines, &e.lines
	case Protobuf:
		e.messages.exemplars = &e.exemplars
		e.format, e.resumes = &e.messages, true
	case OpenMetrics2, RemoteWrite:
		e.linked = opts.Linked(e.linked)
		e.linked.open(&e.exemplars)
		e.format, e.batcher, e.strict, e.resumes = e.linked, e.linked, e.linked, e.linked.splits()
	default:
		panic("BUG: encode: unknown format")
	}
	return e
}

// Release returns the encoder's memory to a pool. The encoder must not be used again.
func (e *Encoder) Release() {
	e.format.reset()
	e.out.reset()
	e.escape.reset()
	e.exemplars.reset()
	e.names.reset()
	e.states.Reset()
	e.format, e.batcher, e.strict, e.resumes = nil, nil, nil, false
	e.family, e.begun, e.series = nil, false, 0
	e.common, e.lines.common = nil, nil
	encoders.Put(e)
}

// Family begins a family. It writes nothing before the family's first point.
func (e *Encoder) Family(f *model.Family) error {
	if e.out.err != nil {
		return e.out.err
	}
	e.endFamily()
	e.family = f
	e.lines.omitCreated = false
	e.common, e.lines.common = nil, nil
	return e.out.err
}

// Common adds labels to all points of the current family. It must be called before the family's first
// point.
func (e *Encoder) Common(labels *model.Splicer) bool {
	e.common, e.lines.common = labels, labels
	return true
}

// OmitCreated omits the _created lines of the current family. It must be called before the family's
// first point.
func (e *Encoder) OmitCreated() { e.lines.omitCreated = true }

// Point writes a point of the current family.
//
// A *[PointError] means that this point cannot be written in this format and that the encoder has
// written nothing of it: the caller may omit it and continue. After any other error the caller must
// stop.
func (e *Encoder) Point(p *model.Point) error {
	if e.out.err != nil {
		return e.out.err
	}
	if e.family == nil {
		panic("BUG: encode: Point before Family")
	}
	if e.common != nil {
		with := *p
		e.spliced, with.Labels = e.common.Append(e.spliced[:0], p.Labels)
		p = &with
	}
	if e.family.Type == model.StateSet {
		return e.stateSet(p)
	}
	return e.sample(p)
}

// stateSet writes a point of a state set. If its first sample cannot be written, the others cannot be
// written either: they differ only in the value of a label.
func (e *Encoder) stateSet(p *model.Point) error {
	if p.States == nil {
		return e.refuse(p, errNoStateSet)
	}
	for i := range p.States.Names {
		sample, err := e.states.At(p, e.family.Reserved(), i)
		if err != nil {
			return e.refuse(p, err)
		}
		if err := e.sample(sample); err != nil {
			return err
		}
	}
	return e.out.err
}

// sample writes a point that is not a state set.
func (e *Encoder) sample(p *model.Point) error {
	labels := p.Labels
	if labels.Quoted() && e.opts.Escaping != common.NoEscaping {
		var err error
		if labels, err = e.escape.labels(labels); err != nil {
			return e.refuse(p, err)
		}
	}
	if err := e.check(p); err != nil {
		return e.refuse(p, err)
	}
	if !e.begun {
		if err := e.begin(); err != nil {
			return e.refuse(p, err)
		}
	}
	e.series++
	e.format.point(&e.out, p, labels)
	if len(e.out.buf) >= chunkSize {
		e.format.full(&e.out)
	}
	return e.out.err
}

// Batch writes points of the current family, as Point does for one point. If it returns an error, n is
// the index of the point that caused it.
func (e *Encoder) Batch(points []model.Point) (n int, err error) {
	for n < len(points) {
		if e.begun && e.batcher != nil && e.out.err == nil && (e.common == nil || e.format == &e.lines) {
			written := e.batcher.batch(&e.out, points[n:])
			e.series += uint64(written)
			if n += written; n == len(points) {
				break
			}
		}
		if err := e.Point(&points[n]); err != nil {
			return n, err
		}
		n++
	}
	return n, e.out.err
}

var errBadName = errors.New("the metric name is empty or not UTF-8")

func (e *Encoder) begin() error {
	name := e.family.Name
	if name == "" || !utf8.ValidString(name) {
		return errBadName
	}
	escaped := e.escape.name(name)
	if e.opts.Escaping != common.NoEscaping {
		if err := e.names.claim(name, escaped); err != nil {
			return err
		}
	}
	e.format.begin(&e.out, e.family, escaped)
	e.begun = true
	return nil
}

func (e *Encoder) endFamily() {
	if !e.begun {
		return
	}
	e.begun = false
	e.format.end(&e.out)
	if len(e.out.buf) >= chunkSize {
		e.format.full(&e.out)
	}
}

// Flush passes on all complete data in the buffer. In protobuf, the current family is not complete.
func (e *Encoder) Flush() error {
	if e.out.err == nil {
		e.format.flush(&e.out)
	}
	return e.out.err
}

// IsHeld reports whether the current family can be continued after other output, because nothing of it
// has been passed on or because the format allows it. Call it after [Encoder.Flush].
func (e *Encoder) IsHeld() bool {
	return !e.begun || e.resumes
}

// Close finishes the exposition and passes on all data.
func (e *Encoder) Close() error { return e.finish(true) }

// Abort passes on the points so far, but does not mark the exposition as complete: in OpenMetrics 1 and
// 2, # EOF is missing. The other formats have no such mark, so there the receiver must learn of the
// failure in another way.
func (e *Encoder) Abort() error { return e.finish(false) }

var errFinished = errors.New("encode: the exposition is finished")

func (e *Encoder) finish(complete bool) error {
	if e.out.err == errFinished { //nolint:errorlint // It is compared as it was set.
		return nil
	}
	if e.out.err != nil {
		return e.out.err
	}
	e.endFamily()
	if complete {
		e.out.buf = append(e.out.buf, e.format.trailer()...)
	}
	e.format.flush(&e.out)
	if e.out.err != nil {
		return e.out.err
	}
	e.out.err = errFinished
	return nil
}

// Series returns the number of points written.
func (e *Encoder) Series() uint64 { return e.series }
