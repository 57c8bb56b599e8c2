package metric

import (
	"time"

	"github.com/luxfi/metric/internal/scrape"
)

// VectorStatus describes the size of a vector and the labels that make it large. It is a copy that
// belongs to the caller. See [ContextRegistry.Cardinality].
type VectorStatus struct {
	Collector string // name under which the vector is registered; see CollectorStatus.Name
	Metric    string // name of its family
	Series    int    // number of series, including the overflow series
	// Bytes is the approximate memory that the series take, without the separate memory of
	// histograms and summaries.
	Bytes int

	Limit         int    // limit set by SetLimit; 0 means no limit
	RegistryLimit int    // limit of its registry for all vectors together; 0 means no limit
	Full          bool   // whether a limit leaves no room for another series
	Overflowed    uint64 // lookups that returned the overflow series instead of one of their own
	LongValues    uint64 // lookups of new label sets with a value longer than the limit

	Expiry  time.Duration // time after which series without updates expire; 0 means never; see MetricVec.SetExpiry
	Expired uint64        // number of series that have expired

	// Labels are the variable labels, the one with the most values first.
	Labels []LabelStatus
}

// LabelStatus describes the values of one label of a vector.
type LabelStatus struct {
	Name     string
	Values   int      // number of different values
	Longest  int      // length of the longest value in bytes
	Examples []string // a few of the values; long ones are cut and end in "…"
}

// Cardinality returns the vectors with the most series, the largest first, and at most top of them.
// It considers the vectors of this package that are registered with r or with a registry nested in
// it, each of them once.
//
// Cardinality reads the labels of all series of these vectors. This takes about 100 ns per label of
// a series, and runs no user code. Cardinality is safe for concurrent use.
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
