package collect

import (
	"context"
	"errors"
	"fmt"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric/internal/clientgolang"
	"github.com/luxfi/metric/internal/clientmodel"
	"github.com/luxfi/metric/internal/engine"
	"github.com/luxfi/metric/internal/model"
)

// SampleWriter writes the samples of a stream collector.
type SampleWriter struct {
	state  sinkState
	guard  abandonedSink
	reader metricReader // writes to guard
	labels []model.Label
	text   []byte
	point  model.Point
}

// sinkState is not atomic: an atomic one would take 20 ns for each sample, a fifth of its time, where this
// takes 1 ns. Therefore calls that begin in the same few nanoseconds are not detected.
type sinkState uint8

const (
	sinkIdle    sinkState = iota
	sinkWriting           // A call has not returned.
	sinkMisused           // A call came during another one.
)

var errSinkMisused = errors.New("a Sink was used concurrently: it can be written to by one goroutine at a time")

// begin begins a call. It returns an error during another call.
func (s *SampleWriter) begin() error {
	if s.state != sinkIdle {
		return s.refuse()
	}
	s.state = sinkWriting
	return nil
}

// refuse returns the error for a call during another one, and for all calls after that.
func (s *SampleWriter) refuse() error {
	if s.state != sinkMisused {
		s.state = sinkMisused
		s.guard.Drop(errSinkMisused)
	}
	return errSinkMisused
}

// end ends a call.
func (s *SampleWriter) end() error {
	if s.state != sinkWriting {
		return errSinkMisused
	}
	s.state = sinkIdle
	return s.guard.err
}

func newSampleWriter(sink engine.Sink, announced *Announced) *SampleWriter {
	s := &SampleWriter{guard: abandonedSink{Sink: sink, announced: announced}}
	s.reader = metricReader{announced: announced, sink: &s.guard}
	return s
}

// abandonedSink remembers that no scrape waits for the samples any more. It refuses samples of families
// that were not announced: the names that a stream may need must be known before it is written.
type abandonedSink struct {
	engine.Sink

	announced *Announced
	names     map[string]bool // names of the announced families; nil until the first sample
	family    *model.Family   // last family, which was announced
	err       error
}

func (s *abandonedSink) Sample(f *model.Family, p *model.Point) error {
	if f != s.family {
		if !s.isAnnounced(f.Name) {
			return fmt.Errorf("family %q was not announced: a stream collector must describe every family that it writes", f.Name)
		}
		s.family = f
	}
	err := s.Sink.Sample(f, p)
	if errors.Is(err, engine.ErrAbandoned) {
		s.err = err
	}
	return err
}

func (s *abandonedSink) isAnnounced(family string) bool {
	if s.names == nil {
		if len(s.announced.List) == 0 {
			return true // An unchecked collector is read to the end before anything is written.
		}
		s.names = make(map[string]bool, len(s.announced.List))
		for _, d := range s.announced.List {
			s.names[s.announced.Infos[d].Name] = true
		}
	}
	return s.names[family]
}

// StreamFunc writes the samples of a stream collector.
type StreamFunc func(ctx context.Context, to *SampleWriter) error

// RunStream returns the run of a stream collector.
func RunStream(collect StreamFunc, announced *Announced) engine.Run {
	return func(ctx context.Context, _ engine.Running, sink engine.Sink) error {
		to := newSampleWriter(sink, announced)
		err := collect(ctx, to)
		if errors.Is(err, engine.ErrAbandoned) && ctx.Err() != nil {
			err = ctx.Err()
		}
		return to.reader.result(err)
	}
}

// SendStream sends what a stream collector writes as metrics.
func SendStream(ctx context.Context, c prometheus.Collector, collect StreamFunc, ch chan<- prometheus.Metric) {
	sink := &ChannelSink{Ctx: ctx, Ch: ch, Announced: make(Announcements)}
	announced, err := Describe(c)
	if err == nil {
		sink.Announced.Add(announced)
		err = engine.Try(func() error {
			to := newSampleWriter(sink, announced)
			return to.reader.result(collect(ctx, to))
		})
	}
	for _, err := range FailuresOf(err) {
		sink.Drop(err)
	}
}

// Metric writes a metric of any kind.
func (s *SampleWriter) Metric(m prometheus.Metric) error {
	if err := s.begin(); err != nil {
		return err
	}
	s.reader.read(m)
	return s.end()
}

// Value writes a sample of a counter, a gauge or an untyped metric. labelValues has a value for each variable
// label of desc, in the order of the labels.
func (s *SampleWriter) Value(t model.Type, desc *prometheus.Desc, value float64, labelValues []string) error {
	if err := s.begin(); err != nil {
		return err
	}
	info, err := s.reader.info(desc)
	if err == nil {
		err = s.render(info, labelValues)
	}
	if err == nil && s.reader.announced != nil && s.reader.announced.Pedantic {
		err = s.reader.announced.check(desc, info, &s.point)
	}
	if err == nil {
		s.point.Value = value
		err = s.reader.send(info.Family(t), &s.point)
	}
	if err != nil {
		s.guard.Drop(aboutSample(info, err))
	}
	return s.end()
}

// Drop reports a sample that could not be made.
func (s *SampleWriter) Drop(desc *prometheus.Desc, err error) error {
	if begin := s.begin(); begin != nil {
		return begin
	}
	if info, e := s.reader.info(desc); e == nil {
		err = aboutSample(info, err)
	}
	s.guard.Drop(err)
	return s.end()
}

// render renders the labels of s.point.
func (s *SampleWriter) render(info *clientgolang.Info, values []string) (err error) {
	if len(values) != len(info.Variable) {
		return fmt.Errorf("it has %d variable labels %q but %d values %q were given", len(info.Variable), info.Variable, len(values), append([]string(nil), values...))
	}
	s.labels = append(s.labels[:0], info.Constant...)
	for i, name := range info.Variable {
		s.labels = append(s.labels, model.Label{Name: name, Value: values[i]})
	}
	s.text, s.point.Labels, err = model.AppendLabels(s.text[:0], s.labels)
	return err
}

// ChannelSink sends samples as metrics.
type ChannelSink struct {
	Ctx context.Context //nolint:containedctx // It lives as long as the call.
	Ch  chan<- prometheus.Metric

	Announced Announcements

	states model.StateSamples
}

// Sample implements [engine.Sink]. The error is [engine.ErrAbandoned] when the context has ended.
func (s *ChannelSink) Sample(f *model.Family, p *model.Point) error {
	n := 1
	if f.Type == model.StateSet {
		n = len(p.States.Names)
	}
	for i := range n {
		sample := p
		if f.Type == model.StateSet {
			var err error
			if sample, err = s.states.At(p, f.Reserved(), i); err != nil {
				return err
			}
		}
		if err := s.send(&sampleMetric{s.Announced.find(f, sample), f, sample.Clone()}); err != nil {
			return err
		}
	}
	return nil
}

// Drop implements [engine.Sink]: it sends the error as an invalid metric.
func (s *ChannelSink) Drop(err error) {
	if err == nil {
		return
	}
	_ = s.send(prometheus.NewInvalidMetric(prometheus.NewInvalidDesc(err), err))
}

// Note implements [engine.Sink] like Drop.
func (s *ChannelSink) Note(err error) { s.Drop(err) }

// Close implements [engine.Sink]. It does nothing, because the channel belongs to its receiver.
func (s *ChannelSink) Close() {}

func (s *ChannelSink) send(m prometheus.Metric) error {
	select {
	case s.Ch <- m:
		return nil
	case <-s.Ctx.Done():
		return engine.ErrAbandoned
	}
}

// sampleMetric is a sample as a Metric.
type sampleMetric struct {
	desc   *prometheus.Desc // announced descriptor, or nil
	family *model.Family
	point  model.Point
}

// Desc returns the announced descriptor, or one for just this series: all its labels are constant.
func (m *sampleMetric) Desc() *prometheus.Desc {
	if m.desc != nil {
		return m.desc
	}
	labels := make(prometheus.Labels)
	for _, l := range m.point.Labels.List() {
		labels[l.Name] = l.Value
	}
	return prometheus.V2.NewDesc(m.family.Name, m.family.Help, prometheus.UnconstrainedLabels(nil), labels, prometheus.WithUnit(m.family.Unit))
}

func (m *sampleMetric) Write(out *clientmodel.Metric) error {
	clientmodel.EncodePoint(out, m.family.Type, &m.point)
	return nil
}
