package translate

import (
	"slices"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/instrumentation"

	"github.com/luxfi/metric/internal/model"
)

// Labels of an instrumentation scope. The labels of its attributes begin with the prefix.
const (
	scopePrefix         = "otel_scope_"
	scopeNameLabel      = scopePrefix + "name"
	scopeVersionLabel   = scopePrefix + "version"
	scopeSchemaURLLabel = scopePrefix + "schema_url"
)

// Scope returns the labels of an instrumentation scope. It leaves out empty labels, and attributes that
// would have the label of the name, the version or the schema URL.
func (n Names) Scope(scope instrumentation.Scope) map[string]string {
	labels := n.translate(scope.Attributes, scopePrefix, nil)
	for name, value := range map[string]string{
		scopeNameLabel: scope.Name, scopeVersionLabel: scope.Version, scopeSchemaURLLabel: scope.SchemaURL,
	} {
		delete(labels, name)
		if value != "" {
			labels[name] = string(appendValid(nil, value))
		}
	}
	return labels
}

// Attributes returns the attributes of a resource as labels. It leaves out empty ones.
func (n Names) Attributes(set attribute.Set) map[string]string { return n.translate(set, "", nil) }

// ConstantLabels returns the attributes of a resource as labels that any metric can have. The label le
// belongs to buckets, so an attribute with that label becomes exported_le. ConstantLabels leaves out empty
// labels.
func (n Names) ConstantLabels(set attribute.Set) map[string]string {
	return n.translate(set, "", map[string]string{model.Histogram.Reserved(): ""})
}

// translate returns attributes as labels, without empty ones. It puts prefix in front of the keys. For
// others, see [Names.Labels].
func (n Names) translate(set attribute.Set, prefix string, others map[string]string) map[string]string {
	attributes := slices.DeleteFunc(set.ToSlice(), func(kv attribute.KeyValue) bool { return len(AppendValue(nil, kv.Value)) == 0 })
	keys := make([]attribute.Key, len(attributes))
	for i, kv := range attributes {
		keys[i] = attribute.Key(prefix) + kv.Key
	}
	labels := make(map[string]string)
	for _, label := range n.Labels(keys, others) {
		var value []byte
		for i, key := range label.Keys {
			if i > 0 {
				value = append(value, ';')
			}
			value = AppendValue(value, attributes[key].Value)
		}
		labels[label.Name] = string(value)
	}
	return labels
}
