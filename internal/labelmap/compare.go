package labelmap

import "github.com/luxfi/metric/internal/model"

// compareEntries orders the entries of one map like model.CompareLabels does. They are
// of one layout.
func compareEntries[C any](a, b *Entry[C]) int { return model.CompareSameNames(a.Labels(), b.Labels()) }
