package encode_test

import (
	"bytes"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	common "github.com/prometheus/common/model"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/luxfi/metric/internal/encode"
	"github.com/luxfi/metric/internal/model"
)

// family is a family with its points.
type family struct {
	model.Family
	points []model.Point
}

// toDTO returns f as client_golang would pass it to expfmt.
func toDTO(f *family) *dto.MetricFamily {
	types := map[model.Type]dto.MetricType{
		model.Counter: dto.MetricType_COUNTER, model.Gauge: dto.MetricType_GAUGE,
		model.Summary: dto.MetricType_SUMMARY, model.Untyped: dto.MetricType_UNTYPED,
		model.Histogram: dto.MetricType_HISTOGRAM, model.GaugeHistogram: dto.MetricType_GAUGE_HISTOGRAM,
	}
	out := &dto.MetricFamily{Name: &f.Name, Type: types[f.Type].Enum()}
	if !f.NoHelp {
		out.Help = &f.Help
	}
	if f.Unit != "" {
		out.Unit = &f.Unit
	}
	for i := range f.points {
		out.Metric = append(out.Metric, metricToDTO(f.Type, &f.points[i]))
	}
	return out
}

func metricToDTO(typ model.Type, p *model.Point) *dto.Metric {
	m := &dto.Metric{Label: labelsToDTO(p.Labels)}
	if p.HasTimestamp {
		m.TimestampMs = &p.TimestampMs
	}
	switch typ {
	case model.Counter:
		m.Counter = &dto.Counter{Value: &p.Value, Exemplar: exemplarToDTO(p.Exemplar), CreatedTimestamp: instantToDTO(p.Created)}
	case model.Gauge:
		m.Gauge = &dto.Gauge{Value: &p.Value}
	case model.Untyped:
		m.Untyped = &dto.Untyped{Value: &p.Value}
	case model.Summary:
		m.Summary = &dto.Summary{SampleCount: &p.Summary.Count, SampleSum: &p.Summary.Sum, CreatedTimestamp: instantToDTO(p.Created)}
		for _, q := range p.Summary.Quantiles {
			m.Summary.Quantile = append(m.Summary.Quantile, &dto.Quantile{Quantile: &q.Quantile, Value: &q.Value})
		}
	default:
		m.Histogram = histogramToDTO(p.Histogram)
		m.Histogram.CreatedTimestamp = instantToDTO(p.Created)
	}
	return m
}

func histogramToDTO(h *model.HistogramValue) *dto.Histogram {
	out := &dto.Histogram{SampleSum: &h.Sum}
	out.SampleCount, out.SampleCountFloat = countToDTO(h.Count, h.CountFloat)
	for i := range h.NumBuckets() {
		b := h.Bucket(i)
		bucket := &dto.Bucket{UpperBound: &b.UpperBound, Exemplar: exemplarToDTO(b.Exemplar)}
		bucket.CumulativeCount, bucket.CumulativeCountFloat = countToDTO(b.Count, b.CountFloat)
		out.Bucket = append(out.Bucket, bucket)
	}
	if n := h.Native; n != nil {
		out.Schema, out.ZeroThreshold = &n.Schema, &n.ZeroThreshold
		out.ZeroCount, out.ZeroCountFloat = countToDTO(n.ZeroCount, n.ZeroCountFloat)
		out.NegativeSpan, out.NegativeDelta, out.NegativeCount = spansToDTO(n.Negative.Spans), n.Negative.Deltas, n.Negative.Counts
		out.PositiveSpan, out.PositiveDelta, out.PositiveCount = spansToDTO(n.Positive.Spans), n.Positive.Deltas, n.Positive.Counts
		for _, e := range n.Exemplars {
			out.Exemplars = append(out.Exemplars, exemplarToDTO(e))
		}
	}
	return out
}

func countToDTO(n uint64, float float64) (*uint64, *float64) {
	switch {
	case float == 0:
		return &n, nil
	case n == 0:
		return nil, &float
	default:
		return &n, &float
	}
}

func spansToDTO(spans []model.Span) []*dto.BucketSpan {
	var out []*dto.BucketSpan
	for _, s := range spans {
		out = append(out, &dto.BucketSpan{Offset: &s.Offset, Length: &s.Length})
	}
	return out
}

func labelsToDTO(l model.Labels) []*dto.LabelPair {
	var out []*dto.LabelPair
	for _, l := range l.List() {
		out = append(out, &dto.LabelPair{Name: &l.Name, Value: &l.Value})
	}
	return out
}

func exemplarToDTO(e *model.Exemplar) *dto.Exemplar {
	if e == nil {
		return nil
	}
	return &dto.Exemplar{Label: labelsToDTO(e.Labels), Value: &e.Value, Timestamp: instantToDTO(e.Timestamp)}
}

func instantToDTO(t model.Instant) *timestamppb.Timestamp {
	if !t.Valid {
		return nil
	}
	return timestamppb.New(time.Unix(0, t.Nanos))
}

// want returns the output of expfmt for families, without the parts that this package documents as
// different. It also counts the points that must be refused.
func want(t testing.TB, opts encode.Options, families []*family) (out []byte, refused int) {
	t.Helper()
	formats := map[encode.Format]expfmt.Format{
		encode.Text: expfmt.FmtText, encode.OpenMetrics: expfmt.FmtOpenMetrics_1_0_0, encode.Protobuf: expfmt.FmtProtoDelim,
	}
	var options []expfmt.EncoderOption
	if opts.CreatedLines {
		options = append(options, expfmt.WithCreatedLines())
	}
	var buf bytes.Buffer
	encoder := expfmt.NewEncoder(&buf, formats[opts.Format].WithEscapingScheme(opts.Escaping), options...)
	taken := map[string]string{} // family names by escaped name
	for _, f := range families {
		in := toDTO(f)
		escaped := common.EscapeMetricFamily(&dto.MetricFamily{Name: &f.Name}, opts.Escaping).GetName()
		other, known := taken[escaped]
		clash := known && other != f.Name
		in.Help = validHelp(in.Help)
		if !unitFits(in, opts.Escaping) {
			in.Unit = nil
		}
		metrics := in.Metric
		in.Metric = nil
		for _, m := range metrics {
			if clash || !writable(in, m, opts) {
				refused++
				continue
			}
			fitExemplars(m, opts)
			in.Metric = append(in.Metric, m)
		}
		if len(in.Metric) == 0 {
			continue
		}
		taken[escaped] = f.Name
		if err := encoder.Encode(in); err != nil {
			t.Fatalf("expfmt refuses %v: %v", in, err)
		}
	}
	if err := encoder.(expfmt.Closer).Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes(), refused
}

// fitExemplars makes the changes to the exemplars of m that expfmt does not make: it escapes label
// names, and removes exemplars that cannot be written because two labels then have the same name or
// because a NUL would make the whole OpenMetrics exposition unreadable.
func fitExemplars(m *dto.Metric, opts encode.Options) {
	fit := func(e *dto.Exemplar) *dto.Exemplar {
		if e == nil {
			return nil
		}
		if opts.Escaping != common.NoEscaping {
			e.Label = common.EscapeMetricFamily(&dto.MetricFamily{Metric: []*dto.Metric{{Label: e.Label}}}, opts.Escaping).Metric[0].Label
		}
		names := map[string]bool{}
		for _, l := range e.Label {
			if names[l.GetName()] || opts.Format == encode.OpenMetrics && strings.Contains(l.GetName()+l.GetValue(), "\x00") {
				return nil
			}
			names[l.GetName()] = true
		}
		return e
	}
	if m.Counter != nil {
		m.Counter.Exemplar = fit(m.Counter.Exemplar)
	}
	for _, b := range m.GetHistogram().GetBucket() {
		b.Exemplar = fit(b.Exemplar)
	}
	if h := m.Histogram; h != nil {
		var kept []*dto.Exemplar
		for _, e := range h.Exemplars {
			if e := fit(e); e != nil {
				kept = append(kept, e)
			}
		}
		h.Exemplars = kept
	}
}

func validHelp(help *string) *string {
	if help == nil {
		return nil
	}
	valid := strings.ToValidUTF8(*help, "\uFFFD")
	return &valid
}

func unitFits(in *dto.MetricFamily, escaping common.EscapingScheme) bool {
	name := *common.EscapeMetricFamily(in, escaping).Name
	if in.GetType() == dto.MetricType_COUNTER {
		name = strings.TrimSuffix(name, "_total")
	}
	return strings.HasSuffix(name, "_"+in.GetUnit())
}

func writable(in *dto.MetricFamily, m *dto.Metric, opts encode.Options) bool {
	if in.GetName() == "" || !utf8.ValidString(in.GetName()) {
		return false
	}
	if opts.Format == encode.OpenMetrics {
		if m.GetHistogram().GetSampleCountFloat() > 0 {
			return false
		}
		for _, b := range m.GetHistogram().GetBucket() {
			if b.GetCumulativeCountFloat() > 0 {
				return false
			}
		}
	}
	escaped := common.EscapeMetricFamily(&dto.MetricFamily{Metric: []*dto.Metric{m}}, opts.Escaping)
	names := map[string]bool{}
	for _, l := range escaped.Metric[0].Label {
		if names[l.GetName()] {
			return false
		}
		names[l.GetName()] = true
	}
	return true
}
