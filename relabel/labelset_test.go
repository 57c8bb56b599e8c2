package relabel

import (
	"maps"
	"os"
	"strings"
	"testing"

	"github.com/luxfi/metric/internal/model"
)

func mustParse(tb testing.TB, document string) *Pipeline {
	tb.Helper()
	p, err := Parse([]byte(document))
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

func mustLabels(tb testing.TB, pairs ...string) model.Labels {
	tb.Helper()
	var list []model.Label
	for i := 0; i < len(pairs); i += 2 {
		list = append(list, model.Label{Name: pairs[i], Value: pairs[i+1]})
	}
	l, err := model.NewLabels(list)
	if err != nil {
		tb.Fatal(err)
	}
	return l
}

// TestReset checks that a label set reads labels of all kinds, and forgets them with the next reset.
func TestReset(t *testing.T) {
	ls := new(Pipeline).newLabelSet()
	for range 2 { // The second pass reuses memory.
		ls.reset("up", mustLabels(t, "Z", "1", "a", "x\n\\\"y", "empty", "", "größe.1", "2", "_", "3"))
		for name, want := range map[string]string{"Z": "1", "_": "3", "größe.1": "2", "__name__": "up", "b": ""} {
			if got := ls.get(name); got != want {
				t.Errorf("%s is %q, want %q", name, got, want)
			}
		}
		if ls.name() != "up" || ls.get("a") != "x\n\\\"y" || ls.get("empty") != "" {
			t.Errorf("the name is %q, a is %q", ls.name(), ls.get("a"))
		}
	}
	ls.reset("up", model.Labels{})
	if ls.name() != "up" || ls.get("a") != "" {
		t.Errorf("the name is %q, a is %q", ls.name(), ls.get("a"))
	}
}

// TestUnchangedLabels checks that labels are passed on in their original form if no rule changes them.
func TestUnchangedLabels(t *testing.T) {
	p := mustParse(t, `
- {source_labels: [a], regex: x, action: keep}
- {action: labeldrop, regex: b}
- {target_label: c, replacement: ""}
- {source_labels: [__name__], target_label: __name__, replacement: new_$1}
`)
	ls := p.newLabelSet()
	series := mustLabels(t, "a", "x", "é", "\n")
	ls.reset("up", series)
	if !p.relabel(ls) || ls.name() != "new_up" {
		t.Errorf("the name is %q", ls.name())
	}
	buf, got, err := ls.appendLabels(nil)
	if err != nil || got != series || buf != nil {
		t.Errorf("got %v in %q, %v", got, buf, err)
	}
}

// TestSameAsRendered compares the labels that appendLabels writes with those that internal/model writes.
func TestSameAsRendered(t *testing.T) {
	p := mustParse(t, `
- {source_labels: [a], target_label: ä, replacement: '\'}
- {source_labels: [a], target_label: Z}
- {action: labeldrop, regex: drop}
- {target_label: __hidden, replacement: x}
`)
	for _, pairs := range [][]string{
		{}, {"a", `x\`}, {"a", "x\n\"", "b", `\\`}, {"a", "1", "b.c", "\n", "drop", "x"}, {"drop", "1"}, {"a", "", "b", "1"},
	} {
		ls := p.newLabelSet()
		ls.reset("up", mustLabels(t, pairs...))
		p.relabel(ls)
		_, got, err := ls.appendLabels(nil)
		if err != nil {
			t.Fatal(err)
		}
		var list []model.Label
		for _, e := range ls.entries {
			if e.name != "__hidden" {
				list = append(list, model.Label{Name: e.name, Value: e.value})
			}
		}
		want, err := model.NewLabels(list)
		if err != nil || got.Text() != want.Text() || got.Quoted() != want.Quoted() {
			t.Errorf("%q: got %s, %t, want %s, %t, %v", pairs, got.Text(), got.Quoted(), want.Text(), want.Quoted(), err)
		}
	}
}

func TestAppendLabels(t *testing.T) {
	p := mustParse(t, `
- {source_labels: [a], target_label: __tmp, replacement: "${1}\n"}
- {source_labels: [__tmp], regex: "(.)(.)", target_label: c, replacement: "<$2$1>"}
- {target_label: a, replacement: ""}
- {target_label: Z, replacement: z}
`)
	ls := p.newLabelSet()
	ls.reset("up", mustLabels(t, "a", "x", "b", "y"))
	if !p.relabel(ls) {
		t.Fatal("the series is dropped")
	}
	buf, got, err := ls.appendLabels([]byte("before"))
	if err != nil {
		t.Fatal(err)
	}
	if want := `Z="z",b="y",c="<\nx>"`; got.Text() != want || string(buf) != "before"+want {
		t.Errorf("got %s in %s, want %s", got.Text(), buf, want)
	}
}

func TestAppendInvalidLabels(t *testing.T) {
	p := mustParse(t, `[{source_labels: [a], target_label: "x\0$1", replacement: "y"}]`)
	ls := p.newLabelSet()
	ls.reset("up", mustLabels(t, "a", "b"))
	p.relabel(ls)
	if _, got, err := ls.appendLabels(nil); err == nil {
		t.Errorf("got %s", got.Text())
	}
}

// TestRelabelDoesNotAllocate checks every action, with regexes that need the engine and with others.
func TestRelabelDoesNotAllocate(t *testing.T) {
	p := mustParse(t, `
- {action: keep, source_labels: [__name__, code], regex: "http_.*;2..|up.*"}
- {action: drop, source_labels: [path], regex: "/internal/.*"}
- {action: keepequal, source_labels: [path, code], target_label: both}
- {action: dropequal, source_labels: [code], target_label: path}
- {source_labels: [path], regex: "/users/([^/]+)/(.*)", target_label: path, replacement: "/users/{id}/$2"}
- {source_labels: [instance], regex: "(.*):8080", target_label: "host_$1", replacement: "$1.example.com"}
- {action: hashmod, source_labels: [path, instance], target_label: __tmp_shard, modulus: 8}
- {action: labelmap, regex: "exported_(.*)"}
- {action: labelmap, regex: "[a-c].*", replacement: "x_$0"}
- {action: labeldrop, regex: "exported_.*|both"}
- {action: labelkeep, regex: "[a-z_]+"}
- {action: lowercase, source_labels: [method], target_label: method}
- {action: uppercase, source_labels: [method], target_label: upper}
- {action: dropfamilies, families: [go_.*]}
- {action: aggregate, families: [http_requests_total], without: [code]}
`)
	series := mustLabels(t, "both", "/users/17/x;200", "code", "200", "exported_job", "a\"b", "instance", "web:8080", "method", "GeT", "path", "/users/17/x")
	var (
		ls  = p.newLabelSet()
		buf []byte
		got model.Labels
	)
	run := func() {
		ls.reset("http_requests_total", series)
		if !p.relabel(ls) {
			t.Fatal("the series is dropped")
		}
		var err error
		if buf, got, err = ls.appendLabels(buf[:0]); err != nil {
			t.Fatal(err)
		}
	}
	run()
	if n := testing.AllocsPerRun(100, run); n != 0 {
		t.Errorf("%v allocations", n)
	}
	if want := `host_web="web.example.com",instance="web:8080",job="a\"b",method="get",path="/users/{id}/x",upper="GET"`; !strings.HasPrefix(got.Text(), want) {
		t.Errorf("got %s, want %s…", got.Text(), want)
	}
}

// FuzzReset checks that the result for a series is the same whether its labels come from a map or in their
// written form, when several series use the same memory one after the other.
func FuzzReset(f *testing.F) {
	f.Add(uint8(0), "a\\", "b\n", "\"")
	f.Add(uint8(7), "x;y", "x", "")
	f.Add(uint8(3), "", "", "z")
	pipelines := []*Pipeline{
		mustParse(f, `[{action: keep, source_labels: [__name__, a], regex: "up;.+"}, {source_labels: [b, c], target_label: d}]`),
		mustParse(f, `[{action: keepequal, source_labels: [__name__, __name__], target_label: a}]`),
		mustParse(f, `[{action: dropequal, source_labels: [a, b], target_label: c}, {action: labelmap, regex: "(.*)", replacement: "x_$1"}]`),
		mustParse(f, `[{action: lowercase, source_labels: [__name__, a], target_label: a}, {source_labels: [a, b], regex: "([^;]*);(.*)", target_label: c, replacement: "$2$1"}]`),
		mustParse(f, `[{target_label: é, replacement: "1"}, {action: labeldrop, regex: "a|é"}, {action: hashmod, modulus: 9, source_labels: [b, c], target_label: h}]`),
	}
	var sets []*labelSet
	for _, p := range pipelines {
		sets = append(sets, p.newLabelSet())
	}
	f.Fuzz(func(t *testing.T, n uint8, a, b, c string) {
		p, ls := pipelines[int(n)%len(pipelines)], sets[int(n)%len(pipelines)]
		series, err := model.NewLabels([]model.Label{{Name: "a", Value: a}, {Name: "b", Value: b}, {Name: "c", Value: c}})
		if err != nil {
			t.Skip()
		}
		want, wantKeep := p.Process(map[string]string{"__name__": "up", "a": a, "b": b, "c": c})
		ls.reset("up", series)
		if keep := p.relabel(ls); keep != wantKeep || !keep {
			if keep != wantKeep {
				t.Errorf("series kept: %t", keep)
			}
			return
		}
		_, rendered, err := ls.appendLabels(nil)
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]string{"__name__": ls.name()}
		for _, l := range rendered.List() {
			if l.Value != "" {
				got[l.Name] = l.Value
			}
		}
		if !maps.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	})
}

// TestCacheIsBounded checks that the cache of a rule does not grow without limit.
func TestCacheIsBounded(t *testing.T) {
	p := mustParse(t, `[{source_labels: [a], regex: "[a-z]+([0-9]+)", target_label: b}]`)
	ls := p.newLabelSet()
	name := []byte("x00000")
	for i := range 5 * maxCached {
		for at, n := len(name)-1, i; at > 0; at, n = at-1, n/10 {
			name[at] = byte('0' + n%10)
		}
		ls.load(map[string]string{"a": string(name)})
		if p.relabel(ls); ls.get("b") != string(name[1:]) {
			t.Fatalf("got %q of %q", ls.get("b"), name)
		}
	}
	if n := len(ls.caches[0].outcomes); n == 0 || n > maxCached {
		t.Errorf("%d values are remembered", n)
	}
}

// TestCacheOwnsItsStrings checks that cached values do not change when the memory of a series is reused.
func TestCacheOwnsItsStrings(t *testing.T) {
	p := mustParse(t, `[{source_labels: [a, b], regex: "([a-z]+);([a-z]+)", target_label: c, replacement: "$2-$1"}]`)
	ls := p.newLabelSet()
	for range 2 {
		for _, pair := range [][2]string{{"x", "y"}, {"xx", "yy"}, {"y", "x"}} {
			ls.load(map[string]string{"a": pair[0], "b": pair[1]})
			if p.relabel(ls); ls.get("c") != pair[1]+"-"+pair[0] {
				t.Errorf("got %q of %q", ls.get("c"), pair)
			}
		}
	}
}

// benchmarkSeries is a typical series. BenchmarkRelabel in module e2e uses the same one.
var benchmarkSeries = []string{
	"code", "200", "exported_job", "shop", "instance", "10.0.0.7:8080", "method", "GET", "namespace", "shop",
	"path", "/users/17/orders", "pod", "shop-5d4f8c7b9-x2x7z", "pod_template_hash", "5d4f8c7b9", "zone", "eu-1a",
}

// BenchmarkRelabel applies the rules of testdata/benchmark.yaml. The benchmark of the same name in module
// e2e lets Prometheus apply them.
func BenchmarkRelabel(b *testing.B) {
	rules, err := os.ReadFile("testdata/benchmark.yaml")
	if err != nil {
		b.Fatal(err)
	}
	for name, document := range splitRules(string(rules)) {
		b.Run(name, func(b *testing.B) {
			p := mustParse(b, document)
			ls := p.newLabelSet()
			series := mustLabels(b, benchmarkSeries...)
			var buf []byte
			b.ReportAllocs()
			for b.Loop() {
				ls.reset("http_requests_total", series)
				if p.relabel(ls) {
					buf, _, _ = ls.appendLabels(buf[:0])
				}
			}
		})
	}
}

// splitRules returns an iterator over the lists of rules in a file. The comment before each list is its name.
func splitRules(document string) func(yield func(name, rules string) bool) {
	return func(yield func(name, rules string) bool) {
		for part := range strings.SplitSeq(document, "\n# ") {
			name, rules, _ := strings.Cut(strings.TrimPrefix(part, "# "), "\n")
			if !yield(name, rules) {
				return
			}
		}
	}
}
