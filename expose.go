package metric

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"

	"github.com/prometheus/common/expfmt"

	"github.com/luxfi/metric/internal/clientmodel"
	"github.com/luxfi/metric/internal/encode"
	"github.com/luxfi/metric/internal/engine"
	"github.com/luxfi/metric/internal/model"
	"github.com/luxfi/metric/internal/stream"
)

// expose collects and writes the exposition to w. The families of stream
// collectors come first, while they still run; then all others, sorted by name. What
// cannot be written in the format is left out and added to refused.
//
// client ends when nobody reads w any more, but not at the scrape's deadline: what has
// arrived by then is still written. The error is the first one of w, or of client.
func (s *scrape) expose(client context.Context, w io.Writer, opts encode.Options, refused *failures) error {
	counted := &countingWriter{Writer: w}
	streamed, series, err := s.collectStreaming(client, counted, opts, refused)
	if err != nil {
		return err
	}
	e := encode.NewEncoder(counted, opts)
	defer func() {
		s.served(series+e.Series(), counted.n)
		e.Release()
	}()
	if err := s.write(&exposition{Encoder: e, streamed: streamed, refused: refused}); err != nil {
		return err
	}
	if series+e.Series() == 0 && s.isFailure(refused) {
		return e.Abort()
	}
	return e.Close()
}

// isFailure tells, of a scrape without a single series, whether something has gone wrong.
// Then nothing may be written, not even an # EOF, so that the answer can be an error.
func (s *scrape) isFailure(refused *failures) bool {
	return len(s.failures.list) > 0 || len(refused.list) > 0
}

// exposition is an encoder to which a point that the format has no place for is not
// the end, and which keeps off the families that stream collectors have written.
type exposition struct {
	*encode.Encoder

	streamed func(family string) bool
	taken    bool // The current family is one of those.
	refused  *failures
}

func (e *exposition) Family(f *model.Family) error {
	if e.taken = e.streamed(f.Name); e.taken {
		e.refused.add(f.Name, fmt.Errorf("family %q was left out, since a stream collector has written one with this name", f.Name))
		return nil
	}
	return e.Encoder.Family(f)
}

func (e *exposition) Point(p *model.Point) error {
	if e.taken {
		return nil
	}
	err := e.Encoder.Point(p)
	if point, ok := errors.AsType[*encode.PointError](err); ok {
		e.refused.add(point.Family, point)
		return nil
	}
	return err
}

// Batch implements model.BatchSink.
func (e *exposition) Batch(points []model.Point) error {
	if e.taken {
		return nil
	}
	for len(points) > 0 {
		n, err := e.Encoder.Batch(points)
		if err == nil {
			return nil
		}
		point, ok := errors.AsType[*encode.PointError](err)
		if !ok {
			return err
		}
		e.refused.add(point.Family, point)
		points = points[n+1:]
	}
	return nil
}

// countingWriter counts bytes.
type countingWriter struct {
	io.Writer

	n uint64
}

func (w *countingWriter) Write(p []byte) (int, error) {
	n, err := w.Writer.Write(p)
	w.n += uint64(n)
	return n, err
}

// collectStreaming is collect with the output of stream collectors going to w at once.
// It returns which families these were, and how many series.
func (s *scrape) collectStreaming(client context.Context, w io.Writer, opts encode.Options, refused *failures) (
	streamed func(family string) bool, series uint64, err error,
) {
	mixer := stream.NewMixer(opts)
	streams := s.openStreams(mixer)
	if len(streams) == 0 {
		s.collect()
		return func(string) bool { return false }, 0, nil
	}
	var (
		cancel     context.CancelFunc
		collecting sync.WaitGroup
	)
	s.ctx, cancel = context.WithCancel(s.ctx)
	defer collecting.Wait() // Even if w panics: the outcomes are released soon.
	defer cancel()
	collecting.Go(s.collect)
	err = mixer.Drain(client, w)
	if err != nil {
		cancel() // There is nobody to collect for.
	}
	collecting.Wait()
	for _, o := range streams {
		written := o.stream.Series()
		series += written
		dropped := o.stream.Dropped()
		o.engine.Account(o.run, int(written), dropped.Count())
		for _, err := range dropped.Errors() {
			if _, ok := errors.AsType[*encode.PointError](err); ok {
				refused.add(o.collector, err)
			} else {
				s.failures.add(o.collector, err)
			}
		}
	}
	return mixer.Begun, series, err
}

// openStream is the stream of a collector.
type openStream struct {
	collector string
	engine    *engine.Engine
	run       *engine.Collector
	stream    *stream.Stream
}

// openStreams gives each stream collector a stream of the mixer as its sink, unless its
// output has to wait for that of others, with which it is merged.
func (s *scrape) openStreams(mixer *stream.Mixer) (streams []openStream) {
	if s.shared {
		return nil // What others wait for cannot go to this client alone.
	}
	shared := s.sharedFamilies()
	for _, p := range s.parts {
		prefix := p.prefix()
		for i, e := range p.running {
			if !e.binding.stream || e.run.KeepsResults() ||
				slices.ContainsFunc(e.announced.names(), func(name string) bool { return shared[prefix+name] }) {
				continue
			}
			out := mixer.Open()
			streams = append(streams, openStream{p.name + e.name, &p.registry.engine, e.run, out})
			var sink engine.Sink = out
			if s.wanted != nil {
				sink = &selectingSink{Sink: sink, wanted: s.wanted}
			}
			for j := len(p.wrappings) - 1; j >= 0; j-- {
				sink = &wrappingSink{Sink: sink, transform: p.wrappings[j].transform()}
			}
			p.jobs[i].Sink = sink
		}
	}
	return streams
}

// sharedFamilies returns the names of families that several parts announce. Within a
// registry, a stream collector shares none.
func (s *scrape) sharedFamilies() map[string]bool {
	if len(s.parts) == 1 {
		return nil
	}
	shared, first := make(map[string]bool), make(map[string]*part)
	for _, p := range s.parts {
		prefix := p.prefix()
		for _, e := range p.plan.entries {
			if e.binding.nested != nil {
				continue // Its collectors are another part.
			}
			for _, d := range e.announced.list {
				name := prefix + e.announced.infos[d].name
				if other, ok := first[name]; ok && other != p {
					shared[name] = true
				}
				first[name] = p
			}
		}
	}
	return shared
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

// exposeForeign is expose for formats that only expfmt knows.
func (s *scrape) exposeForeign(w io.Writer, format expfmt.Format, created bool, refused *failures) error {
	var (
		builder clientmodel.Builder
		opts    []expfmt.EncoderOption
	)
	s.collect()
	_ = s.write(&builder) // The builder never fails.
	if created {
		opts = append(opts, expfmt.WithCreatedLines())
	}
	// A family that cannot be encoded must not leave a part of it behind.
	var family bytes.Buffer
	e := expfmt.NewEncoder(&family, format, opts...)
	families := builder.Families()
	if len(families) == 0 && s.isFailure(refused) {
		return nil
	}
	for _, mf := range families {
		family.Reset()
		if err := e.Encode(mf); err != nil {
			refused.add(mf.GetName(), err)
			continue
		}
		if _, err := w.Write(family.Bytes()); err != nil {
			return err
		}
	}
	family.Reset()
	if closer, ok := e.(expfmt.Closer); ok {
		if err := closer.Close(); err != nil {
			return err
		}
	}
	if family.Len() == 0 {
		return nil
	}
	_, err := w.Write(family.Bytes())
	return err
}
