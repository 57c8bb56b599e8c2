// Package clientmodel converts between the plain values of internal/model and the protobuf structs of
// client_model, which other packages' collectors and gatherers use. It is the border: no other internal
// package uses these structs.
package clientmodel

import (
	"errors"
	"fmt"
	"math"

	dto "github.com/prometheus/client_model/go"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/luxfi/metric/internal/model"
)

var (
	errEmpty = errors.New("empty metric collected")
	errNil   = errors.New("is nil")
)

// Decoder converts metrics to points. It reuses its memory, so a point is valid only until the next
// call. The zero value is ready to use. A Decoder is not safe for concurrent use.
type Decoder struct {
	labels    labelDecoder
	histogram model.HistogramValue
	native    model.NativeHistogram
	summary   model.SummaryValue

	badExemplar error // see BadExemplar
}

// TypeOf returns the type of the value that m holds. It returns an error if m holds no value.
func TypeOf(m *dto.Metric) (model.Type, error) {
	switch {
	case m == nil:
		return model.Untyped, errEmpty
	case m.Gauge != nil:
		return model.Gauge, nil
	case m.Counter != nil:
		return model.Counter, nil
	case m.Summary != nil:
		return model.Summary, nil
	case m.Untyped != nil:
		return model.Untyped, nil
	case m.Histogram != nil:
		return model.Histogram, nil
	default:
		return model.Untyped, errEmpty
	}
}

// Point converts m, which must hold a value of type t, to *p. The error text continues a sentence that
// begins with the metric. Point does not modify m.
func (d *Decoder) Point(m *dto.Metric, t model.Type, p *model.Point) (err error) {
	*p = model.Point{}
	d.badExemplar = nil
	if m == nil {
		return errNil
	}
	if p.Labels, err = d.labels.decode(m.Label, t.Reserved()); err != nil {
		return err
	}
	if m.TimestampMs != nil {
		if err := model.CheckTimestamp(*m.TimestampMs); err != nil {
			return err
		}
		p.TimestampMs, p.HasTimestamp = *m.TimestampMs, true
	}
	switch {
	case t == model.Gauge && m.Gauge != nil:
		p.Value = m.Gauge.GetValue()
	case t == model.Untyped && m.Untyped != nil:
		p.Value = m.Untyped.GetValue()
	case t == model.Counter && m.Counter != nil:
		p.Value = m.Counter.GetValue()
		p.Created = decodeTime(m.Counter.CreatedTimestamp)
		p.Exemplar = d.exemplar(m.Counter.Exemplar)
	case t == model.Summary && m.Summary != nil:
		p.Created = decodeTime(m.Summary.CreatedTimestamp)
		p.Summary = d.decodeSummary(m.Summary)
		err = model.CheckQuantiles(p.Summary.Quantiles)
	case (t == model.Histogram || t == model.GaugeHistogram) && m.Histogram != nil:
		p.Created = decodeTime(m.Histogram.CreatedTimestamp)
		p.Histogram, err = d.decodeHistogram(m.Histogram)
	default:
		err = fmt.Errorf("is not a %s", t.Constant())
	}
	return err
}

// decodeTime returns an unknown time if t does not fit in an Instant or is before 1970, such as the
// zero time.Time. An invalid start timestamp or exemplar is no reason to lose the value of a metric.
func decodeTime(t *timestamppb.Timestamp) model.Instant {
	const limit = math.MaxInt64/1_000_000_000 - 1
	if !t.IsValid() || t.GetSeconds() < 0 || t.GetSeconds() > limit {
		return model.Instant{}
	}
	return model.Instant{Nanos: t.AsTime().UnixNano(), Valid: true}
}

// BadExemplar returns an error that says why an exemplar of the last point was omitted, or nil. The
// sample itself is valid: client_golang serves it in formats without exemplars.
func (d *Decoder) BadExemplar() error { return d.badExemplar }

// exemplar converts an exemplar. It returns nil if e is nil or invalid.
func (d *Decoder) exemplar(e *dto.Exemplar) *model.Exemplar {
	if e == nil {
		return nil
	}
	labels := make([]model.Label, 0, len(e.Label))
	for _, pair := range e.Label {
		labels = append(labels, model.Label{Name: pair.GetName(), Value: pair.GetValue()})
	}
	l, err := model.NewLabels(labels)
	if err != nil {
		d.badExemplar = fmt.Errorf("has an exemplar with %w", err)
		return nil
	}
	return &model.Exemplar{Labels: l, Value: e.GetValue(), Timestamp: decodeTime(e.Timestamp)}
}

func (d *Decoder) decodeSummary(s *dto.Summary) *model.SummaryValue {
	v := &d.summary
	v.Count, v.Sum = s.GetSampleCount(), s.GetSampleSum()
	v.Quantiles = v.Quantiles[:0]
	for _, q := range s.Quantile {
		v.Quantiles = append(v.Quantiles, model.Quantile{Quantile: q.GetQuantile(), Value: q.GetValue()})
	}
	return v
}
