package e2e

import (
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"testing"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/textparse"
	"google.golang.org/protobuf/proto"

	"github.com/luxfi/metric"
)

// FuzzForeign checks that, whatever families a gatherer returns, Prometheus can read the other families
// in every format and store every native histogram.
func FuzzForeign(f *testing.F) {
	for _, mf := range foreignSeeds() {
		data, err := proto.Marshal(mf)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var mf dto.MetricFamily
		// Longer inputs take time and exercise nothing new in the parsers.
		if len(data) > 10_000 || (proto.UnmarshalOptions{AllowPartial: true}).Unmarshal(data, &mf) != nil {
			t.Skip()
		}
		g := metric.NewMultiGatherer()
		healthy := metric.NewContextRegistry()
		gauge := metric.NewGauge(metric.GaugeOpts{Name: "zz_healthy"})
		gauge.Set(7)
		healthy.MustRegister(gauge)
		foreign := metric.GathererFunc(func() ([]*dto.MetricFamily, error) { return []*dto.MetricFamily{&mf}, nil })
		if err := errors.Join(g.Register("healthy", healthy), g.Register("foreign", foreign)); err != nil {
			t.Fatal(err)
		}
		handler := metric.HandlerForContext(g, metric.HandlerOpts{AcceptedFormats: offered(), ErrorHandling: metric.ContinueOnError, ErrorLog: func(error) {}})
		for _, f := range formats {
			req := httptest.NewRequest(http.MethodGet, "/metrics", http.NoBody)
			req.Header.Set("Accept", f.accept)
			rec := httptest.NewRecorder()
			handler.ServeHTTP(rec, req)
			for _, convert := range []bool{false, true} {
				found, err := readStrictly(rec.Body.Bytes(), rec.Header().Get("Content-Type"), convert)
				if err != nil || !found && !convert {
					t.Errorf("%s, converting %t: the healthy one was found: %t, error %v, in\n%q\nof %v", f.name, convert, found, err, rec.Body, &mf)
				}
			}
		}
	})
}

// readStrictly reads an exposition, with or without converting classic histograms to native ones, and
// reports whether it contains zz_healthy. It returns an error if Prometheus could not store a histogram.
func readStrictly(body []byte, contentType string, convert bool) (found bool, err error) {
	p, err := textparse.New(body, contentType, labels.NewSymbolTable(), textparse.ParserOptions{
		ConvertClassicHistogramsToNHCB: convert, KeepClassicOnClassicAndNativeHistograms: true, EnableOpenMetrics2: true,
	})
	if err != nil {
		return false, err
	}
	for {
		entry, err := p.Next()
		switch {
		case errors.Is(err, io.EOF):
			return found, nil
		case err != nil:
			return found, err
		}
		switch entry {
		case textparse.EntrySeries:
			series, at, v := p.Series()
			found = found || string(series) == "zz_healthy" && v == 7
			if at != nil && *at < 0 {
				return found, fmt.Errorf("%s is at %d", series, *at)
			}
		case textparse.EntryHistogram:
			series, _, h, fh := p.Histogram()
			if h != nil {
				err = h.Validate()
			} else {
				err = fh.Validate()
			}
			if err != nil {
				return found, fmt.Errorf("%s: %w", series, err)
			}
		}
	}
}

// foreignSeeds returns families of each kind, good and bad.
func foreignSeeds() (seeds []*dto.MetricFamily) {
	add := func(kind dto.MetricType, metrics ...*dto.Metric) {
		seeds = append(seeds, &dto.MetricFamily{Name: new("foreign"), Help: new("Of a test."), Type: kind.Enum(), Metric: metrics})
	}
	label := []*dto.LabelPair{{Name: new("a"), Value: new("1")}}
	for _, ms := range []int64{0, 1, -1, math.MinInt64, math.MaxInt64} {
		add(dto.MetricType_GAUGE, &dto.Metric{Gauge: &dto.Gauge{Value: new(1.0)}, TimestampMs: &ms}, &dto.Metric{Label: label, Gauge: &dto.Gauge{}})
	}
	for _, name := range []string{"a\x00", "\x00", "a.b", ""} {
		add(dto.MetricType_UNTYPED, &dto.Metric{Untyped: &dto.Untyped{}, Label: []*dto.LabelPair{{Name: &name, Value: &name}}})
		seeds[len(seeds)-1].Name = &name
	}
	exemplar := &dto.Exemplar{Label: label, Value: new(1.0)}
	add(dto.MetricType_COUNTER, &dto.Metric{Counter: &dto.Counter{Value: new(1.0), Exemplar: exemplar}})
	add(dto.MetricType_SUMMARY, &dto.Metric{Summary: &dto.Summary{SampleCount: new(uint64(1)), SampleSum: new(1.0), Quantile: []*dto.Quantile{
		{Quantile: new(0.5), Value: new(1.0)}, {Quantile: new(0.5), Value: new(2.0)},
	}}})
	bucket := func(bound float64, n uint64) *dto.Bucket {
		return &dto.Bucket{UpperBound: &bound, CumulativeCount: &n, Exemplar: exemplar}
	}
	for _, counts := range [][2]uint64{{1, 2}, {2, 1}, {1, 4}} {
		add(dto.MetricType_HISTOGRAM, &dto.Metric{Histogram: &dto.Histogram{
			SampleCount: new(uint64(3)), SampleSum: new(1.0), Bucket: []*dto.Bucket{bucket(1, counts[0]), bucket(2, counts[1])},
		}})
	}
	for _, delta := range [][]int64{nil, {1, 1}, {1, -2}, {2, -1}} {
		add(dto.MetricType_HISTOGRAM, &dto.Metric{Histogram: &dto.Histogram{
			SampleCount: new(uint64(4)), SampleSum: new(1.0), Schema: new(int32(3)), ZeroThreshold: new(0.5), ZeroCount: new(uint64(1)),
			PositiveSpan: []*dto.BucketSpan{{Offset: new(int32(-1)), Length: new(uint32(1))}, {Offset: new(int32(3)), Length: new(uint32(1))}}, PositiveDelta: delta,
		}})
		add(dto.MetricType_GAUGE_HISTOGRAM, &dto.Metric{Histogram: &dto.Histogram{
			SampleCountFloat: new(2.5), Schema: new(int32(-1)), ZeroThreshold: new(0.5), ZeroCountFloat: new(0.5),
			NegativeSpan: []*dto.BucketSpan{{Length: new(uint32(2))}}, NegativeCount: []float64{1, float64(len(delta))},
		}})
	}
	return seeds
}
