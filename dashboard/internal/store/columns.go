package store

import "github.com/luxfi/metric/internal/model"

// newSeries returns a series with new columns, or nil if the memory limit does not allow it.
func (r *Round) newSeries(p *model.Point, shape *Shape) *Series {
	if !r.affords(len(p.Labels.Text()) + columnMemory*shape.width()) {
		return nil
	}
	s := newSeries(r.walk.model, p, shape)
	s.ownsShape = shape != oneValue && shape != r.walk.lastShape
	memory := s.memory()
	if !r.affords(memory + columnMemory*shape.width()) {
		return nil
	}
	r.plan.bytes += memory
	for range shape.width() {
		s.Cols = append(s.Cols, r.newColumn())
	}
	return s
}

// changed returns a series that replaces s, with another start or shape, or nil if the memory limit does
// not allow it.
func (r *Round) changed(s *Series, p *model.Point, shape *Shape) *Series {
	if shape == s.Shape {
		return s.since(p.Created)
	}
	c := *s
	c.Shape, c.Created = shape, p.Created
	c.ownsShape = shape != r.walk.lastShape
	c.Cols = make([]int32, shape.width())
	carried := shape.carried(s.Shape)
	more := 0
	for _, from := range carried {
		if from < 0 {
			more++
		}
	}
	memory := c.memory() - s.memory()
	if !r.affords(memory + columnMemory*more) {
		return nil
	}
	r.plan.bytes += memory
	c.Bytes = exposedBytes(r.walk.model, p, &c)
	kept := make([]bool, len(s.Cols))
	for i, from := range carried {
		if from < 0 {
			c.Cols[i] = r.newColumn()
		} else {
			c.Cols[i] = s.Cols[from]
			kept[from] = true
		}
	}
	for i, column := range s.Cols {
		if !kept[i] {
			r.plan.columns = append(r.plan.columns, column)
		}
	}
	return &c
}

// since returns a copy of s with another start.
func (s *Series) since(created model.Instant) *Series {
	if len(s.Cols) != 1 {
		c := *s
		c.Created = created
		return &c
	}
	one := &oneNumber{column: [1]int32{s.Cols[0]}, series: *s}
	c := &one.series
	c.Cols = one.column[:]
	c.Created = created
	return c
}

// leastPast reserves 1/leastPast of the memory for the past, regardless of the number of series.
const leastPast = 4

// affords reports whether there is room for the given number of additional bytes.
func (r *Round) affords(bytes int) bool {
	limit := r.store.limits.MaxBytes
	if limit <= 0 || bytes <= 0 {
		return true
	}
	dir := &r.kept.directory
	if dir.bytes+r.plan.bytes+len(r.numbers)*columnMemory+bytes <= limit-limit/leastPast {
		return true
	}
	r.plan.short = true
	return false
}

// newColumn returns an unused column.
func (r *Round) newColumn() int32 {
	free := r.kept.directory.free
	if n := len(free) - r.plan.taken; n > 0 {
		r.plan.taken++
		return free[n-1]
	}
	r.numbers = append(r.numbers, Missing)
	return int32(len(r.numbers) - 1)
}
