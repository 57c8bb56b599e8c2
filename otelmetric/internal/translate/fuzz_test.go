package translate_test

import (
	"cmp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/instrumentation"

	"github.com/luxfi/metric/internal/model"
	"github.com/luxfi/metric/otelmetric/internal/translate"
)

// checkNames fails the test if Prometheus would refuse a metric with the given name and labels.
func checkNames(t *testing.T, name string, escaping bool, labels []string) {
	t.Helper()
	if err := model.CheckName(name); err != nil {
		t.Errorf("metric name: %v", err)
	}
	if escaping && !model.IsLegacyName(name) {
		t.Errorf("the metric name %q is not escaped", name)
	}
	for _, label := range labels {
		if err := model.CheckName(label); err != nil {
			t.Errorf("label name: %v", err)
		}
		if escaping && !model.IsLegacyLabelName(label) {
			t.Errorf("the label name %q is not escaped", label)
		}
	}
	desc := prometheus.NewDesc(name, "", labels, nil) // NewDesc refuses reserved names and duplicate labels.
	if _, err := prometheus.NewConstMetric(desc, prometheus.GaugeValue, 1, labels...); err != nil {
		t.Errorf("client_golang refuses the metric %q with labels %q: %v", name, labels, err)
	}
}

// FuzzMetric checks that names are valid and have the required suffixes.
func FuzzMetric(f *testing.F) {
	f.Add("http.server.duration", "s", "", uint8(0), uint8(0))
	f.Add("a\xff\x00", "By{x}/min", "my.app", uint8(1), uint8(2))
	f.Add("subtotal", "1", "9", uint8(2), uint8(0))
	f.Add("_", "%/%", "__", uint8(3), uint8(2))
	f.Add("日本", "}{/{", "", uint8(0), uint8(3))
	f.Fuzz(func(t *testing.T, name, unit, namespace string, strategy, kind uint8) {
		s, k := strategies[int(strategy)%len(strategies)], allKinds[int(kind)%len(allKinds)]
		n, _ := translate.New(s, namespace)
		m, err := n.Metric(name, unit, k)
		if err != nil {
			if m != (translate.Metric{}) {
				t.Errorf("%+v beside the error %v", m, err)
			}
			return
		}
		checkNames(t, m.Name, s.ShouldEscape(), nil)
		base := m.Name
		if k == translate.Counter {
			base = strings.TrimSuffix(base, "_total")
		}
		if s.ShouldAddSuffixes() && k == translate.Counter && base == m.Name && m.Name != "total" {
			t.Errorf("the name %q of a counter does not end in _total", m.Name)
		}
		if m.Unit != "" && (!strings.HasSuffix(base, "_"+m.Unit) || !model.IsLegacyName(m.Name[len(base)-len(m.Unit)-1:len(base)])) {
			t.Errorf("the name %q does not end in the unit %q", m.Name, m.Unit)
		}
		if again, err := n.Metric(name, unit, k); err != nil || again != m {
			t.Errorf("%+v the second time (error %v), %+v the first time", again, err, m)
		}
	})
}

// FuzzLabels checks that every key has a label and that the names of labels are unique. Commas separate the
// keys. The first keys become other labels, which are constant if the key contains a semicolon.
func FuzzLabels(f *testing.F) {
	f.Add("le,exported_le,a;,a,a.b", uint8(0), uint8(2))
	f.Add("__name__,__,_,,\xff,\x00,日本", uint8(1), uint8(0))
	f.Add("otel_scope_name;,otel.scope.name,name,schema.url", uint8(0), uint8(1))
	f.Add("1,key_1,__x__,_x_", uint8(3), uint8(0))
	f.Fuzz(func(t *testing.T, list string, strategy, numOthers uint8) {
		s := strategies[int(strategy)%len(strategies)]
		n := newNames(t, s, "")
		var keys []attribute.Key
		others := make(map[string]string)
		for i, key := range strings.Split(list, ",") {
			if i < int(numOthers) {
				name, constant, _ := strings.Cut(key, ";")
				for _, l := range n.Labels([]attribute.Key{attribute.Key(name)}, nil) {
					others[l.Name] = constant
				}
			} else if !slices.Contains(keys, attribute.Key(key)) {
				keys = append(keys, attribute.Key(key))
			}
		}
		checkLabels(t, n.Labels(keys, others), keys, others, s.ShouldEscape())

		var attributes []attribute.KeyValue
		for _, key := range keys {
			attributes = append(attributes, key.String("v"))
		}
		set := attribute.NewSet(attributes...)
		for _, labels := range []map[string]string{
			n.Attributes(set), n.Scope(instrumentation.Scope{Name: "name", Attributes: set}),
		} {
			var names []string
			for name := range labels {
				names = append(names, name)
			}
			checkNames(t, "m", s.ShouldEscape(), names)
		}
	})
}

// checkLabels fails the test if labels lack a property that [translate.Names.Labels] promises.
func checkLabels(t *testing.T, labels []translate.Label, keys []attribute.Key, others map[string]string, escaping bool) {
	t.Helper()
	var names []string
	seen := make([]bool, len(keys))
	for _, l := range labels {
		names = append(names, l.Name)
		value, taken := others[l.Name]
		if taken && value == "" {
			t.Errorf("the label %q belongs to the library", l.Name)
		}
		if isJoined := slices.Contains(l.Keys, translate.Constant); isJoined != taken || l.Constant != value {
			t.Errorf("the label %+v and the constant value %q", l, value)
		}
		attributeKeys := slices.DeleteFunc(slices.Clone(l.Keys), func(i int) bool { return i == translate.Constant })
		if len(attributeKeys) == 0 || !slices.IsSortedFunc(attributeKeys, func(a, b int) int { return cmp.Compare(keys[a], keys[b]) }) {
			t.Errorf("the label %+v has no keys, or not in order: %q", l, keys)
		}
		for _, i := range attributeKeys {
			if seen[i] {
				t.Errorf("two labels for the key %q", keys[i])
			}
			seen[i] = true
		}
	}
	if slices.Contains(seen, false) {
		t.Errorf("a key of %q has no label in %+v", keys, labels)
	}
	if !slices.IsSorted(names) {
		t.Errorf("the labels %q are not sorted", names)
	}
	checkNames(t, "m", escaping, names)
}
