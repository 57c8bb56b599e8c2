package relabel

import (
	"fmt"
	"strings"
)

// A Finding is a probable mistake in a valid step.
type Finding struct {
	Position int // position of the step in its list, from 1 on
	Line     int // line in the parsed YAML, from 1 on; 0 for a pipeline created in Go
	Severity Severity
	Text     string // what the step does, and what to write instead
}

// String returns the finding as one line.
func (f Finding) String() string {
	if f.Line == 0 {
		return fmt.Sprintf("rule %d: %s: %s", f.Position, f.Severity, f.Text)
	}
	return fmt.Sprintf("rule %d (line %d): %s: %s", f.Position, f.Line, f.Severity, f.Text)
}

// A Severity is the severity of a [Finding].
type Severity string

// The severities of findings.
const (
	// Warning is for a step that probably does not do what its author meant.
	Warning Severity = "warning"
	// Note is for a part of a step that has no effect.
	Note Severity = "note"
)

// Lint returns probable mistakes, in the order of the steps:
//
//   - references to groups that the regex lacks, such as $1_x, which reads the group 1_x;
//   - regexes that look as if they were not compared with the whole value, such as ^foo or go_*;
//   - regexes that match everything or, because of the separator, nothing;
//   - fields without effect, and regexes without source labels;
//   - rules that never apply because of an earlier one, such as a keep after another keep;
//   - labels that no series has, such as __meta_kubernetes_pod_name;
//   - results that no later rule reads and no series keeps;
//   - names that labelmap gives to several labels;
//   - rules that remove or unify the names of series;
//   - rules that tear histograms or summaries apart.
//
// Lint examines only the steps; it does not know the series. For example, it cannot detect that two series
// become the same when a label is removed.
func (p *Pipeline) Lint() []Finding {
	l := &linter{pipeline: p}
	l.flow.start()
	for i, step := range p.steps {
		l.position, l.flow.position = i+1, i+1
		switch s := p.stages[i].(type) {
		case *rule:
			l.rule(ruleOf(step), s)
		case *selection:
			l.families(s.families)
			l.selection(s)
		case *renaming:
			l.regex(s.regex)
			l.flow.write(metricName)
		case *helpChange:
			l.families(s.families)
		case *unitChange:
			l.families(s.families)
		case *typeChange:
			l.families(s.families)
		case *scaling:
			l.families(s.families)
		case *aggregation:
			l.families(s.families)
		}
	}
	return l.findings
}

// A linter collects the findings for a pipeline.
type linter struct {
	pipeline *Pipeline
	position int // position of the current step
	flow     flow
	findings []Finding
}

func (l *linter) warn(format string, args ...any) { l.add(Warning, format, args...) }

func (l *linter) note(format string, args ...any) { l.add(Note, format, args...) }

func (l *linter) add(severity Severity, format string, args ...any) {
	line := l.pipeline.lines[l.position-1]
	l.findings = append(l.findings, Finding{l.position, line, severity, fmt.Sprintf(format, args...)})
}

// ruleOf returns the rule of a step.
func ruleOf(step Step) Rule {
	if r, ok := step.(*Rule); ok {
		return *r
	}
	r, _ := step.(Rule)
	return r
}

// rule checks a rule. If a rule does nothing, or treats all series alike, the linter reports nothing more
// about it.
func (l *linter) rule(source Rule, r *rule) {
	l.references(source, r)
	l.unusedFields(source, r)
	switch {
	case !r.action.readsSources():
		l.regex(r.regex)
		l.names(r)
	case len(r.sources) == 0:
		l.noSources(source, r)
	case !l.absentLabels(r) && !r.action.comparesEqual():
		l.regex(r.regex)
		if !l.separated(r) && !l.matchesAll(r) && !l.neverApplies(r) {
			l.torn(r)
		}
	}
	l.target(r)
	l.flow.after(r)
}

// matchesRegex reports whether the action compares the source value with the regex.
func (a Action) matchesRegex() bool { return a == Replace || a == Keep || a == Drop }

// list joins names for a message.
func list(names []string) string { return strings.Join(names, ", ") }
