package relabel_test

import (
	"os"
	"reflect"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/luxfi/metric/relabel"
)

// everyStep has one step of each kind. The test compares it with the same steps in Go.
const everyStep = `
- source_labels: [a, b]
  separator: ""
  regex: ""
  target_label: c
  replacement: ""
- {action: HashMod, source_labels: [a], target_label: c, modulus: 0x10}
- {action: labelmap, regex: 1.50, replacement: yes}
- {action: keepfamilies, families: [a, b]}
- {action: DropFamilies, families: c}
- {action: rename, regex: a, replacement: b}
- {action: rename, replacement: "b_${1}"}
- {action: help, families: [a], help: What it is.}
- {action: unit, families: [a], unit: }
- {action: type, families: [a], type: Gauge}
- {action: scale, families: [a], factor: 0.5}
- {action: scale, families: [a], divisor: 1000}
- {action: aggregate, families: [a], without: [b], gauges: Max}
- {action: aggregate, families: [a], by: []}
`

var everyStepInGo = relabel.Config{
	relabel.Rule{SourceLabels: []string{"a", "b"}, Separator: new(""), Regex: new(""), TargetLabel: "c", Replacement: new(""), Action: relabel.Replace},
	relabel.Rule{SourceLabels: []string{"a"}, TargetLabel: "c", Modulus: 16, Action: relabel.HashMod},
	relabel.Rule{Regex: new("1.50"), Replacement: new("yes"), Action: relabel.LabelMap},
	relabel.KeepFamilies{Families: []string{"a", "b"}},
	relabel.DropFamilies{Families: []string{"c"}},
	relabel.Rename{Regex: "a", Replacement: "b"},
	relabel.Rename{Replacement: "b_${1}"},
	relabel.SetHelp{Families: []string{"a"}, Help: "What it is."},
	relabel.SetUnit{Families: []string{"a"}},
	relabel.SetType{Families: []string{"a"}, Type: relabel.Gauge},
	relabel.Scale{Families: []string{"a"}, Factor: 0.5},
	relabel.Scale{Families: []string{"a"}, Divisor: 1000},
	relabel.Aggregate{Families: []string{"a"}, Without: []string{"b"}, Gauges: relabel.Max},
	relabel.Aggregate{Families: []string{"a"}, By: []string{}},
}

func TestParse(t *testing.T) {
	indented := strings.ReplaceAll(everyStep, "\n", "\n  ")
	for _, document := range []string{everyStep, "metric_relabel_configs:" + indented} {
		p, err := relabel.Parse([]byte(document))
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Steps(); !reflect.DeepEqual(got, []relabel.Step(everyStepInGo)) {
			t.Errorf("got %#v", got)
		}
	}
}

// TestParseNothing checks that a document without steps is a pipeline without steps.
func TestParseNothing(t *testing.T) {
	for _, document := range []string{"", "# nothing", "[]", "null", "metric_relabel_configs:", "metric_relabel_configs: []", "---\n"} {
		p, err := relabel.Parse([]byte(document))
		if err != nil || len(p.Steps()) != 0 {
			t.Errorf("%q: %v, %v", document, p, err)
		}
	}
}

// TestMergedFields checks that steps can have aliases and merge keys.
func TestMergedFields(t *testing.T) {
	p, err := relabel.Parse([]byte(`
- &first {action: keep, source_labels: [a], regex: x}
- *first
- {regex: y, <<: *first}
- {<<: [{regex: z}, *first], source_labels: [b]}
`))
	if err != nil {
		t.Fatal(err)
	}
	keep := func(label, regex string) relabel.Rule {
		return relabel.Rule{SourceLabels: []string{label}, Regex: new(regex), Action: relabel.Keep}
	}
	want := []relabel.Step{keep("a", "x"), keep("a", "x"), keep("a", "y"), keep("b", "z")}
	if got := p.Steps(); !reflect.DeepEqual(got, want) {
		t.Errorf("got %#v", got)
	}
}

// TestDocumentedSteps checks that the examples in the package documentation are valid.
func TestDocumentedSteps(t *testing.T) {
	source, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	_, block, _ := strings.Cut(string(source), "//\t# Steps and rules stand")
	block, _, _ = strings.Cut(block, "//\n")
	p, err := relabel.Parse([]byte("# " + strings.ReplaceAll(block, "\n//\t", "\n")))
	if err != nil {
		t.Fatal(err)
	}
	if n := len(p.Steps()); n != 9 {
		t.Errorf("%d steps", n)
	}
}

// embedding is the configuration of a program that contains rules.
type embedding struct {
	Name  string         `yaml:"name"`
	Rules relabel.Config `yaml:"rules"`
}

func TestConfig(t *testing.T) {
	var c embedding
	document := "name: x\nrules:" + strings.ReplaceAll(everyStep, "\n", "\n  ")
	if err := yaml.Unmarshal([]byte(document), &c); err != nil {
		t.Fatal(err)
	}
	if c.Name != "x" || !reflect.DeepEqual(c.Rules, everyStepInGo) {
		t.Errorf("got %#v", c)
	}
	if _, err := relabel.New(c.Rules...); err != nil {
		t.Error(err)
	}
}

func TestConfigErrors(t *testing.T) {
	var c embedding
	err := yaml.Unmarshal([]byte("rules:\n- {action: keep}\n- {action: x}\n- {regex: a}\n"), &c)
	for _, want := range []string{`rule 2 (line 3): action "x"`, "rule 3 (line 4): replace needs a target_label"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	if err := yaml.Unmarshal([]byte("rules: 3"), &c); err == nil || !strings.Contains(err.Error(), "line 1: cannot unmarshal !!int `3`") {
		t.Error(err)
	}
}

func TestMarshalConfig(t *testing.T) {
	written, err := yaml.Marshal(embedding{Name: "x", Rules: everyStepInGo})
	if err != nil {
		t.Fatal(err)
	}
	var c embedding
	if err := yaml.Unmarshal(written, &c); err != nil {
		t.Fatalf("%v of\n%s", err, written)
	}
	if !reflect.DeepEqual(c.Rules, everyStepInGo) {
		t.Errorf("got %#v of\n%s", c.Rules, written)
	}
}

func TestMarshalInvalidConfig(t *testing.T) {
	_, err := yaml.Marshal(relabel.Config{relabel.Rule{TargetLabel: "a"}, nil, relabel.Rule{}})
	for _, want := range []string{"rule 2: there is no step", "rule 3: replace needs"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

// TestNewTakesCopies checks that later changes of the slices passed to New and returned by Steps do not
// change the pipeline.
func TestNewTakesCopies(t *testing.T) {
	steps := []relabel.Step{relabel.DropFamilies{Families: []string{"a"}}}
	p, err := relabel.New(steps...)
	if err != nil {
		t.Fatal(err)
	}
	steps[0] = nil
	p.Steps()[0] = nil
	if _, keep := p.Process(labels{"__name__": "a"}); keep || p.Steps()[0] == nil {
		t.Error("the pipeline changes with the slice it was made of")
	}
}
