package relabel_test

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
	"go.yaml.in/yaml/v3"

	"github.com/luxfi/metric/relabel"
)

func ExampleParse() {
	pipeline, err := relabel.Parse([]byte(`
- source_labels: [path]
  regex: /users/[0-9]+/(.*)
  target_label: path
  replacement: /users/{id}/$1
- action: labeldrop
  regex: pod_template_hash
- action: dropfamilies
  families: [go_gc_.*]
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(pipeline.Process(prometheus.Labels{
		"__name__": "http_requests_total", "path": "/users/17/orders", "pod_template_hash": "5d4f8c7b9",
	}))
	fmt.Println(pipeline.Process(prometheus.Labels{"__name__": "go_gc_duration_seconds"}))
	// Output:
	// map[__name__:http_requests_total path:/users/{id}/orders] true
	// map[] false
}

func ExampleParse_errors() {
	_, err := relabel.Parse([]byte(`
- action: keep
  source_label: [job]
  regex: api
- action: hashmod
  source_labels: [job]
  target_label: shard
`))
	fmt.Println(err)
	// Output:
	// rule 1 (line 2): field source_label is unknown: the fields of keep are action, source_labels, separator, regex, modulus, target_label, replacement
	// rule 2 (line 5): hashmod needs a modulus of at least 1
}

func ExamplePipeline_Lint() {
	pipeline, err := relabel.Parse([]byte(`
- source_labels: [instance]
  regex: (.*):\d+
  target_label: host
  replacement: $1_internal
- source_labels: [__name__]
  regex: go_
  action: drop
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, finding := range pipeline.Lint() {
		fmt.Println(finding)
	}
	// Output:
	// rule 1 (line 2): warning: replacement: $1_internal is the group named "1_internal", which does not exist, so it is empty: write ${1}_internal
	// rule 2 (line 6): warning: regex "go_" matches the name "go_", but not longer ones, because it is compared with the whole name: write "go_.*"
}

func ExampleNew() {
	pipeline, err := relabel.New(
		relabel.Rule{SourceLabels: []string{"env"}, Regex: new("test|dev"), Action: relabel.Drop},
		relabel.Rule{TargetLabel: "region", Replacement: new("eu")},
		relabel.Rename{Regex: "app_(.*)", Replacement: "shop_${1}"},
	)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(pipeline.Process(prometheus.Labels{"__name__": "app_orders_total", "env": "production"}))
	// Output: map[__name__:shop_orders_total env:production region:eu] true
}

func ExampleConfig() {
	var config struct {
		Listen string         `yaml:"listen"`
		Rules  relabel.Config `yaml:"metric_relabel_configs"`
	}
	err := yaml.Unmarshal([]byte(`
listen: :9100
metric_relabel_configs:
- {source_labels: [method], target_label: method, action: lowercase}
`), &config)
	if err != nil {
		fmt.Println(err)
		return
	}
	pipeline, err := relabel.New(config.Rules...)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(pipeline.Process(prometheus.Labels{"__name__": "requests_total", "method": "GET"}))
	// Output: map[__name__:requests_total method:get] true
}
