package parse_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"testing"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	common "github.com/prometheus/common/model"

	"github.com/luxfi/metric/internal/encode"
	"github.com/luxfi/metric/internal/model"
	"github.com/luxfi/metric/internal/parse"
)

// exposition returns families of one type in format f.
func exposition(b testing.TB, f encode.Format, typ model.Type, families, series int) []byte {
	b.Helper()
	var buf bytes.Buffer
	e := encode.NewEncoder(&buf, encode.Options{Format: f, Escaping: common.NoEscaping})
	defer e.Release()
	for i := range families {
		m := &model.Family{Name: fmt.Sprintf("http_requests_%03d_total", i), Help: "The number of requests.", Type: typ}
		if err := e.Family(m); err != nil {
			b.Fatal(err)
		}
		for j := range series {
			p := model.Point{Value: float64(j * 37 % 100003)}
			var err error
			p.Labels, err = model.NewLabels([]model.Label{
				{Name: "code", Value: "200"}, {Name: "handler", Value: fmt.Sprintf("/api/v1/%06d", j)}, {Name: "method", Value: "GET"},
			})
			if err != nil {
				b.Fatal(err)
			}
			if typ == model.Histogram {
				h := &model.HistogramValue{Count: 10, Sum: 0.25}
				for k := range 10 {
					h.Bounds, h.Counts = append(h.Bounds, float64(k)*0.05), append(h.Counts, uint64(k))
				}
				h.Counts = append(h.Counts, 10)
				p.Histogram = h
			}
			if typ == model.Summary {
				p.Summary = &model.SummaryValue{Count: 7, Sum: 0.5, Quantiles: []model.Quantile{{Quantile: 0.5, Value: 1}, {Quantile: 0.9, Value: 2}, {Quantile: 0.99, Value: 3}}}
			}
			if err := e.Point(&p); err != nil {
				b.Fatal(err)
			}
		}
	}
	if err := e.Close(); err != nil {
		b.Fatal(err)
	}
	return buf.Bytes()
}

var formats = []struct {
	name   string
	in     parse.Format
	out    encode.Format
	expfmt expfmt.Format
}{
	{"text", parse.Text, encode.Text, expfmt.FmtText.WithEscapingScheme(common.NoEscaping)},
	{"openmetrics", parse.OpenMetrics, encode.OpenMetrics, expfmt.FmtOpenMetrics_1_0_0.WithEscapingScheme(common.NoEscaping)},
	{"protobuf", parse.Protobuf, encode.Protobuf, expfmt.FmtProtoDelim.WithEscapingScheme(common.NoEscaping)},
}

// BenchmarkParse measures reading 10,000 series with Read, reading the sources once, and, for
// comparison, expfmt.
func BenchmarkParse(b *testing.B) {
	const families, series = 10, 1000
	for _, f := range formats {
		for _, typ := range []model.Type{model.Counter, model.Histogram, model.Summary} {
			body := exposition(b, f.out, typ, families, series)
			run := func(name string, step func()) {
				b.Run(f.name+"/"+typ.String()+"/"+name, func(b *testing.B) {
					b.ReportAllocs()
					b.SetBytes(int64(len(body)))
					for b.Loop() {
						step()
					}
					b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/(families*series), "ns/series")
				})
			}
			readBody := func() *parse.Exposition {
				x, err := parse.Read(f.in, body, parse.Limits{}, nil, nil)
				if err != nil || len(x.Sources) != families {
					b.Fatal(err)
				}
				return x
			}
			run("read", func() { readBody() })
			x := readBody()
			var points [8]model.Point
			var scratches [8]model.Scratch
			run("serve", func() {
				for _, source := range x.Sources {
					all := source.Series()
					batched := all.(model.Batched)
					for i := 0; i < all.Len(); i += len(points) {
						n := min(len(points), all.Len()-i)
						batched.ReadBatch(i, points[:n], scratches[:n])
					}
				}
			})
			if f.in == parse.OpenMetrics {
				continue // expfmt takes a second for it.
			}
			run("expfmt", func() {
				d := expfmt.NewDecoder(bytes.NewReader(body), f.expfmt)
				for {
					var mf dto.MetricFamily
					err := d.Decode(&mf)
					if errors.Is(err, io.EOF) {
						return
					}
					if err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
