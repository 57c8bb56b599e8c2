package parse_test

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/luxfi/metric/internal/parse"
)

// readExpfmt reads a body with expfmt. It returns a panic as an error.
func readExpfmt(format expfmt.Format, body string) (families []*dto.MetricFamily, err error) {
	defer func() {
		if value := recover(); value != nil {
			err = fmt.Errorf("panic: %v", value)
		}
	}()
	d := expfmt.NewDecoder(strings.NewReader(body), format)
	for {
		mf := new(dto.MetricFamily)
		err := d.Decode(mf)
		if errors.Is(err, io.EOF) {
			slices.SortStableFunc(families, func(a, b *dto.MetricFamily) int { return cmp.Compare(a.GetName(), b.GetName()) })
			return families, nil
		}
		if err != nil {
			return nil, err
		}
		families = append(families, mf)
	}
}

func FuzzText(f *testing.F) {
	addCorpus(f, 0)
	f.Fuzz(func(t *testing.T, body []byte) { compareText(t, 0, string(body)) })
}

func FuzzOpenMetrics(f *testing.F) {
	addCorpus(f, 1)
	f.Fuzz(func(t *testing.T, body []byte) { compareText(t, 1, string(body)) })
}

func FuzzProtobuf(f *testing.F) {
	addCorpus(f, 2)
	f.Fuzz(func(t *testing.T, body []byte) { compareProtobuf(t, string(body)) })
}

func addCorpus(f *testing.F, format int) {
	for _, m := range corpus() {
		body, _ := written(f, formats[format].in, []family{m}, true)
		f.Add([]byte(body))
	}
	for _, s := range snippets[formats[format].in] {
		f.Add([]byte(s))
	}
}

// snippets contain constructs that do not occur in the output of programs.
var snippets = map[parse.Format][]string{
	parse.Text: {
		"a{x=\"1\"} 1\na{x=\"2\"} 2\na{x=\"3\"} 3 4\n", "# TYPE a histogram\na_bucket{le=\"1\"} 1\na_bucket{le=\"2\"} 1\na_count 1\na_sum 2\n",
		"# TYPE a summary\na{x=\"1\",quantile=\"0\"} 1\na{x=\"1\",quantile=\"1\"} 1\na_sum{x=\"1\"} 1\na_count{x=\"1\"} 1\n",
		"", "\n \n#\n# \n#x\n# HELP\n# TYPE\n# HELP a\n# TYPE b\n a  1\n",
		"\ta { b = \"c\" , d=\"e\", } 1.5e3 \t 17\n", "a{}1\n", "a{b=\"\\n\\\"\\\\\"} Nan -5\n", "{\"a.b\",c=\"d\",\"e.f\"=\"g\"} +Inf\n",
		"# TYPE a histogram\na_bucket{le=\"1\",x=\"y\"} 1\na_bucket{le=\"+Inf\",x=\"y\"} 2\na_sum{x=\"y\"} 1\na_count{x=\"y\"} 2\n",
		"# TYPE a histogram\na_count 2\nb 1\na_bucket{le=\"1\"} 1.5\na_bucket{le=\"+Inf\"} 2\na_sum 1\n",
		"# TYPE a summary\na{quantile=\"0.5\"} 1\na_sum 1\na_count 1\na_sum 2\n", "a_count 1\n# TYPE a summary\na_count 2\n",
		"# HELP a b\\\\c\\nd\\\"\n# TYPE a CoUnter\na 0x1\n", "a 1_0\n", "a 1e400\n", "a{b=\"1\",b=\"2\"} 1\n", "a{__name__=\"x\"} 1\n", "a 1",
		"a{b=\"\xff\"} 1\n", "# HELP a \xff\na 1\n", "a{z=\"1\",b=\"2\"} 1\na{z=\"1\",b=\"3\"} 1\n",
	},
	parse.OpenMetrics: {
		"# EOF", "# EOF\n", "a 1\n", "# EOF\n# EOF\n", "a 1\n# EOF\na 2\n",
		"# TYPE a counter\na_total{x=\"y\"} 1 # {t=\"u\"} 0.5 1.25\na_created{x=\"y\"} 1.5\n# EOF\n",
		"# TYPE a counter\na_created 1.5\na_total 1\n# EOF\n", "# TYPE a counter\na 1\n# EOF\n", "# TYPE a counter\na_created 1\n# EOF\n",
		"# TYPE a_s gauge\n# UNIT a_s s\n# HELP a_s x\\ny\\\"\na_s 1 1.5\na_s 2 2.5\n# EOF\n", "# TYPE a gauge\n# UNIT a s\n# EOF\n",
		"# TYPE a histogram\na_bucket{le=\"+Inf\"} 2 # {} 1\na_count 2\na_sum 1\na_created 5\n# EOF\n",
		"# TYPE a gaugehistogram\na_bucket{le=\"1\"} 2\na_bucket{le=\"+Inf\"} 2\na_gcount 2\na_gsum 1\n# EOF\n",
		"# TYPE a info\na_info{v=\"1\"} 1\n# EOF\n", "# TYPE a stateset\na{a=\"x\"} 1\na{a=\"y\"} 0\n# EOF\n", "# TYPE \"\" counter\n_total 1\n# EOF\n",
	},
	parse.Protobuf: {
		"\xf8\xb8\xbd\x83\xcd(\"I", // makes expfmt allocate 1.4 TB
		"", "\x00", "\x03\x0a\x01a", "\x0c\x0a\x01a\x22\x07\x12\x05\x09\x00\x00\x00", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
		"\x12\x0a\x01a\x18\x01\x22\x0b\x12\x09\x09\x00\x00\x00\x00\x00\x00\xf0\x3f", "\x05\x0a\x01a\x7b\x7c",
	},
}

// onlyExpfmtReads are parts of the error texts for bodies that only expfmt accepts.
var onlyExpfmtReads = map[parse.Format][]string{
	parse.Text: {
		"does not end with a line feed", // expfmt also accepts blanks at the end.
		"is not UTF-8",                  // in a help text
		"without NUL bytes",
		"the name of a metric is empty", // in a comment without effect
		"behind the label name",         // A name in braces may lack its quotes.
	},
	parse.OpenMetrics: {"without NUL bytes"},
	parse.Protobuf:    {"is not UTF-8", "without NUL bytes", "has the unknown type", "nested deeper", "is not UTF-8"},
}

// expfmtRefuses are parts of expfmt's errors for bodies that Read accepts.
var expfmtRefuses = map[parse.Format][]string{
	parse.Text: {
		"second TYPE line", "invalid escape sequence", "spurious string after timestamp", `expected integer as timestamp, got ""`, "panic: ",
	},
	parse.OpenMetrics: {
		"second TYPE line", "second HELP line", "second UNIT line", "after samples", "interleaved", "unsupported metric type",
		"invalid sum", "must not be negative or NaN", "negative quantile value", "invalid quantile", "invalid exemplar value", "invalid created timestamp",
	},
}

func compareText(t *testing.T, format int, body string) {
	if len(body) > 2000 {
		t.Skip() // The OpenMetrics grammar of expfmt takes very long for it.
	}
	f := formats[format]
	got := read(t, f.in, body, parse.Limits{})
	want, err := readExpfmt(f.expfmt, body)
	countBuckets(want)
	if e := differs(f.in, body, &got, want, err); e != "" {
		t.Errorf("%s: got error %v, dropped %q; expfmt %v\nin %q", e, got.err, got.dropped, err, body)
	}
}

// countBuckets gives histograms without a count the count of their last bucket. Both formats allow
// omitting the count, and expfmt reads it as zero.
func countBuckets(families []*dto.MetricFamily) {
	for _, mf := range families {
		for _, m := range mf.Metric {
			h := m.Histogram
			if h == nil || h.SampleCount != nil || h.GetSampleCountFloat() != 0 {
				continue
			}
			for _, b := range h.Bucket {
				if math.IsInf(b.GetUpperBound(), +1) {
					h.SampleCount, h.SampleCountFloat = b.CumulativeCount, b.CumulativeCountFloat
				}
			}
		}
	}
}

// differs describes an unexpected difference between a result and the result of expfmt, or returns "".
func differs(f parse.Format, body string, got *result, want []*dto.MetricFamily, err error) string {
	contains := func(err error, parts []string) bool {
		return slices.ContainsFunc(parts, func(part string) bool { return strings.Contains(err.Error(), part) })
	}
	switch {
	case got.err != nil && err == nil && !contains(got.err, onlyExpfmtReads[f]) && (f != parse.Text || !halfQuoted.MatchString(body)):
		return "only expfmt reads it"
	case got.err == nil && err != nil && len(got.dropped) == 0 && !contains(err, expfmtRefuses[f]) &&
		(f != parse.OpenMetrics || !beyondGrammar.MatchString(body)):
		return "expfmt does not read it"
	case got.err == nil && err == nil && len(got.dropped) == 0 && !isAmbiguous(f, body, got):
		if g, w := canonical(f, got.families), canonical(f, want); g != w {
			return fmt.Sprintf("got\n%s\nexpfmt\n%s", g, w)
		}
	}
	return ""
}

// halfQuoted matches a partly quoted name, whose quotes expfmt does not recognize.
var halfQuoted = regexp.MustCompile(`[a-zA-Z0-9_:]"`)

// beyondGrammar matches constructs that Prometheus accepts but the grammar of OpenMetrics forbids: a
// comma after the last label, an empty counter name before its suffix, and quotes and a trailing
// backslash in a help text.
var beyondGrammar = regexp.MustCompile(`,\}| "" |# HELP .*("|\\\n)`)

// isAmbiguous reports whether a body has points in several lines that expfmt joins in another way:
// points with a timestamp, or points that occur more than once.
func isAmbiguous(f parse.Format, body string, got *result) bool {
	if f == parse.Protobuf {
		return false
	}
	seen := make(map[string]bool)
	for _, mf := range got.families {
		for _, m := range mf.Metric {
			if m.Histogram == nil && m.Summary == nil && (f == parse.Text || m.Counter == nil) {
				continue
			}
			key := mf.GetName() + canonicalLabels(m.Label)
			if m.TimestampMs != nil || seen[key] || f == parse.Text && inBraces.MatchString(body) {
				return true
			}
			seen[key] = true
		}
	}
	return false
}

// inBraces matches a name in braces. expfmt attributes the beginning of such a line to the previous
// family, up to the name.
var inBraces = regexp.MustCompile(`(?m)^[ \t]*\{`)

func compareProtobuf(t *testing.T, body string) {
	f := formats[2]
	got := read(t, f.in, body, parse.Limits{})
	if !lengthsFit(body) {
		if got.err == nil {
			t.Errorf("a message that is not there was read from %q", body)
		}
		return // expfmt allocates as much memory as the length prefix says.
	}
	want, err := readExpfmt(f.expfmt, body)
	want = slices.DeleteFunc(want, func(mf *dto.MetricFamily) bool { return len(mf.Metric) == 0 })
	if e := differs(f.in, body, &got, want, err); e != "" {
		t.Errorf("%s: got error %v, dropped %q; expfmt %v\nin %q", e, got.err, got.dropped, err, body)
	}
}

// lengthsFit reports whether the messages of a body are not longer than the body.
func lengthsFit(body string) bool {
	for rest := []byte(body); len(rest) > 0; {
		size, n := protowire.ConsumeVarint(rest)
		if n < 0 || size > uint64(len(rest)-n) {
			return false
		}
		rest = rest[n+int(size):]
	}
	return true
}
