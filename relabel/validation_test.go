package relabel_test

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/luxfi/metric/relabel"
)

func TestInvalidRules(t *testing.T) {
	tests := []struct {
		rules string
		want  []string // parts of the error
	}{
		{`foo`, []string{"line 1: a list of rules is expected"}},
		{`{a: []}`, []string{"the only key metric_relabel_configs"}},
		{`metric_relabel_configs: 3`, []string{"line 1: a list of rules is expected"}},
		{`[{]`, []string{"yaml: "}},
		{"[]\n---\n[]", []string{"more than one document"}},
		{"\n- \n- {}", []string{"rule 1 (line 2): the rule is empty", "rule 2 (line 3): replace needs a target_label"}},
		{`[[a]]`, []string{"rule 1 (line 1): a rule is a mapping"}},
		{`[{action: explode}]`, []string{`action "explode" is unknown: the actions are replace, keep, drop, keepequal`, "aggregate"}},
		{`[{action: }]`, []string{"action is empty"}},
		{`[{action: ""}]`, []string{"action is empty"}},
		{`[{action: keep, targets: 1, x: 2}]`, []string{"field targets is unknown: the fields of keep are action, source_labels", "field x is unknown"}},
		{`[{action: keep, action: drop}]`, []string{"already defined|field action is there twice"}},
		{`[{source_labels: a, target_label: b}]`, []string{"source_labels is not a list"}},
		{`[{source_labels: [""], target_label: b}]`, []string{`source_labels contains ""`}},
		{`[{source_labels: [~], target_label: b}]`, []string{"source_labels is not a list of texts"}},
		{`[{source_labels: [[a]], target_label: b}]`, []string{"source_labels is not a list of texts"}},
		{`[{regex: "(", target_label: b}]`, []string{`regex "(" is invalid: error parsing regexp: missing closing )`}},
		{`[{regex: "a)|(b", target_label: b}]`, []string{"unexpected )"}},
		{`[{regex: {a: b}, target_label: b}]`, []string{"regex is not a text"}},
		{`[{regex: !!binary YQ==, target_label: b}]`, []string{"regex is not a text"}},
		{`[{source_labels: [a]}]`, []string{"replace needs a target_label"}},
		{`[{action: hashmod, modulus: 1}]`, []string{"hashmod needs a target_label"}},
		{`[{action: lowercase}]`, []string{"lowercase needs a target_label"}},
		{`[{action: uppercase}]`, []string{"uppercase needs a target_label"}},
		{`[{action: keepequal}]`, []string{"keepequal needs a target_label"}},
		{`[{action: dropequal}]`, []string{"dropequal needs a target_label"}},
		{`[{action: hashmod, target_label: a}]`, []string{"hashmod needs a modulus"}},
		{`[{action: hashmod, target_label: a, modulus: -1}]`, []string{"modulus is not a whole number"}},
		{`[{action: hashmod, target_label: a, modulus: "1"}]`, []string{"modulus is not a whole number"}},
		{`[{action: hashmod, target_label: a, modulus: 1.5}]`, []string{"modulus is not a whole number"}},
		{`[{action: hashmod, target_label: a, modulus: 18446744073709551616}]`, []string{"modulus is not a whole number"}},
		{`[{action: lowercase, target_label: a, replacement: b}]`, []string{"lowercase has no replacement"}},
		{`[{action: uppercase, target_label: a, replacement: ""}]`, []string{"uppercase has no replacement"}},
		{`[{action: labelmap, replacement: ""}]`, []string{`replacement "" of labelmap is no label name`}},
		{`[{action: keepequal, target_label: a, regex: (.*)}]`, []string{"keepequal has no fields but source_labels and target_label"}},
		{`[{action: dropequal, target_label: a, modulus: 1}]`, []string{"dropequal has no fields but"}},
		{`[{action: dropequal, target_label: a, separator: ","}]`, []string{"dropequal has no fields but"}},
		{`[{action: dropequal, target_label: a, replacement: b}]`, []string{"dropequal has no fields but"}},
		{`[{action: labeldrop, regex: a, source_labels: []}]`, []string{"labeldrop has no field but regex"}},
		{`[{action: labeldrop, regex: a, target_label: b}]`, []string{"labeldrop has no field but regex"}},
		{`[{action: labelkeep, regex: a, modulus: 3}]`, []string{"labelkeep has no field but regex"}},
		{`[{action: labelkeep, regex: a, separator: ""}]`, []string{"labelkeep has no field but regex"}},
		{`[{action: labelkeep, regex: a, replacement: b}]`, []string{"labelkeep has no field but regex"}},

		{`[{action: keepfamilies}]`, []string{"families is missing"}},
		{`[{action: dropfamilies, families: []}]`, []string{"families is missing"}},
		{`[{action: dropfamilies, families: ["(", a, ")"]}]`, []string{`families: regex "(" is invalid`, `families: regex ")" is invalid`}},
		{`[{action: dropfamilies, families: [a], regex: b}]`, []string{"field regex is unknown: the fields of dropfamilies are action, families"}},
		{`[{action: rename, regex: a}]`, []string{"replacement is missing"}},
		{`[{action: rename, regex: "[", replacement: b}]`, []string{`regex "[" is invalid`}},
		{`[{action: help, families: a}]`, []string{"help is missing: it may be empty"}},
		{`[{action: help, help: a}]`, []string{"families is missing"}},
		{`[{action: unit, families: a}]`, []string{"unit is missing"}},
		{`[{action: unit, families: a, unit: m/s}]`, []string{`unit "m/s" is invalid`}},
		{`[{action: type, families: a, type: histogram}]`, []string{`type "histogram" is not one of counter, gauge and untyped`}},
		{`[{action: scale, families: a}]`, []string{"factor is missing"}},
		{`[{action: scale, families: a, factor: 1, divisor: 2}]`, []string{"exclude each other"}},
		{`[{action: scale, families: a, factor: -1}]`, []string{"factor -1 is not allowed"}},
		{`[{action: scale, families: a, divisor: inf}]`, []string{"divisor +Inf is not allowed"}},
		{`[{action: scale, families: a, factor: x}]`, []string{"factor is not a number"}},
		{`[{action: aggregate, families: a}]`, []string{"without is missing"}},
		{`[{action: aggregate, families: a, by: b, without: c}]`, []string{"by and without exclude each other"}},
		{`[{action: aggregate, families: a, without: [""]}]`, []string{`"" is no label name`}},
		{`[{action: aggregate, families: a, without: __name__}]`, []string{"families are aggregated one by one"}},
		{`[{action: aggregate, families: a, without: quantile}]`, []string{"without: [quantile] is not allowed"}},
		{`[{action: aggregate, families: a, by: b, gauges: last}]`, []string{"gauges: last is unknown"}},

		{`
- {action: keep, sources: [a]}
- {source_labels: [a], target_label: b}
- action: hashmod
  regex: (
`, []string{"rule 1 (line 2): field sources is unknown", "rule 3 (line 4): hashmod needs a target_label"}},
		{"- &a\n  <<: *a\n", []string{""}},
		{"- <<: [1]\n", []string{"<< merges mappings"}},
	}
	for _, tt := range tests {
		t.Run(tt.rules, func(t *testing.T) {
			p, err := relabel.Parse([]byte(tt.rules))
			if err == nil {
				t.Fatalf("accepted as %v", p.Steps())
			}
			for _, want := range tt.want {
				if !containsOneOf(err.Error(), want) {
					t.Errorf("got %v, want %s", err, want)
				}
			}
		})
	}
}

func containsOneOf(text, alternatives string) bool {
	for alternative := range strings.SplitSeq(alternatives, "|") {
		if strings.Contains(text, alternative) {
			return true
		}
	}
	return strings.Contains(text, alternatives)
}

func TestInvalidSteps(t *testing.T) {
	tests := []struct {
		step relabel.Step
		want string
	}{
		{nil, "there is no step"},
		{(*relabel.Rule)(nil), "there is no step"},
		{relabel.Rule{Action: "x"}, `action "x" is unknown: the actions of rules are replace, keep`},
		{relabel.Rule{TargetLabel: "\xff"}, `target_label "\xff" is no label name`},
		{relabel.Rule{SourceLabels: []string{"\xff"}, TargetLabel: "a"}, "source_labels contains"},
		{relabel.Rename{Replacement: "\xff"}, "is no name"},
		{relabel.SetHelp{Families: []string{"a"}, Help: "\xff"}, "is not UTF-8"},
		{relabel.Scale{Families: []string{"a"}, Factor: math.NaN()}, "is not allowed"},
		{relabel.SetType{Families: []string{"a"}}, `type "" is not one of`},
	}
	for _, tt := range tests {
		_, err := relabel.New(relabel.KeepFamilies{Families: []string{"a"}}, tt.step)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%#v gives %v, want %s", tt.step, err, tt.want)
			continue
		}
		var stepErr *relabel.StepError
		if !errors.As(err, &stepErr) || stepErr.Position != 2 || stepErr.Line != 0 || stepErr.Unwrap() == nil {
			t.Errorf("%v is %#v", err, stepErr)
		}
	}
}
