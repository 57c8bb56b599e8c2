package staleness

import (
	"cmp"
	"strings"
	"sync"

	"github.com/luxfi/metric/internal/model"
	"github.com/luxfi/metric/internal/order"
)

// History holds the series of the last push. The zero value is empty and ready to use. A History must
// not be copied.
type History struct {
	mu       sync.Mutex
	sections map[familyKey]*Section // sections of the last push and of the current round
	open     *Round                 // round that has not ended, or nil

	indexes indexPool
}

// familyKey identifies a family. Its help and its unit may change.
type familyKey struct {
	name string
	typ  model.Type
}

// family returns a family with the known properties.
func (k familyKey) family() *model.Family {
	return &model.Family{Name: k.name, Type: k.typ, NoHelp: true}
}

// Begin starts a round for a new push. It discards a round that has not ended.
func (h *History) Begin() *Round {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.end((*Section).discard)
	h.open = &Round{history: h}
	return h.open
}

// end ends the open round, if there is one. It calls finish for each section that the round has begun,
// and drops the sections for which finish returns false.
func (h *History) end(finish func(*Section) bool) {
	if h.open == nil {
		return
	}
	for key, s := range h.sections {
		if s.round == h.open && !finish(s) {
			delete(h.sections, key)
		}
	}
	h.indexes.trim()
	h.open = nil
}

// All calls yield for each series of the last push, until yield returns false. Families come in order
// of name; only their name and type are set. The labels are valid during the call. No round may begin
// or end in the meantime.
func (h *History) All(yield func(f *model.Family, labels model.Labels, was *Shape) bool) {
	eachSeries(h.sectionsWhere(func(*Section) bool { return true }), yield)
}

// Len returns the number of series in the last push. Each counts once, whatever its shape.
func (h *History) Len() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	n := 0
	for _, s := range h.sections {
		n += s.last.n
	}
	return n
}

// sectionsWhere returns the sections of the last push for which condition holds, by name and type.
func (h *History) sectionsWhere(condition func(*Section) bool) []*Section {
	h.mu.Lock()
	var sections []*Section
	for _, s := range h.sections {
		if s.last.n > 0 && condition(s) {
			sections = append(sections, s)
		}
	}
	h.mu.Unlock()
	order.By(sections, func(a, b *Section) int {
		return cmp.Or(strings.Compare(a.key.name, b.key.name), cmp.Compare(a.key.typ, b.key.typ))
	})
	return sections
}

func eachSeries(sections []*Section, yield func(*model.Family, model.Labels, *Shape) bool) {
	for _, s := range sections {
		f := s.key.family()
		if !s.each(func(labels model.Labels, was *Shape) bool { return yield(f, labels, was) }) {
			return
		}
	}
}
