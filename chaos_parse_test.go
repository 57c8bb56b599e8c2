package metric_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"google.golang.org/protobuf/encoding/protodelim"
)

// seriesOfExposition parses an exposition strictly and returns the values of its series. The keys are the
// names of the series in the text format. Names must be valid under the escaping scheme that the content
// type announces.
func seriesOfExposition(contentType string, body []byte) (map[string]float64, error) {
	quoted := strings.Contains(contentType, "escaping=allow-utf-8")
	switch {
	case strings.HasPrefix(contentType, "application/vnd.google.protobuf"):
		families, err := parseProtobuf(body)
		if err != nil {
			return nil, err
		}
		return seriesOfFamilies(families), checkFamilies(families, quoted)
	case strings.HasPrefix(contentType, "application/openmetrics-text"):
		text, ok := strings.CutSuffix(string(body), "# EOF\n")
		if !ok {
			return nil, errors.New("no # EOF at the end")
		}
		return parseLines(text, true, quoted)
	default:
		parser := expfmt.NewTextParser(model.UTF8Validation)
		if _, err := parser.TextToMetricFamilies(bytes.NewReader(body)); err != nil {
			return nil, err
		}
		return parseLines(string(body), false, quoted)
	}
}

func parseProtobuf(body []byte) (families []*dto.MetricFamily, err error) {
	for r := bytes.NewReader(body); ; {
		f := new(dto.MetricFamily)
		switch err := protodelim.UnmarshalFrom(r, f); {
		case errors.Is(err, io.EOF):
			return families, nil
		case err != nil:
			return nil, err
		}
		families = append(families, f)
	}
}

// checkFamilies checks that no family and no series occurs twice.
func checkFamilies(families []*dto.MetricFamily, quoted bool) error {
	names := make(familyNames)
	for _, f := range families {
		if err := names.add(f.GetName(), strings.ToLower(f.GetType().String()), false); err != nil {
			return err
		}
		if !quoted && !isClassicName(f.GetName()) {
			return fmt.Errorf("the name %q is not escaped", f.GetName())
		}
		seen := make(map[string]bool, len(f.GetMetric()))
		for _, m := range f.GetMetric() {
			labels := make(map[string]string)
			for _, l := range m.GetLabel() {
				if _, twice := labels[l.GetName()]; twice {
					return fmt.Errorf("a series of %s has the label %q twice", f.GetName(), l.GetName())
				}
				if !quoted && !isClassicName(l.GetName()) {
					return fmt.Errorf("the label name %q is not escaped", l.GetName())
				}
				labels[l.GetName()] = l.GetValue()
			}
			series := seriesID(f.GetName(), labels)
			if seen[series] && !mayRepeat(series) {
				return fmt.Errorf("the series %s comes twice", series)
			}
			seen[series] = true
		}
	}
	return nil
}

// seriesOfFamilies returns the values of series under their names in the text format.
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

// seriesID returns an identifier of a series as a reader sees it: the order of labels does not matter, and
// an empty value is the same as a missing label.
func seriesID(name string, labels map[string]string) string {
	var pairs []string
	for l, v := range labels {
		if v != "" {
			pairs = append(pairs, l+"="+strconv.Quote(v))
		}
	}
	slices.Sort(pairs)
	return name + "{" + strings.Join(pairs, ",") + "}"
}

// mayRepeat reports whether a series may occur twice in an exposition. Over HTTP, the registry does not
// detect duplicates within a stream collector, because that would take memory for each series.
func mayRepeat(series string) bool {
	return strings.HasPrefix(series, streamed)
}

// familyNames maps each sample name that can occur in an exposition to the family of the sample.
type familyNames map[string]string

// samplesOf returns the names that the samples of a family can have.
func samplesOf(family, kind string, openMetrics bool) []string {
	var suffixes []string
	switch kind {
	case "histogram", "gaugehistogram", "gauge_histogram":
		suffixes = []string{"_bucket", "_count", "_sum"}
		if openMetrics && kind == "gaugehistogram" {
			suffixes = []string{"_bucket", "_gcount", "_gsum"}
		}
	case "summary":
		suffixes = []string{"", "_count", "_sum"}
	case "counter":
		suffixes = []string{""}
		if openMetrics {
			suffixes = []string{"_total"}
		}
	case "info":
		suffixes = []string{"_info"}
	default:
		suffixes = []string{""}
	}
	names := make([]string, len(suffixes))
	for i, s := range suffixes {
		names[i] = family + s
	}
	return names
}

// created adds the name of the _created lines of a family. Few expositions have such lines.
func (f familyNames) created(sample, family string) error {
	switch other, taken := f[sample]; {
	case !taken && sample == family+"_created":
		f[sample] = family
	case other != family:
		return fmt.Errorf("a sample %s, which is not one of the family %s before it", sample, family)
	}
	return nil
}

// add adds a family. It returns an error if the family and another one could have a sample of the same
// name. (In OpenMetrics, a counter x_total and a gauge x both belong to a family x. client_golang writes
// such counters and gauges, and Prometheus reads both.)
func (f familyNames) add(family, kind string, openMetrics bool) error {
	for _, name := range samplesOf(family, kind, openMetrics) {
		if other, taken := f[name]; taken {
			return fmt.Errorf("a sample %s can be of the family %s or of another family %s", name, other, family)
		}
		f[name] = family
	}
	return nil
}

// These functions scan by hand because regular expressions took more processor time than everything that
// the chaos test exercises.

// isClassicName reports whether s needs no quotes as the name of a metric.
func isClassicName(s string) bool { return s != "" && classicName(s, true) == s }

// classicName returns the unquoted name at the start of s, or "". Only names of metrics may
// contain colons.
func classicName(s string, colons bool) string {
	for i := range len(s) {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', c == '_', c == ':' && colons:
		case '0' <= c && c <= '9' && i > 0:
		default:
			return s[:i]
		}
	}
	return s
}

// quotedText returns the quoted text at the start of s, or "".
func quotedText(s string) string {
	if s == "" || s[0] != '"' {
		return ""
	}
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '"':
			return s[:i+1]
		case '\n':
			return ""
		case '\\':
			if i++; i == len(s) || !strings.ContainsRune(`\"n`, rune(s[i])) {
				return ""
			}
		}
	}
	return ""
}

// labelStart returns the label name at the start of s, quoted or not, including the = that
// follows it, or "".
func labelStart(s string) string {
	name := classicName(s, false)
	if name == "" {
		name = quotedText(s)
	}
	if name == "" || name == `""` || !strings.HasPrefix(s[len(name):], "=") {
		return ""
	}
	return s[:len(name)+1]
}

// sampleEnd parses the end of a sample line, after the labels: a space, the value, and optionally a
// timestamp. It reports whether s has that form.
func sampleEnd(s string) (value string, ok bool) {
	s, ok = strings.CutPrefix(s, " ")
	value, timestamp, dated := strings.Cut(s, " ")
	if value == "" || strings.ContainsAny(value, "\t\r\f") || dated && (timestamp == "" || strings.Trim(timestamp, "0123456789.e+-") != "") {
		return "", false
	}
	return value, ok
}

// metadata returns the parts of a metadata line and reports whether line is one.
func metadata(line string) (keyword, name, text string, ok bool) {
	line, ok = strings.CutPrefix(line, "# ")
	keyword, line, _ = strings.Cut(line, " ")
	if !ok || keyword != "TYPE" && keyword != "HELP" && keyword != "UNIT" {
		return "", "", "", false
	}
	if name, _, _ = strings.Cut(line, " "); strings.HasPrefix(name, `"`) {
		name = quotedText(line)
	}
	text, ok = strings.CutPrefix(line[len(name):], " ")
	return keyword, name, text, name != "" && (ok || text == "")
}

var unquoter = strings.NewReplacer(`\\`, `\`, `\"`, `"`, `\n`, "\n")

// textSample is a sample line.
type textSample struct {
	name     string
	labels   map[string]string
	written  string // name and labels as they are written
	value    float64
	exemplar bool
	quoted   bool // whether a name is quoted, even one of the exemplar
}

// lineError reports an invalid line. Its text is formatted only on demand, because most such errors are
// never read.
type lineError string

func (l lineError) Error() string { return fmt.Sprintf("a line that is not valid: %q", string(l)) }

func unquote(s string) string { return unquoter.Replace(s[1 : len(s)-1]) }

func parseSample(line string) (s textSample, err error) {
	invalid := lineError(line)
	rest := line
	if end := strings.IndexAny(rest, "{ "); end < 0 {
		return s, invalid
	} else if end > 0 {
		s.name, rest = rest[:end], rest[end:]
		if !isClassicName(s.name) {
			return s, invalid
		}
	}
	var ok bool
	if s.labels, rest, ok = s.parseLabels(rest, s.name == ""); !ok || s.name == "" {
		return s, invalid
	}
	s.written = line[:len(line)-len(rest)]
	if sample, exemplar, found := strings.Cut(rest, " # {"); found {
		if _, exemplar, ok = s.parseLabels("{"+exemplar, false); ok {
			_, ok = sampleEnd(exemplar)
		}
		if !ok {
			return s, invalid
		}
		rest, s.exemplar = sample, true
	}
	value, ok := sampleEnd(rest)
	if !ok {
		return s, invalid
	}
	if s.value, err = strconv.ParseFloat(value, 64); err != nil {
		return s, invalid
	}
	return s, nil
}

// parseLabels parses the labels in braces, if any. If named is set and the metric has no name yet, the
// first of them may be its name.
func (s *textSample) parseLabels(text string, named bool) (labels map[string]string, rest string, ok bool) {
	if !strings.HasPrefix(text, "{") {
		return nil, text, true
	}
	labels = make(map[string]string)
	for text = text[1:]; !strings.HasPrefix(text, "}"); {
		if start := labelStart(text); start != "" {
			name := strings.TrimSuffix(start, "=")
			if name[0] == '"' {
				name, s.quoted = unquote(name), true
			}
			value := quotedText(text[len(start):])
			if _, twice := labels[name]; value == "" || twice {
				return nil, text, false
			}
			labels[name], text = unquote(value), text[len(start)+len(value):]
		} else if name := quotedText(text); name != "" && named && s.name == "" && len(labels) == 0 {
			s.name, s.quoted, text = unquote(name), true, text[len(name):]
		} else {
			return nil, text, false
		}
		if !strings.HasPrefix(text, "}") {
			if text, ok = strings.CutPrefix(text, ","); !ok {
				return nil, text, false
			}
		}
	}
	return labels, text[1:], true
}

// parseLines parses text line by line. The lines of a family must be adjacent, its type must come before
// its samples, the names of samples must belong to only one family, and no series may occur twice.
func parseLines(text string, openMetrics, quoted bool) (map[string]float64, error) {
	if text != "" && !strings.HasSuffix(text, "\n") {
		return nil, errors.New("the last line is not whole")
	}
	var (
		series  = make(map[string]float64)
		seen    = make(map[string]bool)
		names   = make(familyNames)
		family  string
		typed   bool
		written = make(map[string]string) // type of each family
	)
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if strings.HasPrefix(line, "#") {
			keyword, name, kind, ok := metadata(line)
			if !ok || keyword == "UNIT" && !openMetrics {
				return nil, lineError(line)
			}
			if name[0] == '"' {
				if name = unquote(name); !quoted {
					return nil, fmt.Errorf("the name %q is not escaped", name)
				}
			}
			if name != family {
				family, typed = name, false
			}
			if keyword != "TYPE" {
				if _, late := written[name]; late && !openMetrics {
					return nil, fmt.Errorf("metadata of the family %s after its type: %q", name, line)
				}
				continue
			}
			other, twice := written[name]
			if twice && (!openMetrics || (other == "counter") == (kind == "counter")) {
				return nil, fmt.Errorf("the family %s comes twice", family)
			}
			typed, written[name] = true, kind
			if err := names.add(name, kind, openMetrics); err != nil {
				return nil, err
			}
			continue
		}
		s, err := parseSample(line)
		if err != nil {
			return nil, err
		}
		if s.quoted && !quoted || s.exemplar && !openMetrics {
			return nil, fmt.Errorf("a line that the format does not have: %q", line)
		}
		if !typed {
			return nil, fmt.Errorf("a sample before the type of its family: %q", line)
		}
		if err := names.created(s.name, family); err != nil {
			return nil, err
		}
		if openMetrics { // OpenMetrics writes le="1.0".
			for _, l := range []string{"le", "quantile"} {
				if v, ok := s.labels[l]; ok {
					s.labels[l] = strings.TrimSuffix(v, ".0")
				}
			}
			if strings.Contains(s.written, `.0"`) {
				s.written = wholeBound.ReplaceAllString(s.written, `$1"`)
			}
		}
		id := seriesID(s.name, s.labels)
		if seen[id] && !mayRepeat(id) {
			return nil, fmt.Errorf("the series %s comes twice", id)
		}
		seen[id], series[s.written] = true, s.value
	}
	return series, nil
}

var wholeBound = regexp.MustCompile(`(le="[0-9]+)\.0"`)

// TestSeriesOfExposition checks that the parser of the chaos test rejects invalid expositions.
func TestSeriesOfExposition(t *testing.T) {
	const openMetrics = "application/openmetrics-text"
	series, err := seriesOfExposition(openMetrics, []byte("# HELP a h\n# TYPE a counter\n"+
		"a_total{x=\"\\\"\\\\\"} 1 # {t=\"1\"} 2 3.5\na_total 2 1.5e+09\n# TYPE h histogram\nh_bucket{le=\"1.0\"} 1\n# EOF\n"))
	if want := map[string]float64{`a_total{x="\"\\"}`: 1, "a_total": 2, `h_bucket{le="1"}`: 1}; err != nil || !maps.Equal(series, want) {
		t.Errorf("got %v and %v", series, err)
	}
	if series, err := seriesOfExposition("text/plain;escaping=allow-utf-8", []byte("# TYPE \"a b\" gauge\n{\"a b\",\"c d\"=\"e\"} NaN\n")); err != nil || len(series) != 1 {
		t.Errorf("got %v and %v", series, err)
	}
	for contentType, bad := range map[string][]string{
		openMetrics: {
			"", "# TYPE a gauge\na 1\n", "a 1\n# EOF\n", "# TYPE a gauge\na 1 # {t=\"1\"}\n# EOF\n", "# TYPE a gauge\na 1 x\n# EOF\n",
			"# TYPE a gauge\na  1\n# EOF\n", "# TYPE a gauge\na 1 \n# EOF\n", "# TYPE a gauge\na 1 # {t=\"1\"} 2 3 4\n# EOF\n",
			"# TYPE a gauge\na_total 1\n# EOF\n", "# TYPE a counter\na 1\n# EOF\n", "# TYPE a gauge\n# TYPE a_b gauge\n# TYPE a gauge\n# EOF\n",
			"# TYPE \"a b\" gauge\n# EOF\n", "# TYPE\n# EOF\n", "#\n# EOF\n", "# TYPE a\tb gauge\na 1\n# EOF\n",
		},
		"text/plain": {
			"# TYPE a gauge\na 1", "# TYPE a gauge\na 1\na 2\n", "# TYPE a gauge\na{b=\"\"} 1\na 2\n", "# TYPE a gauge\na{b=\"1\"c=\"2\"} 1\n",
			"# TYPE a gauge\na{b=\"\\x\"} 1\n", "# TYPE a gauge\na{1b=\"x\"} 1\n", "# TYPE a gauge\na{b:=\"x\"} 1\n", "# TYPE a gauge\na{b=\"x} 1\n",
			"# TYPE a gauge\na{b=\"1\",b=\"2\"} 1\n", "# UNIT a b\n", "# TYPE a gauge\na 1 # {t=\"1\"} 2\n", "# TYPE a gauge\na{} x\n", "a 1\n",
			"# TYPE h histogram\nh_bucket{le=\"+Inf\"} 0\nh_sum 0\nh_count 0\n# TYPE h_count gauge\nh_count 1\n",
		},
		"text/plain;escaping=allow-utf-8": {"# TYPE \"a b\" gauge\n{\"a b\",\"\"=\"e\"} 1\n", "# TYPE \"a b\" gauge\n{\"c\"=\"d\"} 1\n"},
	} {
		for _, body := range bad {
			if series, err := seriesOfExposition(contentType, []byte(body)); err == nil {
				t.Errorf("%s: %q is taken for %v", contentType, body, series)
			}
		}
	}
}
