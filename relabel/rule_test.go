package relabel_test

import (
	"maps"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric/relabel"
)

type labels = prometheus.Labels

func TestActions(t *testing.T) {
	tests := []struct {
		name         string
		rules        string
		before, want labels // want is nil if the series is dropped
	}{
		{"no rules", ``, labels{"__name__": "up", "a": "1"}, labels{"__name__": "up", "a": "1"}},

		{"replace by default", `[{source_labels: [a], target_label: b}]`, labels{"a": "1"}, labels{"a": "1", "b": "1"}},
		{"replace joins", `[{source_labels: [a, c, b], target_label: d}]`, labels{"a": "1", "b": "2"}, labels{"a": "1", "b": "2", "d": "1;;2"}},
		{"replace joins with a separator", `[{source_labels: [a, b], separator: "", target_label: d}]`, labels{"a": "1", "b": "2"}, labels{"a": "1", "b": "2", "d": "12"}},
		{"replace with groups", `[{source_labels: [a], regex: "(.+)-(.+)", target_label: b, replacement: "${2}_$1"}]`, labels{"a": "x-y"}, labels{"a": "x-y", "b": "y_x"}},
		{"replace without match", `[{source_labels: [a], regex: y, target_label: a, replacement: z}]`, labels{"a": "xy"}, labels{"a": "xy"}},
		{"regex is anchored", `[{source_labels: [a], regex: x|y, target_label: b, replacement: z}]`, labels{"a": "xy"}, labels{"a": "xy"}},
		{"dot matches newline", `[{source_labels: [a], regex: x.y, target_label: a, replacement: z}]`, labels{"a": "x\ny"}, labels{"a": "z"}},
		{"replace sets a constant", `[{target_label: env, replacement: prod}]`, labels{"a": "1"}, labels{"a": "1", "env": "prod"}},
		{"empty replacement removes", `[{target_label: a, replacement: ""}]`, labels{"a": "1", "b": "2"}, labels{"b": "2"}},
		{"null replacement removes", `[{target_label: a, replacement: }]`, labels{"a": "1", "b": "2"}, labels{"b": "2"}},
		{"empty group removes", `[{source_labels: [b], target_label: a}]`, labels{"a": "1"}, labels{}},
		{"group with underscore", `[{source_labels: [a], target_label: b, replacement: $1_x}]`, labels{"a": "1", "b": "2"}, labels{"a": "1"}},
		{"target with group", `[{source_labels: [a], regex: "(.*)=(.*)", target_label: "l_$1", replacement: $2}]`, labels{"a": "x=1"}, labels{"a": "x=1", "l_x": "1"}},
		{"empty target does nothing", `[{source_labels: [a], target_label: $1, replacement: x}]`, labels{"b": "1"}, labels{"b": "1"}},
		{"target in UTF-8", `[{source_labels: [a], target_label: größe.1}]`, labels{"a": "1"}, labels{"a": "1", "größe.1": "1"}},
		{"name of the series", `[{source_labels: [__name__], regex: old_(.*), target_label: __name__, replacement: "new_$1"}]`, labels{"__name__": "old_x"}, labels{"__name__": "new_x"}},
		{"dollar", `[{target_label: a, replacement: "$$1"}]`, labels{}, labels{"a": "$1"}},
		{"action in any case", `[{action: REPLACE, source_labels: [a], target_label: b}]`, labels{"a": "1"}, labels{"a": "1", "b": "1"}},
		{"later rules see what earlier ones set", `[{source_labels: [a], target_label: __tmp}, {source_labels: [__tmp], target_label: b, replacement: "<$1>"}]`, labels{"a": "1"}, labels{"a": "1", "b": "<1>"}},
		{"labels with two underscores go", `[{source_labels: [a], target_label: __x}]`, labels{"__name__": "up", "a": "1"}, labels{"__name__": "up", "a": "1"}},

		{"keep matching", `[{action: keep, source_labels: [a], regex: x.*}]`, labels{"a": "xy"}, labels{"a": "xy"}},
		{"keep others", `[{action: keep, source_labels: [a], regex: x.*}]`, labels{"a": "yx"}, nil},
		{"keep by null regex", `[{action: keep, source_labels: [a], regex: }]`, labels{"a": "x"}, nil},
		{"keep series without a label", `[{action: keep, source_labels: [a], regex: ""}]`, labels{"b": "x"}, labels{"b": "x"}},
		{"drop matching", `[{action: drop, source_labels: [a, b], regex: x;y}]`, labels{"a": "x", "b": "y"}, nil},
		{"drop others", `[{action: drop, source_labels: [a, b], regex: x;y}]`, labels{"a": "x"}, labels{"a": "x"}},
		{"rules after drop do not matter", `[{action: drop, source_labels: [a]}, {target_label: b, replacement: c}]`, labels{"a": "x"}, nil},
		{"keepequal equal", `[{action: keepequal, source_labels: [a], target_label: b}]`, labels{"a": "x", "b": "x"}, labels{"a": "x", "b": "x"}},
		{"keepequal different", `[{action: keepequal, source_labels: [a], target_label: b}]`, labels{"a": "x", "b": "y"}, nil},
		{"keepequal of missing labels", `[{action: keepequal, source_labels: [a], target_label: b}]`, labels{"c": "x"}, labels{"c": "x"}},
		{"dropequal equal", `[{action: dropequal, source_labels: [a, b], target_label: c}]`, labels{"a": "x", "b": "y", "c": "x;y"}, nil},
		{"dropequal different", `[{action: dropequal, source_labels: [a], target_label: b}]`, labels{"a": "x"}, labels{"a": "x"}},

		{"hashmod", `[{action: hashmod, source_labels: [a, b], target_label: c, modulus: 1000}]`, labels{"a": "foo", "b": "bar"}, labels{"a": "foo", "b": "bar", "c": "750"}},
		{"hashmod of nothing", `[{action: hashmod, target_label: c, modulus: 10}]`, labels{}, labels{"c": "8"}},
		{"hashmod with a large modulus", `[{action: hashmod, source_labels: [a], target_label: c, modulus: 18446744073709551615}]`, labels{"a": "foo"}, labels{"a": "foo", "c": "17145033699835028696"}},

		{"labelmap", `[{action: labelmap, regex: meta_(.*), replacement: "k8s_$1"}]`, labels{"meta_pod": "p", "x": "y"}, labels{"meta_pod": "p", "k8s_pod": "p", "x": "y"}},
		{"labelmap reads what was before", `[{action: labelmap, regex: "(a)(.*)", replacement: "$1$1$2"}]`, labels{"a": "1", "aa": "2"}, labels{"a": "1", "aa": "1", "aaa": "2"}},
		{"labelmap: the last name wins", `[{action: labelmap, regex: a|b|c, replacement: x}]`, labels{"b": "2", "c": "3", "a": "1"}, labels{"a": "1", "b": "2", "c": "3", "x": "3"}},
		{"labelmap: labels that were set come last", `[{target_label: b, replacement: "2"}, {target_label: a, replacement: "1"}, {action: labelmap, regex: a|b|c, replacement: x}]`, labels{"b": "9", "c": "3"}, labels{"a": "1", "b": "2", "c": "3", "x": "1"}},
		{"labelmap with a constant of nothing", `[{action: labelmap, regex: a, replacement: $2}]`, labels{"a": "1"}, labels{"a": "1"}},
		{"labelmap of the name", `[{action: labelmap, regex: __name__, replacement: was}]`, labels{"__name__": "up"}, labels{"__name__": "up", "was": "up"}},

		{"labeldrop", `[{action: labeldrop, regex: a|b.+}]`, labels{"a": "1", "b": "2", "bc": "3"}, labels{"b": "2"}},
		{"labeldrop of the name", `[{action: labeldrop, regex: __.*}]`, labels{"__name__": "up", "a": "1"}, labels{"a": "1"}},
		{"labelkeep", `[{action: labelkeep, regex: __name__|a}]`, labels{"__name__": "up", "a": "1", "b": "2"}, labels{"__name__": "up", "a": "1"}},
		{"labelkeep by engine", `[{action: labelkeep, regex: "[a-c]{2}"}]`, labels{"ab": "1", "a": "2", "cc": "3"}, labels{"ab": "1", "cc": "3"}},

		{"lowercase", `[{action: lowercase, source_labels: [a, b], target_label: a}]`, labels{"a": "GeT/", "b": "ÄÖ"}, labels{"a": "get/;äö", "b": "ÄÖ"}},
		{"lowercase in ASCII", `[{action: lowercase, source_labels: [a], target_label: a}]`, labels{"a": "@A[Z`az{"}, labels{"a": "@a[z`az{"}},
		{"uppercase", `[{action: uppercase, source_labels: [a], target_label: b}]`, labels{"a": "get@`{"}, labels{"a": "get@`{", "b": "GET@`{"}},
		{"uppercase of nothing", `[{action: uppercase, source_labels: [a], target_label: b}]`, labels{"b": "x"}, labels{}},
		{"empty values do not count", `[{action: labelmap, regex: "(.*)", replacement: "x_$1"}]`, labels{"a": "", "b": "1"}, labels{"b": "1", "x_b": "1"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, err := relabel.Parse([]byte(tt.rules))
			if err != nil {
				t.Fatal(err)
			}
			before := maps.Clone(tt.before)
			got, keep := p.Process(tt.before)
			if keep != (tt.want != nil) || !maps.Equal(got, tt.want) {
				t.Errorf("got %v, %t, want %v", got, keep, tt.want)
			}
			if !maps.Equal(tt.before, before) {
				t.Errorf("the labels passed in have become %v", tt.before)
			}
		})
	}
}

func TestFamilySteps(t *testing.T) {
	tests := []struct {
		name         string
		rules        string
		before, want labels
	}{
		{"keepfamilies", `[{action: keepFamilies, families: [x_.*, up]}]`, labels{"__name__": "up"}, labels{"__name__": "up"}},
		{"keepfamilies: others", `[{action: keepfamilies, families: [x_.*, up]}]`, labels{"__name__": "upper"}, nil},
		{"dropfamilies", `[{action: dropfamilies, families: x_.*}]`, labels{"__name__": "x_1"}, nil},
		{"dropfamilies: others", `[{action: dropfamilies, families: x_.*}]`, labels{"__name__": "x"}, labels{"__name__": "x"}},
		{"groups of the same name", `[{action: dropfamilies, families: ['(?P<a>x)', '(?P<a>y)']}]`, labels{"__name__": "y"}, nil},
		{"rename", `[{action: rename, regex: a_(.*)_ms, replacement: "b_${1}_milliseconds"}]`, labels{"__name__": "a_x_ms"}, labels{"__name__": "b_x_milliseconds"}},
		{"rename everything", `[{action: rename, replacement: "b_${1}"}]`, labels{"__name__": "a"}, labels{"__name__": "b_a"}},
		{"rename: others", `[{action: rename, regex: a, replacement: b}]`, labels{"__name__": "aa", "a": "a"}, labels{"__name__": "aa", "a": "a"}},
		{"rename to nothing", `[{action: rename, regex: (a)|b, replacement: $1}]`, labels{"__name__": "b"}, labels{"__name__": "b"}},
		{"rules see new names", `[{action: rename, regex: a, replacement: b}, {source_labels: [__name__], regex: b, action: drop}]`, labels{"__name__": "a"}, nil},
		{"aggregate without", `[{action: aggregate, families: a, without: [x, y]}]`, labels{"__name__": "a", "x": "1", "z": "2"}, labels{"__name__": "a", "z": "2"}},
		{"aggregate by", `[{action: aggregate, families: a, by: x}]`, labels{"__name__": "a", "x": "1", "z": "2"}, labels{"__name__": "a", "x": "1"}},
		{"aggregate by nothing", `[{action: aggregate, families: a, by: []}]`, labels{"__name__": "a", "x": "1"}, labels{"__name__": "a"}},
		{"aggregate: others", `[{action: aggregate, families: a, by: []}]`, labels{"__name__": "b", "x": "1"}, labels{"__name__": "b", "x": "1"}},
		{"steps without labels", `
- {action: help, families: a, help: ""}
- {action: unit, families: a, unit: seconds}
- {action: type, families: a, type: counter}
- {action: scale, families: a, factor: 0.5}
- {action: scale, families: a, divisor: 1e3}
`, labels{"__name__": "a", "x": "1"}, labels{"__name__": "a", "x": "1"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, err := relabel.Parse([]byte(tt.rules))
			if err != nil {
				t.Fatal(err)
			}
			got, keep := p.Process(tt.before)
			if keep != (tt.want != nil) || !maps.Equal(got, tt.want) {
				t.Errorf("got %v, %t, want %v", got, keep, tt.want)
			}
		})
	}
}

// TestManyValues checks that a regex that needs the engine yields correct results for more values than the
// cache holds, and that cached results do not change when the memory of a series is reused.
func TestManyValues(t *testing.T) {
	p, err := relabel.Parse([]byte(`[{source_labels: [a], regex: "([a-z]+)([0-9]+)", target_label: b, replacement: "$2$1"}]`))
	if err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("x", 2000)
	for _, value := range []string{"x1", "y2", "x1", long + "3", "z"} {
		got, _ := p.Process(labels{"a": value})
		want := ""
		if digits := strings.TrimLeft(value, "abcdefghijklmnopqrstuvwxyz"); digits != "" {
			want = digits + strings.TrimSuffix(value, digits)
		}
		if got["b"] != want {
			t.Errorf("%.10s gives %.10s, want %.10s", value, got["b"], want)
		}
	}
}
