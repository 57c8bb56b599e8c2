package encode

import (
	common "github.com/prometheus/common/model"

	"github.com/luxfi/metric/internal/model"
	"github.com/luxfi/metric/internal/naming"
)

// Escaper is a [model.Sink] that escapes all names and passes everything else on unchanged, for formats
// that an [Encoder] does not implement. If Point fails only for that point, its error is a
// *[PointError].
type Escaper struct {
	sink      model.Sink
	scheme    naming.Scheme
	family    *model.Family // family before escaping
	labels    escaper
	exemplars escaper
}

// NewEscaper returns an escaper that writes to sink.
func NewEscaper(sink model.Sink, scheme common.EscapingScheme) *Escaper {
	e := &Escaper{sink: sink, scheme: naming.Scheme{Escaping: scheme}}
	e.labels.scheme, e.exemplars.scheme = scheme, scheme
	return e
}

// Family implements [model.Sink].
func (e *Escaper) Family(f *model.Family) error {
	e.family = f
	escaped := *f
	escaped.Name = e.scheme.Name(f.Name)
	return e.sink.Family(&escaped)
}

// Point implements [model.Sink].
func (e *Escaper) Point(p *model.Point) error {
	if e.scheme.Escaping == common.NoEscaping {
		return e.sink.Point(p)
	}
	labels := p.Labels
	if labels.Quoted() {
		var err error
		if labels, err = e.labels.labels(labels); err != nil {
			return &PointError{Family: e.family.Name, Labels: p.Labels.Keep().Text(), Format: other, Err: err}
		}
	}
	escaped := p.CloneWith(labels)
	escaped.Exemplar = e.exemplar(p.Exemplar)
	if h := escaped.Histogram; h != nil {
		for i := range h.Buckets {
			h.Buckets[i].Exemplar = e.exemplar(h.Buckets[i].Exemplar)
		}
		if h.Native != nil {
			kept := h.Native.Exemplars[:0]
			for _, x := range h.Native.Exemplars {
				if x = e.exemplar(x); x != nil {
					kept = append(kept, x)
				}
			}
			h.Native.Exemplars = kept
		}
	}
	return e.sink.Point(&escaped)
}

// exemplar returns x with its names escaped, or nil if it cannot be written.
func (e *Escaper) exemplar(x *model.Exemplar) *model.Exemplar {
	if x == nil {
		return nil
	}
	labels, ok := e.exemplars.exemplar(x)
	if !ok {
		return nil
	}
	escaped := *x
	escaped.Labels = labels.Keep()
	return &escaped
}
