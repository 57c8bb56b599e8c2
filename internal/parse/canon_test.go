package parse_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/luxfi/metric/internal/parse"
)

// canonical returns families as text, reduced to the information that format f can express.
func canonical(f parse.Format, families []*dto.MetricFamily) string {
	var b strings.Builder
	for _, mf := range families {
		typ := mf.GetType()
		if f == parse.Text && typ == dto.MetricType_GAUGE_HISTOGRAM {
			typ = dto.MetricType_HISTOGRAM
		}
		fmt.Fprintf(&b, "%q %s help %q", mf.GetName(), typ, mf.GetHelp())
		if f != parse.Text {
			fmt.Fprintf(&b, " unit %q", mf.GetUnit())
		}
		b.WriteString("\n")
		for _, m := range mf.Metric {
			fmt.Fprintf(&b, "\t{%s}", canonicalLabels(m.Label))
			if m.TimestampMs != nil {
				fmt.Fprintf(&b, " at %d", *m.TimestampMs)
			}
			canonicalValue(&b, f, mf.GetType(), m)
			b.WriteString("\n")
		}
	}
	return b.String()
}

func canonicalLabels(pairs []*dto.LabelPair) string {
	var list []string
	for _, l := range pairs {
		list = append(list, fmt.Sprintf("%q=%q", l.GetName(), l.GetValue()))
	}
	slices.Sort(list)
	return strings.Join(list, ",")
}

// canonicalValue writes the value of a metric of the given type.
func canonicalValue(b *strings.Builder, f parse.Format, typ dto.MetricType, m *dto.Metric) {
	created := func(t *timestamppb.Timestamp) {
		if f != parse.Text {
			fmt.Fprintf(b, " created %s", canonicalTime(f, t))
		}
	}
	switch typ {
	case dto.MetricType_COUNTER:
		fmt.Fprintf(b, " %v%s", m.GetCounter().GetValue(), canonicalExemplar(f, m.GetCounter().GetExemplar()))
		created(m.GetCounter().GetCreatedTimestamp())
	case dto.MetricType_GAUGE:
		fmt.Fprintf(b, " %v", m.GetGauge().GetValue())
	case dto.MetricType_UNTYPED:
		fmt.Fprintf(b, " %v", m.GetUntyped().GetValue())
	case dto.MetricType_SUMMARY:
		fmt.Fprintf(b, " count %d sum %v", m.GetSummary().GetSampleCount(), m.GetSummary().GetSampleSum())
		for _, q := range m.GetSummary().GetQuantile() {
			fmt.Fprintf(b, " %v:%v", q.GetQuantile(), q.GetValue())
		}
		created(m.GetSummary().GetCreatedTimestamp())
	default:
		h := m.GetHistogram()
		fmt.Fprintf(b, " count %s sum %v", canonicalCount(h.GetSampleCount(), h.GetSampleCountFloat()), h.GetSampleSum())
		buckets := slices.Clone(h.GetBucket())
		slices.SortStableFunc(buckets, func(a, b *dto.Bucket) int {
			return int(math.Copysign(1, a.GetUpperBound()-b.GetUpperBound()))
		})
		for _, k := range buckets {
			e := canonicalExemplar(f, k.Exemplar)
			if !math.IsInf(k.GetUpperBound(), +1) || e != "" { // The +Inf bucket may be missing.
				fmt.Fprintf(b, " %v:%s%s", k.GetUpperBound(), canonicalCount(k.GetCumulativeCount(), k.GetCumulativeCountFloat()), e)
			}
		}
		created(h.GetCreatedTimestamp())
		if f == parse.Protobuf {
			fmt.Fprintf(b, " native %v %v %v %v pos %v %v %v neg %v %v %v", h.GetSchema(), h.GetZeroThreshold(), h.GetZeroCount(), h.GetZeroCountFloat(),
				canonicalSpans(h.GetPositiveSpan()), h.GetPositiveDelta(), h.GetPositiveCount(), canonicalSpans(h.GetNegativeSpan()), h.GetNegativeDelta(), h.GetNegativeCount())
			for _, e := range h.GetExemplars() {
				b.WriteString(canonicalExemplar(f, e))
			}
		}
	}
}

func canonicalCount(n uint64, float float64) string {
	if float != 0 {
		return fmt.Sprint(float)
	}
	if n >= 1<<53 {
		return fmt.Sprint(float64(n))
	}
	return fmt.Sprint(n)
}

func canonicalSpans(spans []*dto.BucketSpan) (list []string) {
	for _, s := range spans {
		list = append(list, fmt.Sprint(s.GetOffset(), "+", s.GetLength()))
	}
	return list
}

func canonicalExemplar(f parse.Format, e *dto.Exemplar) string {
	if e == nil || f == parse.Text {
		return ""
	}
	return fmt.Sprintf(" # {%s} %v %s", canonicalLabels(e.Label), e.GetValue(), canonicalTime(f, e.Timestamp))
}

// canonicalTime returns a time in the precision of a format: in text, a float of seconds. It is empty
// for times that cannot be used.
func canonicalTime(f parse.Format, t *timestamppb.Timestamp) string {
	if !t.IsValid() || t.GetSeconds() < 0 || t.GetSeconds() >= math.MaxInt64/1_000_000_000-1 {
		return "never"
	}
	if f == parse.OpenMetrics {
		return fmt.Sprint(float64(t.AsTime().UnixNano()) / 1e9)
	}
	return fmt.Sprint(t.GetSeconds(), ".", t.GetNanos())
}

// diff fails the test if two canonical texts differ.
func diff(t testing.TB, got, want string) {
	t.Helper()
	if got == want {
		return
	}
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range max(len(g), len(w)) {
		var a, b string
		if i < len(g) {
			a = g[i]
		}
		if i < len(w) {
			b = w[i]
		}
		if a != b {
			t.Errorf("line %d:\n got %s\nwant %s", i, a, b)
			return
		}
	}
}
