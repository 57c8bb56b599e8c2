package metric

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

// Sink is where a StreamCollector writes its samples.
//
// A sample that is not valid, for example because its label values do not fit the
// descriptor, is left out and reported by the scrape, which goes on. So is one of a family
// that the collector has not announced by Describe. So the error of
// Sink's methods has one meaning: nobody waits for the samples any more, because the
// scrape's deadline has passed or its client has gone away. CollectTo should return
// it.
//
// A Sink must not be used concurrently, nor after CollectTo has returned. As with maps,
// concurrent use is noticed if a call comes during another one, which is not certain: then
// the Sink takes no more samples, which the scrape reports, and all calls return an error.
type Sink struct {
	state  sinkState
	guard  abandonedSink
	reader metricReader // It writes to guard.
	labels []model.Label
	text   []byte
	point  model.Point
}

// sinkState is not atomic: that would take 20 ns for each sample, a fifth of its time, and
// this takes one. So calls that begin in the same few nanoseconds are not told apart.
type sinkState uint8

const (
	sinkIdle    sinkState = iota
	sinkWriting           // A call has not returned.
	sinkMisused           // A call came during another one.
)

var errSinkMisused = errors.New("a Sink was used concurrently: it can be written to by one goroutine at a time")

// begin begins a call. It is an error if there is another one.
func (s *Sink) begin() error {
	if s.state != sinkIdle {
		return s.refuse()
	}
	s.state = sinkWriting
	return nil
}

// refuse answers a call during another one, and all that come then.
func (s *Sink) refuse() error {
	if s.state != sinkMisused {
		s.state = sinkMisused
		s.guard.Drop(errSinkMisused)
	}
	return errSinkMisused
}

// end ends a call.
func (s *Sink) end() error {
	if s.state != sinkWriting {
		return errSinkMisused
	}
	s.state = sinkIdle
	return s.guard.err
}

func newSink(sink engine.Sink, announced *descs) *Sink {
	s := &Sink{guard: abandonedSink{Sink: sink, announced: announced}}
	s.reader = metricReader{announced: announced, sink: &s.guard}
	return s
}

// abandonedSink remembers that nobody waits for the samples any more. It refuses those of
// families that were not announced: before a stream is written, it has to be known which
// names it may need.
type abandonedSink struct {
	engine.Sink

	announced *descs
	names     map[string]bool // Of the announced families. Nil until the first sample.
	family    *model.Family   // The last one, which was announced.
	err       error
}

func (s *abandonedSink) Sample(f *model.Family, p *model.Point) error {
	if f != s.family {
		if !s.isAnnounced(f.Name) {
			return fmt.Errorf("family %q was not announced: a stream collector has to describe every family that it writes", f.Name)
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
		s.names = make(map[string]bool, len(s.announced.list))
		for _, d := range s.announced.list {
			s.names[s.announced.infos[d].Name] = true
		}
	}
	return s.names[family]
}

// runStream is a run of a StreamCollector.
func runStream(c StreamCollector, announced *descs) engine.Run {
	return func(ctx context.Context, _ engine.Running, sink engine.Sink) error {
		to := newSink(sink, announced)
		err := c.CollectTo(ctx, to)
		if errors.Is(err, engine.ErrAbandoned) && ctx.Err() != nil {
			err = ctx.Err()
		}
		return to.reader.result(err)
	}
}

// Counter writes a sample of a counter. The label values are those of the variable
// labels of desc, in their order.
func (s *Sink) Counter(desc *Desc, value float64, labelValues ...string) error {
	return s.value(model.Counter, desc, value, labelValues)
}

// Gauge writes a sample of a gauge.
func (s *Sink) Gauge(desc *Desc, value float64, labelValues ...string) error {
	return s.value(model.Gauge, desc, value, labelValues)
}

// Untyped writes a sample of an untyped metric.
func (s *Sink) Untyped(desc *Desc, value float64, labelValues ...string) error {
	return s.value(model.Untyped, desc, value, labelValues)
}

// Metric writes any metric: a histogram, one with a timestamp or with an exemplar. An
// invalid one makes the run a failure, as if CollectTo returned its error.
func (s *Sink) Metric(m Metric) error {
	if err := s.begin(); err != nil {
		return err
	}
	s.reader.read(m)
	return s.end()
}

func (s *Sink) value(t model.Type, desc *Desc, value float64, labelValues []string) error {
	if err := s.begin(); err != nil {
		return err
	}
	info, err := s.reader.info(desc)
	if err == nil {
		err = s.render(info, labelValues)
	}
	if err == nil && s.reader.announced != nil && s.reader.announced.pedantic {
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

// render makes the labels of s.point.
func (s *Sink) render(info *clientgolang.Info, values []string) (err error) {
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

// CollectStream implements Collect for a StreamCollector, for registries that do not
// know the interface: it sends every sample of c as a Metric, and the error of
// CollectTo as an invalid one.
func CollectStream(ctx context.Context, c StreamCollector, ch chan<- Metric) {
	sink := &channelSink{ctx: ctx, ch: ch, announced: make(announcements)}
	announced, err := describe(c)
	if err == nil {
		sink.announced.add(announced)
		err = engine.Try(func() error {
			to := newSink(sink, announced)
			return to.reader.result(c.CollectTo(ctx, to))
		})
	}
	for _, err := range failuresOfRun(err) {
		sink.Drop(err)
	}
}

// channelSink sends samples as metrics.
type channelSink struct {
	ctx context.Context //nolint:containedctx // It lives as long as the call.
	ch  chan<- Metric

	announced announcements
}

func (s *channelSink) Sample(f *model.Family, p *model.Point) error {
	return s.send(&sampleMetric{s.announced.find(f, p), f, p.Clone()})
}

func (s *channelSink) Drop(err error) { _ = s.send(NewInvalidMetric(NewInvalidDesc(err), err)) }

func (s *channelSink) Close() {}

func (s *channelSink) send(m Metric) error {
	select {
	case s.ch <- m:
		return nil
	case <-s.ctx.Done():
		return engine.ErrAbandoned
	}
}

// sampleMetric is a sample as a Metric.
type sampleMetric struct {
	desc   *Desc // As it was announced, or nil.
	family *model.Family
	point  model.Point
}

// Desc returns the descriptor that was announced, or else one of just this series: all
// its labels are constant.
func (m *sampleMetric) Desc() *Desc {
	if m.desc != nil {
		return m.desc
	}
	labels := make(Labels)
	for _, l := range m.point.Labels.List() {
		labels[l.Name] = l.Value
	}
	return prometheus.V2.NewDesc(m.family.Name, m.family.Help, UnconstrainedLabels(nil), labels, WithUnit(m.family.Unit))
}

func (m *sampleMetric) Write(out *MetricData) error {
	clientmodel.EncodePoint(out, m.family.Type, &m.point)
	return nil
}
