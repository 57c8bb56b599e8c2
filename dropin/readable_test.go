package dropin_test

import (
	"bytes"
	"errors"
	"io"
	"regexp"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"google.golang.org/protobuf/encoding/protodelim"
	"google.golang.org/protobuf/encoding/prototext"
)

// readable returns an exposition or another body as text, without anything that depends on the time or on
// the process.
func readable(t *testing.T, contentType string, body []byte) string {
	t.Helper()
	if expfmt.Format(contentType).FormatType() == expfmt.TypeProtoDelim {
		return readableProtobuf(t, body)
	}
	lines := strings.Split(string(body), "\n")
	for i, line := range lines {
		lines[i] = maskLine(line)
	}
	return strings.Join(lines, "\n")
}

// ofProcess matches the names of families about the Go runtime and the process.
var ofProcess = regexp.MustCompile(`^(go|process)_`)

// inSeconds matches the names of series that measure the duration of requests.
var inSeconds = regexp.MustCompile(`^(http|client)_(duration|header)_seconds`)

var (
	sampleValue       = regexp.MustCompile(`([^\\]["}]|^[^"{ ]+) [^ ]+$`)
	createdValue      = regexp.MustCompile(`^([a-zA-Z_:]\w*_created(\{.*\})?|\{"[^"]*_created".*\}) [0-9.e+]+$`)
	exemplarOfSeconds = regexp.MustCompile(`( # \{.*\}) .*$`)
	exemplarTime      = regexp.MustCompile(`( # \{.*\} [^ ]+) [0-9.e+]+$`)
)

// maskLine masks times in a line of an exposition in a text format.
func maskLine(line string) string {
	switch {
	case strings.HasPrefix(line, "#"):
		return line
	case ofProcess.MatchString(line):
		return sampleValue.ReplaceAllString(line, "$1 VALUE")
	case createdValue.MatchString(line):
		return createdValue.ReplaceAllString(line, "$1 TIME")
	case inSeconds.MatchString(line):
		if strings.Contains(line, "_sum") {
			return sampleValue.ReplaceAllString(line, "$1 SECONDS")
		}
		return exemplarOfSeconds.ReplaceAllString(line, "$1 SECONDS")
	}
	return exemplarTime.ReplaceAllString(line, "$1 TIME")
}

// readableProtobuf is readable for delimited protobuf messages.
func readableProtobuf(t *testing.T, body []byte) string {
	t.Helper()
	var (
		text   strings.Builder
		reader = bytes.NewReader(body)
	)
	for {
		f := &dto.MetricFamily{}
		if err := protodelim.UnmarshalFrom(reader, f); errors.Is(err, io.EOF) {
			return strings.ReplaceAll(text.String(), ":  ", ": ") // The printer varies its spaces.
		} else if err != nil {
			t.Fatal(err)
		}
		if len(f.ProtoReflect().GetUnknown()) > 0 {
			t.Errorf("family %s has unknown fields", f.GetName())
		}
		for _, m := range f.GetMetric() {
			maskMetric(m, inSeconds.MatchString(f.GetName()))
			if ofProcess.MatchString(f.GetName()) {
				m.Gauge, m.Counter, m.Summary, m.Histogram, m.Untyped = nil, nil, nil, nil, nil
			}
		}
		text.WriteString(prototext.Format(f))
	}
}

// maskMetric removes times from a metric: its start timestamp, the timestamps of exemplars and, if its unit
// is seconds, its values.
func maskMetric(m *dto.Metric, seconds bool) {
	exemplars := []*dto.Exemplar{m.GetCounter().GetExemplar()}
	if c := m.GetCounter(); c != nil {
		c.CreatedTimestamp = nil
	}
	if s := m.GetSummary(); s != nil {
		s.CreatedTimestamp = nil
	}
	if h := m.GetHistogram(); h != nil {
		h.CreatedTimestamp = nil
		for _, b := range h.GetBucket() {
			exemplars = append(exemplars, b.GetExemplar())
		}
		exemplars = append(exemplars, h.GetExemplars()...)
		if seconds {
			h.SampleSum = nil
		}
	}
	for _, e := range exemplars {
		if e == nil {
			continue
		}
		e.Timestamp = nil
		if seconds {
			e.Value = nil
		}
	}
}
