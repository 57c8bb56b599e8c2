package translate_test

import (
	"maps"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/instrumentation"
)

func TestScope(t *testing.T) {
	str := attribute.String
	for _, c := range []struct {
		rule    string
		scope   instrumentation.Scope
		escaped map[string]string
		utf8    map[string]string // nil if it is the same as without UTF-8 names
	}{
		{rule: "empty values are left out", escaped: map[string]string{}},
		{
			rule:    "name, version and schema URL",
			scope:   instrumentation.Scope{Name: "net/http", Version: "v1", SchemaURL: "https://x"},
			escaped: map[string]string{"otel_scope_name": "net/http", "otel_scope_version": "v1", "otel_scope_schema_url": "https://x"},
		},
		{
			rule:    "values are made UTF-8",
			scope:   instrumentation.Scope{Name: "a\xff\xfe", Version: "\xff", Attributes: attribute.NewSet(str("k", "\xff"))},
			escaped: map[string]string{"otel_scope_name": "a\uFFFD", "otel_scope_version": "\uFFFD", "otel_scope_k": "\uFFFD"},
		},
		{
			rule:    "attributes get a prefix",
			scope:   instrumentation.Scope{Attributes: attribute.NewSet(str("library.mascot", "gopher"), attribute.Int("n", 3), str("empty", ""))},
			escaped: map[string]string{"otel_scope_library_mascot": "gopher", "otel_scope_n": "3"},
			utf8:    map[string]string{"otel_scope_library.mascot": "gopher", "otel_scope_n": "3"},
		},
		{
			rule: "attributes with the name of another label are dropped",
			scope: instrumentation.Scope{Name: "a", Attributes: attribute.NewSet(
				str("name", "x"), str("version", "y"), str("schema_url", "z"), str("names", "n"),
			)},
			escaped: map[string]string{"otel_scope_name": "a", "otel_scope_names": "n"},
		},
		{
			rule: "so are those that get such a name",
			scope: instrumentation.Scope{Name: "a", Attributes: attribute.NewSet(
				str("_name", "x"), str(".version", "y"), str("schema.url", "z"), str("schema_url", "z"),
			)},
			escaped: map[string]string{"otel_scope_name": "a"},
			utf8:    map[string]string{"otel_scope_name": "a", "otel_scope__name": "x", "otel_scope_.version": "y", "otel_scope_schema.url": "z"},
		},
		{
			rule: "values are joined in the order of the keys",
			scope: instrumentation.Scope{Attributes: attribute.NewSet(
				str("a_b", "1"), str("a.b", "3"), str("a-b", "2"), str("a+b", ""),
			)},
			escaped: map[string]string{"otel_scope_a_b": "2;3;1"},
			utf8:    map[string]string{"otel_scope_a_b": "1", "otel_scope_a.b": "3", "otel_scope_a-b": "2"},
		},
		{
			rule:    "the prefix comes before a digit and before nothing",
			scope:   instrumentation.Scope{Attributes: attribute.NewSet(str("1st", "a"), str("", "b"), str("日", "c"))},
			escaped: map[string]string{"otel_scope_1st": "a", "otel_scope_": "b;c"},
			utf8:    map[string]string{"otel_scope_1st": "a", "otel_scope_": "b", "otel_scope_日": "c"},
		},
	} {
		t.Run(c.rule, func(t *testing.T) {
			for _, strategy := range strategies {
				want := c.escaped
				if !strategy.ShouldEscape() && c.utf8 != nil {
					want = c.utf8
				}
				if got := newNames(t, strategy, "app").Scope(c.scope); !maps.Equal(got, want) {
					t.Errorf("%s: got %v, want %v", strategy, got, want)
				}
			}
		})
	}
}

func TestAttributes(t *testing.T) {
	set := attribute.NewSet(
		attribute.String("service.name", "shop"), attribute.String("service_name", "\xff"), attribute.Bool("canary", true),
		attribute.StringSlice("process.args", []string{"a", "b"}), attribute.String("empty", ""), attribute.KeyValue{Key: "nothing"},
		attribute.String("__name__", "n"), attribute.String("9", "nine"),
	)
	for _, strategy := range strategies {
		want := map[string]string{
			"service_name": "shop;\uFFFD", "canary": "true", "process_args": `["a","b"]`, "_name_": "n", "key_9": "nine",
		}
		if !strategy.ShouldEscape() {
			want = map[string]string{
				"service.name": "shop", "service_name": "\uFFFD", "canary": "true", "process.args": `["a","b"]`, "_name__": "n", "9": "nine",
			}
		}
		if got := newNames(t, strategy, "app").Attributes(set); !maps.Equal(got, want) {
			t.Errorf("%s: got %v, want %v", strategy, got, want)
		}
	}
	if got := newNames(t, escaped, "").Attributes(*attribute.EmptySet()); got == nil || len(got) > 0 {
		t.Errorf("no attributes become %v", got)
	}
}

func TestConstantLabels(t *testing.T) {
	set := attribute.NewSet(attribute.String("le", "moscow"), attribute.String("zone", "z"), attribute.String("empty", ""))
	want := map[string]string{"exported_le": "moscow", "zone": "z"}
	for _, strategy := range strategies {
		if got := newNames(t, strategy, "app").ConstantLabels(set); !maps.Equal(got, want) {
			t.Errorf("%s: got %v, want %v", strategy, got, want)
		}
	}
}
