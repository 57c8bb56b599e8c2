package query

import (
	"testing"

	"github.com/luxfi/metric/internal/model"
)

func TestUnit(t *testing.T) {
	for _, test := range []struct {
		name, unit string
		kind       model.Type
		want       string
	}{
		{"x", "", model.Gauge, ""},
		{"seconds", "", model.Gauge, ""},
		{"x_seconds", "", model.Histogram, "seconds"},
		{"x_seconds_total", "", model.Counter, "seconds"},
		{"x.seconds", "", model.Gauge, "seconds"},
		{"x_bytes_total", "", model.Counter, "bytes"},
		{"x_bytes_bucket", "", model.Gauge, "bytes"},
		{"x_total", "", model.Counter, ""},
		{"x_ratio", "", model.Gauge, "ratio"},
		{"x_celsius", "", model.Gauge, "celsius"},
		{"x_apples", "", model.Gauge, ""},
		{"x_apples", "apples", model.Gauge, "apples"},
		{"x_bytes", "\x00", model.Gauge, "\uFFFD"},
		{"x_seconds_info", "", model.Info, ""},
		{"x_seconds", "", model.StateSet, ""},
		{"process_start_time_seconds", "", model.Gauge, "timestamp"},
		{"x_timestamp_seconds", "seconds", model.Gauge, "timestamp"},
		{"x_timestamp_seconds", "", model.Histogram, "seconds"},
	} {
		if got := unitOf(&model.Family{Name: test.name, Unit: test.unit, Type: test.kind}); got != test.want {
			t.Errorf("%s (%s) with unit %q: got %q, want %q", test.name, test.kind, test.unit, got, test.want)
		}
	}
}
