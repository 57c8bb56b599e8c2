package parse_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/luxfi/metric/internal/model"
	"github.com/luxfi/metric/internal/parse"
)

// TestRead checks the results for irregular families.
func TestRead(t *testing.T) {
	tests := []struct {
		name    string
		format  parse.Format
		body    string
		want    string   // expected result of canonical
		sources []string // expected names of sources
		mixed   []string
		dropped []string // part of each error about a sample
	}{
		{
			name:    "sorted",
			body:    "# HELP a  b \\d\n# TYPE a gauge\na{x=\"1\"} 1\na{x=\"2\"} 2\n",
			want:    "\"a\" GAUGE help \"b \\\\d\"\n\t{\"x\"=\"1\"} 1\n\t{\"x\"=\"2\"} 2\n",
			sources: []string{"a"},
		},
		{
			name:    "by value, not by byte of the escaped text",
			body:    "a{x=\"\\n\"} 1\na{x=\"!\"} 2\na{x=\"\\\\\"} 3\na{x=\"a\"} 4\n",
			want:    "\"a\" UNTYPED help \"\"\n\t{\"x\"=\"\\n\"} 1\n\t{\"x\"=\"!\"} 2\n\t{\"x\"=\"\\\\\"} 3\n\t{\"x\"=\"a\"} 4\n",
			sources: []string{"a"},
		},
		{
			name: "not sorted",
			body: "a{x=\"2\"} 1\na{x=\"1\"} 2\n",
			want: "\"a\" UNTYPED help \"\"\n\t{\"x\"=\"2\"} 1\n\t{\"x\"=\"1\"} 2\n",
		},
		{
			name: "twice the same series",
			body: "a{x=\"1\"} 1\na{x=\"1\"} 2\n",
			want: "\"a\" UNTYPED help \"\"\n\t{\"x\"=\"1\"} 1\n\t{\"x\"=\"1\"} 2\n",
		},
		{
			name:    "labels in another order",
			body:    "a{y=\"1\",x=\"1\"} 1\na{y=\"1\", x=\"2\"} 2\na{x=\"3\",y=\"1\",} 3\n",
			want:    "\"a\" UNTYPED help \"\"\n\t{\"x\"=\"1\",\"y\"=\"1\"} 1\n\t{\"x\"=\"2\",\"y\"=\"1\"} 2\n\t{\"x\"=\"3\",\"y\"=\"1\"} 3\n",
			sources: []string{"a"},
		},
		{
			name:    "mixed",
			body:    "a 1\na{x=\"1\"} 1\na{y=\"2\"} 2\na{y=\"3\"} 2\nb{x=\"\"} 1\nb{x=\"1\"} 1\nc{\"x.y\"=\"1\"} 1\nd{x=\"1\"} 1\nd{x=\"2\"} 1\n",
			want:    "",
			sources: []string{"a", "b", "c", "d"},
			mixed:   []string{"a", "b", "c"},
		},
		{
			name: "two places",
			body: "a{x=\"1\"} 1\nb 1\na{x=\"2\"} 2\n",
			want: "\"a\" UNTYPED help \"\"\n\t{\"x\"=\"1\"} 1\n\t{\"x\"=\"2\"} 2\n\"b\" UNTYPED help \"\"\n\t{} 1\n", sources: []string{"b"},
		},
		{
			name: "described twice, with different types",
			body: "# TYPE a gauge\na{x=\"1\"} 1\n# TYPE a counter\na{x=\"2\"} 2\n",
			want: "\"a\" COUNTER help \"\"\n\t{\"x\"=\"2\"} 2\n\"a\" GAUGE help \"\"\n\t{\"x\"=\"1\"} 1\n",
		},
		{
			name:    "suffixes without a type",
			body:    "a_bucket{le=\"1\"} 1\na_sum 1\na_count 2\n",
			want:    "\"a_bucket\" UNTYPED help \"\"\n\t{\"le\"=\"1\"} 1\n\"a_count\" UNTYPED help \"\"\n\t{} 2\n\"a_sum\" UNTYPED help \"\"\n\t{} 1\n",
			sources: []string{"a_bucket", "a_sum", "a_count"},
		},
		{
			name:    "another family after a histogram",
			body:    "# TYPE a histogram\na_bucket{le=\"+Inf\"} 1\na_sum 1\na_count 1\na_other 3\nab 4\n",
			want:    "\"a\" HISTOGRAM help \"\"\n\t{} count 1 sum 1\n\"a_other\" UNTYPED help \"\"\n\t{} 3\n\"ab\" UNTYPED help \"\"\n\t{} 4\n",
			sources: []string{"a", "a_other", "ab"},
		},
		{
			name: "a scattered histogram",
			body: "# TYPE a histogram\na_bucket{x=\"2\",le=\"1\"} 1\na_bucket{x=\"1\",le=\"1\"} 1\na_count{x=\"1\"} 1\na_sum{x=\"1\"} 5\n" +
				"b 1\na_bucket{le=\"+Inf\",x=\"2\"} 2\na_count{x=\"2\"} 2\na_sum{x=\"2\"} 6\n",
			want:    "\"a\" HISTOGRAM help \"\"\n\t{\"x\"=\"2\"} count 2 sum 6 1:1\n\t{\"x\"=\"1\"} count 1 sum 5 1:1\n\"b\" UNTYPED help \"\"\n\t{} 1\n",
			sources: []string{"b"},
		},
		{
			name: "le anywhere",
			body: "# TYPE a histogram\na_bucket{le=\"1\",x=\"1\",y=\"1\"} 1\na_bucket{le=\"+Inf\",x=\"1\",y=\"1\"} 1\na_count{x=\"1\",y=\"1\"} 1\n" +
				"a_bucket{x=\"1\",le=\"1\",y=\"2\"} 1\na_bucket{x=\"1\",le=\"+Inf\",y=\"2\"} 1\na_count{y=\"2\",x=\"1\"} 1\n",
			want:    "\"a\" HISTOGRAM help \"\"\n\t{\"x\"=\"1\",\"y\"=\"1\"} count 1 sum 0 1:1\n\t{\"x\"=\"1\",\"y\"=\"2\"} count 1 sum 0 1:1\n",
			sources: []string{"a"},
		},
		{
			name: "blanks before values",
			body: "a{x=\"1\"} 1\na{x=\"2\"}  2\na{x=\"3\"} \t3\na{x=\"4\"}\t4\n# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_bucket{le=\"+Inf\"}  2\nh_sum  3\nh_count\t2\n" +
				"h_bucket{x=\"1\",le=\"1\"} 1\nh_sum{x=\"1\"}  3\nh_count{x=\"1\"} \t2\n",
			want: "\"a\" UNTYPED help \"\"\n\t{\"x\"=\"1\"} 1\n\t{\"x\"=\"2\"} 2\n\t{\"x\"=\"3\"} 3\n\t{\"x\"=\"4\"} 4\n" +
				"\"h\" HISTOGRAM help \"\"\n\t{} count 2 sum 3 1:1\n\t{\"x\"=\"1\"} count 2 sum 3 1:1\n",
			sources: []string{"a", "h"}, mixed: []string{"h"},
		},
		{
			name: "bad samples",
			body: "# TYPE a histogram\na_bucket{le=\"1\"} 2\na_bucket{le=\"2\"} 1\na_count 2\na_bucket{x=\"1\",le=\"1\"} 2\na_count{x=\"1\"} 2\n" +
				"a_bucket{x=\"2\",le=\"y\"} 2\na_bucket{x=\"3\"} 2\na_count{x=\"4\",le=\"1\"} 1\na 1\na_count{x=\"5\"} -1\n" +
				"# TYPE s summary\ns 1\ns{quantile=\"1\"} 1\ns{quantile=\"1.0\"} 1\ns_count{x=\"1\"} 1.5\n" +
				"b{x=\"1\",x=\"2\"} 1\nb{__x=\"1\"} 1\nb 1 -5\nb{y=\"1\"} 1\n",
			want: "\"a\" HISTOGRAM help \"\"\n\t{\"x\"=\"1\"} count 2 sum 0 1:2\n\"b\" UNTYPED help \"\"\n\t{\"y\"=\"1\"} 1\n",
			dropped: []string{
				`metric a has a sample named "a_bucket" without the label "le"`, `metric a must not have an explicit "le" label`, `metric a has a sample named "a": a histogram has no samples of this name`,
				"metric a has a bucket 2 that counts 1", `metric a{x="2"} has a bucket up to "y"`, `metric a{x="5"} counts -1`,
				`metric s has a sample named "s" without the label "quantile"`, "metric s has two or more quantiles with the same rank", `metric s{x="1"} counts 1.5`,
				"metric b has two or more labels with the same name: x", "metric b has a label with an invalid name: __x", "metric b has the timestamp -5",
			},
		},
		{
			name: "OpenMetrics", format: parse.OpenMetrics,
			body: "# TYPE a counter\n# HELP a b\\n\\\"\n# TYPE a_s counter\n# UNIT a_s s\na_total{x=\"1\"} 1 # {t=\"u\"} 0.5 1.25\na_created{x=\"1\"} 1.5\na_total{x=\"2\"} 2\n" +
				"a_s_total 3 1.5\nplain 4\n# TYPE i info\ni_info{v=\"1\"} 1\n# TYPE st stateset\nst{st=\"a\"} 1\nst{st=\"b\"} 0\n# EOF\n",
			want: "\"a_s_total\" COUNTER help \"\" unit \"s\"\n\t{} at 1500 3 created never\n" +
				"\"a_total\" COUNTER help \"b\\n\\\"\" unit \"\"\n\t{\"x\"=\"1\"} 1 # {\"t\"=\"u\"} 0.5 1.25 created 1.5\n\t{\"x\"=\"2\"} 2 created never\n" +
				"\"i_info\" GAUGE help \"\" unit \"\"\n\t{\"v\"=\"1\"} 1\n\"plain\" UNTYPED help \"\" unit \"\"\n\t{} 4\n" +
				"\"st\" GAUGE help \"\" unit \"\"\n\t{\"st\"=\"a\"} 1\n\t{\"st\"=\"b\"} 0\n",
			sources: []string{"a_total", "a_s_total", "plain", "i_info", "st"},
		},
		{
			name: "creation times apart", format: parse.OpenMetrics,
			body: "# TYPE a counter\na_total{x=\"1\"} 1 5\na_total{x=\"2\"} 2\na_created{x=\"1\"} 1.5\na_created{x=\"3\"} 2\na_created{x=\"2\"} 2.5\n# EOF",
			want: "\"a_total\" COUNTER help \"\" unit \"\"\n\t{\"x\"=\"1\"} at 5000 1 created 1.5\n\t{\"x\"=\"2\"} 2 created 2.5\n",
			dropped: []string{
				`metric a_total{x="3"} has a creation time but no value`,
			},
		},
		{
			name: "bad exemplars", format: parse.OpenMetrics,
			body: "# TYPE a counter\na_total{x=\"1\"} 1 # {t=\"u\",t=\"v\"} 0.5\na_total{x=\"2\"} 1 # {t=\"" + strings.Repeat("ü", 128) + "\"} 0.5\n" +
				"# TYPE b gauge\nb 1 # {t=\"u\"} 1\n# EOF\n",
			want: "\"a_total\" COUNTER help \"\" unit \"\"\n\t{\"x\"=\"1\"} 1 created never\n\t{\"x\"=\"2\"} 1 created never\n\"b\" GAUGE help \"\" unit \"\"\n\t{} 1\n",
			dropped: []string{
				`metric a_total{x="1"} has an exemplar with two or more labels with the same name: t`, `metric a_total{x="2"} has an exemplar whose labels have 129 characters`,
				"metric b has an exemplar in a sample that may not have one",
			},
		},
		{
			name: "the same name by its suffix", format: parse.OpenMetrics,
			body: "# TYPE a_total gauge\na_total{x=\"1\"} 1\n# TYPE a counter\na_total{x=\"2\"} 1\n# EOF\n",
			want: "\"a_total\" COUNTER help \"\" unit \"\"\n\t{\"x\"=\"2\"} 1 created never\n\"a_total\" GAUGE help \"\" unit \"\"\n\t{\"x\"=\"1\"} 1\n",
		},
		{
			name: "protobuf", format: parse.Protobuf,
			body: delimited(field(4, field(2, number(1))+field(1, field(2, "v")+field(1, "x")))+field(4, field(2, number(2))+field(1, field(1, "y"))+field(1, field(1, "x")))+
				"\x18\x01"+field(5, "s")+field(2, "help")+field(1, "a.b")+"\x78\x01") + delimited(field(1, "none")) +
				delimited(field(1, "twice")+field(4, field(3, number(1)))) + delimited(field(1, "twice")+field(4, field(3, number(2)))),
			want: "\"a.b\" GAUGE help \"help\" unit \"s\"\n\t{\"x\"=\"v\"} 1\n\t{\"x\"=\"\",\"y\"=\"\"} 2\n" +
				"\"twice\" COUNTER help \"\" unit \"\"\n\t{} 1 created never\n\t{} 2 created never\n",
			sources: []string{"a.b"}, mixed: []string{"a.b"},
		},
		{
			name: "bad samples in protobuf", format: parse.Protobuf,
			body: delimited(field(1, "a")+field(4, field(2, number(1)))+field(4, field(3, number(1))+"\x30\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01")+
				field(4, field(3, "")+field(1, field(1, "x"))+field(1, field(1, "x")))+field(4, field(3, "")+field(1, field(1, "__x")))+
				field(4, field(3, "")+field(1, ""))+field(4, field(3, field(2, field(1, field(1, "_")))))) +
				delimited(field(1, "h")+"\x18\x04"+field(4, field(7, "")+field(1, field(1, "le")))+field(4, field(7, "\x28\x40"))),
			want: "\"a\" COUNTER help \"\" unit \"\"\n\t{} 0 # {\"_\"=\"\"} 0 never created never\n",
			dropped: []string{
				"metric a is not a COUNTER", "metric a has the timestamp -1", "metric a has two or more labels with the same name: x",
				"metric a has a label with an invalid name: __x", "metric a has a label with an invalid name: it is empty",
				`metric h{le=""} must not have an explicit "le" label`, "metric h has the schema 32",
			},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := read(t, test.format, test.body, parse.Limits{})
			if got.err != nil {
				t.Fatal(got.err)
			}
			if test.want != "" {
				diff(t, canonical(test.format, got.families), test.want)
			}
			if !slices.Equal(got.sources, test.sources) || !slices.Equal(got.mixed, test.mixed) {
				t.Errorf("sources are %q, mixed %q, want %q and %q", got.sources, got.mixed, test.sources, test.mixed)
			}
			for i := range max(len(got.dropped), len(test.dropped)) {
				if i >= len(got.dropped) || i >= len(test.dropped) || !strings.Contains(got.dropped[i], test.dropped[i]) {
					t.Fatalf("dropped\n%s\nwant\n%s", strings.Join(got.dropped, "\n"), strings.Join(test.dropped, "\n"))
				}
			}
		})
	}
}

// number returns the value of a gauge or counter.
func number(v byte) string {
	return "\x09\x00\x00\x00\x00\x00\x00" + [...]string{"\x00\x00", "\xf0\x3f", "\x00\x40"}[v]
}

// TestRefusals checks the reasons for refusing a whole body, and the error texts.
func TestRefusals(t *testing.T) {
	long := strings.Repeat("x", 1000)
	tests := []struct {
		format parse.Format
		body   string
		want   string // part of the error
	}{
		{parse.Text, "a 1\nb 2", "line 2: the last line does not end with a line feed: it may be truncated"},
		{parse.Text, "a 1\n\n# x\nb\n", "line 4: found \"\" where the value should be: allowed are decimal numbers, NaN, +Inf and -Inf"},
		{parse.Text, "a 1\r\n", "line 1: found \"1\\r\" where the value should be"},
		{parse.Text, "1a 1\n", "line 1: found \"1a 1\" where the name of a metric should be"},
		{parse.Text, "\"\" 1\n", "the name of a metric is empty"},
		{parse.Text, "{\"a\xff\"} 1\n", "not UTF-8"},
		{parse.Text, "{\"a\x00\"} 1\n", "NUL"},
		{parse.Text, "{x=\"1\"} 1\n", "has no name"},
		{parse.Text, "a{x=\"\xff\"} 1\n", "value of the label \"x\""},
		{parse.Text, "a{x} 1\n", "found \"} 1\" behind the label name \"x\""},
		{parse.Text, "a{x=1} 1\n", "values are in quotes"},
		{parse.Text, "a{x=\"1\" y=\"2\"} 1\n", "allowed are a comma and a closing brace"},
		{parse.Text, "a 1 2 3\n", "found \"3\" behind the timestamp"},
		{parse.Text, "a 1 1.5\n", "allowed is a whole number of milliseconds"},
		{parse.Text, "a " + long + "\n", "where the value should be"},
		{parse.Text, "# TYPE a info\n", "unknown type \"info\": allowed are counter, gauge"},
		{parse.Text, "# TYPE a-b gauge\n", "behind the name of a metric in a comment"},
		{parse.Text, "# HELP a \xff\n", "the help of the metric \"a\" is not UTF-8"},
		{parse.OpenMetrics, "a 1\n", "line 2: the exposition does not end with the line \"# EOF\": it may be truncated"},
		{parse.OpenMetrics, "a 1\n# EOF\nb 1\n", "does not end with"},
		{parse.OpenMetrics, "# EOF\n# EOF\n", "line 1: found \"# EOF\""},
		{parse.OpenMetrics, "a# EOF\n", "does not end with"},
		{parse.OpenMetrics, "a  1\n# EOF\n", "where the value should be"},
		{parse.OpenMetrics, "a 1 NaN\n# EOF\n", "a number of seconds"},
		{parse.OpenMetrics, "a 1 # {x=\"1\"}\n# EOF\n", "behind the labels of an exemplar"},
		{parse.OpenMetrics, "a 1 # {x=\"1\"} x\n# EOF\n", "the value of an exemplar"},
		{parse.OpenMetrics, "a 1 # x\n# EOF\n", "timestamp"},
		{parse.OpenMetrics, "a 1 \n# EOF\n", "timestamp"},
		{parse.OpenMetrics, "# x\n# EOF\n", "allowed are lines that begin with"},
		{parse.OpenMetrics, "\n# EOF\n", "line 1: found"},
		{parse.OpenMetrics, "# TYPE a untyped\n# EOF\n", "unknown type \"untyped\""},
		{parse.OpenMetrics, "# UNIT a_b c\n# EOF\n", "has the unit \"c\": its name must end with"},
		{parse.Protobuf, "\x05\x0a\x01a", "byte 1: a field ends behind the message"},
		{parse.Protobuf, delimited(""), "a family has no name"},
		{parse.Protobuf, delimited(field(1, "a\xff")), "names are UTF-8 without NUL bytes"},
		{parse.Protobuf, delimited(field(1, "a") + field(2, "\xff")), "the help of the metric \"a\" is not UTF-8"},
		{parse.Protobuf, delimited(field(1, "a") + field(5, "\xff")), "the unit of the metric \"a\" is not UTF-8"},
		{parse.Protobuf, delimited(field(1, "a") + "\x18\x06"), "unknown type 6: allowed are 0 to 5"},
		{parse.Protobuf, delimited(field(1, "a") + field(4, field(1, field(1, "\xff")))), "a label has a name or a value that is not UTF-8"},
		{parse.Protobuf, delimited(field(1, "a") + field(4, field(1, field(2, "\xff")))), "a label has a name or a value that is not UTF-8"},
		{parse.Protobuf, delimited(field(1, "a") + field(4, field(2, "\x09\x00"))), "truncated"},
	}
	for _, test := range tests {
		got := read(t, test.format, test.body, parse.Limits{})
		var refusal *parse.Error
		if !errors.As(got.err, &refusal) || !strings.Contains(got.err.Error(), test.want) || len(got.err.Error()) > 500 {
			t.Errorf("%q: got error %v, want one with %q", test.body, got.err, test.want)
		}
	}
}

// TestTruncated checks that a truncated body is refused, unless it ends between two lines of text or
// two messages.
func TestTruncated(t *testing.T) {
	for _, f := range formats {
		for _, m := range corpus() {
			body, _ := written(t, f.in, []family{m}, false)
			for end := 0; end < len(body); end += 1 + len(body)/400 {
				err := read(t, f.in, body[:end], parse.Limits{}).err
				atEnd := end == 0 || f.in == parse.Text && body[end-1] == '\n'
				if f.in == parse.OpenMetrics {
					atEnd = strings.HasSuffix(body[:end], "\n# EOF")
				}
				if (err == nil) != atEnd {
					t.Fatalf("%s: got error %v for %q", f.name, err, body[:end])
				}
			}
		}
	}
}

// TestLimits checks that a body at a limit is accepted, and a body above it is refused.
func TestLimits(t *testing.T) {
	tests := []struct {
		name   string
		bodies map[parse.Format]string
		limits func(n int) parse.Limits
		least  int // smallest limit that allows the body
	}{
		{"series", map[parse.Format]string{
			parse.Text: "a{x=\"1\"} 1\na{x=\"2\"} 1\nb 1\n", parse.OpenMetrics: "a{x=\"1\"} 1\na{x=\"2\"} 1\nb 1\n# EOF\n",
			parse.Protobuf: delimited(field(1, "a")+field(4, field(3, ""))+field(4, field(3, ""))) + delimited(field(1, "b")+field(4, field(3, ""))),
		}, func(n int) parse.Limits { return parse.Limits{Series: n} }, 3},
		{"families", map[parse.Format]string{
			parse.Text: "a 1\n# TYPE b gauge\nc 1\n", parse.OpenMetrics: "a 1\n# TYPE b gauge\nc 1\n# EOF\n",
			parse.Protobuf: delimited(field(1, "a")) + delimited(field(1, "b")) + delimited(field(1, "c")+field(4, field(3, ""))),
		}, func(n int) parse.Limits { return parse.Limits{Families: n} }, 3},
		{"labels", map[parse.Format]string{
			parse.Text: "a{x=\"1\",y=\"1\"} 1\n", parse.OpenMetrics: "a{x=\"1\",y=\"1\"} 1\n# EOF\n",
			parse.Protobuf: delimited(field(1, "a") + field(4, field(3, "")+field(1, field(1, "x"))+field(1, field(1, "y")))),
		}, func(n int) parse.Limits { return parse.Limits{Labels: n} }, 2},
		{"bytes of labels", map[parse.Format]string{
			parse.Text: "a{x=\"1\"} 1\na{x=\"22\"} 1\n", parse.OpenMetrics: "a{x=\"1\"} 1\na{x=\"22\"} 1\n# EOF\n",
			parse.Protobuf: delimited(field(1, "a") + field(4, field(3, "")+field(1, field(1, "x")+field(2, "22")))),
		}, func(n int) parse.Limits { return parse.Limits{LabelBytes: n} }, 6},
		{"bytes of a name", map[parse.Format]string{
			parse.Text: "abc 1\n", parse.OpenMetrics: "# TYPE abc gauge\n# EOF\n", parse.Protobuf: delimited(field(1, "abc")),
		}, func(n int) parse.Limits { return parse.Limits{NameBytes: n} }, 3},
		{"bytes of help", map[parse.Format]string{
			parse.Text: "# HELP a bcd\n", parse.OpenMetrics: "# HELP a bcd\n# EOF\n", parse.Protobuf: delimited(field(1, "a") + field(2, "bcd")),
		}, func(n int) parse.Limits { return parse.Limits{HelpBytes: n} }, 3},
		{"buckets", map[parse.Format]string{
			parse.Text:        "# TYPE a histogram\na_bucket{le=\"1\"} 1\na_bucket{le=\"2\"} 1\na_bucket{le=\"3\"} 1\na_count 1\n",
			parse.OpenMetrics: "# TYPE a summary\na{quantile=\"1\"} 1\na{quantile=\"2\"} 1\na{quantile=\"3\"} 1\n# EOF\n",
			parse.Protobuf: delimited(field(1, "a") + "\x18\x04" + field(4, field(7, "\x08\x03"+
				field(3, "\x11\x00\x00\x00\x00\x00\x00\xf0\x3f")+field(3, "\x11\x00\x00\x00\x00\x00\x00\x00\x40")+field(3, "\x11\x00\x00\x00\x00\x00\x00\x08\x40")))),
		}, func(n int) parse.Limits { return parse.Limits{Buckets: n} }, 3},
		{"native buckets", map[parse.Format]string{
			parse.Protobuf: delimited(field(1, "a") + "\x18\x04" + field(4, field(7, "\x08\x03\x28\x00"+field(12, "\x10\x03")+field(13, "\x02\x00\x00")))),
		}, func(n int) parse.Limits { return parse.Limits{Buckets: n} }, 3},
		{"quantiles", map[parse.Format]string{
			parse.Protobuf: delimited(field(1, "a") + "\x18\x02" + field(4, field(4, field(3, "\x09\x00\x00\x00\x00\x00\x00\xf0\x3f")+field(3, "")))),
		}, func(n int) parse.Limits { return parse.Limits{Buckets: n} }, 2},
	}
	for _, test := range tests {
		for f, body := range test.bodies {
			for n := test.least - 1; n <= test.least; n++ {
				got := read(t, f, body, test.limits(n))
				if allowed := n == test.least; (got.err == nil) != allowed || len(got.dropped) > 0 {
					t.Errorf("%s in %s: at most %d: got error %v, dropped %q", test.name, f, n, got.err, got.dropped)
				} else if !allowed && !strings.Contains(got.err.Error(), fmt.Sprintf("at most %d are allowed", n)) {
					t.Errorf("%s in %s: the limit is not in the error %v", test.name, f, got.err)
				}
			}
		}
	}
}

// TestSampleError checks that Read returns the caller's error unchanged.
func TestSampleError(t *testing.T) {
	full := errors.New("full")
	for f, body := range map[parse.Format]string{
		parse.Text:     "a 1\na 1\n",
		parse.Protobuf: delimited(field(1, "a") + strings.Repeat(field(4, field(3, "")), 2)),
	} {
		calls := 0
		_, err := parse.Read(f, []byte(body), parse.Limits{}, func(*model.Family, *model.Point) error { calls++; return full }, nil)
		if !errors.Is(err, full) || calls != 1 {
			t.Errorf("%s: got error %v after %d calls", f, err, calls)
		}
	}
}

// TestSourcesAreSafeForConcurrentUse checks that several goroutines can read the same sources.
func TestSourcesAreSafeForConcurrentUse(t *testing.T) {
	for _, f := range formats {
		body, _ := written(t, f.in, corpus(), false)
		x, err := parse.Read(f.in, []byte(body), parse.Limits{}, func(*model.Family, *model.Point) error { return nil }, func(error) {})
		if err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for _, source := range x.Sources {
					checkSource(t, source)
				}
			})
		}
		wg.Wait()
	}
}

// TestPackedFields checks that repeated numbers may be packed or unpacked, as in any protobuf message.
func TestPackedFields(t *testing.T) {
	one := field(1, "a") + "\x18\x04"
	span := field(12, "\x10\x03")
	tag := func(v ...byte) string {
		var s []byte
		for _, v := range v {
			s = append(protowire.AppendTag(s, 13, protowire.VarintType), v)
		}
		return string(s)
	}
	packed := read(t, parse.Protobuf, delimited(one+field(4, field(7, "\x08\x06\x28\x00"+span+field(13, "\x02\x02\x02")))), parse.Limits{})
	single := read(t, parse.Protobuf, delimited(one+field(4, field(7, "\x08\x06\x28\x00"+span+tag(2, 2, 2)))), parse.Limits{})
	if got := canonical(parse.Protobuf, packed.families); !strings.Contains(got, "[1 1 1]") {
		t.Errorf("got %s, error %v, dropped %q", got, packed.err, packed.dropped)
	}
	diff(t, canonical(parse.Protobuf, single.families), canonical(parse.Protobuf, packed.families))
}
