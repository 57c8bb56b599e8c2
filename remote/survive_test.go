package remote_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/remote"
)

// fixed is a gatherer that returns the same families each time.
type fixed []*dto.MetricFamily

func (f fixed) Gather() ([]*dto.MetricFamily, error) { return f, nil }

func pair(name, value string) *dto.LabelPair {
	return &dto.LabelPair{Name: proto.String(name), Value: proto.String(value)}
}

// everything returns families that contain everything a protobuf exposition can contain.
func everything() fixed {
	created := timestamppb.New(time.Unix(1700000000, 123000000))
	exemplar := func(value float64) *dto.Exemplar {
		return &dto.Exemplar{
			Label: []*dto.LabelPair{pair("trace_id", "4bf92f3577b34da6a3ce929d0e0e4736")}, Value: proto.Float64(value),
			Timestamp: timestamppb.New(time.Unix(1700000001, 0)),
		}
	}
	span := func(offset int32, length uint32) *dto.BucketSpan {
		return &dto.BucketSpan{Offset: proto.Int32(offset), Length: proto.Uint32(length)}
	}
	family := func(name, help, unit string, typ dto.MetricType, metrics ...*dto.Metric) *dto.MetricFamily {
		mf := &dto.MetricFamily{Name: proto.String(name), Help: proto.String(help), Type: typ.Enum(), Metric: metrics}
		if unit != "" {
			mf.Unit = proto.String(unit)
		}
		return mf
	}
	return fixed{
		family("api_latency_seconds", "Native and classic.", "seconds", dto.MetricType_HISTOGRAM, &dto.Metric{
			Label: []*dto.LabelPair{pair("code", "200")},
			Histogram: &dto.Histogram{
				SampleCount: proto.Uint64(7), SampleSum: proto.Float64(12.5), CreatedTimestamp: created,
				Bucket: []*dto.Bucket{
					{UpperBound: proto.Float64(0.5), CumulativeCount: proto.Uint64(2), Exemplar: exemplar(0.25)},
					{UpperBound: proto.Float64(5), CumulativeCount: proto.Uint64(6)},
				},
				Schema: proto.Int32(3), ZeroThreshold: proto.Float64(1e-128), ZeroCount: proto.Uint64(1),
				PositiveSpan: []*dto.BucketSpan{span(-2, 2), span(3, 1)}, PositiveDelta: []int64{1, 1, 1},
				Exemplars: []*dto.Exemplar{exemplar(0.3)},
			},
		}),
		family("float_histogram", "Native with float counts.", "", dto.MetricType_HISTOGRAM, &dto.Metric{
			Histogram: &dto.Histogram{
				SampleCountFloat: proto.Float64(4.5), SampleSum: proto.Float64(-2), Schema: proto.Int32(0),
				ZeroThreshold: proto.Float64(0.001), ZeroCountFloat: proto.Float64(1.5),
				NegativeSpan: []*dto.BucketSpan{span(0, 2)}, NegativeCount: []float64{1.25, 1.75},
			},
		}),
		family("http.server.requests_total", "Names and labels in UTF-8, such as ü.\nTwo lines with \\ and \".", "", dto.MetricType_COUNTER,
			&dto.Metric{
				Label:   []*dto.LabelPair{pair("http.method", "GÉT\"\\\n"), pair("zone", "")},
				Counter: &dto.Counter{Value: proto.Float64(3), Exemplar: exemplar(1), CreatedTimestamp: created},
			}),
		family("queue_depth", "Gauge histogram.", "", dto.MetricType_GAUGE_HISTOGRAM, &dto.Metric{
			Histogram: &dto.Histogram{
				SampleCount: proto.Uint64(3), SampleSum: proto.Float64(4),
				Bucket: []*dto.Bucket{{UpperBound: proto.Float64(1), CumulativeCount: proto.Uint64(2)}},
			},
		}),
		family("size_bytes", "Quantiles.", "bytes", dto.MetricType_SUMMARY, &dto.Metric{
			Summary: &dto.Summary{
				SampleCount: proto.Uint64(3), SampleSum: proto.Float64(6), CreatedTimestamp: created,
				Quantile: []*dto.Quantile{{Quantile: proto.Float64(0.5), Value: proto.Float64(2)}, {Quantile: proto.Float64(0.99), Value: proto.Float64(3)}},
			},
		}),
		family("temperature", "With timestamps.", "", dto.MetricType_GAUGE,
			&dto.Metric{Label: []*dto.LabelPair{pair("room", "a")}, Gauge: &dto.Gauge{Value: proto.Float64(-0.5)}, TimestampMs: proto.Int64(1700000000123)},
			&dto.Metric{Label: []*dto.LabelPair{pair("room", "b")}, Gauge: &dto.Gauge{Value: proto.Float64(1e300)}},
		),
		family("what", "Untyped.", "", dto.MetricType_UNTYPED, &dto.Metric{Untyped: &dto.Untyped{Value: proto.Float64(42)}}),
	}
}

// TestEverythingSurvives compares the metrics of a target with the metrics of its origin, through one process
// and through two.
func TestEverythingSurvives(t *testing.T) {
	origin := serve(t, metric.HandlerFor(everything()))
	near := newTarget(t, origin.URL, remote.Opts{})
	reg := metric.NewContextRegistry()
	reg.MustRegister(near)
	between := serve(t, metric.HandlerFor(reg))
	far := newTarget(t, between.URL, remote.Opts{})
	want, err := metric.Gatherers{everything()}.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for name, g := range map[string]metric.Gatherer{"target": near, "registry": reg, "two processes": far} {
		t.Run(name, func(t *testing.T) {
			got, err := g.Gather()
			if err != nil {
				t.Fatal(err)
			}
			compare(t, got, want)
		})
	}
}

func compare(t *testing.T, got, want []*dto.MetricFamily) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%d families, want %d", len(got), len(want))
	}
	for i := range min(len(got), len(want)) {
		if !proto.Equal(got[i], want[i]) {
			t.Errorf("got\n%s\nwant\n%s", prototext.Format(got[i]), prototext.Format(want[i]))
		}
	}
}

// TestExpositionsSurvive checks, in all formats, that a registry that contains a target has the same
// exposition as the process that the target reads.
func TestExpositionsSurvive(t *testing.T) {
	h := metric.HandlerFor(everything())
	origin := serve(t, h)
	reg := metric.NewContextRegistry()
	reg.MustRegister(newTarget(t, origin.URL, remote.Opts{}))
	for _, accept := range []string{
		"text/plain", "text/plain;escaping=allow-utf-8", "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8",
		"application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;escaping=allow-utf-8",
		"application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;escaping=underscores",
	} {
		header := http.Header{"Accept": {accept}}
		if got, want := get(t, metric.HandlerFor(reg), header), get(t, h, header); got != want {
			t.Errorf("%s: got\n%q\nwant\n%q", accept, got, want)
		}
	}
}

// TestFormats checks targets that support only one format.
func TestFormats(t *testing.T) {
	for _, accept := range []string{
		"text/plain;version=0.0.4;escaping=allow-utf-8", "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8",
	} {
		h := metric.HandlerFor(everything(), metric.HandlerOpts{EnableOpenMetrics: true, EnableOpenMetricsTextCreatedSamples: true})
		origin := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			r.Header.Set("Accept", accept)
			h.ServeHTTP(w, r)
		}))
		reg := metric.NewContextRegistry()
		reg.MustRegister(newTarget(t, origin.URL, remote.Opts{}))
		header := http.Header{"Accept": {accept}}
		got := get(t, metric.HandlerFor(reg, metric.HandlerOpts{EnableOpenMetrics: true, EnableOpenMetricsTextCreatedSamples: true}), header)
		if want := get(t, h, header); got != want {
			t.Errorf("%s: got\n%s\nwant\n%s", accept, got, want)
		}
	}
}

// TestNoTimestamps checks that a group adds no timestamps.
func TestNoTimestamps(t *testing.T) {
	server := serveText(t, "a 1\nb 2 1700000000123\n")
	group := remote.NewGroup(remote.GroupOpts{Targets: []remote.GroupTarget{{URL: server.URL}}})
	mfs, err := group.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, mf := range mfs {
		for _, m := range mf.GetMetric() {
			if got := m.TimestampMs != nil; got != (mf.GetName() == "b") {
				t.Errorf("%s: %v", mf.GetName(), m)
			}
		}
	}
}

// TestManyFamilies checks a large number of families with names that need quotes and with help texts.
func TestManyFamilies(t *testing.T) {
	var page strings.Builder
	for i := range 2000 {
		fmt.Fprintf(&page, "# HELP \"m.%04d\" Help %d.\n# TYPE \"m.%04d\" counter\n{\"m.%04d\",\"l.%d\"=\"ü\"} %d\n", i, i, i, i, i, i)
	}
	mfs, err := newTarget(t, serveText(t, page.String()).URL, remote.Opts{}).Gather()
	if err != nil || len(mfs) != 2000 || mfs[77].GetName() != "m.0077" || mfs[77].GetHelp() != "Help 77." {
		t.Errorf("%d families, %v", len(mfs), err)
	}
}
