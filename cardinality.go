package metric

import (
	"time"

	"github.com/luxfi/metric/internal/scrape"
)

// VectorStatus describes how large a vector is, and which labels make it large. It is a copy, which
// belongs to the caller.
type VectorStatus struct {
	Collector string // The name under which the vector is registered; see CollectorStatus.Name.
	Metric    string // The name of its family.
	Series    int    // How many series it has, including the overflow series.
	// Bytes is about how much memory the series take, without what histograms and summaries have
	// apart from them.
	Bytes int

	Limit         int    // The limit set by SetLimit; 0 means no limit.
	RegistryLimit int    // The limit of its registry for all vectors together; 0 means no limit.
	Full          bool   // A limit leaves no room for another series.
	Overflowed    uint64 // Lookups that returned the overflow series in place of their own.
	LongValues    uint64 // Lookups of new label sets with a value that was longer than the limit.

	Expiry  time.Duration // After what time series expire that are not updated; 0 means never. See MetricVec.SetExpiry.
	Expired uint64        // Series that have expired.

	// Labels are the variable labels, the one with the most values first.
	Labels []LabelStatus
}

// LabelStatus describes the values of a label of a vector.
type LabelStatus struct {
	Name     string
	Values   int      // How many different values the label has.
	Longest  int      // The length of the longest value, in bytes.
	Examples []string // A few of the values. Long ones are cut, and end in "…".
}

// Cardinality returns the vectors with the most series, the largest first, and at most so many. They
// are the vectors of this package that are registered with r or with a registry in it, each of them once.
//
// It reads the labels of all series of these vectors, which takes some 100 ns for each label of a
// series, and runs no code of the program. It is safe for concurrent use.
func (r *ContextRegistry) Cardinality(top int) []VectorStatus {
	core, err := r.open()
	if err != nil {
		return nil
	}
	scrape.KnowVectors(vectorIn)
	vectors := core.Cardinality(top)
	all := make([]VectorStatus, len(vectors))
	for i, v := range vectors {
		all[i] = VectorStatus{
			Collector: v.Collector, Metric: v.Family, Series: v.Series, Bytes: v.Bytes, Limit: v.Limit, RegistryLimit: v.Shared,
			Full: v.Full, Overflowed: v.Overflowed, LongValues: v.Long, Expiry: v.Expiry, Expired: v.Expired, Labels: make([]LabelStatus, len(v.Labels)),
		}
		for k, label := range v.Labels {
			all[i].Labels[k] = LabelStatus(label)
		}
	}
	return all
}
