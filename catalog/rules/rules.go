// Package rules creates Prometheus recording and alerting rules from a catalog, by conventions that need no
// knowledge of the program. docs/catalog.md lists them.
//
// The rules are a starting point: [New] returns plain values, which a program can filter and change before
// it writes them as YAML. The same catalog always produces the same rules, which do not depend on counts of
// current series.
package rules

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"time"
	"unicode/utf8"

	"github.com/prometheus/common/model"
	"go.yaml.in/yaml/v3"

	"github.com/luxfi/metric/catalog"
	"github.com/luxfi/metric/internal/promql"
)

// Opts are the options of [New]. The zero value is ready to use.
type Opts struct {
	// Job limits all rules to the targets of one job. It also adds an alert for the case that Prometheus has
	// no target of that job.
	Job string
	// Prefix is put before the names of groups. The names must be unique only within a file.
	Prefix string
	// Window is the range of rates, a whole number of seconds. The default is 5 minutes. It must be at least
	// twice the scrape interval; four times the interval is better.
	Window time.Duration
	// Quantiles are the quantiles of histograms for which New creates recording rules, from 0 to 1. The
	// default is 0.5, 0.9 and 0.99.
	Quantiles []float64
	// ErrorRatio is the share of errors above which an alert fires, more than 0 and less than 1. The default
	// is 0.05.
	ErrorRatio float64
	// Labels are added to all alerts.
	Labels map[string]string
}

// File is the content of a rule file.
type File struct {
	Groups []Group `json:"groups" yaml:"groups"`
}

// Group is a group of rules. Prometheus evaluates them one after the other.
type Group struct {
	Name  string `json:"name" yaml:"name"`
	Rules []Rule `json:"rules" yaml:"rules"`
}

// Rule is a recording rule, if Record is set, or an alerting rule, if Alert is set.
type Rule struct {
	Record      string            `json:"record,omitempty" yaml:"record,omitempty"`
	Alert       string            `json:"alert,omitempty" yaml:"alert,omitempty"`
	Expr        string            `json:"expr" yaml:"expr"`
	For         model.Duration    `json:"for,omitempty" yaml:"for,omitempty"`
	Labels      map[string]string `json:"labels,omitempty" yaml:"labels,omitempty"`
	Annotations map[string]string `json:"annotations,omitempty" yaml:"annotations,omitempty"`
}

// New returns rules for the families of a catalog. It returns an error if an option is not valid.
func New(c *catalog.Catalog, opts Opts) (*File, error) {
	if err := opts.check(); err != nil {
		return nil, err
	}
	opts.Window, opts.ErrorRatio = cmp.Or(opts.Window, 5*time.Minute), cmp.Or(opts.ErrorRatio, 0.05)
	if len(opts.Quantiles) == 0 {
		opts.Quantiles = []float64{0.5, 0.9, 0.99}
	}
	m := &maker{opts: opts, window: model.Duration(opts.Window).String(), names: make(map[string]bool)}
	if opts.Job != "" {
		m.matchers = []string{promql.Match("job", "=", opts.Job)}
	}
	for i := range c.Families {
		m.record(&c.Families[i])
	}
	m.targets()
	for i := range c.Families {
		m.alert(&c.Families[i])
	}
	file := &File{Groups: []Group{}}
	for _, group := range []struct {
		name  string
		rules []Rule
	}{
		{"recording", m.recording}, {"targets", m.target}, {"collectors", m.collectors}, {"errors", m.errors},
	} {
		if len(group.rules) > 0 {
			file.Groups = append(file.Groups, Group{Name: opts.Prefix + group.name, Rules: group.rules})
		}
	}
	return file, nil
}

func (o *Opts) check() error {
	for _, q := range o.Quantiles {
		if !(q >= 0 && q <= 1) { // false for NaN
			return fmt.Errorf("the quantile %v is not from 0 to 1, such as 0.99", q)
		}
	}
	if o.Window < 0 || o.Window%time.Second != 0 {
		return fmt.Errorf("the window %v is not a positive whole number of seconds, or 0 for the default", o.Window)
	}
	if o.ErrorRatio != 0 && !(o.ErrorRatio > 0 && o.ErrorRatio < 1) {
		return fmt.Errorf("the error ratio %v is not between 0 and 1, such as 0.05", o.ErrorRatio)
	}
	for name, value := range o.Labels {
		if !model.UTF8Validation.IsValidLabelName(name) {
			return fmt.Errorf("alerts cannot have the label %q: its name is not valid", name)
		}
		if !utf8.ValidString(value) {
			return fmt.Errorf("alerts cannot have the label %q: its value %q is not valid UTF-8", name, value)
		}
	}
	for _, text := range []string{o.Job, o.Prefix} {
		if !utf8.ValidString(text) {
			return fmt.Errorf("the job or prefix %q is not valid UTF-8", text)
		}
	}
	return nil
}

// YAML returns the file in the format of Prometheus's rule files.
func (f *File) YAML() ([]byte, error) {
	var out bytes.Buffer
	e := yaml.NewEncoder(&out)
	e.SetIndent(2)
	if err := e.Encode(f); err != nil {
		return nil, fmt.Errorf("writing rules as YAML: %w", err)
	}
	err := e.Close()
	return out.Bytes(), err
}

// maker creates rules.
type maker struct {
	opts     Opts
	window   string
	matchers []string
	names    map[string]bool // names of alerts and recorded series

	recording, target, collectors, errors []Rule
}

// unique returns a name that no other rule has.
func (m *maker) unique(name string) string {
	numbered := name
	for i := 2; m.names[numbered]; i++ {
		numbered = fmt.Sprintf("%s_%d", name, i)
	}
	m.names[numbered] = true
	return numbered
}

// selector returns a selector of the job's series called name, with additional matchers.
func (m *maker) selector(name string, more ...string) string {
	return promql.Selector(name, append(m.matchers[:len(m.matchers):len(m.matchers)], more...)...)
}

// rate returns the rate of the selected series.
func (m *maker) rate(name string, more ...string) string {
	return "rate(" + m.selector(name, more...) + "[" + m.window + "])"
}

// alerting returns an alerting rule. Summary and description are templates.
func (m *maker) alerting(name, expr string, pending time.Duration, severity, summary, description string) Rule {
	labels := map[string]string{"severity": severity}
	maps.Copy(labels, m.opts.Labels)
	return Rule{
		Alert: m.unique(name), Expr: expr, For: model.Duration(pending), Labels: labels,
		Annotations: map[string]string{"summary": summary, "description": description},
	}
}
