package strictyaml_test

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/luxfi/metric/exporter/internal/strictyaml"
)

type database struct {
	DSN            string        `yaml:"dsn"`
	MaxConnections int           `yaml:"max_connections"`
	Timeout        time.Duration `yaml:"timeout"`
	Port           uint8         `yaml:"port"`
	Ratio          float64       `yaml:"ratio"`
	TLS            *bool         `yaml:"tls"`
}

type pool struct {
	Size  int8 `yaml:"size"`
	Extra any  `yaml:"extra"`
}

type upper string

func (u *upper) UnmarshalText(text []byte) error {
	if len(text) > 5 {
		return fmt.Errorf("%q is too long: at most 5 bytes are allowed", text)
	}
	*u = upper(strings.ToUpper(string(text)))
	return nil
}

// lax decodes itself with Node.Decode, as many types do.
type lax struct {
	A, B int
	C    time.Duration
}

func (l *lax) UnmarshalYAML(n *yaml.Node) error {
	type plain lax
	return n.Decode((*plain)(l))
}

// old has the UnmarshalYAML method of yaml.v2.
type old struct{ A int }

func (o *old) UnmarshalYAML(unmarshal func(any) error) error {
	type plain old
	return unmarshal((*plain)(o))
}

var errOdd = errors.New("odd")

// even returns errors of several kinds.
type even struct{ N int }

func (e *even) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.MappingNode {
		type plain even
		return strictyaml.Decode("", n, (*plain)(e))
	}
	switch n.Value {
	case "panic":
		panic("no")
	case "two":
		return errors.Join(errOdd, errors.New("and late"))
	}
	return fmt.Errorf("%w: even numbers are allowed", errOdd)
}

type config struct {
	Databases []database           `yaml:"databases"`
	Named     map[string]*database `yaml:"named"`
	Pool      pool                 `yaml:",inline"`
	Ptr       *pool                `yaml:"ptr"`
	Node      yaml.Node            `yaml:"node"`
	Upper     upper                `yaml:"upper"`
	Uppers    map[upper]int        `yaml:"uppers"`
	Lax       lax                  `yaml:"lax"`
	Old       old                  `yaml:"old"`
	Even      *even                `yaml:"even"`
	Evens     []even               `yaml:"evens"`
	Two       [2]int               `yaml:"two"`
	Codes     map[int]bool         `yaml:"codes"`
	When      time.Time            `yaml:"when"`
	Yes       bool                 `yaml:"yes"`
	hidden    int                  //nolint:unused // The decoder must ignore it.
	Skipped   int                  `yaml:"-"`
}

func decode(t *testing.T, text string, into any) error {
	t.Helper()
	n, err := strictyaml.Parse("dir/c.yml", []byte(text))
	if err != nil {
		return err
	}
	return strictyaml.Decode("dir/c.yml", n, into)
}

func TestDecode(t *testing.T) {
	yes := true
	for _, tc := range []struct {
		name, text string
		want       config
	}{
		{"empty", "", config{}},
		{"comment", "# nothing\n", config{}},
		{"marker", "---\n", config{}},
		{"null values", "databases:\nyes:\nptr: ~\n", config{}},
		{"struct", "databases:\n- {dsn: a, max_connections: 3, timeout: 1h30m, port: 0xff, ratio: 1, tls: true}\n",
			config{Databases: []database{{"a", 3, 90 * time.Minute, 255, 1, &yes}}}},
		{"durations", "databases: [{timeout: 500ms}, {timeout: 1d}, {timeout: 0}]",
			config{Databases: []database{{Timeout: 500 * time.Millisecond}, {Timeout: 24 * time.Hour}, {}}}},
		{"number as string", "databases: [{dsn: 0123}, {dsn: true}, {dsn: !!binary YWJj}]",
			config{Databases: []database{{DSN: "0123"}, {DSN: "true"}, {DSN: "abc"}}}},
		{"inline", "size: -128\nextra: {1: [a, 2.5, true, ~]}",
			config{Pool: pool{-128, map[string]any{"1": []any{"a", 2.5, true, nil}}}}},
		{"integral float", "size: 1e2", config{Pool: pool{Size: 100}}},
		{"pointer", "ptr: {size: 1}", config{Ptr: &pool{Size: 1}}},
		{"anchors", "named: {a: &a {dsn: x, port: 1}, b: *a}",
			config{Named: map[string]*database{"a": {DSN: "x", Port: 1}, "b": {DSN: "x", Port: 1}}}},
		{"merge", "named: {a: &a {dsn: x, port: 1}, b: {<<: *a, port: 2}, c: {port: 3, <<: [{dsn: y}, *a]}}",
			config{Named: map[string]*database{"a": {DSN: "x", Port: 1}, "b": {DSN: "x", Port: 2}, "c": {DSN: "y", Port: 3}}}},
		{"text", "upper: abc\nuppers: {a: 1}", config{Upper: "ABC", Uppers: map[upper]int{"A": 1}}},
		{"own methods", "lax: {a: 1, b: 2, c: 3s}\nold: {a: 1}\neven: {n: 2}\nevens: [{n: 4}]",
			config{Lax: lax{1, 2, 3 * time.Second}, Old: old{1}, Even: &even{2}, Evens: []even{{4}}}},
		{"array and int keys", "two: [1, 2]\ncodes: {200: true, 0x10: false}", config{Two: [2]int{1, 2}, Codes: map[int]bool{200: true, 16: false}}},
		{"time", "when: 2026-01-02", config{When: time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)}},
		{"yes", "yes: on", config{Yes: true}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var got config
			if err := decode(t, tc.text, &got); err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, tc.want) {
				t.Errorf("got %+v, want %+v", got, tc.want)
			}
		})
	}
}

func TestDecodeErrors(t *testing.T) {
	const keysOfDatabase = "allowed are: dsn, max_connections, port, ratio, timeout, tls"
	for _, tc := range []struct{ name, text, want string }{
		{"unknown key", "databases:\n- dsn: x\n  max_conections: 1\n",
			"3: databases[0].max_conections: unknown key, did you mean max_connections? " + keysOfDatabase},
		{"unknown key, nothing like it", "databases: [{color: 1}]",
			"1: databases[0].color: unknown key; " + keysOfDatabase},
		{"odd key", "named: {a.b: {'': 1}}", `1: named."a.b"."": unknown key; ` + keysOfDatabase},
		{"all at once", "databases:\n- max_connections: many\n  timeout: 5\nsize: 300\nyes: 'true'\n" +
			"codes:\n  1: true\n  1: false\n",
			"2: databases[0].max_connections: \"many\" is not an integer\n" +
				"3: databases[0].timeout: \"5\" has no unit; allowed are durations such as 500ms, 5s, 1h30m or 1d\n" +
				"4: size: \"300\" is out of range; allowed is -128 to 127\n" +
				"5: yes: \"true\" is not true or false; write it without quotes\n" +
				"8: codes.1: the key occurs twice, first in line 7"},
		{"sorted", "databases:\n- {}\n- &a {port: -1}\nnamed: {x: *a}\nold: {b: 1}",
			"3: databases[1].port: \"-1\" is out of range; allowed is 0 to 255\n" +
				"5: old.b: unknown key; allowed are: a"},
		{"same key in other words", "codes: {16: true, 0x10: true}", "1: codes.0x10: the key occurs twice"},
		{"not a duration", "databases: [{timeout: 5 sec}, {timeout: -5s}, {timeout: []}]",
			"1: databases[0].timeout: \"5 sec\" is not a duration; allowed are durations such as 500ms, 5s, 1h30m or 1d\n" +
				"1: databases[1].timeout: \"-5s\" is negative; allowed are durations such as 500ms, 5s, 1h30m or 1d\n" +
				"1: databases[2].timeout: must be a single value, not a list"},
		{"shapes", "databases: {a: 1}\nnamed: [1]\nptr: 5\ntwo: [1]",
			"1: databases: must be a list, not a mapping\n2: named: must be a mapping, not a list\n" +
				"3: ptr: must be a mapping, not \"5\"\n4: two: must be a list of 2, not of 1"},
		{"numbers", "size: 1.5\ndatabases: [{max_connections: '3'}, {ratio: x}, {tls: 1}, {port: 1e3}]",
			"1: size: \"1.5\" is not an integer\n" +
				"2: databases[0].max_connections: \"3\" is not an integer; write it without quotes\n" +
				"2: databases[1].ratio: \"x\" is not a number\n2: databases[2].tls: \"1\" is not true or false\n" +
				"2: databases[3].port: \"1e3\" is out of range; allowed is 0 to 255"},
		{"text", "upper: abcdef\nuppers: {abcdef: 1}",
			"1: upper: \"abcdef\" is too long: at most 5 bytes are allowed\n" +
				"2: uppers.abcdef: \"abcdef\" is too long: at most 5 bytes are allowed"},
		{"a method with Node.Decode", "lax:\n  a: x\n  b: y\n  c: 1\n",
			"2: lax: \"x\" is not an integer\n3: lax: \"y\" is not an integer\n4: lax: \"1\" is not a duration"},
		{"the old method is strict", "old:\n  a: x\n  b: 1\n", "2: old.a: \"x\" is not an integer\n3: old.b: unknown key; allowed are: a"},
		{"a method with Decode", "even:\n  n: x\n", "2: even.n: \"x\" is not an integer"},
		{"a method that fails", "evens:\n- 1\n- two\n- panic\n",
			"2: evens[0]: odd: even numbers are allowed\n3: evens[1]: odd\n3: evens[1]: and late\n4: evens[2]: decoding it panics: no"},
		{"credentials", "databases: [{port: 'postgres://u:hunter2@h/'}]", `1: databases[0].port: "postgres://u:xxxxx@h/" is not an integer`},
		{"merge of something else", "named: {a: {<<: 1}}", `1: named.a."<<": must be an alias of a mapping, or a list of them, not "1"`},
		{"key that is a list", "? [a]\n: 1", "1: a key must be a single value, not a list"},
		{"fields that are not decoded", "hidden: 1\nskipped: 1", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var c config
			err := decode(t, tc.text, &c)
			if err == nil {
				t.Fatal("there is no error")
			}
			if tc.want == "" {
				return
			}
			want := "dir/c.yml:" + strings.ReplaceAll(tc.want, "\n", "\ndir/c.yml:")
			if err.Error() != want {
				t.Errorf("got\n%v\nwant\n%s", err, want)
			}
		})
	}
}

// TestErrorsOfMethodsCanBeTold checks that errors.Is and errors.AsType find the error of an UnmarshalYAML
// method, with its place.
func TestErrorsOfMethodsCanBeTold(t *testing.T) {
	var c config
	err := decode(t, "\n\nevens: [1]", &c)
	if !errors.Is(err, errOdd) {
		t.Errorf("errors.Is does not find the error of UnmarshalYAML in %v", err)
	}
	at, ok := errors.AsType[*strictyaml.Error](err)
	if !ok || at.File != "dir/c.yml" || at.Line != 3 || at.Path != "evens[0]" {
		t.Errorf("got %#v", at)
	}
}

// TestDefaultsStay checks that Decode keeps the values of fields that the document does not have.
func TestDefaultsStay(t *testing.T) {
	c := config{Pool: pool{Size: 5}, Ptr: &pool{Size: 6, Extra: 1}, Databases: []database{{DSN: "a"}, {}}, Named: map[string]*database{"a": {}}}
	if err := decode(t, "ptr: {extra: 2}\nsize:\ndatabases: [{port: 1}]\nnamed: {b: {}}", &c); err != nil {
		t.Fatal(err)
	}
	want := config{Pool: pool{Size: 5}, Ptr: &pool{Size: 6, Extra: 2}, Databases: []database{{Port: 1}}, Named: map[string]*database{"a": {}, "b": {}}}
	if !reflect.DeepEqual(c, want) {
		t.Errorf("got %+v, want %+v", c, want)
	}
}

// TestNode checks that a field of type yaml.Node gets its part of the document, and that the part can be
// decoded later.
func TestNode(t *testing.T) {
	var c config
	if err := decode(t, "lax: &a {a: 1}\nnode: *a", &c); err != nil {
		t.Fatal(err)
	}
	if c.Node.Kind != yaml.MappingNode || strictyaml.Dir(&c.Node) != "dir" {
		t.Errorf("got kind %v in directory %q", c.Node.Kind, strictyaml.Dir(&c.Node))
	}
	var l struct{ A string }
	if err := strictyaml.Decode("dir/c.yml", &c.Node, &l); err != nil || l.A != "1" {
		t.Errorf("the node decodes to %v, %v", l, err)
	}
}

// rest decodes the remaining keys.
type rest struct{ keys []string }

func (r *rest) UnmarshalYAML(n *yaml.Node) error {
	for i := 0; i < len(n.Content); i += 2 {
		r.keys = append(r.keys, n.Content[i].Value)
	}
	return nil
}

// TestInlineOthers checks that an inline field gets the keys that have no field of their own.
func TestInlineOthers(t *testing.T) {
	text := "a: 1\nb: 2\nc: 3"
	var m struct {
		A    int
		Rest map[string]int `yaml:",inline"`
	}
	if err := decode(t, text, &m); err != nil || m.A != 1 || !reflect.DeepEqual(m.Rest, map[string]int{"b": 2, "c": 3}) {
		t.Errorf("an inline map gets %v, %v", m, err)
	}
	var u struct {
		A    int
		Rest rest `yaml:",inline"`
	}
	if err := decode(t, text, &u); err != nil || u.A != 1 || !reflect.DeepEqual(u.Rest.keys, []string{"b", "c"}) {
		t.Errorf("an inline method gets %v, %v", u, err)
	}
}

// TestDecodeParts checks that DecodeParts divides the keys of one document among several structs.
func TestDecodeParts(t *testing.T) {
	n, err := strictyaml.Parse("c.yml", []byte("a: 1\nb: 2\nc: 3\ncc: 3\n"))
	if err != nil {
		t.Fatal(err)
	}
	var one struct{ A, B int }
	var two struct{ C int }
	err = strictyaml.DecodeParts("c.yml", n, &one, &two)
	const want = "c.yml:4: cc: unknown key; allowed are: a, b, c"
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	if one.A != 1 || one.B != 2 || two.C != 3 {
		t.Errorf("got %v and %v", one, two)
	}
	if keys, err := strictyaml.Keys(&one, &two); err != nil || !reflect.DeepEqual(keys, []string{"a", "b", "c"}) {
		t.Errorf("Keys: %v, %v", keys, err)
	}
	if _, err := strictyaml.Keys(&one, &struct {
		X int `yaml:"b"`
	}{}); err == nil {
		t.Error("Keys does not notice a key of two parts")
	}
}

// TestProgramErrors checks that Decode returns an error for a value that it cannot decode into.
func TestProgramErrors(t *testing.T) {
	type loop struct {
		Loop *struct{ A int } `yaml:"a"`
		A    int
	}
	for name, into := range map[string]any{
		"not a pointer":         config{},
		"nil":                   (*config)(nil),
		"key of two fields":     &loop{},
		"channel":               &struct{ A chan int }{},
		"interface with method": &struct{ A fmt.Stringer }{},
		"two inline maps": &struct {
			X map[string]int `yaml:",inline"`
			Y map[string]int `yaml:",inline"`
		}{},
		"inline number": &struct {
			X int `yaml:",inline"`
		}{},
	} {
		t.Run(name, func(t *testing.T) {
			if err := decode(t, "a: 1", into); err == nil {
				t.Error("there is no error")
			}
		})
	}
}

func TestManyErrors(t *testing.T) {
	var c config
	err := decode(t, "evens:\n"+strings.Repeat("- 1\n", 10_000), &c)
	lines := strings.Split(err.Error(), "\n")
	if len(lines) != 101 || !strings.HasSuffix(lines[100], "there are more errors") {
		t.Errorf("%d errors are reported, the last one as %q", len(lines), lines[len(lines)-1])
	}
}
