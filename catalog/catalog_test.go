package catalog_test

import (
	"encoding/json"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/luxfi/metric/catalog"
)

// load reads a catalog from a file.
func load(t *testing.T, file string) *catalog.Catalog {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	c := new(catalog.Catalog)
	if err := json.Unmarshal(text, c); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestFind(t *testing.T) {
	c := load(t, "testdata/evil.json")
	for i := range c.Families {
		if f := c.Find(c.Families[i].Name); f != &c.Families[i] {
			t.Errorf("Find(%q) returns %v", c.Families[i].Name, f)
		}
	}
	if f := c.Find("missing"); f != nil {
		t.Errorf("Find finds %v", f)
	}
	f := c.Find("sum")
	if l := f.Label("zone"); l == nil || !l.Constant {
		t.Errorf("Label returns %v", l)
	}
	if l := f.Label("missing"); l != nil {
		t.Errorf("Label finds %v", l)
	}
}

func TestFilter(t *testing.T) {
	c := load(t, "testdata/shop.json")
	infos := c.Filter((*catalog.Family).IsInfo)
	var names []string
	for _, f := range infos.Families {
		names = append(names, f.Name)
	}
	if want := []string{"shop_build_info", "shop_shelf_info"}; !slices.Equal(names, want) {
		t.Errorf("got %v, want %v", names, want)
	}
}

func TestIsInfo(t *testing.T) {
	for _, test := range []struct {
		family catalog.Family
		want   bool
	}{
		{catalog.Family{Name: "x_info", Type: catalog.Info}, true},
		{catalog.Family{Name: "x_info", Type: catalog.Gauge}, true},
		{catalog.Family{Name: "x_info", Type: catalog.Counter}, false},
		{catalog.Family{Name: "x", Type: catalog.Gauge}, false},
	} {
		if got := test.family.IsInfo(); got != test.want {
			t.Errorf("IsInfo of %+v is %v", test.family, got)
		}
	}
}

// TestEvilJSON checks that any text is the same after it was written and read.
func TestEvilJSON(t *testing.T) {
	c := load(t, "testdata/evil.json")
	text, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	var again catalog.Catalog
	if err := json.Unmarshal(text, &again); err != nil || !reflect.DeepEqual(&again, c) {
		t.Errorf("got %v and %+v, want %+v", err, again, c)
	}
}

// TestEvilMarkdown checks that no text in a name or help ends a row or a cell.
func TestEvilMarkdown(t *testing.T) {
	c := load(t, "testdata/evil.json")
	for name, text := range map[string]string{"Markdown": c.Markdown(), "MarkdownWithCounts": c.MarkdownWithCounts()} {
		lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
		if len(lines) != len(c.Families)+2 {
			t.Errorf("%s has %d lines for %d families", name, len(lines), len(c.Families))
		}
		for _, line := range lines {
			bars := strings.Count(strings.ReplaceAll(line, `\|`, ""), "|")
			if want := strings.Count(lines[0], "|"); bars != want {
				t.Errorf("%s has a row with %d bars instead of %d: %s", name, bars, want, line)
			}
		}
		if strings.Contains(strings.ReplaceAll(text, `\<`, ""), "<") {
			t.Errorf("%s has HTML:\n%s", name, text)
		}
	}
}

func TestMarkdownCells(t *testing.T) {
	for _, test := range []struct {
		name   string
		family catalog.Family
		want   string
	}{
		{"plain", catalog.Family{Name: "x", Help: "An x_y."}, "| `x` |  |  |  | An x_y. |  |  |"},
		{"backticks", catalog.Family{Name: "a``b`"}, "| ``` a``b` ``` |  |  |  |  |  |  |"},
		{"bars", catalog.Family{Name: "a|b", Help: "c|d"}, "| `a\\|b` |  |  |  | c\\|d |  |  |"},
		{"line breaks", catalog.Family{Name: "a\nb", Help: "c\r\n\td"}, "| `a\\nb` |  |  |  | c d |  |  |"},
		{
			"constant label", catalog.Family{Name: "x", Labels: []catalog.Label{{Name: "zone", Constant: true, Value: "a|`\n"}}},
			"| `x` |  |  | `` zone=\"a\\|`\\n\" `` |  |  |  |",
		},
		{
			"many buckets", catalog.Family{Name: "x", Buckets: slices.Repeat([]float64{0.5}, 30)},
			"| `x` |  |  |  |  | buckets " + strings.Repeat("0.5, ", 19) + "0.5, … (30 in all) |  |",
		},
		{
			"collectors", catalog.Family{Name: "x", Collectors: []catalog.Collector{{Name: "other", Kind: "collector"}, {Name: "x", Kind: "instrument"}}},
			"| `x` |  |  |  |  |  | `other` (collector), instrument |",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := catalog.Catalog{Families: []catalog.Family{test.family}}
			lines := strings.Split(c.Markdown(), "\n")
			if lines[2] != test.want {
				t.Errorf("got\n%s\nwant\n%s", lines[2], test.want)
			}
		})
	}
}
