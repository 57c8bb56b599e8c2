package otelmetric

import (
	"context"
	"encoding/hex"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"
	"unsafe"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/luxfi/metric/internal/model"
	"github.com/luxfi/metric/otelmetric/internal/translate"
)

// sampledSpan is the default filter of exemplars. It decides like OpenTelemetry's TraceBasedFilter. It does not
// look for a span in the background context, which has none: that takes a fifth of the time of a measurement.
func sampledSpan(ctx context.Context) bool {
	return ctx != context.Background() && trace.SpanContextFromContext(ctx).IsSampled()
}

// newExemplar returns an exemplar of a value that is measured now. Its labels are the trace and the span of
// ctx, if ctx has them. Attributes that are not labels of the series become labels of the exemplar if they
// fit. An exemplar without labels still has its value and its time.
func (p *MeterProvider) newExemplar(ctx context.Context, value float64, attributes []attribute.KeyValue) *model.Exemplar {
	span := trace.SpanContextFromContext(ctx)
	if len(attributes) == 0 && span.IsValid() {
		return newSpanExemplar(span, value)
	}
	e := &model.Exemplar{Value: value, Timestamp: now()}
	if len(attributes) > 0 {
		e.Labels = p.exemplars.labels(p.names, span, attributes)
	}
	return e
}

func now() model.Instant { return model.Instant{Nanos: time.Now().UnixNano(), Valid: true} }

// Parts of the rendered labels of a span.
const (
	spanIDStart  = SpanIDLabel + `="`
	traceIDStart = `",` + TraceIDLabel + `="`
	spanEnd      = `"`
	spanSize     = len(spanIDStart) + 2*len(trace.SpanID{}) + len(traceIDStart) + 2*len(trace.TraceID{}) + len(spanEnd)
)

// spanExemplar is an exemplar and the memory for its labels, so that a single allocation suffices for both.
type spanExemplar struct {
	model.Exemplar
	text [spanSize]byte
}

// newSpanExemplar returns an exemplar whose labels identify a span.
func newSpanExemplar(span trace.SpanContext, value float64) *model.Exemplar {
	e := &spanExemplar{Exemplar: model.Exemplar{Value: value, Timestamp: now()}}
	spanID, traceID := span.SpanID(), span.TraceID()
	text := append(e.text[:0], spanIDStart...)
	text = hex.AppendEncode(text, spanID[:])
	text = append(text, traceIDStart...)
	text = hex.AppendEncode(text, traceID[:])
	text = append(text, spanEnd...)
	e.Labels = model.RawLabels(unsafe.String(&text[0], len(text)), false)
	return &e.Exemplar
}

// exemplarLabels makes the labels of exemplars. The zero value is ready to use. It is safe for concurrent
// use.
type exemplarLabels struct {
	names sync.Map // from attribute.Key to the name of its label, or "" if it cannot be one
	known atomic.Int32
}

// maxExemplarKeys limits the number of translated keys that are kept.
const maxExemplarKeys = 1024

// exemplarScratch is memory in which labels are assembled. Pooling it saves three allocations per exemplar.
type exemplarScratch struct {
	labels []model.Label
	text   []byte
}

var exemplarScratches = sync.Pool{New: func() any {
	return &exemplarScratch{make([]model.Label, 0, 8), make([]byte, 0, 2*prometheus.ExemplarMaxRunes)}
}}

// labels returns the labels of an exemplar: the IDs of the span, if it is valid, and the attributes that
// fit beside them. If several attributes are translated to the same label, the first one counts. If several
// have the same key, the last one counts.
func (l *exemplarLabels) labels(names translate.Names, span trace.SpanContext, attributes []attribute.KeyValue) model.Labels {
	scratch := exemplarScratches.Get().(*exemplarScratch)
	defer scratch.release()
	room := prometheus.ExemplarMaxRunes
	if span.IsValid() {
		spanID, traceID := span.SpanID(), span.TraceID()
		scratch.text = hex.AppendEncode(scratch.text, spanID[:])
		scratch.add(SpanIDLabel, 0)
		scratch.text = hex.AppendEncode(scratch.text, traceID[:])
		scratch.add(TraceIDLabel, 2*len(spanID))
		room -= len(SpanIDLabel) + len(TraceIDLabel) + len(scratch.text)
	}
	for i, kv := range attributes {
		name := l.name(names, kv.Key)
		if has(scratch.labels, name) || comesAgain(attributes[i+1:], kv.Key) {
			continue
		}
		start := len(scratch.text)
		scratch.text = translate.AppendValue(scratch.text, kv.Value)
		value := scratch.text[start:]
		size := utf8.RuneCountInString(name) + utf8.RuneCount(value)
		if len(value) == 0 || size > room {
			scratch.text = scratch.text[:start]
			continue
		}
		room -= size
		scratch.add(name, start)
	}
	labels, err := model.NewLabels(scratch.labels)
	if err != nil {
		return model.Labels{} // This cannot happen: names and values are valid.
	}
	return labels
}

// add adds a label whose value is the text from index start.
func (s *exemplarScratch) add(name string, start int) {
	value := s.text[start:]
	s.labels = append(s.labels, model.Label{Name: name, Value: unsafe.String(unsafe.SliceData(value), len(value))})
}

// release prepares the memory for the next exemplar, unless it has grown too large.
func (s *exemplarScratch) release() {
	const maxText, maxLabels = 4096, 64
	if cap(s.text) > maxText || cap(s.labels) > maxLabels {
		return
	}
	clear(s.labels)
	s.labels, s.text = s.labels[:0], s.text[:0]
	exemplarScratches.Put(s)
}

// has reports whether labels contains a label called name.
func has(labels []model.Label, name string) bool {
	for i := range labels {
		if labels[i].Name == name {
			return true
		}
	}
	return false
}

// comesAgain reports whether one of the attributes has the given key.
func comesAgain(attributes []attribute.KeyValue, key attribute.Key) bool {
	for i := range attributes {
		if attributes[i].Key == key {
			return true
		}
	}
	return false
}

// name returns the name of an attribute's label.
func (l *exemplarLabels) name(names translate.Names, key attribute.Key) string {
	if name, ok := l.names.Load(key); ok {
		return name.(string)
	}
	key = attribute.Key(strings.Clone(string(key)))
	name := names.Labels([]attribute.Key{key}, nil)[0].Name
	if l.known.Load() < maxExemplarKeys {
		l.known.Add(1)
		l.names.Store(key, name)
	}
	return name
}
