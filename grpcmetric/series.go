package grpcmetric

import (
	"context"
	"slices"
	"sync/atomic"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/luxfi/metric"
)

// series are the series of one method, or of one pair of target and method. A call that has found them
// updates them without a lookup.
type series struct {
	vectors *vectors
	values  []string

	started        metric.Counter
	inFlight       metric.Gauge   // nil if the metric does not exist
	sent, received metric.Counter // nil if the metrics do not exist

	outcomes [numCodes]atomic.Pointer[outcome] // by status code; nil until a call has ended with that code
}

// outcome has the series that a call updates when it ends. Series of metrics that do not exist are nil.
type outcome struct {
	handled                metric.Counter
	duration               metric.Observer
	sentSize, receivedSize metric.Observer
}

func (v *vectors) of(i identity) *series {
	values := v.values(i)
	s := &series{vectors: v, values: values, started: v.startedVec.WithLabelValues(values...)}
	if v.inFlightVec != nil {
		s.inFlight = v.inFlightVec.WithLabelValues(values...)
	}
	if v.sentVec != nil {
		s.sent = v.sentVec.WithLabelValues(values...)
	}
	if v.receivedVec != nil {
		s.received = v.receivedVec.WithLabelValues(values...)
	}
	return s
}

// begin counts the start of a call or an attempt.
func (s *series) begin() {
	s.started.Inc()
	if s.inFlight != nil {
		s.inFlight.Inc()
	}
}

// end counts the end of a call or an attempt. It updates the gauge of those in flight last, so that no
// scrape misses one.
func (s *series) end(ctx context.Context, code codes.Code, took time.Duration, sent, received int64) {
	o := s.outcome(code)
	if o.handled != nil {
		s.count(ctx, o.handled)
	}
	s.observe(ctx, o.duration, took.Seconds())
	if o.sentSize != nil {
		o.sentSize.Observe(float64(sent))
		o.receivedSize.Observe(float64(received))
	}
	if s.inFlight != nil {
		s.inFlight.Dec()
	}
}

func (s *series) count(ctx context.Context, c metric.Counter) {
	if s.vectors.exemplars {
		if c, ok := c.(metric.ContextAdder); ok {
			c.IncWithContext(ctx)
			return
		}
	}
	c.Inc()
}

func (s *series) observe(ctx context.Context, o metric.Observer, v float64) {
	if s.vectors.exemplars {
		if o, ok := o.(metric.ContextObserver); ok {
			o.ObserveWithContext(ctx, v)
			return
		}
	}
	o.Observe(v)
}

// outcome returns the series for a status code. If two calls create them at the same time, both get the
// same ones from the vectors.
func (s *series) outcome(code codes.Code) *outcome {
	if int(code) >= numCodes {
		code = codes.Unknown // The peer sends the code. It must not be able to create series.
	}
	if o := s.outcomes[code].Load(); o != nil {
		return o
	}
	v := s.vectors
	withCode := slices.Concat(s.values, []string{v.codes[code]})
	histogramValues := s.values
	if v.splitHistograms {
		histogramValues = withCode
	}
	o := &outcome{duration: v.durationVec.WithLabelValues(histogramValues...)}
	if v.handledVec != nil {
		o.handled = v.handledVec.WithLabelValues(withCode...)
	}
	if v.sentSizeVec != nil {
		o.sentSize = v.sentSizeVec.WithLabelValues(histogramValues...)
		o.receivedSize = v.receivedSizeVec.WithLabelValues(histogramValues...)
	}
	s.outcomes[code].Store(o)
	return o
}

// initialize creates the series before the first call: for all status codes if each code needs only a
// counter, and only for OK if a code needs several histograms.
func (s *series) initialize() {
	last := codes.OK
	if !s.vectors.splitHistograms {
		last = codes.Code(numCodes - 1)
	}
	for code := codes.OK; code <= last; code++ {
		s.outcome(code)
	}
}

// traffic counts the bytes of a call or an attempt. The zero value is ready to use.
type traffic struct{ sent, received atomic.Int64 }

func (t *traffic) send(s *series, bytes int) {
	t.sent.Add(int64(bytes))
	if s.sent != nil {
		s.sent.Inc()
	}
}

func (t *traffic) receive(s *series, bytes int) {
	t.received.Add(int64(bytes))
	if s.received != nil {
		s.received.Inc()
	}
}

// codeOf returns the status code that gRPC sends for an error.
func codeOf(err error) codes.Code {
	if err == nil {
		return codes.OK
	}
	if s, ok := status.FromError(err); ok {
		return s.Code()
	}
	return status.FromContextError(err).Code()
}
