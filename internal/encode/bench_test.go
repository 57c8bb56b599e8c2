package encode_test

import (
	"fmt"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/prometheus/common/expfmt"
	common "github.com/prometheus/common/model"

	"github.com/luxfi/metric/internal/model"
)

// series makes a family of n series with three labels.
func series(n int, f model.Family, set func(i int, p *model.Point)) *family {
	fam := &family{Family: f, points: make([]model.Point, n)}
	for i := range fam.points {
		p := &fam.points[i]
		p.Labels = labels("code", "200", "handler", fmt.Sprintf("/api/v1/item/%d", i), "method", "GET")
		set(i, p)
	}
	return fam
}

func benchFamilies() map[string]*family {
	const n = 1000
	random := rand.New(rand.NewPCG(1, 2))
	bounds := []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}
	gauge := model.Family{Name: "node_temperature_celsius", Help: "A gauge.", Type: model.Gauge}
	return map[string]*family{
		"counters":       counters(n),
		"gauges-full":    series(n, gauge, func(_ int, p *model.Point) { p.Value = random.Float64() * 1000 }),
		"gauges-decimal": series(n, gauge, func(_ int, p *model.Point) { p.Value = float64(random.IntN(1e6)) / 1000 }),
		"histograms": series(n, model.Family{Name: "http_duration_seconds", Help: "A histogram.", Type: model.Histogram}, func(i int, p *model.Point) {
			p.Histogram = &model.HistogramValue{Count: uint64(i * 12), Sum: random.Float64() * 1000}
			for j, bound := range bounds {
				p.Histogram.Buckets = append(p.Histogram.Buckets, model.Bucket{UpperBound: bound, Count: uint64(i * j)})
			}
		}),
		"histograms-counts": series(n, model.Family{Name: "http_duration_seconds", Help: "A histogram.", Type: model.Histogram}, func(i int, p *model.Point) {
			p.Histogram = &model.HistogramValue{Count: uint64(i * 12), Sum: random.Float64() * 1000, Bounds: bounds}
			for j := range len(bounds) + 1 {
				p.Histogram.Counts = append(p.Histogram.Counts, uint64(i*j))
			}
		}),
		"native": series(n, model.Family{Name: "http_duration_seconds", Help: "A native histogram.", Type: model.Histogram}, func(i int, p *model.Point) {
			p.Histogram = natives()[0].Histogram
		}),
		"summaries": series(n, model.Family{Name: "rpc_duration_seconds", Help: "A summary.", Type: model.Summary}, func(i int, p *model.Point) {
			p.Summary = &model.SummaryValue{Count: uint64(i), Sum: random.Float64(), Quantiles: quantiles(0.5, random.Float64(), 0.99, random.Float64())}
		}),
		"utf8-labels": {Family: gauge, points: []model.Point{{Labels: labels("http.method", "GET", "http.status", "200"), Value: 1}}},
	}
}

func report(b *testing.B, points int) {
	b.ReportAllocs()
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(points), "ns/series")
}

// BenchmarkEncode measures encoding a family of 1000 series. The utf8-labels case has one series and
// uses the underscores scheme.
func BenchmarkEncode(b *testing.B) {
	for format, opts := range formats() {
		opts.Escaping = common.UnderscoreEscaping
		for name, f := range benchFamilies() {
			b.Run(name+"/"+format, func(b *testing.B) {
				families := []*family{f}
				for b.Loop() {
					encodeAll(io.Discard, opts, families)
				}
				report(b, len(f.points))
			})
		}
	}
}

// BenchmarkSmallFamilies measures encoding 100 families of one series each.
func BenchmarkSmallFamilies(b *testing.B) {
	families := make([]*family, 100)
	for i := range families {
		families[i] = &family{model.Family{Name: fmt.Sprintf("process_some_metric_%d", i), Help: "Some help of a usual length for a metric.", Type: model.Gauge}, []model.Point{{Value: 1}}}
	}
	for format, opts := range formats() {
		b.Run(format, func(b *testing.B) {
			for b.Loop() {
				encodeAll(io.Discard, opts, families)
			}
			report(b, len(families))
		})
	}
}

// BenchmarkExpfmt measures the same work with expfmt, for comparison.
func BenchmarkExpfmt(b *testing.B) {
	for _, format := range []expfmt.Format{expfmt.FmtText, expfmt.FmtOpenMetrics_1_0_0, expfmt.FmtProtoDelim} {
		for name, f := range benchFamilies() {
			b.Run(name+"/"+format.ToEscapingScheme().String()+"/"+string(format[:20]), func(b *testing.B) {
				in := toDTO(f)
				for b.Loop() {
					_ = expfmt.NewEncoder(io.Discard, format).Encode(in)
				}
				report(b, len(f.points))
			})
		}
	}
}
