package gokit

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/luxfi/metric"
)

// family is a vector of one kind of instrument.
type family[M any] struct {
	reporter

	names    []string                          // labels of the vector, in order, if they are known
	byValues func(values ...string) (M, error) // takes the values in the order of names
	byName   func(metric.Labels) (M, error)
}

func newFamily[M any](byValues func(...string) (M, error), byName func(metric.Labels) (M, error), names []string, opts []Option) *family[M] {
	f := &family[M]{names: slices.Clone(names), byValues: byValues, byName: byName}
	for _, o := range opts {
		o(&f.reporter)
	}
	return f
}

// series is an instrument of a family with given labels. It looks up the instrument at the first update, so a
// series appears only with its first update.
type series[M any] struct {
	family *family[M]
	pairs  []string // alternating names and values; stored in few if they fit
	few    [8]string

	found atomic.Bool // whether m and err are set; they do not change after that
	m     M
	err   error

	mu sync.Mutex // held during the lookup of the instrument
}

// init makes s the series that has the labels of parent and the labels in more.
func (s *series[M]) init(parent *series[M], more []string) {
	s.family = parent.family
	s.pairs = s.few[:0] // Longer lists move to the heap.
	s.pairs = append(append(s.pairs, parent.pairs...), more...)
	if len(more)%2 != 0 {
		s.pairs = append(s.pairs, "unknown")
	}
}

// get returns the instrument. If the labels are wrong, it reports an error and returns false.
func (s *series[M]) get() (M, bool) {
	if !s.found.Load() {
		s.find()
	}
	if s.err != nil {
		s.family.report(s.err)
		return s.m, false
	}
	return s.m, true
}

func (s *series[M]) find() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.found.Load() {
		s.m, s.err = s.family.lookUp(s.pairs)
		s.found.Store(true)
	}
}

// The pools save an allocation per lookup: the vectors' functions are called indirectly, so their arguments
// escape to the heap.
var (
	valuesPool = sync.Pool{New: func() any { return new([maxValues]string) }}
	labelsPool = sync.Pool{New: func() any { return make(metric.Labels) }}
)

// maxValues is the maximum number of labels for a lookup by values alone.
const maxValues = 8

// lookUp returns the instrument with these labels.
func (f *family[M]) lookUp(pairs []string) (M, error) {
	if n := len(f.names); len(pairs) == 2*n && n <= maxValues {
		values := valuesPool.Get().(*[maxValues]string) //nolint:forcetypeassert // The pool contains nothing else.
		defer valuesPool.Put(values)
		defer clear(values[:])
		if arrange(values, f.names, pairs) {
			return f.byValues(values[:n]...)
		}
	}
	labels := labelsPool.Get().(metric.Labels) //nolint:forcetypeassert // The pool contains nothing else.
	defer labelsPool.Put(labels)
	defer clear(labels)
	for i := 0; i < len(pairs); i += 2 {
		labels[pairs[i]] = pairs[i+1]
	}
	return f.byName(labels)
}

// arrange copies the values in pairs into the order of names. It reports whether pairs has all names.
func arrange(values *[maxValues]string, names, pairs []string) bool {
	for i, name := range names {
		at := lastIndex(pairs, name)
		if at < 0 {
			return false
		}
		values[i] = pairs[at+1]
	}
	return true
}

// lastIndex returns the last index of name among the names in pairs, or -1.
func lastIndex(pairs []string, name string) int {
	for i := len(pairs) - 2; i >= 0; i -= 2 {
		if pairs[i] == name {
			return i
		}
	}
	return -1
}

// refuse reports a value that the instrument m does not accept.
func (s *series[M]) refuse(m any, value float64, why string) {
	title := fmt.Sprintf("%T", m)
	if m, ok := m.(metric.Metric); ok {
		title = m.Desc().String()
	}
	s.family.report(fmt.Errorf("%v was left out of %s, labels %q: %s", value, title, s.pairs, why))
}
