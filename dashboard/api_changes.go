package dashboard

import (
	"net/http"

	"github.com/luxfi/metric/dashboard/internal/query"
)

// answerMark sets a mark: a sample with which later ones can be compared.
func answerMark(d *Dashboard, r *http.Request) (any, error) {
	if err := d.sameOrigin.Check(r); err != nil {
		return nil, &answerError{http.StatusForbidden, err}
	}
	now, err := hasSnapshot(d.sampler.fresh(r.Context()))
	if err != nil {
		return nil, err
	}
	return d.marks.set(now.latest), nil
}

// answerChanges answers with the changes since a mark.
func answerChanges(d *Dashboard, r *http.Request) (any, error) {
	id, err := requiredOf(r, "since")
	if err != nil {
		return nil, err
	}
	words, err := textOf(r, "q")
	if err != nil {
		return nil, err
	}
	limit, err := numberOf(r, "limit", defaultRows, 1, maxRows)
	if err != nil {
		return nil, err
	}
	m, ok := d.marks.find(id)
	if !ok {
		return nil, notFound("this mark is gone: set a new one")
	}
	now, err := d.sampled(r)
	if err != nil {
		return nil, err
	}
	changes := query.Changes(m.snapshot, now.latest, words, limit)
	changes.Mark = m.Mark
	return changes, nil
}
