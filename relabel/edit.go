package relabel

import (
	"fmt"
	"math"
	"slices"

	"github.com/luxfi/metric/internal/model"
)

// An edit is the change of the values of a series. It is immutable.
type edit struct {
	without []float64   // sorted upper bounds of buckets, or quantiles, that are left out
	scales  []scaleStep // applied to the other values, in this order
}

// An editor applies edits to points, in its own memory. It must be used by only one goroutine at a time.
type editor struct {
	scaler scaler

	histogram model.HistogramValue
	summary   model.SummaryValue
	counts    []uint64
	thinned   []float64 // the bounds from without those that are left out
	from      []float64
	by        *edit

	next *editor // for points that are in the memory of this editor
}

// edit applies an edit to a point of a family. The point then uses the memory of the editor. The error says
// why the point was not scaled.
func (e *editor) edit(f *model.Family, p *model.Point, by *edit) error {
	if by == nil {
		return nil
	}
	if e.has(p) {
		if e.next == nil {
			e.next = new(editor)
		}
		return e.next.edit(f, p, by)
	}
	if len(by.without) > 0 {
		e.thin(p, by)
	}
	if err := e.scaler.scale(p, by.scales); err != nil {
		return fmt.Errorf("%v %q is left as it is: %w", f.Type, f.Name, err)
	}
	return nil
}

// has reports whether a point is in the memory of the editor.
func (e *editor) has(p *model.Point) bool {
	switch p.Histogram {
	case nil:
		return p.Summary != nil && (p.Summary == &e.summary || p.Summary == &e.scaler.summary)
	case &e.histogram, &e.scaler.histogram:
		return true
	default:
		return false
	}
}

// editorOf returns the editor that belongs to a scratch.
func editorOf(scratch *model.Scratch) *editor {
	e, ok := scratch.Edited.(*editor)
	if !ok {
		e = new(editor)
		scratch.Edited = e
	}
	return e
}

// thin removes buckets or quantiles from a point.
func (e *editor) thin(p *model.Point, by *edit) {
	switch {
	case p.Histogram != nil:
		e.thinHistogram(p.Histogram, by)
		p.Histogram = &e.histogram
	case p.Summary != nil:
		kept := e.summary.Quantiles[:0]
		for _, q := range p.Summary.Quantiles {
			if !by.removes(q.Quantile) {
				kept = append(kept, q)
			}
		}
		e.summary = *p.Summary
		e.summary.Quantiles = kept
		p.Summary = &e.summary
	}
}

func (e *editor) thinHistogram(h *model.HistogramValue, by *edit) {
	buckets := e.histogram.Buckets[:0]
	for _, b := range h.Buckets {
		if !by.removes(b.UpperBound) {
			buckets = append(buckets, b)
		}
	}
	e.histogram = *h
	if e.histogram.Buckets = buckets; h.Bounds != nil {
		e.thinBounds(h, by)
	}
	if e.histogram.NumBuckets() == 0 {
		// A histogram without classic buckets could be taken for a native one.
		buckets = append(buckets, model.Bucket{UpperBound: math.Inf(+1), Count: h.Count, CountFloat: h.CountFloat})
		e.histogram.Bounds, e.histogram.Counts, e.histogram.Buckets = nil, nil, buckets
	}
}

// thinBounds removes bounds and their counts. It allocates the bounds, because readers may retain them.
func (e *editor) thinBounds(h *model.HistogramValue, by *edit) {
	if !sameSlice(e.from, h.Bounds) || e.by != by {
		e.from, e.by = h.Bounds, by
		e.thinned = slices.DeleteFunc(slices.Clone(h.Bounds), by.removes)
	}
	e.counts = e.counts[:0]
	for i, bound := range h.Bounds {
		if !by.removes(bound) {
			e.counts = append(e.counts, h.Counts[i])
		}
	}
	e.counts = append(e.counts, h.Counts[len(h.Bounds)])
	e.histogram.Buckets, e.histogram.Bounds, e.histogram.Counts = nil, e.thinned, e.counts
}

// removes reports whether the edit leaves out a bucket or quantile.
func (e *edit) removes(bound float64) bool {
	_, found := slices.BinarySearch(e.without, bound)
	return found
}

// sameSlice reports whether two slices use the same memory.
func sameSlice[T any](a, b []T) bool {
	return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0])
}
