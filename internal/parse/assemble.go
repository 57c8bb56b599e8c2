package parse

import (
	"strconv"

	"github.com/luxfi/metric/internal/model"
)

// assembler joins the parts of points whose lines are not consecutive.
type assembler struct {
	fragments []*fragment // in order of their first occurrence
	last      map[string]*fragment
	created   map[string]*model.Point // start timestamps without other parts, by labels
	times     []*model.Point          // the same, in order of their first occurrence
	key       []byte
}

// fragment holds the known parts of a point.
type fragment struct {
	point model.Point
	parts parts
	fault error
}

// add adds parts of a point.
func (a *assembler) add(p *model.Point, parts parts, fault error) {
	if parts.onlyCreated(p) && fault == nil {
		if a.created == nil {
			a.created = make(map[string]*model.Point)
		}
		if a.created[p.Labels.Text()] == nil {
			separate := &model.Point{Labels: p.Labels.Keep(), Created: p.Created}
			a.created[separate.Labels.Text()] = separate
			a.times = append(a.times, separate)
		}
		return
	}
	f := a.find(p, parts)
	if f.fault == nil {
		f.fault = fault
	}
	f.join(p, parts)
}

// find returns the fragment to which a point with the given parts belongs.
func (a *assembler) find(p *model.Point, parts parts) *fragment {
	a.key = append(a.key[:0], p.Labels.Text()...)
	if p.HasTimestamp {
		a.key = append(a.key, '\xff') // This byte occurs in no label.
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

// join adds the parts of p to f.
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

// join adds separate start timestamps to their points, and returns the start timestamps without a
// point.
func (a *assembler) join() (orphans []*model.Point) {
	used := make(map[*model.Point]bool, len(a.times))
	for _, f := range a.fragments {
		if separate := a.created[f.point.Labels.Text()]; separate != nil {
			used[separate] = true
			if !f.parts.created {
				f.point.Created = separate.Created
			}
		}
	}
	for _, separate := range a.times {
		if !used[separate] {
			orphans = append(orphans, separate)
		}
	}
	return orphans
}

// newParts are the parts of a new point.
var newParts = parts{plain: true}

// overlap reports whether p and other share a part that a point has only once.
func (p parts) overlap(other parts) bool {
	return p.value && other.value || p.sum && other.sum || p.count && other.count || p.created && other.created
}

func (p parts) and(other parts) parts {
	return parts{
		value: p.value || other.value, sum: p.sum || other.sum, count: p.count || other.count,
		created: p.created || other.created, plain: p.plain && other.plain,
	}
}

// onlyCreated reports whether the start timestamp is the only known part of of, a point with the parts
// p.
func (p parts) onlyCreated(of *model.Point) bool {
	return p.created && !p.value && !p.sum && !p.count &&
		(of.Histogram == nil || len(of.Histogram.Buckets) == 0) && (of.Summary == nil || len(of.Summary.Quantiles) == 0)
}
