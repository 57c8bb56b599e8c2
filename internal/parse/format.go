package parse

import (
	"fmt"
	"mime"
)

// Format is an exposition format.
type Format uint8

// The formats that [Read] supports.
const (
	Text        Format = iota // Prometheus text format 0.0.4
	OpenMetrics               // OpenMetrics 1.0.0 and 0.0.1
	Protobuf                  // delimited io.prometheus.client.MetricFamily messages
)

// String returns the format's name as error messages spell it.
func (f Format) String() string {
	switch f {
	case Text:
		return "text"
	case OpenMetrics:
		return "OpenMetrics"
	case Protobuf:
		return "protobuf"
	default:
		return "unknown"
	}
}

const (
	textType        = "text/plain"
	openMetricsType = "application/openmetrics-text"
	protobufType    = "application/vnd.google.protobuf"
	messageType     = "io.prometheus.client.MetricFamily"

	allowedTypes = textType + " (version 0.0.4), " + openMetricsType + " (version 1.0.0 or 0.0.1) and " +
		protobufType + " (proto=" + messageType + ", encoding=delimited)"
)

// FormatOf returns the format that a Content-Type header names. It ignores the parameters charset and
// escaping: text is UTF-8 in all formats, and Read does not change names.
func FormatOf(contentType string) (Format, error) {
	if contentType == "" {
		return 0, fmt.Errorf("the response has no Content-Type: allowed are %s", allowedTypes)
	}
	mediaType, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		return 0, fmt.Errorf("the Content-Type %s is malformed (%w): allowed are %s", quote(contentType), err, allowedTypes)
	}
	unknown := func(parameter, allowed string) error {
		return fmt.Errorf("the Content-Type %s has an unknown %s: allowed is %s", quote(contentType), parameter, allowed)
	}
	switch version := params["version"]; mediaType {
	case textType:
		if version != "" && version != "0.0.4" {
			return 0, unknown("version", "0.0.4")
		}
		return Text, nil
	case openMetricsType:
		if version != "" && version != "1.0.0" && version != "0.0.1" {
			return 0, unknown("version", "1.0.0 or 0.0.1")
		}
		return OpenMetrics, nil
	case protobufType:
		if p := params["proto"]; p != "" && p != messageType {
			return 0, unknown("proto", messageType)
		}
		if e := params["encoding"]; e != "" && e != "delimited" {
			return 0, unknown("encoding", "delimited")
		}
		return Protobuf, nil
	default:
		return 0, fmt.Errorf("the Content-Type %s does not name an exposition format: allowed are %s", quote(contentType), allowedTypes)
	}
}
