package e2e

import (
	"reflect"
	"strings"
	"testing"

	yamlv2 "go.yaml.in/yaml/v2"

	"github.com/luxfi/metric/relabel"
)

// TestConfigOfOtherPackage checks that another YAML package reads and writes rules like the one that
// relabel imports.
func TestConfigOfOtherPackage(t *testing.T) {
	const document = `
- {source_labels: [a, b], separator: "", regex: , target_label: c, replacement: ~}
- {action: HashMod, source_labels: [a], target_label: 1.50, modulus: 0x10}
- {action: labeldrop, regex: 010}
- {action: dropfamilies, families: c}
- {action: rename, regex: a, replacement: yes}
- {action: unit, families: [a], unit: }
- {action: scale, families: [a, b], factor: 0.5}
- {action: aggregate, families: [a], by: []}
- {action: aggregate, families: [a], without: [b], gauges: max}
`
	p, err := relabel.Parse([]byte(document))
	if err != nil {
		t.Fatal(err)
	}
	var read struct {
		Rules relabel.Config `yaml:"rules"`
	}
	if err := yamlv2.UnmarshalStrict([]byte("rules:"+document), &read); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual([]relabel.Step(read.Rules), p.Steps()) {
		t.Errorf("got %#v\nwant %#v", read.Rules, p.Steps())
	}
	written, err := yamlv2.Marshal(read.Rules)
	if err != nil {
		t.Fatal(err)
	}
	again, err := relabel.Parse(written)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(again.Steps(), p.Steps()) {
		t.Errorf("got %#v of\n%s", again.Steps(), written)
	}
}

// TestConfigErrorsOfOtherPackage checks the errors for a Config that another YAML package decodes.
func TestConfigErrorsOfOtherPackage(t *testing.T) {
	var config relabel.Config
	err := yamlv2.Unmarshal([]byte("- {action: keep, x: 1}\n-\n- {regex: {a: b}, target_label: c}\n"), &config)
	for _, want := range []string{"rule 1: field x is unknown", "rule 2: the rule is empty", "rule 3: regex is not a text"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}
