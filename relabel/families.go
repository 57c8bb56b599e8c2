package relabel

import (
	"errors"
	"fmt"

	"github.com/prometheus/common/model"
)

// KeepFamilies drops the families whose names match none of the regexes:
//
//	action: keepfamilies
//	families: [http_.*, process_cpu_seconds_total]
//
// Unlike a rule that keeps by __name__, it costs nothing per series.
type KeepFamilies struct {
	// Families are regexes that are compared with the whole name of each family.
	Families []string `yaml:"families,flow"`
}

// DropFamilies drops the families whose names match one of the regexes:
//
//	action: dropfamilies
//	families: [go_.*, promhttp_.*]
type DropFamilies struct {
	// Families are regexes that are compared with the whole name of each family.
	Families []string `yaml:"families,flow"`
}

// Rename changes the names of the families that the regex matches:
//
//	action: rename
//	regex: app_(.*)_millis
//	replacement: shop_${1}_milliseconds
//
// The names of a histogram's or summary's samples change with the name of the family. If the new name is
// empty, the family keeps its old one. Without a regex, the step renames all families. For example,
//
//	action: rename
//	replacement: shop_${1}
//
// adds a prefix to every name.
type Rename struct {
	// Regex is compared with the whole name of each family. The default is [DefaultRegex].
	Regex string `yaml:"regex,omitempty"`
	// Replacement is the new name. It may refer to groups of the regex, as in ${1}.
	Replacement string `yaml:"replacement"`
}

// families selects families by name.
type families []*regex

// newFamilies compiles the regexes of a step.
func newFamilies(sources []string) (families, error) {
	if len(sources) == 0 {
		return nil, errors.New("families is missing: it lists regexes for the names of families, such as [http_.*]")
	}
	var (
		all  families
		errs []error
	)
	for _, source := range sources {
		re, err := newRegex(source, false)
		if err != nil {
			errs = append(errs, fmt.Errorf("families: %w", err))
		}
		all = append(all, re)
	}
	return all, errors.Join(errs...)
}

// match reports whether the regexes select a family.
func (f families) match(family string) bool {
	for _, re := range f {
		if re.match(family) {
			return true
		}
	}
	return false
}

// selection is a compiled [KeepFamilies] or [DropFamilies].
type selection struct {
	families families
	keeps    bool
}

func (k KeepFamilies) compile() (stage, error) { return newSelection(k.Families, true) }

func (d DropFamilies) compile() (stage, error) { return newSelection(d.Families, false) }

func newSelection(sources []string, keeps bool) (stage, error) {
	f, err := newFamilies(sources)
	if err != nil {
		return nil, err
	}
	return &selection{f, keeps}, nil
}

// keep reports whether the step keeps a family.
func (s *selection) keep(family string) bool { return s.families.match(family) == s.keeps }

func (s *selection) series(ls *labelSet) bool { return s.keep(ls.name()) }

// renaming is a compiled [Rename].
type renaming struct {
	regex       *regex
	replacement *template
}

func (r Rename) compile() (stage, error) {
	if r.Replacement == "" {
		return nil, errors.New("replacement is missing: it is the new name, such as app_${1}")
	}
	if !isFamilyName(r.Replacement) {
		return nil, fmt.Errorf("replacement %q is no name: names are UTF-8", r.Replacement)
	}
	source := r.Regex
	if source == "" {
		source = DefaultRegex
	}
	re, err := newRegex(source, true)
	if err != nil {
		return nil, err
	}
	replacement, _ := newTemplate(r.Replacement, re.compiled)
	return &renaming{re, replacement}, nil
}

// newName returns the new name of a family, or the old one if the regex does not match.
func (r *renaming) newName(family string) string {
	f := r.regex.find(family)
	if !f.ok {
		return family
	}
	if name := r.replacement.expand(new(memory), &f, family); isFamilyName(name) {
		return name
	}
	return family
}

func (r *renaming) series(ls *labelSet) bool {
	if name := ls.name(); name != "" {
		ls.set(metricName, r.newName(name))
	}
	return true
}

// isFamilyName reports whether s is a valid metric name in Prometheus.
func isFamilyName(s string) bool { return model.UTF8Validation.IsValidMetricName(s) }
