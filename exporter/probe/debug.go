package probe

import (
	"bytes"
	"fmt"
	"net/http"

	"github.com/prometheus/common/expfmt"
	"go.yaml.in/yaml/v3"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/internal/redact"
)

// serveDebug answers with a text about the whole probe for people to read.
func serveDebug(w http.ResponseWriter, m *module, log *logText, families []*metric.MetricFamily) {
	var page bytes.Buffer
	page.WriteString("Logs for the probe:\n")
	page.WriteString(log.String())
	page.WriteString("\n\n\nMetrics that would have been returned:\n")
	for _, f := range families {
		if _, err := expfmt.MetricFamilyToText(&page, f); err != nil {
			fmt.Fprintf(&page, "# %s: %v\n", f.GetName(), err)
		}
	}
	page.WriteString("\n\n\nModule configuration:\n")
	page.WriteString(m.shown())
	servePlain(w, page.Bytes())
}

func servePlain(w http.ResponseWriter, body []byte) {
	header := w.Header()
	header.Set("Content-Type", "text/plain; charset=utf-8")
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Add("Content-Security-Policy", "default-src 'none'")
	_, _ = w.Write(body) // It fails if the client has gone away.
}

// shown returns the module as YAML without credentials.
func (m *module) shown() string {
	text, err := try(func() (string, error) {
		var settings yaml.Node
		if m.Settings != nil {
			if err := settings.Encode(m.Settings); err != nil {
				return "", err
			}
		}
		node := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
		add := func(key, value string) {
			node.Content = append(node.Content, stringNode(key), stringNode(value))
		}
		if m.prober != "" {
			add("prober", m.prober)
		}
		if m.Timeout > 0 {
			add("timeout", m.Timeout.String())
		}
		if settings.Kind == yaml.MappingNode {
			node.Content = append(node.Content, settings.Content...)
		}
		hideSecrets(node, false)
		body, err := yaml.Marshal(map[string]*yaml.Node{m.Name: node})
		return string(body), err
	})
	if err != nil {
		return fmt.Sprintf("# The settings cannot be shown: %s\n", redact.Text(err.Error()))
	}
	return redact.Text(text)
}

func stringNode(value string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: value}
}

// hidden replaces a secret.
const hidden = "<secret>"

// hideSecrets replaces the values of keys whose names suggest credentials. If isSecret is true, it
// replaces all values of the node.
func hideSecrets(node *yaml.Node, isSecret bool) {
	switch node.Kind {
	case yaml.ScalarNode:
		if isSecret && node.Value != "" && node.Tag != "!!null" && node.Tag != "!!bool" {
			*node = *stringNode(hidden)
		}
	case yaml.MappingNode:
		for i := 0; i+1 < len(node.Content); i += 2 {
			hideSecrets(node.Content[i+1], isSecret || isSecretKey(node.Content[i].Value))
		}
	default:
		for _, one := range node.Content {
			hideSecrets(one, isSecret)
		}
	}
}

// isSecretKey reports whether package redact hides the values of a key.
func isSecretKey(key string) bool {
	const example = "=visible"
	return redact.Text(key+example) != key+example
}
