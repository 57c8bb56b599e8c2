package e2e

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/prompb"
	writev2 "github.com/prometheus/prometheus/prompb/io/prometheus/write/v2"

	"github.com/luxfi/metric/internal/writebody"
)

// FuzzDowngrade compares how internal/writebody converts a request of version 2.0 to version 1.0 with a
// conversion that uses Prometheus's own types.
func FuzzDowngrade(f *testing.F) {
	for _, r := range downgradeSeeds() {
		data, err := r.Marshal()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		compareDowngrade(t, in, false)
		// The library must understand every request that Prometheus can write.
		var r writev2.Request
		if r.Unmarshal(in) != nil {
			return
		}
		if _, err := downgraded(&r); err != nil {
			return
		}
		forgetUnknown(&r)
		again, err := r.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		compareDowngrade(t, again, true)
	})
}

// forgetUnknown drops unknown fields. Prometheus accepts unterminated groups among them.
func forgetUnknown(r *writev2.Request) {
	r.XXX_unrecognized = nil
	for i := range r.Timeseries {
		ts := &r.Timeseries[i]
		ts.XXX_unrecognized, ts.Metadata.XXX_unrecognized = nil, nil
		for i := range ts.Samples {
			ts.Samples[i].XXX_unrecognized = nil
		}
		for i := range ts.Exemplars {
			ts.Exemplars[i].XXX_unrecognized = nil
		}
		for i := range ts.Histograms {
			h := &ts.Histograms[i]
			h.XXX_unrecognized = nil
			for _, spans := range [][]writev2.BucketSpan{h.PositiveSpans, h.NegativeSpans} {
				for i := range spans {
					spans[i].XXX_unrecognized = nil
				}
			}
		}
	}
}

func compareDowngrade(t *testing.T, in []byte, mustSucceed bool) {
	t.Helper()
	var (
		d   writebody.Downgrader
		r   writev2.Request
		got prompb.WriteRequest
	)
	out, left, err := d.Downgrade(nil, in)
	if err != nil {
		if mustSucceed {
			t.Fatalf("%q: %v", in, err)
		}
		return
	}
	if r.Unmarshal(in) != nil {
		return // Histograms are copied without being read completely.
	}
	want, err := downgraded(&r)
	if err != nil {
		t.Fatalf("%q: Prometheus finds %v", in, err)
	}
	if err := got.Unmarshal(out); err != nil {
		t.Fatalf("%q becomes %q, which is an error to Prometheus: %v", in, out, err)
	}
	wanted, err := want.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	written, err := got.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(written, wanted) {
		t.Errorf("%+v\nbecomes %+v,\nwant    %+v", &r, &got, want)
	}
	if n := countV2(&r).minus(countV1(&got)); n.histograms != left.Histograms || n.exemplars != left.Exemplars || n.samples != 0 {
		t.Errorf("%+v\nlacks %+v, reported %+v", &r, n, left)
	}
}

// downgraded returns r as a request of version 1.0, as far as version 1.0 can represent it.
func downgraded(r *writev2.Request) (*prompb.WriteRequest, error) {
	out := &prompb.WriteRequest{}
	described := map[string]bool{}
	for i := range r.Timeseries {
		series := &r.Timeseries[i]
		labels, err := resolved(series.LabelsRefs, r.Symbols)
		if err != nil {
			return nil, err
		}
		ts := prompb.TimeSeries{Labels: labels}
		for _, s := range series.Samples {
			ts.Samples = append(ts.Samples, prompb.Sample{Value: s.Value, Timestamp: s.Timestamp})
		}
		for _, x := range series.Exemplars {
			labels, err := resolved(x.LabelsRefs, r.Symbols)
			if err != nil {
				return nil, err
			}
			ts.Exemplars = append(ts.Exemplars, prompb.Exemplar{Labels: labels, Value: x.Value, Timestamp: x.Timestamp})
		}
		for i := range series.Histograms {
			if schema := series.Histograms[i].Schema; schema < -4 || schema > 8 {
				continue
			}
			h, err := convertHistogram(&series.Histograms[i])
			if err != nil {
				return nil, err
			}
			ts.Histograms = append(ts.Histograms, h)
		}
		if len(ts.Samples)+len(ts.Histograms) == 0 && len(series.Histograms) > 0 {
			continue
		}
		out.Timeseries = append(out.Timeseries, ts)
		if m := series.Metadata; m.Type != 0 || m.HelpRef != 0 || m.UnitRef != 0 {
			if err := describe(out, described, series.LabelsRefs, m, r.Symbols); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

var errReference = errors.New("bad reference")

func resolved(refs []uint32, symbols []string) (labels []prompb.Label, err error) {
	if len(refs)%2 != 0 {
		return nil, errReference
	}
	for i := 0; i < len(refs); i += 2 {
		if max(int(refs[i]), int(refs[i+1])) >= len(symbols) {
			return nil, errReference
		}
		labels = append(labels, prompb.Label{Name: symbols[refs[i]], Value: symbols[refs[i+1]]})
	}
	return labels, nil
}

// convertHistogram converts a histogram through the wire format. The two versions differ only in fields 16
// and 17.
func convertHistogram(h *writev2.Histogram) (out prompb.Histogram, err error) {
	copied := *h
	copied.CustomValues, copied.StartTimestamp, copied.XXX_unrecognized = nil, 0, nil
	data, err := copied.Marshal()
	if err == nil {
		err = out.Unmarshal(data)
	}
	return out, err
}

// describe adds the metadata of a series' family to out, unless out has it.
func describe(out *prompb.WriteRequest, described map[string]bool, refs []uint32, m writev2.Metadata, symbols []string) error {
	var (
		name, series string
		quantile     bool
	)
	for i := 0; i < len(refs); i += 2 {
		if symbols[refs[i]] == "__name__" && series == "" {
			name, series = symbols[refs[i+1]], fmt.Sprint("series ", refs[i+1])
		}
		quantile = quantile || symbols[refs[i]] == "quantile"
	}
	if series == "" || described[series] {
		return nil
	}
	described[series] = true
	if max(int(m.HelpRef), int(m.UnitRef)) >= len(symbols) && len(symbols)+int(m.HelpRef)+int(m.UnitRef) > 0 {
		return errReference
	}
	for _, suffix := range map[writev2.Metadata_MetricType][]string{
		writev2.Metadata_METRIC_TYPE_HISTOGRAM:      {"_bucket", "_count", "_sum"},
		writev2.Metadata_METRIC_TYPE_GAUGEHISTOGRAM: {"_bucket", "_gcount", "_gsum", "_count", "_sum"},
		writev2.Metadata_METRIC_TYPE_SUMMARY:        {"_count", "_sum"},
	}[m.Type] {
		if base, ok := strings.CutSuffix(name, suffix); ok && base != "" && (m.Type != writev2.Metadata_METRIC_TYPE_SUMMARY || !quantile) {
			name = base
			break
		}
	}
	if described["family "+name] {
		return nil
	}
	described["family "+name] = true
	entry := prompb.MetricMetadata{Type: prompb.MetricMetadata_MetricType(m.Type), MetricFamilyName: name}
	if m.HelpRef > 0 {
		entry.Help = symbols[m.HelpRef]
	}
	if m.UnitRef > 0 {
		entry.Unit = symbols[m.UnitRef]
	}
	out.Metadata = append(out.Metadata, entry)
	return nil
}

type requestCounts struct{ samples, histograms, exemplars uint64 }

func (c requestCounts) minus(d requestCounts) requestCounts {
	return requestCounts{c.samples - d.samples, c.histograms - d.histograms, c.exemplars - d.exemplars}
}

func countV1(r *prompb.WriteRequest) (c requestCounts) {
	for i := range r.Timeseries {
		ts := &r.Timeseries[i]
		c.samples += uint64(len(ts.Samples))
		c.histograms += uint64(len(ts.Histograms))
		c.exemplars += uint64(len(ts.Exemplars))
	}
	return c
}

func countV2(r *writev2.Request) (c requestCounts) {
	for i := range r.Timeseries {
		ts := &r.Timeseries[i]
		c.samples += uint64(len(ts.Samples))
		c.histograms += uint64(len(ts.Histograms))
		c.exemplars += uint64(len(ts.Exemplars))
	}
	return c
}

// downgradeSeeds returns requests of each kind.
func downgradeSeeds() []*writev2.Request {
	symbols := []string{"", "__name__", "a_total", "code", "200", "Help.", "bytes", "h_bucket", "le", "quantile", "trace_id"}
	exemplars := []writev2.Exemplar{{LabelsRefs: []uint32{10, 4}, Value: 1, Timestamp: 5}, {Value: math.Inf(1)}}
	native := writev2.Histogram{
		Count: &writev2.Histogram_CountInt{CountInt: 3}, Sum: 1, Schema: 3, ZeroCount: &writev2.Histogram_ZeroCountInt{ZeroCountInt: 1},
		PositiveSpans: []writev2.BucketSpan{{Offset: -2, Length: 2}}, PositiveDeltas: []int64{1, 0}, Timestamp: 7, StartTimestamp: 5,
	}
	float := writev2.Histogram{
		Count: &writev2.Histogram_CountFloat{CountFloat: 1.5}, Schema: -4, NegativeSpans: []writev2.BucketSpan{{Length: 1}}, NegativeCounts: []float64{1.5},
		ResetHint: writev2.Histogram_RESET_HINT_GAUGE,
	}
	custom := writev2.Histogram{Schema: -53, CustomValues: []float64{1, 2}}
	return []*writev2.Request{
		{},
		{Symbols: symbols, Timeseries: []writev2.TimeSeries{
			{
				LabelsRefs: []uint32{1, 2, 3, 4}, Samples: []writev2.Sample{{Value: 1, Timestamp: 2, StartTimestamp: 3}, {}}, Exemplars: exemplars,
				Metadata: writev2.Metadata{Type: writev2.Metadata_METRIC_TYPE_COUNTER, HelpRef: 5, UnitRef: 6},
			},
			{LabelsRefs: []uint32{1, 2}, Samples: []writev2.Sample{{Value: math.Float64frombits(0x7ff0000000000002), Timestamp: -1}}},
			{LabelsRefs: []uint32{1, 7, 8, 4}, Samples: []writev2.Sample{{Value: 1}}, Metadata: writev2.Metadata{Type: writev2.Metadata_METRIC_TYPE_HISTOGRAM}},
			{LabelsRefs: []uint32{1, 7, 9, 4}, Samples: []writev2.Sample{{Value: 1}}, Metadata: writev2.Metadata{Type: writev2.Metadata_METRIC_TYPE_SUMMARY}},
		}},
		{Symbols: symbols, Timeseries: []writev2.TimeSeries{
			{LabelsRefs: []uint32{1, 2}, Histograms: []writev2.Histogram{native, float}, Exemplars: exemplars, Metadata: writev2.Metadata{Type: writev2.Metadata_METRIC_TYPE_HISTOGRAM}},
			{LabelsRefs: []uint32{1, 2}, Histograms: []writev2.Histogram{custom}, Exemplars: exemplars},
			{LabelsRefs: []uint32{1, 2}, Histograms: []writev2.Histogram{custom, native}, Exemplars: exemplars},
			{LabelsRefs: []uint32{1, 2}, Exemplars: exemplars},
		}},
	}
}

// TestDowngradeSeeds checks that both sides can read the seeds, so that the fuzz target compares something.
func TestDowngradeSeeds(t *testing.T) {
	for _, r := range downgradeSeeds() {
		data, err := r.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		compareDowngrade(t, data, true)
		var again writev2.Request
		if err := again.Unmarshal(data); err != nil || !reflect.DeepEqual(countV2(r), countV2(&again)) {
			t.Errorf("%+v, error %v", again, err)
		}
	}
}
