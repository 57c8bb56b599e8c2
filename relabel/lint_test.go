package relabel_test

import (
	"strings"
	"testing"

	"github.com/luxfi/metric/relabel"
)

func TestLint(t *testing.T) {
	tests := []struct {
		name  string
		rules string
		want  []string // beginnings or parts of the findings, in order
	}{
		{"group and underscore", `
- {source_labels: [a], target_label: b, replacement: $1_x}
`, []string{`rule 1 (line 2): warning: replacement: $1_x is the group named "1_x", which does not exist, so it is empty: write ${1}_x`}},
		{"missing group", `
- {source_labels: [a], regex: (a)(b), target_label: b, replacement: $3}
`, []string{`replacement refers to the group 3`}},
		{"missing named group", `
- {source_labels: [a], regex: '(?P<x>a)', target_label: "${x}_${y}"}
`, []string{`target_label refers to the group y`}},
		{"default replacement without group", `
- {source_labels: [a], regex: a, target_label: b}
`, []string{"so the default replacement $1 is empty, which removes label b"}},
		{"missing group of labelmap", `
- {action: labelmap, regex: foo_bar, replacement: x$1}
`, []string{"refers to the group 1"}},
		{"beginning", `
- {source_labels: [a], regex: ^foo, action: keep}
`, []string{`matches only "foo", because regexes are compared with the whole value: write "foo.*"`}},
		{"ending", `
- {source_labels: [a], regex: foo$, action: drop}
`, []string{`matches only "foo", because regexes are compared with the whole value: write ".*foo"`}},
		{"shell pattern", `
- {source_labels: [__name__], regex: go_*, action: drop}
- {action: labeldrop, regex: k8s_*}
`, []string{`write "go_.*"`, `rule 2 (line 3): warning: regex "k8s_*": a * repeats`}},
		{"beginning of names", `
- {source_labels: [__name__], regex: go_|process_, action: drop}
- {action: dropfamilies, families: [node_]}
`, []string{`write "go_.*"`, `write "process_.*"`, `rule 2 (line 3): warning: regex "node_"`}},
		{"keeps everything", `
- {source_labels: [a], action: keep}
`, []string{"keeps every series"}},
		{"drops everything", `
- {source_labels: [a], regex: .*, action: drop}
`, []string{"drops every series"}},
		{"separator", `
- {source_labels: [a, b], regex: foo|bar, action: keep}
`, []string{`the values of a, b are joined by ";": write the separator, too, as in "(foo|bar);.*"`}},
		{"no sources", `
- {regex: foo, target_label: a, replacement: b}
- {regex: '(foo)?', target_label: a, replacement: b}
- {regex: foo, action: keep}
- {regex: foo, action: drop}
- {action: lowercase, target_label: a}
`, []string{"rule 1 (line 2): warning: the rule never applies", "rule 2 (line 3): warning: the rule applies to every series", "rule 3 (line 4): warning: the rule drops every series", "rule 4 (line 5): warning: the rule drops nothing", "lowercase has no source_labels"}},
		{"ignored fields", `
- {source_labels: [a], regex: b, action: keep, target_label: c, replacement: d, modulus: 3}
- {source_labels: [a], regex: b, action: lowercase, target_label: c}
`, []string{"rule 1 (line 2): note: keep ignores modulus, target_label, replacement", "note: lowercase ignores regex"}},
		{"labelmap to one label", `
- {action: labelmap, regex: a|b, replacement: c}
`, []string{"copies both a and b to c"}},
		{"labelmap to few labels", `
- {action: labelmap, regex: '(?:x|y)_(a|b)', replacement: $1}
`, []string{"copies both x_a and y_a to a"}},
		{"labelmap loses a part", `
- {action: labelmap, regex: (pod|node)_(.+), replacement: $2}
`, []string{"differ in parts which are not in the replacement"}},
		{"labelmap of everything", `
- {action: labelmap}
`, []string{"copies every label to itself"}},
		{"names removed", `
- {action: labelkeep, regex: job|code}
- {action: labeldrop, regex: _.*}
- {target_label: __name__, replacement: ""}
`, []string{`labelkeep removes the name of every series, because regex "job|code" does not match __name__: write "__name__|job|code"`, "labeldrop removes the name", "the rule removes the names of series"}},
		{"one name for all", `
- {target_label: __name__, replacement: x}
`, []string{"gives every series the name x"}},
		{"labels of histograms", `
- {action: labeldrop, regex: le|code}
- {action: labeldrop, regex: quantile}
- {target_label: le, replacement: "1"}
`, []string{"labeldrop removes le", "labeldrop removes quantile", "target_label le is reserved"}},
		{"torn histogram", `
- {source_labels: [__name__], regex: bar(_bucket), target_label: __name__, replacement: baz$1}
- {source_labels: [__name__], regex: foo_seconds_bucket, action: drop}
- {source_labels: [__name__], regex: .*_seconds_bucket|.*_total, action: keep}
`, []string{"tears the histogram bar apart", "tears the histogram foo_seconds apart", `rule 3 (line 4): warning: regex ".*_seconds_bucket|.*_total" matches x_seconds_bucket`}},
		{"keep after keep", `
- {source_labels: [__name__], regex: foo_.*, action: keep}
- {source_labels: [__name__], regex: bar_.*|baz, action: keep}
`, []string{"rule 2 (line 3): warning: no series is left, because rule 1 has dropped all"}},
		{"drop after drop", `
- {source_labels: [a, b], regex: x;.*, action: drop}
- {source_labels: [a, b], regex: x;y|x;z.*, target_label: c, replacement: d}
`, []string{"rule 2 (line 3): warning: the rule never applies, because rule 1 has dropped"}},
		{"removed label", `
- {action: labeldrop, regex: tmp_.*}
- {source_labels: [tmp_a], target_label: a}
- {target_label: b, replacement: ""}
- {source_labels: [a], action: keepequal, target_label: b}
- {action: labelkeep, regex: __name__|a}
- {source_labels: [b], regex: x, action: drop}
`, []string{"rule 2 (line 3): warning: label tmp_a is always empty here, because rule 1 has removed it", "label b is always empty here, because rule 3", "label b is always empty here, because rule 5"}},
		{"hidden result of a step for families", `
- {target_label: __tmp_a, replacement: x}
- {action: dropfamilies, families: [a]}
`, []string{"rule 1 (line 2): note: label __tmp_a is removed at the end"}},
		{"removed, and set again", `
- {action: labeldrop, regex: a|b}
- {target_label: a, replacement: x}
- {source_labels: [a, b], regex: x;y, action: drop}
- {action: labelmap, regex: c(.*)}
- {source_labels: [b], regex: y, action: drop}
`, []string{"rule 3 (line 4): warning: label b is always empty here, because rule 1"}},
		{"labels of targets", `
- {source_labels: [__meta_kubernetes_pod_name], target_label: pod}
`, []string{"label __meta_kubernetes_pod_name is always empty: names that begin with __ belong to targets"}},
		{"hidden result", `
- {source_labels: [a], target_label: __tmp_a}
`, []string{"rule 1 (line 2): note: label __tmp_a is removed at the end"}},
		{"families that are gone", `
- {action: dropfamilies, families: [go_.*, process_.*]}
- {action: help, families: go_goroutines, help: x}
- {action: keepfamilies, families: [http_.*]}
- {source_labels: [__name__], regex: up, action: drop}
- {action: scale, families: [up, "[x]+"], factor: 2}
`, []string{"rule 2 (line 3): warning: regex \"go_goroutines\" selects no family, because rule 1", "rule 4 (line 5): warning: the rule never applies, because rule 3", `regex "up" selects no family`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, err := relabel.Parse([]byte(tt.rules))
			if err != nil {
				t.Fatal(err)
			}
			findings := p.Lint()
			if len(findings) != len(tt.want) {
				t.Fatalf("found %d, want %d:\n%v", len(findings), len(tt.want), findings)
			}
			for i, f := range findings {
				if !strings.Contains(f.String(), tt.want[i]) {
					t.Errorf("found\n%v\nwant\n%s", f, tt.want[i])
				}
			}
		})
	}
}

// TestLintIsSilent checks that typical production rules cause no findings.
func TestLintIsSilent(t *testing.T) {
	const rules = `
# What container runtimes and control planes expose in excess.
- source_labels: [__name__]
  regex: container_(network_tcp_usage_total|network_udp_usage_total|tasks_state|cpu_load_average_10s)
  action: drop
- source_labels: [__name__, pod, namespace]
  separator: ;
  regex: (container_spec_.*|container_file_descriptors|container_sockets|container_threads_max);;
  action: drop
- source_labels: [__name__, le]
  regex: apiserver_request_duration_seconds_bucket;(0.15|0.2|0.3|0.35|0.45|1.25|1.5|1.75|2.5|3|3.5|4.5|6|7|8|9|15|25|30|50)
  action: drop
- source_labels: [__name__]
  regex: etcd_(debugging|disk|server).*
  action: drop
- source_labels: [__name__]
  regex: kubelet_(pod_worker_latency_microseconds|cgroup_manager_latency_microseconds|runtime_operations)
  action: drop
- {source_labels: [__name__], regex: "transport_.*", action: drop}
# All defaults written out, as Prometheus shows them.
- {source_labels: [exported_job], separator: ;, regex: (.*), target_label: job, replacement: $1, action: replace}
- {separator: ;, regex: exported_(.*), replacement: $1, action: labelmap}
- {separator: ;, regex: exported_.*, replacement: $1, action: labeldrop}
# Values.
- {source_labels: [instance], regex: "([^:]+)(?::\\d+)?", target_label: host, replacement: "$1"}
- {source_labels: [host, port], regex: "(.+);(\\d+)", target_label: address, replacement: "$1:$2"}
- {source_labels: [path], regex: "/users/[0-9]+/(.*)", target_label: path, replacement: "/users/{id}/$1"}
- {source_labels: [code], regex: "(.)..", target_label: class, replacement: "${1}xx"}
- {source_labels: [device], regex: "loop.*|ram.*", action: drop}
- {source_labels: [mountpoint], regex: "/(dev|proc|sys|run)($|/.*)", action: drop}
- {source_labels: [namespace], regex: .+, action: keep}
- {source_labels: [tier], regex: "", action: drop}
- {source_labels: [method], action: uppercase, target_label: method}
- {source_labels: [id], modulus: 8, target_label: __tmp_hash, action: hashmod}
- {source_labels: [__tmp_hash], regex: ^1$, action: keep}
- {target_label: cluster, replacement: eu-1}
- {target_label: secret, replacement: ""}
- {source_labels: [env], regex: prod|staging, action: keep}
- {source_labels: [env], regex: staging, target_label: alerts, replacement: "no"}
- {source_labels: [zone], target_label: region, action: dropequal}
- {source_labels: [method, code], target_label: __tmp_pair}
- {source_labels: [method, code], target_label: __tmp_again}
- {source_labels: [pair], target_label: __tmp_pair, action: dropequal}
- {regex: __tmp_(again), action: labelmap}
- {source_labels: [a, b], regex: ";|x;", action: drop}
- {source_labels: [a, b], separator: "", regex: xy, action: drop}
- {action: labeldrop, regex: pod_template_hash|controller_revision_hash|image_id}
- {action: labelkeep, regex: __name__|job|instance|code|host|le|quantile}
# Families.
- {action: keepfamilies, families: [http_.*, rpc_.*, up]}
- {action: rename, regex: "http_(.*)_ms", replacement: "http_${1}_seconds"}
- {action: scale, families: ["http_(.*)_seconds"], divisor: 1000}
- {action: unit, families: ["http_(.*)_seconds"], unit: seconds}
- {action: aggregate, families: [http_requests_total], without: [path]}
- {action: dropfamilies, families: [rpc_.*]}
- {action: type, families: [up], type: gauge}
- {action: help, families: [up], help: Whether it works.}
`
	p, err := relabel.Parse([]byte(rules))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range p.Lint() {
		t.Error(f)
	}
}

func TestLintOfPipelineMadeInGo(t *testing.T) {
	p, err := relabel.New(&relabel.Rule{SourceLabels: []string{"a"}, TargetLabel: "b", Replacement: new("$2")})
	if err != nil {
		t.Fatal(err)
	}
	findings := p.Lint()
	if len(findings) != 1 || findings[0].Line != 0 || findings[0].Severity != relabel.Warning {
		t.Fatal(findings)
	}
	if got := findings[0].String(); !strings.HasPrefix(got, "rule 1: warning: ") {
		t.Error(got)
	}
}
