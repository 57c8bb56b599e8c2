//go:build e2e

package e2e

import (
	"bytes"
	"encoding/base64"
	"math"
	"os"
	"testing"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
)

// collected reads the metrics that the Collector's receiver has passed on. See the program otelcol.
func (r *receiver) collected(t *testing.T, job string) details {
	t.Helper()
	file, err := os.ReadFile(r.data)
	if err != nil {
		t.Fatal(err)
	}
	d := newDetails()
	for line := range bytes.Lines(file) {
		message, err := base64.StdEncoding.DecodeString(string(bytes.TrimSpace(line)))
		if err != nil {
			t.Fatal(err)
		}
		metrics, err := new(pmetric.ProtoUnmarshaler).UnmarshalMetrics(message)
		if err != nil {
			t.Fatal(err)
		}
		for _, resource := range metrics.ResourceMetrics().All() {
			if name, _ := resource.Resource().Attributes().Get("service.name"); name.Str() != job {
				continue
			}
			for _, scope := range resource.ScopeMetrics().All() {
				for _, m := range scope.Metrics().All() {
					d.collect(m)
				}
			}
		}
	}
	return d
}

// collect adds an OTLP metric.
func (d *details) collect(m pmetric.Metric) {
	meta := metadata{Help: m.Description(), Unit: m.Unit()}
	switch m.Type() {
	case pmetric.MetricTypeGauge:
		meta.Type = model.MetricTypeGauge
		if kind, _ := m.Metadata().Get("prometheus.type"); kind.Str() == "unknown" {
			meta.Type = model.MetricTypeUnknown
		}
		d.collectNumbers(m.Name(), meta, m.Gauge().DataPoints())
	case pmetric.MetricTypeSum:
		meta.Type = model.MetricTypeCounter
		d.collectNumbers(m.Name(), meta, m.Sum().DataPoints())
	case pmetric.MetricTypeExponentialHistogram:
		meta.Type = model.MetricTypeHistogram
		for _, p := range m.ExponentialHistogram().DataPoints().All() {
			key := collectedKey(m.Name(), p.Attributes())
			d.metadata[key] = meta
			if isStale(p.Sum()) {
				d.stale[key]++
				continue
			}
			stream := d.stream(key)
			stream.Histograms = append(stream.Histograms, model.SampleHistogramPair{
				Timestamp: model.TimeFromUnixNano(int64(p.Timestamp())), Histogram: sampleHistogram(p),
			})
			d.starts[key] = append(d.starts[key], int64(p.StartTimestamp())/1e6)
		}
	}
}

func (d *details) collectNumbers(name string, meta metadata, points pmetric.NumberDataPointSlice) {
	for _, p := range points.All() {
		key := collectedKey(name, p.Attributes())
		d.metadata[key] = meta
		if isStale(p.DoubleValue()) {
			d.stale[key]++
			continue
		}
		stream := d.stream(key)
		stream.Values = append(stream.Values, model.SamplePair{
			Timestamp: model.TimeFromUnixNano(int64(p.Timestamp())), Value: model.SampleValue(p.DoubleValue()),
		})
		d.starts[key] = append(d.starts[key], int64(p.StartTimestamp())/1e6)
	}
}

func (d *details) stream(key string) *model.SampleStream {
	if d.series[key] == nil {
		d.series[key] = new(model.SampleStream)
	}
	return d.series[key]
}

// collectedKey returns the string of the labels of a series, without job and instance: the Collector turns
// these into attributes of the resource.
func collectedKey(name string, attributes pcommon.Map) string {
	b := labels.NewBuilder(labels.EmptyLabels()).Set(model.MetricNameLabel, name)
	for name, value := range attributes.All() {
		b.Set(name, value.AsString())
	}
	return b.Labels().String()
}

// sampleHistogram converts a histogram to the type that the Prometheus API returns.
func sampleHistogram(p pmetric.ExponentialHistogramDataPoint) *model.SampleHistogram {
	h := &model.SampleHistogram{Count: model.FloatString(p.Count()), Sum: model.FloatString(p.Sum())}
	width := math.Exp2(-float64(p.Scale())) // width of a bucket, in powers of two
	add := func(lower, upper float64, boundaries int32, count uint64) {
		if count > 0 {
			h.Buckets = append(h.Buckets, &model.HistogramBucket{
				Boundaries: boundaries, Lower: model.FloatString(lower), Upper: model.FloatString(upper),
				Count: model.FloatString(count),
			})
		}
	}
	bound := func(side pmetric.ExponentialHistogramDataPointBuckets, i int) float64 {
		return math.Exp2(float64(int(side.Offset())+i) * width)
	}
	for i, n := range p.Negative().BucketCounts().All() {
		add(-bound(p.Negative(), i+1), -bound(p.Negative(), i), lowerIncluded, n)
	}
	add(-p.ZeroThreshold(), p.ZeroThreshold(), bothIncluded, p.ZeroCount())
	for i, n := range p.Positive().BucketCounts().All() {
		add(bound(p.Positive(), i), bound(p.Positive(), i+1), upperIncluded, n)
	}
	return h
}
