package expvar_test

import (
	"encoding/json"
	"expvar"
	"fmt"
	"math"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/luxfi/metric"
	adapter "github.com/luxfi/metric/adapters/expvar"
)

type vars = map[string]expvar.Var

// TestValues checks the metrics of variables of all kinds.
func TestValues(t *testing.T) {
	type object = map[string]any
	for name, tc := range map[string]struct {
		vars   vars
		opts   []adapter.Option
		labels map[string][]string // arguments of WithLabels
		want   string
		says   []string // texts that the errors contain, one in each
	}{
		"numbers": {vars{
			"i": intOf(-3), "f": floatOf(0.25), "nan": floatOf(math.NaN()), "inf": floatOf(math.Inf(-1)), "big": intOf(1 << 62),
		}, nil, nil, "big 4.611686018427388e+18\nf 0.25\ni -3\ninf -Inf\nnan NaN\n", nil},
		"functions": {vars{
			"a": returns(1), "b": returns(int64(2)), "c": returns(uint64(3)), "d": returns(float32(0.5)), "e": returns(6.5), "f": returns(true),
			"g": returns(json.Number("1e400")), "h": returns(time.Second), "i": returns(nil), "j": returns(uint8(7)), "k": returns(math.NaN()),
		}, nil, nil, "a 1\nb 2\nc 3\nd 0.5\ne 6.5\nf 1\ng +Inf\nh 1e+09\nj 7\nk NaN\n", nil},
		"other types": {vars{
			"a": raw("12"), "b": raw(`{"x":true,"y":[1,2],"z":null,"w":{"deep":-1e999}}`), "c": raw("[1,2]"), "d": raw(`"text"`),
		}, nil, nil, "a 12\nb_w_deep -Inf\nb_x 1\n", nil},
		"maps": {vars{
			"m": mapOf("GET", intOf(1), "POST", floatOf(2), "text", stringOf("x"), "f", returns(3), "o", returns(object{"idle": 4})),
		}, nil, nil, "m{key=\"GET\"} 1\nm{key=\"POST\"} 2\nm{key=\"f\"} 3\nm_idle{key=\"o\"} 4\n", nil},
		"maps in maps": {vars{
			"m": mapOf("a", mapOf("b", mapOf("c", intOf(1)))),
		}, nil, nil, "m{key=\"a\",key2=\"b\",key3=\"c\"} 1\n", nil},
		"objects": {vars{
			"o": returns(object{"a.b": 1, "c": map[string]int{"d-e": 2}, "f": map[string]float64{"g": math.Inf(1)}, "h": map[string]int64{"9": 3}}),
			"s": returns(struct{ Open, Idle int }{1, 2}),
		}, nil, nil, "o_a_b 1\no_c_d_e 2\no_f_g +Inf\no_h_9 3\ns_Idle 2\ns_Open 1\n", nil},
		"named labels": {vars{
			"m": mapOf("a", mapOf("b", intOf(1)), "c", intOf(2)),
			"o": returns(object{"x": object{"y": 3}, "z": 4}),
		}, nil, map[string][]string{"m": {"one"}, "o": {"key2"}},
			"m{one=\"c\"} 2\nm{key2=\"b\",one=\"a\"} 1\no{key2=\"z\"} 4\no_y{key2=\"x\"} 3\n", nil},
		"strings": {vars{
			"s": stringOf("v1.2\n\""), "m": mapOf("value", stringOf("x")), "long": stringOf(strings.Repeat("x", 257)), "o": returns(object{"branch": "main"}),
		}, []adapter.Option{adapter.WithStrings()}, map[string][]string{"m": {"value"}},
			"_info{value=\"\"} 1\nm_info{_value=\"x\",value=\"value\"} 1\no_branch_info{value=\"main\"} 1\ns_info{value=\"v1.2\\n\\\"\"} 1\n", nil},
		"invalid UTF-8": {vars{
			"m": mapOf("\xff", intOf(1)),
		}, nil, nil, "m{key=\"\uFFFD\"} 1\n", nil},
		"names": {vars{
			"http/requests-total.v2 ü": intOf(1), "a:b": intOf(2),
		}, nil, nil, "a:b 2\nhttp_requests_total_v2__ 1\n", nil},
		"collisions": {vars{
			"a.b": intOf(1), "a/b": intOf(2), "a": returns(object{"b": 3}), "a-b": mapOf("x", intOf(4), "y", intOf(5)),
		}, nil, nil, "a_b{key=\"x\"} 4\na_b{key=\"y\"} 5\n", []string{`a-b", so `}},
		"invalid JSON":   {vars{"a": raw(""), "b": intOf(1), "c": raw("1 2"), "d": raw("{")}, nil, nil, "b 1\n", []string{`a": its text`, `c": its text is not JSON: there is more`, `d": its text`}},
		"cannot marshal": {vars{"a": returns(object{"f": func() {}}), "b": returns(1)}, nil, nil, "b 1\n", []string{`"f": json`}},
		"panics": {vars{
			"a": testFunc(func() any { panic("oops") }), "b": intOf(1), "c": mapOf("x", testFunc(func() any { panic(time.Second) }), "y", intOf(2)), "d": (*expvar.Int)(nil),
		}, nil, nil, "b 1\nc{key=\"y\"} 2\n", []string{`a": panic: oops`, `c", key ["x"]: panic`, `d": panic: runtime error`}},
		"limit": {vars{
			"m": mapOf("a", intOf(1), "b", intOf(2), "c", intOf(3)), "n": intOf(4),
		}, []adapter.Option{adapter.WithLimit(2)}, nil, "m{key=\"a\"} 1\nm{key=\"b\"} 2\nn 4\n", []string{`m" has 1 values more than the limit of 2`}},
		"depth": {vars{
			"m": mapOf("a", intOf(1), "b", mapOf("c", mapOf("d", intOf(2)))), "o": returns(object{"a": object{"b": object{"c": 3}}, "d": 4}),
			"mixed": mapOf("a", mapOf("b", returns(object{"c": 1}))),
		}, []adapter.Option{adapter.WithDepth(2)}, nil, "m{key=\"a\"} 1\no_d 4\n", []string{`m" has 1 maps below the depth of 2`, `o" has 1 maps`, `mixed" has 1 maps`}},
	} {
		t.Run(name, func(t *testing.T) {
			prefix, selects := publish(t, tc.vars)
			opts := []adapter.Option{selects}
			for name, labels := range tc.labels {
				opts = append(opts, adapter.WithLabels(prefix+name, labels...))
			}
			got, failures := samplesOf(t, prefix, append(opts, tc.opts...)...)
			wantText(t, got, tc.want)
			if len(failures) != len(tc.says) {
				t.Errorf("%d failures, want %d: %v", len(failures), len(tc.says), failures)
			}
			for _, s := range tc.says {
				if !strings.Contains(fmt.Sprint(failures), s) {
					t.Errorf("%q does not say %q", failures, s)
				}
			}
		})
	}
}

// TestDefaultSelection checks that memstats, cmdline and the variables of Publish are left out by default.
func TestDefaultSelection(t *testing.T) {
	r := metric.NewRegistry()
	r.MustRegister(adapter.NewCollector())
	name := t.Name()
	for expvar.Get(name) != nil {
		name += "x"
	}
	if err := adapter.Publish(name, r, 0); err != nil {
		t.Fatal(err)
	}
	expvar.Publish(name+"_number", intOf(7))
	text, _ := gather(t.Context(), r, "") // Variables of other tests may fail.
	text = "\n" + text
	if strings.Contains(text, "memstats") || strings.Contains(text, "cmdline") || strings.Contains(text, "series") || !strings.Contains(text, "\n"+name+"_number 7\n") {
		t.Error(text)
	}

	all := metric.NewRegistry()
	all.MustRegister(adapter.NewCollector(adapter.WithSelect(nil)))
	if text, _ := gather(t.Context(), all, ""); !strings.Contains(text, "\nmemstats_HeapAlloc ") {
		t.Error(text)
	}
}

// TestTypes checks that the names of metrics determine their types.
func TestTypes(t *testing.T) {
	prefix, selects := publish(t, vars{"jobs/total": intOf(1), "depth": intOf(2), "other": intOf(3), "info": stringOf("x")})
	r := metric.NewRegistry()
	r.MustRegister(adapter.NewCollector(selects, adapter.WithStrings(),
		adapter.WithCounters(regexp.MustCompile(`_total$`), regexp.MustCompile("never")), adapter.WithGauges(regexp.MustCompile(`_(total|depth)$`))))
	text := expose(t, r)
	golden(t, "testdata/types.txt", strings.ReplaceAll(strings.ReplaceAll(text, underscored(prefix), "p_"), prefix, "p!"))
}

// TestSameAsPeer compares the metrics with the metrics of client_golang's collector. That collector needs
// a list of variables.
func TestSameAsPeer(t *testing.T) {
	prefix, selects := publish(t, vars{
		"int": intOf(5), "float": floatOf(2.5), "bool": returns(true), "text": stringOf("x"),
		"map": mapOf("a", intOf(1), "b", floatOf(2)), "deep": mapOf("x", mapOf("y", intOf(3), "z", intOf(4))),
		"func": returns(map[string]int{"c": 6}),
	})
	exports := make(map[string]*prometheus.Desc)
	desc := func(name string, labels ...string) {
		exports[prefix+name] = prometheus.NewDesc(underscored(prefix)+name, fmt.Sprintf("Variable %q of package expvar.", prefix+name), labels, nil)
	}
	desc("int")
	desc("float")
	desc("bool")
	desc("text")
	desc("map", "key")
	desc("deep", "one", "two")
	desc("func", "field")
	theirs := prometheus.NewRegistry()
	theirs.MustRegister(collectors.NewExpvarCollector(exports))

	for name, r := range map[string]interface {
		metric.Registerer
		metric.Gatherer
	}{"our registry": metric.NewRegistry(), "their registry": prometheus.NewRegistry()} {
		t.Run(name, func(t *testing.T) {
			r.MustRegister(adapter.NewCollector(selects, adapter.WithLabels(prefix+"deep", "one", "two"), adapter.WithLabels(prefix+"func", "field")))
			wantText(t, expose(t, r), expose(t, theirs))
		})
	}
}

// TestOptionsPanic checks that options panic if their arguments are invalid.
func TestOptionsPanic(t *testing.T) {
	for name, option := range map[string]func(){
		"limit":          func() { adapter.WithLimit(0) },
		"depth":          func() { adapter.WithDepth(-1) },
		"timeout":        func() { adapter.WithFuncTimeout(0) },
		"label":          func() { adapter.WithLabels("v", "a-b") },
		"reserved label": func() { adapter.WithLabels("v", "__a") },
		"no label":       func() { adapter.WithLabels("v", "") },
		"label twice":    func() { adapter.WithLabels("v", "a", "a") },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			option()
		}()
	}
}
