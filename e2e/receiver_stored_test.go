//go:build e2e

package e2e

import (
	"math"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/common/model"
	"github.com/prometheus/common/promslog"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/tsdb/chunks"
	"github.com/prometheus/prometheus/tsdb/record"
	"github.com/prometheus/prometheus/tsdb/wlog"
)

// stored returns the server's samples of a job, without staleness markers.
func (r *receiver) stored(t *testing.T, job string) stored {
	t.Helper()
	if r.prometheus() {
		return r.raw(t, job)
	}
	return r.details(t, job).stored
}

// raw returns the samples of a range selector. Prometheus omits staleness markers. VictoriaMetrics returns them as
// NaN.
func (r *receiver) raw(t *testing.T, job string) stored {
	t.Helper()
	r.flush(t)
	got, err := readStored(t.Context(), r.api(t), job)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// flush makes recently received samples visible to queries in VictoriaMetrics.
func (r *receiver) flush(t *testing.T) {
	t.Helper()
	if r.name != victoriaMetricsName {
		return
	}
	response, err := http.Get("http://" + r.address + "/internal/force_flush")
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
}

// details are the data of a receiver besides sample values, keyed by the strings of the series' labels.
type details struct {
	stored
	metadata map[string]metadata
	starts   map[string][]int64 // start timestamp of each sample, in milliseconds
	stale    map[string]int     // number of staleness markers
}

func newDetails() details {
	return details{
		stored:   stored{series: make(map[string]*model.SampleStream)},
		metadata: make(map[string]metadata), starts: make(map[string][]int64), stale: make(map[string]int),
	}
}

// details returns the server's data about a job. VictoriaMetrics has neither metadata nor start timestamps. For
// Prometheus, the result has no samples.
func (r *receiver) details(t *testing.T, job string) details {
	t.Helper()
	switch r.name {
	case collectorName:
		return r.collected(t, job)
	case victoriaMetricsName:
		return withoutMarkers(r.raw(t, job))
	}
	return readLog(t, r.data, job)
}

// withoutMarkers removes the staleness markers from VictoriaMetrics's samples. VictoriaMetrics stores no other NaN.
func withoutMarkers(s stored) details {
	d := newDetails()
	d.stored = s
	for key, stream := range s.series {
		n := len(stream.Values)
		stream.Values = slices.DeleteFunc(stream.Values, func(v model.SamplePair) bool { return math.IsNaN(float64(v.Value)) })
		if n -= len(stream.Values); n > 0 {
			d.stale[key] = n
		}
	}
	return d
}

// readLog reads the write-ahead log of a Prometheus. The HTTP API does not return pushed metadata, nor the start
// timestamps and staleness markers of single samples. The result has no samples.
func readLog(t *testing.T, data, job string) details {
	t.Helper()
	segments, err := wlog.NewSegmentsReader(filepath.Join(data, "wal"))
	if err != nil {
		t.Fatal(err)
	}
	defer segments.Close()
	var (
		d       = newDetails()
		keys    = make(map[chunks.HeadSeriesRef]string) // of the job's series
		decoder = record.NewDecoder(labels.NewSymbolTable(), promslog.NewNopLogger())
		reader  = wlog.NewReader(segments)
	)
	for reader.Next() {
		if err := d.add(&decoder, reader.Record(), keys, job); err != nil {
			t.Fatal(err)
		}
	}
	if err := reader.Err(); err != nil {
		t.Fatal(err)
	}
	return d
}

// add adds the contents of a record in the log.
func (d *details) add(decoder *record.Decoder, rec []byte, keys map[chunks.HeadSeriesRef]string, job string) error {
	switch decoder.Type(rec) {
	case record.Series:
		series, err := decoder.Series(rec, nil)
		for _, s := range series {
			if s.Labels.Get(model.JobLabel) == job {
				keys[s.Ref] = labels.NewBuilder(s.Labels).Del(model.JobLabel, model.InstanceLabel).Labels().String()
			}
		}
		return err
	case record.Metadata:
		known, err := decoder.Metadata(rec, nil)
		for _, m := range known {
			if key, ok := keys[m.Ref]; ok {
				d.metadata[key] = metadata{record.ToMetricType(m.Type), m.Help, m.Unit}
			}
		}
		return err
	case record.Samples, record.SamplesV2:
		samples, err := decoder.Samples(rec, nil)
		for _, s := range samples {
			d.sample(keys[s.Ref], s.ST, s.V)
		}
		return err
	case record.HistogramSamples, record.HistogramSamplesV2:
		samples, err := decoder.HistogramSamples(rec, nil)
		for _, s := range samples {
			d.sample(keys[s.Ref], s.ST, s.H.Sum)
		}
		return err
	}
	return nil
}

// sample adds a sample with the given start timestamp. The value of a histogram is its sum.
func (d *details) sample(key string, start int64, value float64) {
	if key == "" {
		return // The sample belongs to another job.
	}
	if isStale(value) {
		d.stale[key]++
		return
	}
	d.starts[key] = append(d.starts[key], start)
}

// isStale reports whether a value is a staleness marker.
func isStale(v float64) bool { return math.Float64bits(v) == 0x7ff0000000000002 }

// takes reports whether the server stores a series. VictoriaMetrics omits NaN. The Collector omits classic
// histograms and summaries.
func (r *receiver) takes(key string) bool {
	switch r.name {
	case victoriaMetricsName:
		return key != series("e2e_limits", "kind", "nan")
	case collectorName:
	default:
		return true
	}
	for _, name := range []string{"e2e_classic_seconds", "e2e_both_seconds_", "e2e_native_seconds_", "e2e_latency_seconds"} {
		if strings.Contains(key, `__name__="`+name) {
			return false
		}
	}
	return true
}

// prometheus reports whether the server is Prometheus.
func (r *receiver) prometheus() bool {
	return r.name != victoriaMetricsName && r.name != collectorName
}

// native reports whether the server stores native histograms.
func (r *receiver) native() bool { return r.name != victoriaMetricsName }

// checkProtocol checks that a sender uses the newest version that the server accepts.
func (r *receiver) checkProtocol(t *testing.T, s *sender) {
	t.Helper()
	for _, status := range s.pusher.Status() {
		if status.Protocol != r.protocol {
			t.Errorf("%s: the Pusher uses version %d, want %d", r.name, status.Protocol, r.protocol)
		}
	}
}
