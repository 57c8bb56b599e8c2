package collect

import (
	"slices"

	"github.com/luxfi/metric/internal/model"
)

// Existing says what becomes of labels that a series has under the names of those that are added. It
// renders l together with extra, which is sorted by name, into buf, as model.AppendMerged does.
//
// It is a function so that only programs which import package remote contain Renamed and Honored.
type Existing func(buf []byte, l model.Labels, extra []model.Label) ([]byte, model.Labels, error)

// Renamed keeps an existing label under another name, as Prometheus does without honor_labels.
func Renamed(buf []byte, l model.Labels, extra []model.Label) ([]byte, model.Labels, error) {
	list := l.List()
	merged := slices.Concat(extra, nil)
	for _, x := range list {
		if hasName(extra, x.Name) {
			if x.Value == "" {
				continue // It is no label for a reader.
			}
			for hasName(list, x.Name) || hasName(merged, x.Name) {
				x.Name = exported + x.Name
			}
		}
		merged = append(merged, x)
	}
	return model.AppendLabels(buf, merged)
}

// exported is put before the name of a label that is renamed.
const exported = "exported_"

// Honored keeps an existing label instead of the one that would be added, as Prometheus does with
// honor_labels.
func Honored(buf []byte, l model.Labels, extra []model.Label) ([]byte, model.Labels, error) {
	var merged []model.Label
	for _, x := range l.List() {
		if x.Value != "" || !hasName(extra, x.Name) { // An empty one is no label for a reader.
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
