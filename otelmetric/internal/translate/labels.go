package translate

import (
	"cmp"
	"slices"
	"strings"

	"go.opentelemetry.io/otel/attribute"
)

// Label is a label that results from one or more attributes.
type Label struct {
	Name string
	// Keys are the indexes of the attributes whose values, joined with semicolons in this order, form the
	// value of the label. The index [Constant] stands for the field Constant.
	Keys []int
	// Constant is the value that the label has in addition to the values of attributes, or empty.
	Constant string
}

// Constant is the index in [Label.Keys] of a value that belongs to no attribute.
const Constant = -1

// Labels returns the labels of attributes with the given keys, sorted by name. The keys must be different.
// Each attribute has a label, whatever its key is, and the names of the labels are different.
//
// Attributes that are translated to the same label share it. Their values are in the lexicographical order
// of the keys.
//
// others are the labels that the series have in addition to attributes. Their values are constant, or empty
// for labels that the library sets itself, such as the label le of buckets. An attribute that is translated
// to a constant label shares that label, whose name counts as the key of the constant value. The caller
// must then expose the returned label in place of the constant one. An attribute that is translated to a
// label without a constant value gets a label with the prefix exported_, as Prometheus names labels that
// clash with its own.
func (n Names) Labels(keys []attribute.Key, others map[string]string) []Label {
	order := make([]int, len(keys))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(keys[a], keys[b]) })
	labels := make([]Label, 0, len(keys))
	places := make(map[string]int, len(keys))
	for _, i := range order {
		name := n.label(string(keys[i]))
		place, found := places[name]
		if !found {
			place = len(labels)
			places[name] = place
			labels = append(labels, Label{Name: name})
		}
		labels[place].Keys = append(labels[place].Keys, i)
	}
	for i := range labels {
		label := &labels[i]
		value, taken := others[label.Name]
		switch {
		case taken && value != "":
			label.join(value, keys)
		case taken:
			label.Name = freeName(label.Name, places, others)
			places[label.Name] = i
		}
	}
	slices.SortFunc(labels, func(a, b Label) int { return cmp.Compare(a.Name, b.Name) })
	return labels
}

// join adds a constant value to l, whose keys are sorted.
func (l *Label) join(value string, keys []attribute.Key) {
	place, _ := slices.BinarySearchFunc(l.Keys, l.Name, func(i int, name string) int { return cmp.Compare(string(keys[i]), name) })
	l.Keys = slices.Insert(l.Keys, place, Constant)
	l.Constant = value
}

// freeName returns a name that no other label has.
func freeName(name string, places map[string]int, others map[string]string) string {
	for {
		name = "exported_" + name
		_, used := places[name]
		_, taken := others[name]
		if !used && !taken {
			return name
		}
	}
}

// label returns the name of the label for a key.
func (n Names) label(key string) string {
	key = valid(key)
	for strings.HasPrefix(key, "__") { // Prometheus reserves such names.
		key = key[1:]
	}
	name, err := n.labels.Build(key)
	if err != nil { // Only underscores are left, or the key was empty.
		return "_"
	}
	return name
}
