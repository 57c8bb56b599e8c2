package parse

import (
	"strconv"

	"github.com/luxfi/metric/internal/model"
)

// assembler puts together points whose lines do not follow each other.
type assembler struct {
	fragments []*fragment // In the order in which they come first.
	last      map[string]*fragment
	created   map[string]*model.Point // Creation times without anything else, by the labels.
	times     []*model.Point          // The same, in the order in which they come first.
	key       []byte
}

// fragment is what is known of a point so far.
type fragment struct {
	point model.Point
	parts parts
	fault error
}

// add adds what has been read of a point.
func (a *assembler) add(p *model.Point, parts parts, fault error) {
	if parts.onlyCreated(p) && fault == nil {
		if a.created == nil {
			a.created = make(map[string]*model.Point)
		}
		if a.created[p.Labels.Text()] == nil {
			alone := &model.Point{Labels: p.Labels.Keep(), Created: p.Created}
			a.created[alone.Labels.Text()] = alone
			a.times = append(a.times, alone)
		}
		return
	}
	f := a.find(p, parts)
	if f.fault == nil {
		f.fault = fault
	}
	f.join(p, parts)
}

// find returns the fragment that a point with these parts belongs to.
func (a *assembler) find(p *model.Point, parts parts) *fragment {
	a.key = append(a.key[:0], p.Labels.Text()...)
	if p.HasTimestamp {
		a.key = append(a.key, '\xff') // It occurs in no label.
		a.key = strconv.AppendInt(a.key, p.TimestampMs, 10)
	}
	if f := a.last[string(a.key)]; f != nil && !f.parts.overlap(parts) {
		return f
	}
	f := &fragment{point: model.Point{Labels: p.Labels.Keep(), TimestampMs: p.TimestampMs, HasTimestamp: p.HasTimestamp}, parts: parts}
	f.parts = newParts
	if p.Histogram != nil {
		f.point.Histogram = new(model.HistogramValue)
	}
	if p.Summary != nil {
		f.point.Summary = new(model.SummaryValue)
	}
	if a.last == nil {
		a.last = make(map[string]*fragment)
	}
	a.last[string(a.key)] = f
	a.fragments = append(a.fragments, f)
	return f
}

// join adds what p has to f.
func (f *fragment) join(p *model.Point, parts parts) {
	if parts.created {
		f.point.Created = p.Created
	}
	if parts.value {
		f.point.Value, f.point.Exemplar = p.Value, p.Exemplar
	}
	if h := p.Histogram; h != nil {
		to := f.point.Histogram
		to.Buckets = append(to.Buckets, h.Buckets...)
		if parts.sum {
			to.Sum = h.Sum
		}
		if parts.count {
			to.Count, to.CountFloat = h.Count, h.CountFloat
		}
	}
	if s := p.Summary; s != nil {
		to := f.point.Summary
		to.Quantiles = append(to.Quantiles, s.Quantiles...)
		if parts.sum {
			to.Sum = s.Sum
		}
		if parts.count {
			to.Count = s.Count
		}
	}
	f.parts = f.parts.and(parts)
}

// join gives the points the creation times that stand apart from them, and returns those of
// which there is no point.
func (a *assembler) join() (orphans []*model.Point) {
	used := make(map[*model.Point]bool, len(a.times))
	for _, f := range a.fragments {
		if alone := a.created[f.point.Labels.Text()]; alone != nil {
			used[alone] = true
			if !f.parts.created {
				f.point.Created = alone.Created
			}
		}
	}
	for _, alone := range a.times {
		if !used[alone] {
			orphans = append(orphans, alone)
		}
	}
	return orphans
}

// newParts are those of a point of which nothing is known.
var newParts = parts{plain: true}

// overlap reports whether both have something of which a point has only one.
func (p parts) overlap(other parts) bool {
	return p.value && other.value || p.sum && other.sum || p.count && other.count || p.created && other.created
}

func (p parts) and(other parts) parts {
	return parts{
		value: p.value || other.value, sum: p.sum || other.sum, count: p.count || other.count,
		created: p.created || other.created, plain: p.plain && other.plain,
	}
}

// onlyCreated reports whether nothing but the creation time of p, which has these parts, is
// known.
func (p parts) onlyCreated(of *model.Point) bool {
	return p.created && !p.value && !p.sum && !p.count &&
		(of.Histogram == nil || len(of.Histogram.Buckets) == 0) && (of.Summary == nil || len(of.Summary.Quantiles) == 0)
}
