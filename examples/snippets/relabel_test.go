package snippets

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/relabel"
)

// The snippets of docs/relabel.md.
var _ = []any{relabelServe}

func relabelServe(registry *metric.ContextRegistry, document []byte) error {
	pipeline, err := relabel.Parse(document) // The error gives the line of each mistake.
	if err != nil {
		return err
	}
	gatherer := pipeline.Gatherer(registry) // or any other gatherer: sharded, prefixed, remote, a pipeline
	http.Handle("/metrics", metric.HandlerForContext(gatherer, metric.HandlerOpts{}))
	return nil
}

// Removing the only label that differs makes two series the same.
func Example_relabelDuplicates() {
	registry := metric.NewContextRegistry()
	x := metric.NewCounterVec(metric.CounterOpts{Name: "x_total"}, []string{"id"})
	registry.MustRegister(x)
	x.WithLabelValues("1").Inc()
	x.WithLabelValues("2").Inc()
	pipeline, err := relabel.Parse([]byte(`[{action: labeldrop, regex: id}]`))
	if err != nil {
		fmt.Println(err)
		return
	}

	_, err = pipeline.Gatherer(registry).Gather()
	fmt.Println(err)
	// Output:
	// 1 error(s) occurred:
	// * collector x_total: x_total{id="1"} and x_total{id="2"} both become x_total{}: the first one is served
}

func Example_relabelMistakes() {
	_, err := relabel.Parse([]byte(`
- action: keep
  source_labels: [path]
  regex: /users/(
- action: hashmod
  source_labels: [path]
  target_label: shard
`))
	fmt.Println(err)
	// Output:
	// rule 1 (line 2): regex "/users/(" is invalid: error parsing regexp: missing closing ): `(?s:/users/()`
	// rule 2 (line 5): hashmod needs a modulus of at least 1
}

// TestRelabelYAML checks that the rules that docs/relabel.md shows are valid.
func TestRelabelYAML(t *testing.T) {
	blocks := yamlOfPage(t, "relabel.md")
	if len(blocks) < 3 {
		t.Fatalf("the page shows %d lists of rules", len(blocks))
	}
	for _, block := range blocks {
		if _, err := relabel.Parse([]byte(block)); err != nil {
			t.Errorf("%v, in\n%s", err, block)
		}
	}
}
