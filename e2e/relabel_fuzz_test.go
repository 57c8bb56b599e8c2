package e2e

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	promrelabel "github.com/prometheus/prometheus/model/relabel"
	yamlv2 "go.yaml.in/yaml/v2"

	"github.com/luxfi/metric/relabel"
)

// FuzzRelabel checks that rules mean the same as in Prometheus: relabel accepts the same lists of
// rules, and they produce the same labels.
func FuzzRelabel(f *testing.F) {
	random := rand.NewChaCha8([32]byte{})
	for _, regex := range relabelRegexes {
		for range 5 {
			data := make([]byte, 160)
			_, _ = random.Read(data) // never fails
			f.Add(data, regex)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte, regex string) {
		c := &chooser{data: data, regex: regex}
		document := c.rules()
		theirs, theirErr := prometheusRules([]byte(document))
		ours, ourErr := relabel.Parse([]byte(document))
		if (theirErr == nil) != (ourErr == nil) {
			if errors.Is(theirErr, errMisread) || ourErr != nil && refusedOnPurpose(ourErr) {
				t.Skip()
			}
			t.Fatalf("Prometheus: %v, relabel: %v, of\n%s", theirErr, ourErr, document)
		}
		if ourErr != nil {
			t.Skip()
		}
		for range 4 {
			compareRelabeling(t, document, theirs, ours, c.labels())
		}
	})
}

// FuzzRelabelYAML checks that relabel and Prometheus read the same rules from any document.
func FuzzRelabelYAML(f *testing.F) {
	for _, document := range relabelDocuments {
		f.Add(document)
	}
	f.Fuzz(func(t *testing.T, document string) {
		if strings.Contains(document, "!") {
			t.Skip() // relabel refuses most tags, and the YAML package hides some of them.
		}
		theirs, theirErr := prometheusRules([]byte(document))
		ours, ourErr := relabel.Parse([]byte(document))
		switch {
		case errors.Is(theirErr, errMisread) || ourErr != nil && theirErr != nil:
			t.Skip()
		case ourErr != nil:
			if refusedOnPurpose(ourErr) || len(theirs) == 0 { // "[]:" is an empty list to the older YAML package.
				t.Skip()
			}
			t.Fatalf("Prometheus accepts, relabel: %v, of\n%s", ourErr, document)
		case theirErr != nil:
			if acceptedOnPurpose(document, ours) {
				t.Skip()
			}
			t.Fatalf("relabel accepts, Prometheus: %v, of\n%s", theirErr, document)
		}
		if got, want := fieldsOfOurs(ours), fieldsOfTheirs(theirs); !slices.Equal(got, want) {
			t.Fatalf("relabel reads\n%s\nand Prometheus\n%s\nof\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"), document)
		}
	})
}

// errMisread reports that Prometheus misreads "null" or "~" in quotes as the regex of a rule. Version 2
// of the YAML package finds no text there but calls UnmarshalText, which overwrites the default regex of
// all rules.
var errMisread = errors.New("the default regex has been overwritten")

// prometheusRules reads rules as Prometheus reads its configuration.
func prometheusRules(document []byte) ([]*promrelabel.Config, error) {
	const defaultRegex = "^(?s:(.*))$"
	var rules []*promrelabel.Config
	err := yamlv2.UnmarshalStrict(document, &rules)
	if re := promrelabel.DefaultRelabelConfig.Regex.Regexp; re.String() != defaultRegex {
		return nil, errors.Join(errMisread, re.UnmarshalText([]byte(defaultRegex)))
	}
	if err != nil {
		return nil, err
	}
	for _, rule := range rules {
		if rule == nil {
			return nil, errors.New("an empty rule")
		}
		if err := rule.Validate(model.UTF8Validation); err != nil {
			return nil, err
		}
	}
	return rules, nil
}

// refusedOnPurpose reports whether err is for something that relabel refuses by design, unlike Prometheus:
//
//   - a regex such as "a)|(b", which is valid only within the anchors, and which they do not anchor;
//   - a null or empty name among the source labels;
//   - a modulus with a fraction, which Prometheus cuts off;
//   - explicit tags other than !!str;
//   - content after the first document, which Prometheus ignores;
//   - YAML that version 3 of the YAML package does not parse, though version 2 does.
func refusedOnPurpose(err error) bool {
	for _, text := range []string{
		"unexpected )", "missing closing", "source_labels is not a list of texts", "is not a text", "modulus is not a whole number",
		"more than one document", "yaml: ",
	} {
		if strings.Contains(err.Error(), text) {
			return true
		}
	}
	return false
}

// acceptedOnPurpose reports whether document has something that relabel accepts by design, unlike
// Prometheus:
//
//   - steps that Prometheus does not have;
//   - a mapping with the key metric_relabel_configs.
func acceptedOnPurpose(document string, p *relabel.Pipeline) bool {
	for _, step := range p.Steps() {
		if _, ok := step.(relabel.Rule); !ok {
			return true
		}
	}
	return strings.Contains(document, "metric_relabel_configs")
}

func compareRelabeling(t *testing.T, document string, theirs []*promrelabel.Config, ours *relabel.Pipeline, before prometheus.Labels) {
	t.Helper()
	builder := labels.NewBuilder(labels.FromMap(before))
	theirKeep := promrelabel.ProcessBuilder(builder, theirs...)
	want := prometheus.Labels{}
	builder.Labels().Range(func(l labels.Label) {
		// labelmap may make a label without a name. The series' other labels determine whether it is lost or kept.
		if l.Name == "" {
			return
		}
		if l.Name == model.MetricNameLabel || !strings.HasPrefix(l.Name, model.ReservedLabelPrefix) {
			want[l.Name] = l.Value
		}
	})
	got, keep := ours.Process(before)
	if keep != theirKeep || keep && !maps.Equal(got, want) {
		t.Fatalf("relabel gives %v, %t, and Prometheus %v, %t, of %v with\n%s", got, keep, want, theirKeep, before, document)
	}
}

func fieldsOfOurs(p *relabel.Pipeline) []string {
	text := func(s *string, otherwise string) string {
		if s == nil {
			return otherwise
		}
		return *s
	}
	var all []string
	for _, step := range p.Steps() {
		r, ok := step.(relabel.Rule)
		if !ok {
			return nil
		}
		all = append(all, fmt.Sprintf("%q %q %q %d %q %q %s", r.SourceLabels, text(r.Separator, ";"), text(r.Regex, "(.*)"), r.Modulus,
			r.TargetLabel, text(r.Replacement, "$1"), r.Action))
	}
	return all
}

func fieldsOfTheirs(rules []*promrelabel.Config) []string {
	var all []string
	for _, r := range rules {
		all = append(all, fmt.Sprintf("%q %q %q %d %q %q %s", []model.LabelName(r.SourceLabels), r.Separator, r.Regex.String(), r.Modulus,
			r.TargetLabel, r.Replacement, r.Action))
	}
	return all
}

// chooser makes rules and labels from the bytes of a fuzzer.
type chooser struct {
	data  []byte
	regex string
}

func (c *chooser) next(n int) int {
	if len(c.data) == 0 {
		return 0
	}
	b := c.data[0]
	c.data = c.data[1:]
	return int(b) % n
}

func (c *chooser) of(list ...string) string { return list[c.next(len(list))] }

var (
	relabelNames   = []string{"a", "b", "code", "path", "__name__", "__tmp", "__tmp_x", "le", "A.ß", "b_a", "Z", "x1"}
	relabelValues  = []string{"", "a", "b", "ab", "foo", "foobar", "/users/17/x", "200", "GET", "get", "ÄÖ", "x;y", "foo;bar", "a\nb", `c"\`, "\xff", "1", "foo_bucket", "go_goroutines"}
	relabelRegexes = []string{
		"(.*)", ".*", ".+", "", "foo", "foo|bar", "foo.*", ".*bar", "(.+);(.+)", "(a|ab)(.*)", "(.*)(b?)", "f(o+)(.*)", "(?i)get", "[a-c]+", "[ab]", "(foo)?(bar)?", "^foo", "foo$",
		"(?P<name>a*)(?P<rest>.*)", "a.b", "(.)(.*)", "__tmp.*", "(__tmp_)?(.+)", "a|b|code|path|le", "go_(.*)", "(?:a|b)(_.*)?", `\d+`, "(.*)_bucket", "[^;]*", "(.*?)o(.*)", "x(1)?", "(?-s)a.b", "()",
		"(.+)?", "((a)|b)*", ".*;.*", "(.*);(.*)", "[[:alpha:]]*", "(a)(b)|(ab)", "a.*b.*",
	}
	relabelTemplates = []string{
		"$1", "", "x", "${1}_y", "$1_y", "$0", "$2", "$2-$1", "$$1", "$", "${name}", "$rest$name", "a", "b", "__name__", "__tmp", "$1$1", "${", "${1", "$01", "ß$1", "le", "$3", "x$$", "Z", "a${2}",
	}
	relabelActions = []string{
		"replace", "Replace", "keep", "drop", "keepequal", "dropequal", "hashmod", "labelmap", "labeldrop", "labelkeep", "lowercase", "UPPERCASE", "replace", "labelmap", "replace", "none",
	}
)

// rules returns a list of rules as YAML.
func (c *chooser) rules() string {
	var b strings.Builder
	for range 1 + c.next(5) {
		fmt.Fprintf(&b, "- action: %s\n", c.of(relabelActions...))
		if c.next(4) != 0 {
			names := make([]string, c.next(4))
			for i := range names {
				names[i] = strconv.Quote(c.of(relabelNames...))
			}
			fmt.Fprintf(&b, "  source_labels: [%s]\n", strings.Join(names, ", "))
		}
		switch c.next(6) {
		case 0, 1:
		case 2:
			if strings.IndexFunc(c.regex, func(r rune) bool { return r < ' ' || r > '~' || r == '\'' }) < 0 {
				fmt.Fprintf(&b, "  regex: '%s'\n", c.regex)
			}
		default:
			fmt.Fprintf(&b, "  regex: '%s'\n", c.of(relabelRegexes...))
		}
		if c.next(3) != 0 {
			target := relabelTemplates[c.next(len(relabelTemplates))]
			if c.next(2) == 0 {
				target = c.of(relabelNames...)
			}
			fmt.Fprintf(&b, "  target_label: '%s'\n", target)
		}
		if c.next(3) != 0 {
			fmt.Fprintf(&b, "  replacement: '%s'\n", c.of(relabelTemplates...))
		}
		if c.next(6) == 1 {
			fmt.Fprintf(&b, "  separator: '%s'\n", c.of("", ";", "-", "ab"))
		}
		if c.next(4) == 1 {
			fmt.Fprintf(&b, "  modulus: %s\n", c.of("0", "1", "8", "0x10", "18446744073709551615"))
		}
	}
	return b.String()
}

// labels returns the labels of a series.
func (c *chooser) labels() prometheus.Labels {
	all := prometheus.Labels{}
	for range c.next(8) {
		all[c.of(relabelNames...)] = c.of(relabelValues...)
	}
	return all
}

var relabelDocuments = []string{
	"", "[]", "null", "- null", "- {}", "-\n", "- action: keep", "- action: keep\n  regex: null\n", "- action:\n", "- action: ''\n", "- regex: [a]\n", "foo", "{}",
	"- {source_labels: [a, b], separator: '', regex: 1.50, target_label: c, replacement: ~}\n",
	"- {source_labels: , separator: , regex: , target_label: c, replacement: , modulus: , action: drop}\n",
	"- {source_labels: [], action: labeldrop, regex: x}\n", "- {source_labels: ~, action: labeldrop, regex: x}\n",
	"- {source_labels: [a], action: keepequal, target_label: b, regex: (.*)}\n", "- {source_labels: [a], action: KeepEqual, target_label: b, separator: ;}\n",
	"- {source_labels: [a], action: hashmod, target_label: b, modulus: 0b11}\n", "- {source_labels: [a], action: hashmod, target_label: b, modulus: '3'}\n",
	"- {action: hashmod, target_label: b, modulus: 1e3}\n", "- {action: hashmod, target_label: b, modulus: -1}\n", "- {action: hashmod, target_label: b, modulus: 1_0}\n",
	"- {action: labelmap, regex: yes, replacement: on}\n", "- {action: labelmap, replacement: ''}\n", "- {action: Uppercase, target_label: a, replacement: x}\n",
	"- &a {action: keep, source_labels: [x], regex: 2020-01-01}\n- *a\n- {<<: *a, regex: b}\n", "- {action: keep, action: drop}\n", "- {action: keep, unknown: 1}\n",
	"- {source_labels: x, target_label: y}\n", "- {source_labels: [x, ~], target_label: y}\n", "- {source_labels: [''], target_label: y}\n", "- {source_labels: [1, true], target_label: 2}\n",
	"- {regex: 'a)|(b', action: keep}\n", "- {regex: '(', action: keep}\n", "- {regex: !!str 1, action: keep}\n", "- {regex: !!binary YQ==, action: keep}\n", "- {regex: \"null\", action: keep}\n",
	"---\n- {action: keep}\n---\n- {action: drop}\n", "metric_relabel_configs:\n- {action: keep}\n",
	"- action: keepfamilies\n  families: [a]\n", "- target_label: \"\\xff\"\n", "- {target_label: '$1', regex: (a)}\n", "- {target_label: \"a\\nb\"}\n",
}
