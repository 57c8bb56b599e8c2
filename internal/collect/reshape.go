package collect

import (
	"github.com/luxfi/metric/internal/engine"
	"github.com/luxfi/metric/internal/model"
)

// Reshaper changes the output of a gatherer in ways that a prefix and labels cannot: it drops series,
// changes their labels, or moves them to other families. It must be safe for concurrent use.
type Reshaper interface {
	// Sources returns the families that a native family becomes: itself if nothing changes, or none. They
	// are valid as long as s is. The Reshaper calls report for every problem; n is the number of series
	// that it leaves out because of the problem.
	Sources(s model.Source, report func(n int, err error)) []model.Source

	// Sink returns a sink for one run that changes samples and passes them on. Like the sink of a run, it
	// need not be safe for concurrent use.
	Sink(to engine.Sink) engine.Sink

	// Name returns the name under which a family is written, and reports whether that is known. It is
	// unknown if series of the family may get different names. The name is empty if no series of the family
	// remains.
	Name(family string) (name string, ok bool)

	// Samples returns the changed samples, and reports problems; see [Wrapping.Samples]. [ReshapeSamples]
	// implements it.
	Samples(samples []model.Sample, report func(n int, err error)) []model.Sample

	// Before returns the series that have become the given one, in the text format, to explain why two
	// series are the same.
	Before(family, labels string) []string
}

// ReshapeSamples implements [Reshaper.Samples] with the Reshaper's Sink. This package does not call it, so
// that programs without a Reshaper do not contain it.
func ReshapeSamples(r Reshaper, samples []model.Sample, report func(n int, err error)) []model.Sample {
	to := &sampleList{samples: make([]model.Sample, 0, len(samples)), report: report}
	sink := r.Sink(to)
	for i := range samples {
		to.shared = samples[i].Point
		if err := sink.Sample(samples[i].Family, &samples[i].Point); err != nil {
			report(1, err)
		}
	}
	sink.Close()
	return to.samples
}

// sampleList is a sink for samples that stay valid.
type sampleList struct {
	samples []model.Sample
	shared  model.Point // the part that need not be copied if a sample has the same
	report  func(n int, err error)
}

// Sample implements [engine.Sink].
func (l *sampleList) Sample(f *model.Family, p *model.Point) error {
	c := *p
	if p.Histogram != l.shared.Histogram || p.Summary != l.shared.Summary {
		c = p.CloneWith(p.Labels)
	}
	if p.Labels != l.shared.Labels { // The labels of the samples themselves stay valid as long as the samples.
		c.Labels = p.Labels.Keep()
	}
	l.samples = append(l.samples, model.Sample{Family: f, Point: c})
	return nil
}

func (l *sampleList) Drop(err error) { l.report(1, err) }
func (l *sampleList) Note(err error) { l.report(0, err) }
func (l *sampleList) Close()         {}
