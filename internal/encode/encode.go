// Package encode writes families and points in the formats that Prometheus
// scrapes: its text format 0.0.4, OpenMetrics 1.0.0 (whose body serves 0.0.1 as
// well), OpenMetrics 2.0 and length-delimited protobuf. It also writes the requests of
// remote write.
//
// OpenMetrics 2.0 is described in openmetrics2.go, remote write in remotewrite.go. The output of the other formats is,
// byte for byte, that of prometheus/common's expfmt, save for what a Prometheus server
// would answer by refusing the whole scrape:
//
//   - A help that is not UTF-8 is written with U+FFFD in place of the bad bytes.
//   - A unit is left out unless the family's name ends in it, as OpenMetrics
//     requires.
//   - A label name with a colon is quoted or escaped like other names that are not
//     legacy label names.
//   - The label names of exemplars are escaped like all others. An exemplar of which two
//     labels have the same name then is left out.
//   - A family without points is left out.
//
// It also leaves out a family whose name is that of an earlier one after escaping,
// and refuses points of which two labels have the same name then.
//
// Nothing is allocated for a point. An [Encoder] appends to one buffer and hands
// it to its writer in chunks, so its memory does not grow with the exposition.
// Protobuf is different: the length of a family stands in front of it, so there
// memory grows with the largest family.
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

// The formats that can be written.
const (
	Text         Format = iota // Prometheus text 0.0.4.
	OpenMetrics                // OpenMetrics 1.0.0 and 0.0.1.
	Protobuf                   // Delimited io.prometheus.client.MetricFamily messages.
	OpenMetrics2               // OpenMetrics 2.0, which Options.Linked has to bring along.
	RemoteWrite                // Requests of remote write 2.0, which Options.Linked has to bring along.

	other // One that an Escaper is in front of.
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

// Options tell what to write. The zero value is the text format with UTF-8 names
// as they are.
type Options struct {
	Format   Format
	Escaping common.EscapingScheme // Of metric and label names that are not legacy names.

	// CreatedLines adds a _created line to every counter, histogram and summary
	// whose creation time is known. Only OpenMetrics 1 has such lines.
	CreatedLines bool

	// Linked is NewOpenMetrics2 if Format is OpenMetrics2, and RemoteWriter.Maker if it is
	// RemoteWrite. It is a field so that the linker leaves these formats out of programs that
	// never set it.
	Linked Maker
}

// Scheme returns what becomes of names.
func (o Options) Scheme() naming.Scheme {
	return naming.Scheme{
		Escaping:      o.Escaping,
		CreatedLines:  o.CreatedLines && o.Format == OpenMetrics,
		GaugeSuffixes: o.Format == OpenMetrics2,
	}
}

// Encoder is a model.Sink that writes an exposition.
//
// An error of the writer stops it: it is returned at once and from every later
// call. A *[PointError] does not.
//
// An Encoder is not safe for concurrent use.
type Encoder struct {
	out      output
	escape   escaper
	names    names
	format   format // One of the three below.
	lines    lines
	messages messages
	linked   Linked // Nil before the first exposition in its format.

	batcher batcher // The format, if it is one.
	strict  strict  // The format, if it is one.
	resumes bool    // See IsHeld.

	exemplars escaper // Of their labels.
	states    model.StateSamples

	common  *model.Splicer // Adds the labels that all points of the family have; nil if it has none.
	spliced []byte         // The labels of one point with these.

	opts   Options
	family *model.Family
	begun  bool // The family has a point, and so its header is written.
	series uint64
}

// format is what differs between lines of text and protobuf messages. It writes
// to the output that it is given.
type format interface {
	// begin writes what stands in front of a family's points. name is the
	// family's, escaped.
	begin(o *output, f *model.Family, name string)
	// point writes a point that has a value fit for the format.
	point(o *output, p *model.Point, labels model.Labels)
	// end writes what stands behind a family's points.
	end(o *output)
	// full makes room when there is a chunk in the output's buffer.
	full(o *output)
	// flush passes on everything that is whole.
	flush(o *output)
	// trailer returns what stands behind the last family.
	trailer() string
	// reset forgets everything and keeps only memory.
	reset()
}

// batcher is a format that writes many points faster than one by one.
type batcher interface {
	// batch writes points up to the first one that it leaves to format.point, and returns how
	// many it has written. The encoder has not checked them.
	batch(o *output, points []model.Point) int
}

// strict is a format that has no place for some values that others write.
type strict interface {
	// checkValue returns why a point cannot be written, whose value has the type of its
	// family, t.
	checkValue(t model.Type, p *model.Point) error
}

// Linked is a format that is not linked into every program.
type Linked interface {
	format
	batcher
	strict
	// open begins an exposition. exemplars is for the labels of exemplars.
	open(exemplars *escaper)
	// splits reports whether points of other families may come between those of a family.
	splits() bool
}

// Maker makes a format that is not linked into every program, or returns the one that the encoder
// had before, which may be nil, to be used again. [NewOpenMetrics2] is one.
type Maker func(before Linked) Linked

var encoders = sync.Pool{New: func() any { return new(Encoder) }}

// NewEncoder returns an encoder that writes to w. Finish with Close or Abort,
// then call Release.
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

// Release gives the encoder's memory back. The encoder must not be used again.
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

// Family begins a family. Nothing is written before its first point.
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

// Common adds labels to all points of the family begun last. It must be called before the
// family's first point.
func (e *Encoder) Common(labels *model.Splicer) bool {
	e.common, e.lines.common = labels, labels
	return true
}

// OmitCreated has no _created lines written for the family begun last. It must be called
// before the family's first point.
func (e *Encoder) OmitCreated() { e.lines.omitCreated = true }

// Point writes a point of the family begun last.
//
// If the error is a *[PointError], then this point cannot be written in this
// format and nothing of it has been: the caller may leave it out and go on.
// After any other error it must stop.
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

// stateSet writes a point of a state set. If its first sample cannot be written, neither
// can the others: they differ in the value of a label only.
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

// sample writes a point other than one of a state set.
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

// Batch writes points of the family begun last, like Point does each of them. If there
// is an error, n is the index of its point.
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

// Flush passes on what is buffered and whole. In protobuf the family begun last
// is not whole.
func (e *Encoder) Flush() error {
	if e.out.err == nil {
		e.format.flush(&e.out)
	}
	return e.out.err
}

// IsHeld reports whether the family begun last can be continued behind what others write, because
// nothing of it has been passed on or the format allows it. It is meant to be called after Flush.
func (e *Encoder) IsHeld() bool {
	return !e.begun || e.resumes
}

// Close finishes the exposition and passes on everything.
func (e *Encoder) Close() error { return e.finish(true) }

// Abort passes on the points so far, but does not mark the exposition as
// complete: in OpenMetrics 1 and 2 it lacks its # EOF. The other formats have no such
// mark, so there the receiver can learn of the failure only by other means.
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

// Series returns how many points have been written.
func (e *Encoder) Series() uint64 { return e.series }
