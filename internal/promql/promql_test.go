package promql_test

import (
	"testing"

	"github.com/luxfi/metric/internal/promql"
)

func TestSelector(t *testing.T) {
	for _, test := range []struct {
		name     string
		matchers []string
		want     string
	}{
		{"up", nil, `up`},
		{"job:x:rate5m", []string{`job="a"`}, `job:x:rate5m{job="a"}`},
		{"my.metric", nil, `{"my.metric"}`},
		{"my.metric", []string{`a="1"`, `b="2"`}, `{"my.metric", a="1", b="2"}`},
		{"sum", nil, `{"sum"}`},
		{"NaN", nil, `{"NaN"}`},
		{"1x", nil, `{"1x"}`},
		{"quote\"back\\line\n", nil, `{"quote\"back\\line\n"}`},
		{"$job[[x]]", nil, `{"\x24job\x5b[x]]"}`},
	} {
		if got := promql.Selector(test.name, test.matchers...); got != test.want {
			t.Errorf("Selector(%q, %q) is %s, want %s", test.name, test.matchers, got, test.want)
		}
	}
}

func TestLabels(t *testing.T) {
	for got, want := range map[string]string{
		promql.By():                        "",
		promql.By("a", "b.c", "on"):        `by (a, "b.c", "on") `,
		promql.By("a:b"):                   `by ("a:b") `,
		promql.Match("a", "=~", `x"$y`):    `a=~"x\"\x24y"`,
		promql.Match("ä", "!=", ""):        `"ä"!=""`,
		promql.Scraped("job"):              "exported_job",
		promql.Scraped("instance"):         "exported_instance",
		promql.Scraped("code"):             "code",
		promql.Sanitize("http.größe/x:1y"): "http_gr__e_x_1y",
		promql.Sanitize("1x"):              "_x",
	} {
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
