package metrictest

import (
	"encoding/binary"
	"fmt"
	"hash/maphash"
	"slices"

	"github.com/luxfi/metric"
)

// series has the series that a call has sent or returned: their names by the hashes of the names. A name is
// empty if the series it is compared with has it. The names of 100,000 series therefore use memory only
// once and not for each call.
type series map[uint64]string

func (s series) equal(other series) bool {
	if len(s) != len(other) {
		return false
	}
	for hash := range s {
		if _, ok := other[hash]; !ok {
			return false
		}
	}
	return true
}

// difference returns the names of the series that got lacks and of those that only got has.
func difference(want, got series) (missing, added []string) {
	for hash, name := range want {
		if _, ok := got[hash]; !ok {
			missing = append(missing, name)
		}
	}
	for hash, name := range got {
		if _, ok := want[hash]; !ok {
			added = append(added, name)
		}
	}
	slices.Sort(missing)
	slices.Sort(added)
	return missing, added
}

// seed is shared, so that hashes can be compared.
var seed = maphash.MakeSeed()

// hashLabels returns a hash of labels and of their owner.
func hashLabels(owner uint64, labels []*metric.LabelPair) uint64 {
	var h maphash.Hash
	h.SetSeed(seed)
	_, _ = h.Write(binary.LittleEndian.AppendUint64(nil, owner)) // It never fails.
	for _, l := range labels {
		for _, text := range []string{l.GetName(), l.GetValue()} {
			_, _ = h.Write(binary.LittleEndian.AppendUint64(nil, uint64(len(text))))
			_, _ = h.WriteString(text)
		}
	}
	return h.Sum64()
}

// seriesReader reads the series from the metrics of one call. It retains no metric.
type seriesReader struct {
	known   series // series whose names are already known
	series  series
	problem error // error of the first metric without a series

	data  metric.MetricData
	descs map[*metric.Desc]uint64 // cached hashes of their texts
}

func newSeriesReader(known series) *seriesReader {
	return &seriesReader{known: known, series: make(series, len(known)), descs: make(map[*metric.Desc]uint64)}
}

// read reads one metric.
func (r *seriesReader) read(m metric.Metric) {
	hash, err := r.hash(m)
	if err != nil {
		if r.problem == nil {
			r.problem = err
		}
		return
	}
	if _, ok := r.series[hash]; ok {
		return
	}
	name := ""
	if _, ok := r.known[hash]; !ok {
		name = m.Desc().String() + labelsOf(&r.data)
	}
	r.series[hash] = name
}

// hash returns the hash of a metric and stores the metric's data in r.data.
func (r *seriesReader) hash(m metric.Metric) (hash uint64, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	r.data.Reset()
	if err := m.Write(&r.data); err != nil {
		return 0, err
	}
	return hashLabels(r.desc(m.Desc()), r.data.GetLabel()), nil
}

func (r *seriesReader) desc(d *metric.Desc) uint64 {
	const most = 1000
	hash, ok := r.descs[d]
	if !ok {
		if len(r.descs) >= most {
			clear(r.descs) // The collector makes a new descriptor for every metric.
		}
		hash = maphash.String(seed, d.String())
		r.descs[d] = hash
	}
	return hash
}

// seriesIn returns the series in families.
func seriesIn(families []*metric.MetricFamily, known series) series {
	all := make(series, len(known))
	for _, f := range families {
		owner := maphash.String(seed, f.GetName())
		for _, m := range f.GetMetric() {
			hash, name := hashLabels(owner, m.GetLabel()), ""
			if _, ok := known[hash]; !ok {
				name = f.GetName() + labelsOf(m)
			}
			all[hash] = name
		}
	}
	return all
}
