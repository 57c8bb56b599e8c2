package collect

import (
	"slices"

	"github.com/luxfi/metric/internal/model"
)

// Existing is what becomes of a label that a series has under the name of one that is added.
type Existing uint8

const (
	// Refused leaves the series out.
	Refused Existing = iota
	// Renamed keeps it under another name, as Prometheus does without honor_labels.
	Renamed
	// Honored keeps it instead of the one that would be added, as Prometheus does with
	// honor_labels.
	Honored
)

// exported is put before the name of a label that is renamed.
const exported = "exported_"

// merge renders l together with extra, which has to be sorted by name, into buf, as
// model.AppendMerged does, but for labels that l has already.
func (e Existing) merge(buf []byte, l model.Labels, extra []model.Label) ([]byte, model.Labels, error) {
	if e == Refused || !slices.ContainsFunc(extra, func(x model.Label) bool { return l.Has(x.Name) }) {
		return model.AppendMerged(buf, l, extra)
	}
	list := l.List()
	has := func(labels []model.Label, name string) bool {
		return slices.ContainsFunc(labels, func(x model.Label) bool { return x.Name == name && x.Value != "" })
	}
	if e == Honored {
		list = slices.DeleteFunc(list, func(x model.Label) bool { return x.Value == "" && hasName(extra, x.Name) })
		for _, x := range extra {
			if !has(list, x.Name) {
				list = append(list, x)
			}
		}
		return model.AppendLabels(buf, list)
	}
	renamed := slices.Concat(extra, nil)
	for _, x := range list {
		if hasName(extra, x.Name) {
			if x.Value == "" {
				continue // It is no label for a reader.
			}
			for hasName(list, x.Name) || hasName(renamed, x.Name) {
				x.Name = exported + x.Name
			}
		}
		renamed = append(renamed, x)
	}
	return model.AppendLabels(buf, renamed)
}
