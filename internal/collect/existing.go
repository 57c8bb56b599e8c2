package collect

import (
	"slices"

	"github.com/luxfi/metric/internal/model"
)

// Existing determines what happens to labels that a series already has under the names of added labels. It
// is [Renamed] or [Honored].
//
// It is an interface so that only programs that import package remote or push/remotewrite contain these.
type Existing interface {
	// merge renders l together with extra, which is sorted by name, into buf. See [model.AppendMerged].
	merge(buf []byte, l model.Labels, extra []model.Label) ([]byte, model.Labels, error)
	// over returns a native family with the labels of the wrapping. Some of its series already have one of
	// them.
	over(w Wrapping, inner model.Source) model.Source
}

// existing is an [Existing] that merges labels with a function.
type existing struct {
	with func(buf []byte, l model.Labels, extra []model.Label) ([]byte, model.Labels, error)
}

func (e *existing) merge(buf []byte, l model.Labels, extra []model.Label) ([]byte, model.Labels, error) {
	return e.with(buf, l, extra)
}

func (e *existing) over(w Wrapping, inner model.Source) model.Source {
	t := w.newTransform()
	return &overridden{inner, t.Family(inner.Family()), t.extra, e}
}

var (
	// Renamed keeps an existing label under another name, as Prometheus does without honor_labels.
	Renamed Existing = &existing{renamed}
	// Honored keeps an existing label instead of the one that would be added, as Prometheus does with
	// honor_labels.
	Honored Existing = &existing{honored}
)

func renamed(buf []byte, l model.Labels, extra []model.Label) ([]byte, model.Labels, error) {
	list := l.List()
	merged := slices.Concat(extra, nil)
	for _, x := range list {
		if hasName(extra, x.Name) {
			if x.Value == "" {
				continue // An empty label counts as missing.
			}
			for hasName(list, x.Name) || hasName(merged, x.Name) {
				x.Name = exported + x.Name
			}
		}
		merged = append(merged, x)
	}
	return model.AppendLabels(buf, merged)
}

// exported is the prefix of renamed labels.
const exported = "exported_"

func honored(buf []byte, l model.Labels, extra []model.Label) ([]byte, model.Labels, error) {
	var merged []model.Label
	for _, x := range l.List() {
		if x.Value != "" || !hasName(extra, x.Name) { // An empty label counts as missing.
			merged = append(merged, x)
		}
	}
	for _, x := range extra {
		if !hasName(merged, x.Name) {
			merged = append(merged, x)
		}
	}
	return model.AppendLabels(buf, merged)
}
