package clientmodel_test

import (
	"errors"
	"testing"
	"unsafe"

	dto "github.com/prometheus/client_model/go"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/luxfi/metric/internal/clientmodel"
	"github.com/luxfi/metric/internal/model"
)

// roundTrip decodes families and builds them again. It fails the test if a metric is dropped or if the
// source is modified.
func roundTrip(t *testing.T, families []*dto.MetricFamily) []*dto.MetricFamily {
	t.Helper()
	var b clientmodel.Builder
	for _, mf := range families {
		before := proto.CloneOf(mf)
		var begun *model.Family
		err := clientmodel.Decode(mf, func(f *model.Family, p *model.Point) error {
			if f == begun {
				return b.Point(p)
			}
			begun = f
			return errors.Join(b.Family(f), b.Point(p))
		}, func(err error) { t.Errorf("dropped: %v", err) })
		if err != nil {
			t.Fatal(err)
		}
		if !proto.Equal(mf, before) {
			t.Errorf("the source was modified: it is now\n%v\nand was\n%v", mf, before)
		}
	}
	return b.Families()
}

// same fails the test unless both are equal, in the same order.
func same(t *testing.T, got, want []*dto.MetricFamily) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d families, want %d", len(got), len(want))
	}
	for i := range got {
		if !proto.Equal(got[i], want[i]) {
			t.Errorf("family %d:\n got %v\nwant %v", i, got[i], want[i])
		}
	}
}

// family makes a metric family.
func family(name string, t dto.MetricType, metrics ...*dto.Metric) *dto.MetricFamily {
	return &dto.MetricFamily{Name: &name, Help: new("Some help."), Type: t.Enum(), Metric: metrics}
}

// pairs makes label pairs of alternating names and values.
func pairs(s ...string) []*dto.LabelPair {
	var out []*dto.LabelPair
	for i := 0; i < len(s); i += 2 {
		out = append(out, &dto.LabelPair{Name: &s[i], Value: &s[i+1]})
	}
	return out
}

// volatile returns a string that changes with the buffer.
func volatile(buffer []byte) string { return unsafe.String(&buffer[0], len(buffer)) }

func spans(s ...int32) []*dto.BucketSpan {
	var out []*dto.BucketSpan
	for i := 0; i < len(s); i += 2 {
		out = append(out, &dto.BucketSpan{Offset: &s[i], Length: new(uint32(s[i+1]))})
	}
	return out
}

func bucket(bound float64, count uint64, e *dto.Exemplar) *dto.Bucket {
	return &dto.Bucket{UpperBound: &bound, CumulativeCount: &count, Exemplar: e}
}

func floatBucket(bound, count float64) *dto.Bucket {
	return &dto.Bucket{UpperBound: &bound, CumulativeCountFloat: &count}
}

func at(seconds int64, nanos int32) *timestamppb.Timestamp {
	return &timestamppb.Timestamp{Seconds: seconds, Nanos: nanos}
}

func traced() *dto.Exemplar {
	return &dto.Exemplar{Label: pairs("span_id", "7", "trace_id", "a\"b"), Value: new(0.5), Timestamp: at(1_700_000_000, 123_456_789)}
}
