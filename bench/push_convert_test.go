package bench_test

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/exp/api/remote"
	writev2 "github.com/prometheus/client_golang/exp/api/remote/genproto/v2"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/prometheus/prompb"

	"github.com/luxfi/metric/push/remotewrite"
)

// batchSize is the number of samples in a request, unless one histogram has more. It is our default.
const batchSize = 10_000

// pushGolang pushes the families that client_golang's registry gathers, with client_golang's package for remote
// write. client_golang has no conversion between the two; the one below reuses the memory of the requests.
func pushGolang(kind string, n int, url string, client *http.Client, protocol remotewrite.Protocol) pusher {
	gatherer := exposeGolang(kind, n).gatherer
	api := must(remote.NewAPI(url, remote.WithAPIHTTPClient(client)))
	var to batch = newBatchV2(api)
	if protocol == remotewrite.V1 {
		to = newBatchV1(api)
	}
	return func(ctx context.Context) error {
		families, err := gatherer.Gather()
		if err != nil {
			return err
		}
		return convert(ctx, families, time.Now().UnixMilli(), to)
	}
}

// batch collects the samples of a request.
type batch interface {
	// describe begins a family. It is called for each request that has series of the family.
	describe(f *dto.MetricFamily)
	// add adds a sample to the series with the given labels. The string le is the bucket's bound, or empty.
	add(name string, labels []*dto.LabelPair, le string, value float64, atMs, startMs int64)
	size() int
	// send sends the request and begins the next one.
	send(context.Context) error
}

func convert(ctx context.Context, families []*dto.MetricFamily, atMs int64, to batch) error {
	for _, f := range families {
		var (
			name                 = f.GetName()
			nameBucket, nameSum  = name + "_bucket", name + "_sum"
			nameCount, described = name + "_count", false
		)
		for _, m := range f.Metric {
			if !described {
				to.describe(f)
				described = true
			}
			switch f.GetType() {
			case dto.MetricType_COUNTER:
				to.add(name, m.Label, "", m.Counter.GetValue(), atMs, m.Counter.GetCreatedTimestamp().AsTime().UnixMilli())
			case dto.MetricType_GAUGE:
				to.add(name, m.Label, "", m.Gauge.GetValue(), atMs, 0)
			case dto.MetricType_HISTOGRAM:
				h := m.Histogram
				start := h.GetCreatedTimestamp().AsTime().UnixMilli()
				for _, b := range h.Bucket {
					to.add(nameBucket, m.Label, bound(b.GetUpperBound()), float64(b.GetCumulativeCount()), atMs, start)
				}
				to.add(nameBucket, m.Label, "+Inf", float64(h.GetSampleCount()), atMs, start)
				to.add(nameSum, m.Label, "", h.GetSampleSum(), atMs, start)
				to.add(nameCount, m.Label, "", float64(h.GetSampleCount()), atMs, start)
			default:
				panic("the fixtures have no such type")
			}
			if to.size() >= batchSize {
				if err := to.send(ctx); err != nil {
					return err
				}
				described = false
			}
		}
	}
	if to.size() == 0 {
		return nil
	}
	return to.send(ctx)
}

// bound formats a bucket's bound like OpenMetrics.
func bound(v float64) string {
	s := strconv.FormatFloat(v, 'g', -1, 64)
	if !strings.ContainsAny(s, ".e") {
		s += ".0"
	}
	return s
}

// batchV1 is a request of version 1.0.
type batchV1 struct {
	api     *remote.API
	request prompb.WriteRequest
	labels  []prompb.Label // of all series in the request
	samples []prompb.Sample
}

func newBatchV1(api *remote.API) *batchV1 {
	const n = batchSize + 100
	return &batchV1{
		api: api, request: prompb.WriteRequest{Timeseries: make([]prompb.TimeSeries, 0, n)},
		labels: make([]prompb.Label, 0, 5*n), samples: make([]prompb.Sample, 0, n),
	}
}

func (b *batchV1) describe(f *dto.MetricFamily) {
	types := map[dto.MetricType]prompb.MetricMetadata_MetricType{
		dto.MetricType_COUNTER: prompb.MetricMetadata_COUNTER, dto.MetricType_GAUGE: prompb.MetricMetadata_GAUGE,
		dto.MetricType_HISTOGRAM: prompb.MetricMetadata_HISTOGRAM,
	}
	b.request.Metadata = append(b.request.Metadata, prompb.MetricMetadata{
		Type: types[f.GetType()], MetricFamilyName: f.GetName(), Help: f.GetHelp(), Unit: f.GetUnit(),
	})
}

func (b *batchV1) add(name string, labels []*dto.LabelPair, le string, value float64, atMs, _ int64) {
	firstLabel, firstSample := len(b.labels), len(b.samples)
	b.labels = append(b.labels, prompb.Label{Name: "__name__", Value: name})
	for _, l := range labels {
		if le != "" && l.GetName() > "le" {
			b.labels = append(b.labels, prompb.Label{Name: "le", Value: le})
			le = ""
		}
		b.labels = append(b.labels, prompb.Label{Name: l.GetName(), Value: l.GetValue()})
	}
	if le != "" {
		b.labels = append(b.labels, prompb.Label{Name: "le", Value: le})
	}
	b.samples = append(b.samples, prompb.Sample{Value: value, Timestamp: atMs})
	b.request.Timeseries = append(b.request.Timeseries, prompb.TimeSeries{
		Labels: b.labels[firstLabel:len(b.labels):len(b.labels)], Samples: b.samples[firstSample:len(b.samples):len(b.samples)],
	})
}

func (b *batchV1) size() int { return len(b.samples) }

func (b *batchV1) send(ctx context.Context) error {
	_, err := b.api.Write(ctx, remote.WriteV1MessageType, &b.request)
	b.request.Timeseries, b.request.Metadata = b.request.Timeseries[:0], b.request.Metadata[:0]
	b.labels, b.samples = b.labels[:0], b.samples[:0]
	return err
}

// batchV2 is a request of version 2.0.
type batchV2 struct {
	api      *remote.API
	request  writev2.Request
	symbols  writev2.SymbolsTable
	refs     []uint32 // of all series in the request
	metadata *writev2.Metadata
	slots    []*slotV2 // one for each series of the largest request so far
}

// slotV2 holds the memory for a series.
type slotV2 struct {
	series  writev2.TimeSeries
	sample  writev2.Sample
	samples [1]*writev2.Sample
}

func newBatchV2(api *remote.API) *batchV2 {
	const n = batchSize + 100
	return &batchV2{
		api: api, request: writev2.Request{Timeseries: make([]*writev2.TimeSeries, 0, n)},
		symbols: writev2.NewSymbolTable(), refs: make([]uint32, 0, 10*n),
	}
}

func (b *batchV2) describe(f *dto.MetricFamily) {
	types := map[dto.MetricType]writev2.Metadata_MetricType{
		dto.MetricType_COUNTER: writev2.Metadata_METRIC_TYPE_COUNTER, dto.MetricType_GAUGE: writev2.Metadata_METRIC_TYPE_GAUGE,
		dto.MetricType_HISTOGRAM: writev2.Metadata_METRIC_TYPE_HISTOGRAM,
	}
	b.metadata = &writev2.Metadata{
		Type: types[f.GetType()], HelpRef: b.symbols.Symbolize(f.GetHelp()), UnitRef: b.symbols.Symbolize(f.GetUnit()),
	}
}

func (b *batchV2) add(name string, labels []*dto.LabelPair, le string, value float64, atMs, startMs int64) {
	first := len(b.refs)
	b.label("__name__", name)
	for _, l := range labels {
		if le != "" && l.GetName() > "le" {
			b.label("le", le)
			le = ""
		}
		b.label(l.GetName(), l.GetValue())
	}
	if le != "" {
		b.label("le", le)
	}
	slot := b.slot()
	slot.sample.Value, slot.sample.Timestamp = value, atMs
	slot.series.LabelsRefs = b.refs[first:len(b.refs):len(b.refs)]
	slot.series.Metadata, slot.series.CreatedTimestamp = b.metadata, startMs
	b.request.Timeseries = append(b.request.Timeseries, &slot.series)
}

func (b *batchV2) label(name, value string) {
	b.refs = append(b.refs, b.symbols.Symbolize(name), b.symbols.Symbolize(value))
}

// slot returns the memory for the next series.
func (b *batchV2) slot() *slotV2 {
	i := len(b.request.Timeseries)
	if i == len(b.slots) {
		slot := &slotV2{}
		slot.samples[0] = &slot.sample
		slot.series.Samples = slot.samples[:]
		b.slots = append(b.slots, slot)
	}
	return b.slots[i]
}

func (b *batchV2) size() int { return len(b.request.Timeseries) }

func (b *batchV2) send(ctx context.Context) error {
	b.request.Symbols = b.symbols.Symbols()
	_, err := b.api.Write(ctx, remote.WriteV2MessageType, &b.request)
	b.request.Timeseries, b.refs = b.request.Timeseries[:0], b.refs[:0]
	b.symbols.Reset()
	return err
}
