package relabel

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"go.yaml.in/yaml/v3"
)

// configKey is the key in Prometheus's configuration for rules that apply to samples.
const configKey = "metric_relabel_configs"

// Parse returns the pipeline that a YAML document describes: a list of steps, or a mapping with such a list
// under the key metric_relabel_configs. For an empty document, it returns a pipeline that changes nothing.
// The error joins a [*StepError] for each mistake in a step, unless the document does not contain such a
// list.
func Parse(document []byte) (*Pipeline, error) {
	root, err := parseDocument(document)
	if err != nil {
		return nil, err
	}
	items, err := itemsOf(root)
	if err != nil {
		return nil, err
	}
	return pipelineOf(items)
}

// parseDocument returns the list of steps, or nil if the document is empty.
func parseDocument(document []byte) (*yaml.Node, error) {
	var (
		decoder = yaml.NewDecoder(bytes.NewReader(document))
		root    yaml.Node
	)
	switch err := decoder.Decode(&root); {
	case errors.Is(err, io.EOF):
		return nil, nil
	case err != nil:
		return nil, err
	}
	if err := decoder.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		if err == nil {
			err = errors.New("there is more than one document: put all rules into one list")
		}
		return nil, err
	}
	list := resolve(root.Content[0])
	if list.Kind == yaml.MappingNode {
		if len(list.Content) != 2 || list.Content[0].Value != configKey {
			return nil, fmt.Errorf("line %d: a list of rules is expected, or the only key %s", list.Line, configKey)
		}
		list = list.Content[1]
	}
	return list, nil
}

// Config is a list of steps for programs that read rules from their own configuration:
//
//	type config struct {
//		Listen string         `yaml:"listen"`
//		Rules  relabel.Config `yaml:"metric_relabel_configs"`
//	}
//
//	pipeline, err := relabel.New(c.Rules...)
//
// It can be read and written by any YAML package that supports methods of the form UnmarshalYAML(func(any)
// error) error, such as versions 2 and 3 of go.yaml.in/yaml and of gopkg.in/yaml. Errors contain line
// numbers if go.yaml.in/yaml/v3 reads it. Programs may also create a Config in Go.
type Config []Step

// UnmarshalYAML reads a list of steps. Like [New], it checks them and reports all mistakes.
func (c *Config) UnmarshalYAML(unmarshal func(any) error) error {
	items, err := itemsFrom(unmarshal)
	if err != nil {
		return err
	}
	p, err := pipelineOf(items)
	if err != nil {
		return err
	}
	*c = p.steps
	return nil
}

// MarshalYAML returns values that YAML packages write as a list of steps.
func (c Config) MarshalYAML() (any, error) {
	var (
		list = make([]any, len(c))
		errs []error
	)
	for i, step := range c {
		if _, err := compileStep(step); err != nil {
			errs = append(errs, stepErrors(i+1, 0, err)...)
			continue
		}
		list[i] = step.item()
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	return list, nil
}

// pipelineOf decodes and checks items. If an item cannot be decoded, pipelineOf still checks the others.
func pipelineOf(items []item) (*Pipeline, error) {
	var (
		steps = make([]Step, len(items))
		lines = make([]int, len(items))
		errs  []error
	)
	for i := range items {
		step, err := items[i].step()
		if err == nil {
			_, err = compileStep(step)
		}
		errs = append(errs, stepErrors(i+1, items[i].line, err)...)
		steps[i], lines[i] = step, items[i].line
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	return newPipeline(steps, lines)
}

// The YAML form of the steps.
type (
	keepFamiliesItem struct {
		Action       string `yaml:"action"`
		KeepFamilies `yaml:",inline"`
	}
	dropFamiliesItem struct {
		Action       string `yaml:"action"`
		DropFamilies `yaml:",inline"`
	}
	renameItem struct {
		Action string `yaml:"action"`
		Rename `yaml:",inline"`
	}
	helpItem struct {
		Action  string `yaml:"action"`
		SetHelp `yaml:",inline"`
	}
	unitItem struct {
		Action  string `yaml:"action"`
		SetUnit `yaml:",inline"`
	}
	typeItem struct {
		Action  string `yaml:"action"`
		SetType `yaml:",inline"`
	}
	scaleItem struct {
		Action string `yaml:"action"`
		Scale  `yaml:",inline"`
	}
	aggregateItem struct {
		Action   string      `yaml:"action"`
		Families []string    `yaml:"families,flow"`
		Without  []string    `yaml:"without,flow,omitempty"`
		By       *[]string   `yaml:"by,flow,omitempty"`
		Gauges   Combination `yaml:"gauges,omitempty"`
	}
)

func (r Rule) item() any         { return r }
func (k KeepFamilies) item() any { return keepFamiliesItem{actionKeepFamilies, k} }
func (d DropFamilies) item() any { return dropFamiliesItem{actionDropFamilies, d} }
func (r Rename) item() any       { return renameItem{actionRename, r} }
func (s SetHelp) item() any      { return helpItem{actionHelp, s} }
func (s SetUnit) item() any      { return unitItem{actionUnit, s} }
func (s SetType) item() any      { return typeItem{actionType, s} }
func (s Scale) item() any        { return scaleItem{actionScale, s} }

func (a Aggregate) item() any {
	i := aggregateItem{Action: actionAggregate, Families: a.Families, Without: a.Without, Gauges: a.Gauges}
	if a.By != nil {
		i.By = &a.By
	}
	return i
}
