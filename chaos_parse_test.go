package metric_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"google.golang.org/protobuf/encoding/protodelim"
)

// seriesOfExposition parses an exposition, strictly, and returns the values of its series,
// named as in the text format.
func seriesOfExposition(contentType string, body []byte) (map[string]float64, error) {
	switch {
	case strings.HasPrefix(contentType, "application/vnd.google.protobuf"):
		families, err := parseProtobuf(body)
		return seriesOfFamilies(families), err
	case strings.HasPrefix(contentType, "application/openmetrics-text"):
		text, ok := strings.CutSuffix(string(body), "# EOF\n")
		if !ok {
			return nil, errors.New("no # EOF at the end")
		}
		return parseLines(text, true)
	default:
		parser := expfmt.NewTextParser(model.UTF8Validation)
		if _, err := parser.TextToMetricFamilies(bytes.NewReader(body)); err != nil {
			return nil, err
		}
		return parseLines(string(body), false)
	}
}

func parseProtobuf(body []byte) (families []*dto.MetricFamily, err error) {
	seen := make(map[string]bool)
	for r := bytes.NewReader(body); ; {
		f := new(dto.MetricFamily)
		switch err := protodelim.UnmarshalFrom(r, f); {
		case errors.Is(err, io.EOF):
			return families, nil
		case err != nil:
			return nil, err
		case seen[f.GetName()]:
			return nil, fmt.Errorf("the family %q comes twice", f.GetName())
		}
		seen[f.GetName()] = true
		families = append(families, f)
	}
}

// seriesOfFamilies names series as the text format does.
func seriesOfFamilies(families []*dto.MetricFamily) map[string]float64 {
	series := make(map[string]float64)
	for _, f := range families {
		for _, m := range f.GetMetric() {
			var labels []string
			for _, l := range m.GetLabel() {
				labels = append(labels, fmt.Sprintf("%s=%q", l.GetName(), l.GetValue()))
			}
			name := func(suffix string, more ...string) string {
				if all := slices.Concat(labels, more); len(all) > 0 {
					return f.GetName() + suffix + "{" + strings.Join(all, ",") + "}"
				}
				return f.GetName() + suffix
			}
			h := m.GetHistogram()
			if h == nil {
				series[name("")] = m.GetCounter().GetValue() + m.GetGauge().GetValue() + m.GetUntyped().GetValue()
				continue
			}
			series[name("_count")], series[name("_sum")] = float64(h.GetSampleCount()), h.GetSampleSum()
			series[name("_bucket", `le="+Inf"`)] = float64(h.GetSampleCount())
			for _, b := range h.GetBucket() {
				series[name("_bucket", fmt.Sprintf("le=%q", boundText(b.GetUpperBound())))] = float64(b.GetCumulativeCount())
			}
		}
	}
	return series
}

func boundText(bound float64) string {
	if math.IsInf(bound, 1) {
		return "+Inf"
	}
	return strconv.FormatFloat(bound, 'g', -1, 64)
}

var (
	metadataLine = regexp.MustCompile(`^# (TYPE|HELP|UNIT) ("(?:[^"\\]|\\.)+"|\S+)(?: (.*))?$`)
	sampleLine   = regexp.MustCompile(`^([a-zA-Z_:][a-zA-Z0-9_:]*)(\{(?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\[\\"n])*",?)*\})? (\S+)( [0-9.e+-]+)?( # \{.*\} \S+( \S+)?)?$`)
	wholeBound   = regexp.MustCompile(`(le="[0-9]+)\.0"`)
)

// parseLines parses text line by line. The lines of a family have to be together, its
// samples after its type and with names that belong to it, and no series may come twice.
func parseLines(text string, openMetrics bool) (map[string]float64, error) {
	if text != "" && !strings.HasSuffix(text, "\n") {
		return nil, errors.New("the last line is not whole")
	}
	var (
		series   = make(map[string]float64)
		families = make(map[string]bool)
		family   string
		typed    bool
	)
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if strings.HasPrefix(line, "#") {
			parts := metadataLine.FindStringSubmatch(line)
			if parts == nil || parts[1] == "UNIT" && !openMetrics {
				return nil, fmt.Errorf("a line that is not valid: %q", line)
			}
			if parts[2] != family {
				if family = parts[2]; families[family] {
					return nil, fmt.Errorf("the family %s comes twice", family)
				}
				families[family], typed = true, false
			}
			typed = typed || parts[1] == "TYPE"
			continue
		}
		parts := sampleLine.FindStringSubmatch(line)
		if parts == nil {
			return nil, fmt.Errorf("a line that is not valid: %q", line)
		}
		suffix, belongs := strings.CutPrefix(parts[1], family)
		if !typed || !belongs || suffix != "" && suffix[0] != '_' {
			return nil, fmt.Errorf("a sample that is not of the family %s before it: %q", family, line)
		}
		value, err := strconv.ParseFloat(parts[3], 64)
		if err != nil {
			return nil, err
		}
		name := parts[1] + parts[2]
		if openMetrics { // It writes le="1.0".
			name = parts[1] + wholeBound.ReplaceAllString(parts[2], `$1"`)
		}
		if _, twice := series[name]; twice && !strings.HasPrefix(name, streamed) {
			return nil, fmt.Errorf("the series %s comes twice", name)
		}
		series[name] = value
	}
	return series, nil
}
