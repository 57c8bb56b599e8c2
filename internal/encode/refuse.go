package encode

import (
	"errors"
	"fmt"

	"github.com/luxfi/metric/internal/model"
)

// PointError reports that one point cannot be written. The encoder has written nothing of it, and can
// continue with the next point.
type PointError struct {
	Family string // name of the family
	Labels string // canonical rendering of the point's labels
	Format Format
	Err    error
}

// Error names the series, the format and the reason.
func (e *PointError) Error() string {
	return fmt.Sprintf("%s{%s} cannot be written in %s: %v", e.Family, e.Labels, e.Format, e.Err)
}

// Unwrap returns the reason.
func (e *PointError) Unwrap() error { return e.Err }

func (e *Encoder) refuse(p *model.Point, err error) error {
	return &PointError{
		Family: e.family.Name,
		Labels: p.Labels.Keep().Text(),
		Format: e.opts.Format,
		Err:    err,
	}
}

var (
	errNoHistogram    = errors.New("it is no histogram, unlike its family")
	errNoSummary      = errors.New("it is no summary, unlike its family")
	errNoStateSet     = errors.New("it is no state set, unlike its family")
	errFloatHistogram = errors.New("histograms with float counts are not supported")
)

// check returns an error that says why p cannot be written in the encoder's format, or nil.
func (e *Encoder) check(p *model.Point) error {
	switch e.family.Type {
	case model.Histogram, model.GaugeHistogram:
		if p.Histogram == nil {
			return errNoHistogram
		}
		if e.opts.Format == OpenMetrics && hasFloatCounts(p.Histogram) {
			return errFloatHistogram
		}
	case model.Summary:
		if p.Summary == nil {
			return errNoSummary
		}
	}
	if e.strict == nil {
		return nil
	}
	return e.strict.checkValue(e.family.Type, p)
}

func hasFloatCounts(h *model.HistogramValue) bool {
	if h.CountFloat > 0 {
		return true
	}
	for i := range h.Buckets {
		if h.Buckets[i].CountFloat > 0 {
			return true
		}
	}
	return false
}
