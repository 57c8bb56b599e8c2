package parse_test

import (
	"strings"
	"testing"

	"github.com/luxfi/metric/internal/parse"
)

func TestFormatOf(t *testing.T) {
	tests := []struct {
		contentType string
		want        parse.Format
		err         string // part of the error, or empty for no error
	}{
		{"text/plain", parse.Text, ""},
		{"text/plain; version=0.0.4; charset=utf-8; escaping=allow-utf-8", parse.Text, ""},
		{"Text/Plain;version=0.0.4", parse.Text, ""},
		{"text/plain; version=1.0.0", 0, "unknown version: allowed is 0.0.4"},
		{"application/openmetrics-text", parse.OpenMetrics, ""},
		{"application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=underscores", parse.OpenMetrics, ""},
		{"application/openmetrics-text; version=0.0.1", parse.OpenMetrics, ""},
		{"application/openmetrics-text; version=2.0.0", 0, "unknown version: allowed is 1.0.0 or 0.0.1"},
		{"application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited; escaping=values", parse.Protobuf, ""},
		{"application/vnd.google.protobuf", parse.Protobuf, ""},
		{"application/vnd.google.protobuf; proto=other", 0, "unknown proto: allowed is io.prometheus.client.MetricFamily"},
		{"application/vnd.google.protobuf; encoding=text", 0, "unknown encoding: allowed is delimited"},
		{"", 0, "has no Content-Type: allowed are text/plain"},
		{"text/html", 0, "does not name an exposition format: allowed are text/plain (version 0.0.4), application/openmetrics-text"},
		{"text/plain; version", 0, "is malformed"},
		{strings.Repeat("a", 10_000), 0, "does not name an exposition format"},
	}
	for _, test := range tests {
		got, err := parse.FormatOf(test.contentType)
		switch {
		case test.err == "" && (err != nil || got != test.want):
			t.Errorf("%q: got %v, error %v, want %v", test.contentType, got, err, test.want)
		case test.err != "" && (err == nil || !strings.Contains(err.Error(), test.err) || len(err.Error()) > 500):
			t.Errorf("%q: got error %v, want one with %q", test.contentType, err, test.err)
		}
	}
}

func TestFormatString(t *testing.T) {
	for f, want := range map[parse.Format]string{parse.Text: "text", parse.OpenMetrics: "OpenMetrics", parse.Protobuf: "protobuf", 9: "unknown"} {
		if f.String() != want {
			t.Errorf("format %d is %q, want %q", f, f, want)
		}
	}
}
