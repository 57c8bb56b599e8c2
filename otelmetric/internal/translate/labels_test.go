package translate_test

import (
	"reflect"
	"testing"

	"github.com/prometheus/otlptranslator"
	"go.opentelemetry.io/otel/attribute"

	"github.com/luxfi/metric/otelmetric/internal/translate"
)

// TestLabelNames checks the rules for a single key, one per line: its label with escaping and without.
func TestLabelNames(t *testing.T) {
	for _, c := range []struct{ rule, key, escaped, utf8 string }{
		{"a name stays", "code", "code", "code"},
		{"characters become underscores", "http.request-method", "http_request_method", "http.request-method"},
		{"colons become underscores", "a:b", "a_b", "a:b"},
		{"several characters become one underscore", "a.-_b", "a_b", "a.-_b"},
		{"other letters become underscores", "größe", "gr_e", "größe"},
		{"no name begins with a digit", "1st", "key_1st", "1st"},
		{"an underscore may begin a name", "_a", "_a", "_a"},
		{"two may not", "__a", "_a", "_a"},
		{"nor more", "____a", "_a", "_a"},
		{"nor in a reserved name", "__name__", "_name_", "_name__"},
		{"only underscores are one", "___", "_", "_"},
		{"only such characters are one underscore", "日本", "_", "日本"},
		{"an empty key is an underscore", "", "_", "_"},
		{"bytes that are not UTF-8", "a\xff\xfeb", "a_b", "a\uFFFDb"},
		{"NUL bytes", "a\x00b", "a_b", "a\uFFFDb"},
		{"only such bytes", "\xff", "_", "\uFFFD"},
	} {
		t.Run(c.rule, func(t *testing.T) {
			for _, strategy := range strategies {
				want := c.utf8
				if strategy.ShouldEscape() {
					want = c.escaped
				}
				got := newNames(t, strategy, "").Labels([]attribute.Key{attribute.Key(c.key)}, nil)
				if !reflect.DeepEqual(got, []translate.Label{{Name: want, Keys: []int{0}}}) {
					t.Errorf("%s: the key %q becomes %+v, want %q", strategy, c.key, got, want)
				}
			}
		})
	}
}

// TestLabelNamesAreTheExporters checks that labels have the names that OpenTelemetry's Prometheus exporter
// gives them.
func TestLabelNamesAreTheExporters(t *testing.T) {
	for _, strategy := range strategies {
		n, theirs := newNames(t, strategy, ""), otlptranslator.LabelNamer{UTF8Allowed: !strategy.ShouldEscape()}
		for _, key := range []string{
			"a", "A", "http.method", "a__b", "a..b", "_a", "_a_", "a_", "a:b", "9a", "٣a", "ü", "日a", " a ", "key_9a", "le", "exported_le", "_.a", ".a",
		} {
			want, err := theirs.Build(key)
			if err != nil && want == "" {
				want = "_"
			}
			if got := n.Labels([]attribute.Key{attribute.Key(key)}, nil); len(got) != 1 || got[0].Name != want {
				t.Errorf("%s: the key %q becomes %+v, want %q", strategy, key, got, want)
			}
		}
	}
}

// TestLabelsOfSeveralKeys checks the rules for several keys, one per line.
func TestLabelsOfSeveralKeys(t *testing.T) {
	const c = translate.Constant
	for _, tt := range []struct {
		rule     string
		strategy otlptranslator.TranslationStrategyOption
		keys     []attribute.Key
		others   map[string]string
		want     []translate.Label
	}{
		{"no keys, no labels", escaped, nil, map[string]string{"le": ""}, []translate.Label{}},
		{
			"labels are sorted by name", escaped, []attribute.Key{"c", "a.b", "b", "a"}, nil,
			[]translate.Label{{Name: "a", Keys: []int{3}}, {Name: "a_b", Keys: []int{1}}, {Name: "b", Keys: []int{2}}, {Name: "c", Keys: []int{0}}},
		},
		{
			"values are joined in the order of the keys", escaped, []attribute.Key{"a_b", "z", "a.b", "a-b", "a~b"}, nil,
			[]translate.Label{{Name: "a_b", Keys: []int{3, 2, 0, 4}}, {Name: "z", Keys: []int{1}}},
		},
		{
			"without escaping, keys do not collide", untouched, []attribute.Key{"a_b", "a.b"}, nil,
			[]translate.Label{{Name: "a.b", Keys: []int{1}}, {Name: "a_b", Keys: []int{0}}},
		},
		{
			"without escaping, keys that become UTF-8 collide", untouched, []attribute.Key{"a\xff", "a\xfe", "__a", "_a"}, nil,
			[]translate.Label{{Name: "_a", Keys: []int{2, 3}}, {Name: "a\uFFFD", Keys: []int{1, 0}}},
		},
		{
			"keys without a name collide", escaped, []attribute.Key{"日", "", "a", "__"}, nil,
			[]translate.Label{{Name: "_", Keys: []int{1, 3, 0}}, {Name: "a", Keys: []int{2}}},
		},
		{
			"a label of the scope comes after a dot", escaped, []attribute.Key{"otel.scope.name"}, map[string]string{"otel_scope_name": "net"},
			[]translate.Label{{Name: "otel_scope_name", Keys: []int{0, c}, Constant: "net"}},
		},
		{
			"a label of the scope comes before its own key", untouched, []attribute.Key{"otel_scope_name"}, map[string]string{"otel_scope_name": "net"},
			[]translate.Label{{Name: "otel_scope_name", Keys: []int{c, 0}, Constant: "net"}},
		},
		{
			"a constant label comes in the middle", escaped, []attribute.Key{"a~b", "a.b"}, map[string]string{"a_b": "x", "c": "y"},
			[]translate.Label{{Name: "a_b", Keys: []int{1, c, 0}, Constant: "x"}},
		},
		{
			"a label of the library keeps its name", escaped, []attribute.Key{"le", "a"}, map[string]string{"le": ""},
			[]translate.Label{{Name: "a", Keys: []int{1}}, {Name: "exported_le", Keys: []int{0}}},
		},
		{
			"the other name is free", escaped, []attribute.Key{"le", "exported_le", "exported.exported.le"}, map[string]string{"le": ""},
			[]translate.Label{
				{Name: "exported_exported_exported_le", Keys: []int{0}},
				{Name: "exported_exported_le", Keys: []int{2}}, {Name: "exported_le", Keys: []int{1}},
			},
		},
		{
			"the other name is no constant label's", escaped, []attribute.Key{"le"}, map[string]string{"le": "", "exported_le": "x"},
			[]translate.Label{{Name: "exported_exported_le", Keys: []int{0}}},
		},
		{
			"keys that are renamed stay joined", escaped, []attribute.Key{"l.e", "l_e"}, map[string]string{"l_e": ""},
			[]translate.Label{{Name: "exported_l_e", Keys: []int{0, 1}}},
		},
		{
			"two labels of the library", escaped, []attribute.Key{"le", "exported_le"}, map[string]string{"le": "", "exported_le": ""},
			[]translate.Label{{Name: "exported_exported_exported_le", Keys: []int{0}}, {Name: "exported_exported_le", Keys: []int{1}}},
		},
	} {
		t.Run(tt.rule, func(t *testing.T) {
			keys := append([]attribute.Key(nil), tt.keys...)
			if got := newNames(t, tt.strategy, "app").Labels(keys, tt.others); !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
			if !reflect.DeepEqual(keys, tt.keys) {
				t.Errorf("the keys became %q", keys)
			}
		})
	}
}
