package scrape

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/common/expfmt"

	"github.com/luxfi/metric/internal/clientmodel"
	"github.com/luxfi/metric/internal/encode"
	"github.com/luxfi/metric/internal/engine"
	"github.com/luxfi/metric/internal/model"
	"github.com/luxfi/metric/internal/naming"
	"github.com/luxfi/metric/internal/stream"
)

// Expose collects and writes the exposition to w. The families of stream collectors come first, while the
// collectors still run. All others follow, sorted by name. Expose leaves out families and samples that cannot
// be written in the format, and adds their errors to refused.
//
// client must end when w has no reader any more. It must not end at the scrape's deadline, because Expose
// then writes the samples that have arrived. The error is the first error of w, or the error of client.
func (s *Scrape) Expose(client context.Context, w io.Writer, opts encode.Options, refused *Failures) error {
	counted := &countingWriter{Writer: w}
	names := nameSpace{scheme: opts.Scheme(), refused: refused}
	var (
		series uint64
		err    error
	)
	if names.taken, series, err = s.collectStreaming(client, counted, opts, refused); err != nil {
		return err
	}
	e := encode.NewEncoder(counted, opts)
	names.sending = &counted.took
	defer func() {
		s.served(series+e.Series(), counted.n)
		e.Release()
	}()
	if err := s.write(e, names); err != nil {
		return err
	}
	if series+e.Series() == 0 && s.isFailure(refused) {
		return e.Abort()
	}
	return e.Close()
}

// isFailure reports whether something has gone wrong in a scrape without a single series. Then nothing may
// be written, not even # EOF, so that the answer can be an error.
func (s *Scrape) isFailure(refused *Failures) bool {
	return len(s.Failures.list) > 0 || len(refused.list) > 0
}

// lenientSink is a sink that goes on after a point that the format cannot represent.
type lenientSink struct {
	model.Sink

	refuse func(error)
}

// orRefuse returns err unless it is about a single point. Such an error it reports to refuse.
func (s *lenientSink) orRefuse(err error) error {
	if point, ok := errors.AsType[*encode.PointError](err); ok {
		s.refuse(point)
		return nil
	}
	return err
}

func (s *lenientSink) Point(p *model.Point) error { return s.orRefuse(s.Sink.Point(p)) }

// Batch implements [model.BatchSink].
func (s *lenientSink) Batch(points []model.Point) error {
	e, ok := s.Sink.(*encode.Encoder)
	for len(points) > 0 {
		var (
			n   int
			err error
		)
		if ok {
			n, err = e.Batch(points)
		} else {
			err = s.Sink.Point(&points[0])
		}
		if ok && err == nil {
			return nil
		}
		if err := s.orRefuse(err); err != nil {
			return err
		}
		points = points[n+1:]
	}
	return nil
}

// Common implements [model.CommonSink].
func (s *lenientSink) Common(labels *model.Splicer) bool {
	sink, ok := s.Sink.(model.CommonSink)
	return ok && sink.Common(labels)
}

// OmitCreated implements [model.CreatedSink].
func (s *lenientSink) OmitCreated() {
	if sink, ok := s.Sink.(model.CreatedSink); ok {
		sink.OmitCreated()
	}
}

// countingWriter counts bytes and measures how long it takes to write them.
type countingWriter struct {
	io.Writer

	n    uint64
	took time.Duration
}

func (w *countingWriter) Write(p []byte) (int, error) {
	start := time.Now()
	n, err := w.Writer.Write(p)
	w.n += uint64(n)
	w.took += time.Since(start)
	return n, err
}

// collectStreaming collects, and sends the output of stream collectors to w at once. It returns the names
// that they have written, or nil if there are no streams, and the number of their series.
func (s *Scrape) collectStreaming(client context.Context, w io.Writer, opts encode.Options, refused *Failures) (
	taken *naming.Claims, series uint64, err error,
) {
	mixer := stream.NewMixer(opts)
	streams := s.openStreams(mixer, opts.Scheme())
	if len(streams) == 0 {
		s.collect()
		return nil, 0, nil
	}
	if deadline, ok := s.ctx.Deadline(); ok {
		mixer.Silence = time.Until(deadline) / silenceFraction
	}
	var (
		cancel     context.CancelFunc
		collecting sync.WaitGroup
	)
	s.ctx, cancel = context.WithCancel(s.ctx)
	defer collecting.Wait() // Wait even if w panics, since the outcomes are released soon.
	defer cancel()
	collecting.Go(s.collect)
	err = mixer.Drain(client, w)
	if err != nil {
		cancel() // No client is left to collect for.
	}
	collecting.Wait()
	var sent amounts
	for _, o := range streams {
		written := o.stream.Series()
		series += written
		dropped := o.stream.Dropped()
		sent.add(o.engine, engine.Amount{Of: o.engineCollector, Samples: int(written), Dropped: dropped.Count()})
		for _, err := range slices.Concat(dropped.Errors(), o.stream.Notes()) {
			if _, ok := errors.AsType[*encode.PointError](err); ok {
				refused.add(o.collector, err)
			} else {
				s.Failures.add(o.collector, err)
			}
		}
	}
	sent.account()
	return mixer.Claims(), series, err
}

// silenceFraction is the divisor of the remaining time that gives how long a stream collector may keep the
// others waiting while it sends nothing; see [stream.MaxSilence].
const silenceFraction = 4

// openStream is the stream of a collector.
type openStream struct {
	collector       string
	engine          *engine.Engine
	engineCollector *engine.Collector
	stream          *stream.Stream
}

// openStreams gives each stream collector a stream of the mixer as its sink, unless its output must be merged
// with the output of others. Such output must wait: streams are written first, and a family that is written
// cannot give way to a family that comes later.
func (s *Scrape) openStreams(mixer *stream.Mixer, scheme naming.Scheme) (streams []openStream) {
	if s.shared {
		return nil // Other scrapes wait for the results, so they cannot go to this client alone.
	}
	var contested map[job]bool
	for _, p := range s.parts {
		for i, e := range p.running {
			if !e.Binding.Stream || e.engineCollector.KeepsResults() {
				continue
			}
			if contested == nil {
				contested = s.contestedStreams(scheme)
			}
			if contested[job{p, e}] {
				continue
			}
			out := mixer.Open()
			streams = append(streams, openStream{p.nameOf(e), &p.registry.Engine, e.engineCollector, out})
			var sink engine.Sink = out
			if s.wanted != nil {
				sink = &selectingSink{Sink: sink, wanted: s.wanted}
			}
			for j := len(p.wrappings) - 1; j >= 0; j-- {
				sink = p.wrappings[j].Sink(sink)
			}
			p.jobs[i].Sink = sink
		}
	}
	return streams
}

// selectingSink passes on only the wanted families.
type selectingSink struct {
	engine.Sink

	wanted func(family string) bool
}

func (s *selectingSink) Sample(f *model.Family, p *model.Point) error {
	if !s.wanted(f.Name) {
		return nil
	}
	return s.Sink.Sample(f, p)
}

// ExposeForeign does the same as [Scrape.Expose] for formats that only expfmt knows. None of them has lines
// for creation times.
func (s *Scrape) ExposeForeign(
	w io.Writer, format expfmt.Format, encodeFamily func(*bytes.Buffer, *clientmodel.Family) error, refused *Failures,
) error {
	var (
		builder clientmodel.Builder
		names   = nameSpace{scheme: naming.Scheme{Escaping: format.ToEscapingScheme()}, refused: refused}
	)
	counted, series := &countingWriter{Writer: w}, 0
	defer func() { s.served(uint64(series), counted.n) }()
	s.collect()
	_ = s.write(encode.NewEscaper(&builder, names.scheme.Escaping), names) // The builder never fails.
	// The encoding of a family that fails must not leave a part of it behind.
	var family bytes.Buffer
	families := builder.Families()
	if len(families) == 0 && s.isFailure(refused) {
		return nil
	}
	for _, mf := range families {
		family.Reset()
		if err := encodeFamily(&family, mf); err != nil {
			refused.add(mf.GetName(), err)
			continue
		}
		if _, err := counted.Write(family.Bytes()); err != nil {
			return err
		}
		series += len(mf.GetMetric())
	}
	return nil
}
