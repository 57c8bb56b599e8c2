package relabel

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/prometheus/common/model"
)

// Defaults of the fields of a Rule.
const (
	DefaultSeparator   = ";"
	DefaultRegex       = "(.*)"
	DefaultReplacement = "$1"
)

// A Rule is an item of Prometheus's relabel_config. Its zero fields have Prometheus's defaults. Separator,
// Regex and Replacement are pointers because an empty string differs from the default. In Go, new returns
// such a pointer; [Config] reads rules from YAML.
//
//	relabel.Rule{
//		SourceLabels: []string{"path"},
//		Regex:        new("/users/.*"),
//		TargetLabel:  "path",
//		Replacement:  new("/users/{id}"),
//	}
type Rule struct {
	// SourceLabels are the names of the labels whose values, joined by the separator, are the source value.
	// A missing label counts as empty.
	SourceLabels []string `yaml:"source_labels,flow,omitempty"`
	// Separator joins the values of the source labels. The default is [DefaultSeparator].
	Separator *string `yaml:"separator,omitempty"`
	// Regex is compared with the whole source value or, by LabelMap, LabelDrop and LabelKeep,
	// with the whole name of each label. A dot also matches newlines. The default is DefaultRegex.
	Regex *string `yaml:"regex,omitempty"`
	// Modulus is the divisor of HashMod.
	Modulus uint64 `yaml:"modulus,omitempty"`
	// TargetLabel is the label that is set or compared. With Replace, it may refer to groups
	// of the regex, as in ${1}; if the resulting name is empty, the rule does nothing.
	TargetLabel string `yaml:"target_label,omitempty"`
	// Replacement is the new value or, with LabelMap, the new name. It may refer to groups of the regex. The
	// default is [DefaultReplacement].
	Replacement *string `yaml:"replacement,omitempty"`
	// Action is the operation of the rule. The default is Replace.
	Action Action `yaml:"action,omitempty"`
}

// A rule is a checked [Rule] that is ready to be applied.
type rule struct {
	action      Action
	sources     []string
	separator   string
	regex       *regex
	target      *template
	replacement *template
	modulus     uint64
	slot        int // index of its cache in a labelSet

	run func(*rule, *labelSet) (keep bool)
}

// compile checks a rule in the same way as Prometheus.
func (r Rule) compile() (stage, error) {
	action, err := r.Action.normalize()
	if err != nil {
		return nil, err
	}
	r.Action = action
	if err := errors.Join(r.checkSources(), r.checkTarget(), r.checkReplacement(), r.checkUnused()); err != nil {
		return nil, err
	}
	source := valueOr(r.Regex, DefaultRegex)
	re, err := newRegex(source, false)
	if err != nil {
		return nil, err
	}
	target := &template{text: r.TargetLabel}
	if action == Replace {
		target, _ = newTemplate(r.TargetLabel, re.compiled)
	}
	replacement, _ := newTemplate(valueOr(r.Replacement, DefaultReplacement), re.compiled)
	if !re.engine && (target.captures() || replacement.captures()) {
		if re, err = newRegex(source, true); err != nil {
			return nil, err
		}
	}
	return &rule{
		action:      action,
		sources:     slices.Clone(r.SourceLabels),
		separator:   valueOr(r.Separator, DefaultSeparator),
		regex:       re,
		target:      target,
		replacement: replacement,
		modulus:     r.Modulus,
		run:         runs[action],
	}, nil
}

func (r *Rule) checkSources() error {
	for _, name := range r.SourceLabels {
		if !isLabelName(name) {
			return fmt.Errorf("source_labels contains %q, which is no label name: names are UTF-8 and not empty", name)
		}
	}
	return nil
}

func (r *Rule) checkTarget() error {
	switch {
	case !r.Action.needsTarget():
		return nil
	case r.TargetLabel == "":
		return fmt.Errorf("%s needs a target_label", r.Action)
	case !isLabelName(r.TargetLabel):
		return fmt.Errorf("target_label %q is no label name: names are UTF-8", r.TargetLabel)
	case r.Action == HashMod && r.Modulus == 0:
		return errors.New("hashmod needs a modulus of at least 1")
	}
	return nil
}

func (r *Rule) checkReplacement() error {
	replacement := valueOr(r.Replacement, DefaultReplacement)
	switch {
	case r.Action.changesCase() && replacement != DefaultReplacement:
		return fmt.Errorf("%s has no replacement: it writes the source value", r.Action)
	case r.Action == LabelMap && !isLabelName(replacement):
		return fmt.Errorf("replacement %q of labelmap is no label name: names are UTF-8 and not empty", replacement)
	}
	return nil
}

// checkUnused rejects fields that Prometheus rejects for an action.
func (r *Rule) checkUnused() error {
	var (
		separator   = valueOr(r.Separator, DefaultSeparator) != DefaultSeparator
		replacement = valueOr(r.Replacement, DefaultReplacement) != DefaultReplacement
	)
	switch {
	case r.Action.comparesEqual() && (r.Regex != nil || r.Modulus != 0 || separator || replacement):
		return fmt.Errorf("%s has no fields but source_labels and target_label", r.Action)
	case r.Action.selectsNames() && (r.SourceLabels != nil || r.TargetLabel != "" || r.Modulus != 0 || separator || replacement):
		return fmt.Errorf("%s has no field but regex, which it compares with the names of labels", r.Action)
	}
	return nil
}

// isLabelName reports whether s is a valid label name in Prometheus.
func isLabelName(s string) bool { return model.UTF8Validation.IsValidLabelName(s) }

func valueOr(s *string, otherwise string) string { return *cmp.Or(s, &otherwise) }
